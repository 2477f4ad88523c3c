package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/storage"
)

// convert turns n raw values, dense in src, into values of a vector's layout in dst. A nil convert means that the layouts are the same.
type convert func(dst, src []byte, n int) error

var (
	errRange     = errors.New("a value does not fit its type")
	errDecimal   = errors.New("a decimal has more digits than its type")
	errTimestamp = errors.New("a timestamp is beyond the range of timestamps")
)

// conversionTo chooses how the leaf's values become values of the table's type to, or says why they cannot.
func (l *leaf) conversionTo(to column.Type) (convert, error) {
	if !storage.Widens(l.typ, to) {
		return nil, fmt.Errorf("its type %s does not fit the table's %s", l.typ, to)
	}
	switch l.means {
	case decimalInt:
		if l.physical == parquet.Types.Int64 && to.Precision <= column.MaxPrecision64 {
			return nil, nil
		}
		return intConversion(l, to)
	case decimalText:
		return decimalConversion(l, to), nil
	case uuidBytes:
		return fixed(l.length, func(p []byte) (column.Int128, bool) {
			return column.Int128{Hi: int64(binary.BigEndian.Uint64(p)), Lo: binary.BigEndian.Uint64(p[8:])}, true
		}, l.length == 16)
	case halfFloat:
		if to.Kind == column.Float64 {
			return fixed(2, func(p []byte) (float64, bool) { return float64(halfToFloat(binary.LittleEndian.Uint16(p))), true }, l.length == 2)
		}
		return fixed(2, func(p []byte) (float32, bool) { return halfToFloat(binary.LittleEndian.Uint16(p)), true }, l.length == 2)
	case parquetInterval:
		return fixed(12, intervalOf, l.length == 12)
	case ownInterval:
		return fixed(16, func(p []byte) (column.IntervalValue, bool) {
			return column.IntervalValue{Months: int32(binary.LittleEndian.Uint32(p)), Days: int32(binary.LittleEndian.Uint32(p[4:])),
				Micros: int64(binary.LittleEndian.Uint64(p[8:]))}, true
		}, l.length == 16)
	case milliseconds, microseconds, nanoseconds:
		return timeConversion(l, to)
	}
	switch l.physical {
	case parquet.Types.Boolean, parquet.Types.ByteArray, parquet.Types.Double:
		return nil, nil
	case parquet.Types.Float:
		if to.Kind == column.Float64 {
			return each(func(v float32) (float64, bool) { return float64(v), true }, nil), nil
		}
		return nil, nil
	case parquet.Types.FixedLenByteArray:
		return fixed(l.length, func(p []byte) (column.View, bool) { return column.MakeView(p), true }, true)
	}
	return intConversion(l, to)
}

// each converts value by value with f; false from f is the error.
func each[S, D any](f func(S) (D, bool), failure error) convert {
	return func(dst, src []byte, n int) error {
		d, s := column.SliceOf[D](dst)[:n], column.SliceOf[S](src)[:n]
		for i, v := range s {
			var ok bool
			if d[i], ok = f(v); !ok {
				return failure
			}
		}
		return nil
	}
}

// fixed converts values of width bytes each with f, when the column's length is as it should be.
func fixed[D any](width int, f func([]byte) (D, bool), lengthOK bool) (convert, error) {
	if !lengthOK {
		return nil, errors.New("its values do not have the length that their type prescribes")
	}
	return func(dst, src []byte, n int) error {
		d := column.SliceOf[D](dst)[:n]
		for i := range d {
			var ok bool
			if d[i], ok = f(src[i*width : (i+1)*width : (i+1)*width]); !ok {
				return errRange
			}
		}
		return nil
	}, nil
}

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// resize converts integers, refusing what does not fit.
func resize[S, D integer](dst, src []byte, n int) error {
	d, s := column.SliceOf[D](dst)[:n], column.SliceOf[S](src)[:n]
	bad := false
	for i, v := range s {
		w := D(v)
		d[i] = w
		bad = bad || S(w) != v || (w < 0) != (v < 0)
	}
	if bad {
		return errRange
	}
	return nil
}

func toInt128[S integer](dst, src []byte, n int) error {
	d, s := column.SliceOf[column.Int128](dst)[:n], column.SliceOf[S](src)[:n]
	for i, v := range s {
		d[i] = column.Int128FromInt64(int64(v))
	}
	return nil
}

// intConversion is for columns that are INT32 or INT64 in the file.
func intConversion(l *leaf, to column.Type) (convert, error) {
	wide, unsigned := l.physical == parquet.Types.Int64, l.means == unsignedInt
	if !wide && l.physical != parquet.Types.Int32 {
		return nil, fmt.Errorf("its physical type %s cannot hold %s", l.physical, l.typ)
	}
	phys := to.Physical()
	switch {
	case wide && (phys == column.PhysInt64 || phys == column.PhysUint64):
		return nil, nil
	case !wide && (phys == column.PhysInt32 && !unsigned || phys == column.PhysUint32):
		return nil, nil
	case wide && phys == column.PhysInt128:
		return toInt128[int64], nil
	case !wide && phys == column.PhysInt128:
		return toInt128[int32], nil
	case !wide && unsigned:
		switch phys {
		case column.PhysUint8:
			return resize[uint32, uint8], nil
		case column.PhysUint16:
			return resize[uint32, uint16], nil
		case column.PhysUint64:
			return resize[uint32, uint64], nil
		case column.PhysInt16:
			return resize[uint32, int16], nil
		case column.PhysInt32:
			return resize[uint32, int32], nil
		case column.PhysInt64:
			return resize[uint32, int64], nil
		}
	case !wide:
		switch phys {
		case column.PhysInt8:
			return resize[int32, int8], nil
		case column.PhysInt16:
			return resize[int32, int16], nil
		case column.PhysInt64:
			return resize[int32, int64], nil
		}
	}
	return nil, fmt.Errorf("its physical type %s cannot be read as %s", l.physical, to)
}

// timeConversion is for times and timestamps, which vectors hold in microseconds. Nanoseconds are rounded down.
func timeConversion(l *leaf, to column.Type) (convert, error) {
	isTime := to.Kind == column.Time
	switch {
	case l.physical == parquet.Types.Int64 && l.means == microseconds:
		return nil, nil
	case l.physical == parquet.Types.Int32 && l.means == milliseconds && isTime:
		return each(func(v int32) (int64, bool) { return int64(v) * 1000, true }, errTimestamp), nil
	case l.physical == parquet.Types.Int64 && l.means == milliseconds:
		return each(func(v int64) (int64, bool) { return v * 1000, v >= math.MinInt64/1000 && v <= math.MaxInt64/1000 }, errTimestamp), nil
	case l.physical == parquet.Types.Int64 && l.means == nanoseconds:
		return each(func(v int64) (int64, bool) { return floorDiv(v, 1000), true }, errTimestamp), nil
	case l.physical == parquet.Types.Int96:
		return fixed(12, func(p []byte) (int64, bool) {
			// Nanoseconds of the day, then the Julian day, of which 2440588 is 1970-01-01.
			nanos, day := int64(binary.LittleEndian.Uint64(p)), int64(binary.LittleEndian.Uint32(p[8:]))
			us := (day - 2440588) * column.MicrosPerDay // below 2^32 days: no overflow of 128 bits, checked for 64 next
			ok := day-2440588 < math.MaxInt64/column.MicrosPerDay-1
			return us + floorDiv(nanos, 1000), ok && nanos >= 0 && nanos <= 2*86_400_000_000_000
		}, true)
	}
	return nil, fmt.Errorf("its physical type %s cannot hold %s", l.physical, to)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func intervalOf(p []byte) (column.IntervalValue, bool) {
	months, days := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
	return column.IntervalValue{Months: int32(months), Days: int32(days), Micros: int64(binary.LittleEndian.Uint32(p[8:])) * 1000},
		months <= math.MaxInt32 && days <= math.MaxInt32
}

// decimalConversion is for decimals that are big-endian two's complement bytes.
func decimalConversion(l *leaf, to column.Type) convert {
	narrow := to.Physical() == column.PhysInt64
	limit := column.Int128FromInt64(1)
	for range l.typ.Precision {
		limit, _ = limit.MulChecked(column.Int128FromInt64(10))
	}
	least := limit.Neg()
	store := func(dst []byte, i int, p []byte) error {
		v, ok := bigEndian(p)
		if !ok || !v.Less(limit) || !least.Less(v) {
			return errDecimal
		}
		if narrow {
			column.SliceOf[int64](dst)[i] = int64(v.Lo)
		} else {
			column.SliceOf[column.Int128](dst)[i] = v
		}
		return nil
	}
	if l.physical == parquet.Types.ByteArray {
		return func(dst, src []byte, n int) error {
			views := column.SliceOf[column.View](src)[:n]
			for i := range views {
				if err := store(dst, i, views[i].Bytes()); err != nil {
					return err
				}
			}
			return nil
		}
	}
	width := l.length
	return func(dst, src []byte, n int) error {
		for i := range n {
			if err := store(dst, i, src[i*width:(i+1)*width]); err != nil {
				return err
			}
		}
		return nil
	}
}

// bigEndian is the two's complement integer in p; ok is false when it needs more than 128 bits.
func bigEndian(p []byte) (v column.Int128, ok bool) {
	if len(p) == 0 {
		return v, true
	}
	sign := int8(p[0]) >> 7
	for len(p) > 16 {
		if int8(p[0]) != sign || int8(p[1])>>7 != sign {
			return v, false
		}
		p = p[1:]
	}
	v = column.Int128{Hi: int64(sign), Lo: uint64(int64(sign))}
	for _, b := range p {
		v.Hi = v.Hi<<8 | int64(v.Lo>>56)
		v.Lo = v.Lo<<8 | uint64(b)
	}
	return v, true
}

// halfToFloat widens an IEEE 754 half.
func halfToFloat(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	}
	v := float32(frac) / (1 << 24)
	return math.Float32frombits(sign | math.Float32bits(v))
}
