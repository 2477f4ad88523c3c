package avro

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

var (
	errText  = errors.New("a text is not valid UTF-8")
	errInt   = errors.New("a number is outside of its type")
	errDigit = errors.New("a decimal has more digits than its type")
)

// decode reads a value of shape s into the next row of k, whose type is the shape's or a wider one.
func decode(in *input, s *shape, k *sink) error {
	switch s.name {
	case "null":
		return k.null()
	case "union":
		return decodeUnion(in, s, k)
	case "record":
		if _, err := k.add(); err != nil {
			return err
		}
		for i, f := range s.fields {
			if err := decode(in, f.typ, k.children[i]); err != nil {
				return err
			}
		}
		return nil
	case "array", "map":
		return decodeMany(in, s, k)
	}
	i, err := k.add()
	if err != nil {
		return err
	}
	switch s.name {
	case "boolean":
		p, err := in.take(1)
		if err != nil {
			return err
		}
		if p[0] > 1 {
			return errBool
		}
		k.data[i] = p[0]
		return nil
	case "int", "long":
		n, err := in.long()
		if err != nil {
			return err
		}
		if s.name == "int" && n != int64(int32(n)) {
			return errInt
		}
		return k.setLong(i, n, s.logical)
	case "float":
		f, err := in.float()
		return k.setFloat(i, f, err)
	case "double":
		f, err := in.double()
		return k.setFloat(i, f, err)
	case "enum":
		n, err := in.long()
		if err != nil {
			return err
		}
		if n < 0 || n >= int64(len(s.symbols)) {
			return errSymbol
		}
		return k.setBytes(i, []byte(s.symbols[n]))
	case "fixed":
		p, err := in.take(s.size)
		if err != nil {
			return err
		}
		return k.setFixed(i, p, s)
	case "bytes":
		p, err := in.bytes()
		if err != nil {
			return err
		}
		return k.setFixed(i, p, s)
	}
	p, err := in.bytes() // a string
	if err != nil {
		return err
	}
	if k.typ.Kind == column.UUID {
		v, err := convert.Text(p, k.typ)
		if err != nil {
			return err
		}
		return k.setValue(i, v)
	}
	return k.setText(i, p)
}

func decodeUnion(in *input, s *shape, k *sink) error {
	b, err := in.branch(s)
	if err != nil {
		return err
	}
	if inner, _ := s.nullable(); inner != nil || b.name == "null" {
		return decode(in, b, k)
	}
	if _, ok := s.common(); ok {
		return decode(in, b, k)
	}
	if _, err := k.add(); err != nil {
		return err
	}
	at := 0
	for _, t := range s.types {
		if t.name == "null" {
			continue
		}
		if t == b {
			err = decode(in, t, k.children[at])
		} else {
			err = k.children[at].null()
		}
		if err != nil {
			return err
		}
		at++
	}
	return nil
}

// decodeMany reads an array or a map, which come in blocks up to one of no elements.
func decodeMany(in *input, s *shape, k *sink) error {
	i, err := k.add()
	if err != nil {
		return err
	}
	from := k.children[0].n
	for {
		n, err := in.count(s.leastElement())
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		for range n {
			if s.name == "array" {
				if err := decode(in, s.items, k.children[0]); err != nil {
					return err
				}
				continue
			}
			key, err := in.bytes()
			if err != nil {
				return err
			}
			at, err := k.children[0].add()
			if err != nil {
				return err
			}
			if err := k.children[0].setText(at, key); err != nil {
				return err
			}
			if err := decode(in, s.items, k.children[1]); err != nil {
				return err
			}
		}
	}
	*at[column.Span](k, i) = column.Span{Offset: uint32(from), Length: uint32(k.children[0].n - from)}
	return nil
}

// setLong stores a whole number, in the unit of the column's type.
func (k *sink) setLong(i int, n int64, logical string) error {
	switch logical {
	case "time-millis", "timestamp-millis", "local-timestamp-millis":
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return errInt
		}
		n *= 1000
	case "timestamp-nanos", "local-timestamp-nanos":
		n = convert.FloorDiv(n, 1000)
	}
	switch k.typ.Kind {
	case column.Time:
		if n < 0 || n > column.MicrosPerDay {
			return errInt
		}
		*at[int64](k, i) = n
	case column.Int32, column.Date:
		*at[int32](k, i) = int32(n)
	case column.Float32:
		*at[float32](k, i) = float32(n)
	case column.Float64:
		*at[float64](k, i) = float64(n)
	default:
		*at[int64](k, i) = n
	}
	return nil
}

func (k *sink) setFloat(i int, f float64, err error) error {
	if k.typ.Kind == column.Float32 {
		*at[float32](k, i) = float32(f)
	} else {
		*at[float64](k, i) = f
	}
	return err
}

func (k *sink) setText(i int, p []byte) error {
	if k.typ.Kind == column.Text && !utf8.Valid(p) {
		return errText
	}
	return k.setBytes(i, p)
}

// setBytes stores bytes, of which the arena gets a copy: the block may be gone before the batch is.
func (k *sink) setBytes(i int, p []byte) error {
	if len(p) > column.InlineLen {
		var err error
		if p, err = k.arena.Copy(p); err != nil {
			return err
		}
	}
	*at[column.View](k, i) = column.MakeView(p)
	return nil
}

// setFixed stores bytes, or what a logical type means by them.
func (k *sink) setFixed(i int, p []byte, s *shape) error {
	switch k.typ.Kind {
	case column.Decimal:
		return k.setDecimal(i, p, s)
	case column.Interval:
		months, days, ms := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:]), binary.LittleEndian.Uint32(p[8:])
		if months > math.MaxInt32 || days > math.MaxInt32 {
			return errInt
		}
		*at[column.IntervalValue](k, i) = column.IntervalValue{Months: int32(months), Days: int32(days), Micros: int64(ms) * 1000}
		return nil
	case column.UUID:
		*at[column.Int128](k, i) = column.Int128{Hi: int64(binary.BigEndian.Uint64(p)), Lo: binary.BigEndian.Uint64(p[8:])}
		return nil
	case column.Text:
		if s.logical == "decimal" {
			if len(p) > maxDigits {
				return errDigit
			}
			return k.setBytes(i, longDecimal(p, s.scale))
		}
		return k.setText(i, p)
	}
	return k.setBytes(i, p)
}

// setDecimal stores a number in two's complement, most significant byte first.
func (k *sink) setDecimal(i int, p []byte, s *shape) error {
	var v column.Int128
	if len(p) > 0 && p[0] >= 0x80 {
		v = column.Int128{Hi: -1, Lo: math.MaxUint64}
	}
	negative := v.Hi < 0
	for len(p) > 16 { // only the sign may stand in front
		if p[0] != byte(v.Hi) {
			return errDigit
		}
		p = p[1:]
	}
	for _, c := range p {
		v = column.Int128{Hi: v.Hi<<8 | int64(v.Lo>>56), Lo: v.Lo<<8 | uint64(c)}
	}
	if (v.Hi < 0) != negative || !v.FitsPrecision(int(k.typ.Precision)) {
		return errDigit
	}
	if k.typ.Physical() == column.PhysInt64 {
		*at[int64](k, i) = int64(v.Lo)
	} else {
		*at[column.Int128](k, i) = v
	}
	return nil
}

// longDecimal is a decimal of any length as text.
func longDecimal(p []byte, scale int) []byte {
	n := new(big.Int).SetBytes(p)
	if len(p) > 0 && p[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(p))))
	}
	text := new(big.Int).Abs(n).String()
	for len(text) <= scale {
		text = "0" + text
	}
	if scale > 0 {
		text = text[:len(text)-scale] + "." + text[len(text)-scale:]
	}
	if n.Sign() < 0 {
		text = "-" + text
	}
	return []byte(text)
}

func (k *sink) setValue(i int, v column.Value) error {
	vec := column.Vector{Type: k.typ, Data: k.data}
	return column.SetValue(k.arena, &vec, i, v)
}
