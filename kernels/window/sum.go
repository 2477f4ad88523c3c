package window

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// wide is a running total of 192 bits: 2^32 rows of 128 bits cannot overflow it, so that differences are exact.
type wide struct {
	lo, mid uint64
	hi      int64
}

func (w wide) add(v column.Int128) wide {
	lo, c := bits.Add64(w.lo, v.Lo, 0)
	mid, c := bits.Add64(w.mid, uint64(v.Hi), c)
	return wide{lo, mid, w.hi + v.Hi>>63 + int64(c)}
}

func (w wide) plus(v wide) wide {
	lo, c := bits.Add64(w.lo, v.lo, 0)
	mid, c := bits.Add64(w.mid, v.mid, c)
	return wide{lo, mid, w.hi + v.hi + int64(c)}
}

func (w wide) minus(v wide) wide {
	lo, c := bits.Sub64(w.lo, v.lo, 0)
	mid, c := bits.Sub64(w.mid, v.mid, c)
	return wide{lo, mid, w.hi - v.hi - int64(c)}
}

// int128 is w when it fits.
func (w wide) int128() (column.Int128, bool) {
	v := column.Int128{Lo: w.lo, Hi: int64(w.mid)}
	return v, w.hi == v.Hi>>63
}

// exactSum is sum and avg of integers and decimals: differences of running totals.
func (b *Block) exactSum(f *kernels.WindowFunction) (*column.Vector, error) {
	counts, err := b.counted(f)
	if err != nil {
		return nil, err
	}
	s, err := b.where(counts)
	if err != nil {
		return nil, err
	}
	arg, err := b.arg(f, 0)
	if err != nil {
		return nil, err
	}
	totals, err := column.AllocSlice[wide](b.Arena, b.Rows+1)
	if err != nil {
		return nil, err
	}
	value := exact(arg)
	var total wide
	mask := b.mask()
	for i := range b.Rows {
		if i&mask == 0 {
			if err := b.Check(); err != nil {
				return nil, err
			}
		}
		totals[i] = total
		if counts(i) {
			total = total.add(value(i))
		}
	}
	totals[b.Rows] = total
	fr, err := b.frame(f)
	if err != nil {
		return nil, err
	}
	out, err := b.flat(f.Call.Result)
	if err != nil {
		return nil, err
	}
	store := b.storeSum(f, out)
	var buf [3]span
	return out, b.each(func(i, _, _ int) error {
		var sum wide
		n := 0
		for _, p := range fr.parts(i, &buf) {
			sum = sum.plus(totals[p.b].minus(totals[p.a]))
			n += s.rank(p.b) - s.rank(p.a)
		}
		if n == 0 {
			return b.setNull(out, i)
		}
		return store(i, sum, int64(n))
	})
}

// storeSum writes row i's sum, or the mean of n values, into out.
func (b *Block) storeSum(f *kernels.WindowFunction, out *column.Vector) func(i int, sum wide, n int64) error {
	t := f.Call.Result
	overflow := func() error { return fault.New(fault.NumericOutOfRange, "%s of %s is out of range", f.Call.Op, t) }
	up := column.Int128FromInt64(1)
	average := f.Call.Op == kernels.AggAvg
	if average {
		up = column.Pow10(int(t.Scale) - int(f.Call.ArgTypes[0].Scale))
	}
	return func(i int, sum wide, n int64) error {
		v, ok := sum.int128()
		if !ok {
			return overflow()
		}
		if average {
			if v, ok = mean(v, up, n); !ok {
				return overflow()
			}
		}
		if t.Kind == column.Int64 {
			if !v.IsInt64() {
				return overflow()
			}
			column.Values[int64](out)[i] = int64(v.Lo)
			return nil
		}
		if !v.FitsPrecision(int(t.Precision)) {
			return overflow()
		}
		column.Values[column.Int128](out)[i] = v
		return nil
	}
}

// mean is sum*up/n, rounded half away from zero. The remainder is less than n, so that its part cannot overflow.
func mean(sum, up column.Int128, n int64) (column.Int128, bool) {
	d := column.Int128FromInt64(n)
	q, rest := sum.QuoRem(d)
	whole, ok := q.MulChecked(up)
	if !ok {
		return whole, false
	}
	part, ok := rest.MulChecked(up)
	if !ok {
		return part, false
	}
	return whole.AddChecked(convert.DivRound(part, d))
}

// exact reads integers and decimals.
func exact(v *column.Vector) func(i int) column.Int128 {
	switch v.Type.Physical() {
	case column.PhysInt8:
		return signed[int8](v)
	case column.PhysInt16:
		return signed[int16](v)
	case column.PhysInt32:
		return signed[int32](v)
	case column.PhysInt64:
		return signed[int64](v)
	case column.PhysUint8:
		return unsigned[uint8](v)
	case column.PhysUint16:
		return unsigned[uint16](v)
	case column.PhysUint32:
		return unsigned[uint32](v)
	case column.PhysUint64:
		return unsigned[uint64](v)
	}
	vals := kernels.Read[column.Int128](v)
	return vals.At
}

func signed[T int8 | int16 | int32 | int64](v *column.Vector) func(i int) column.Int128 {
	vals := kernels.Read[T](v)
	return func(i int) column.Int128 { return column.Int128FromInt64(int64(vals.At(i))) }
}

func unsigned[T uint8 | uint16 | uint32 | uint64](v *column.Vector) func(i int) column.Int128 {
	vals := kernels.Read[T](v)
	return func(i int) column.Int128 { return column.Int128{Lo: uint64(vals.At(i))} }
}
