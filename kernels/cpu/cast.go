package cpu

import (
	"strconv"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/simd"
)

// cast converts a (flat or constant) into dst, whose validity is set. Between numbers and between dates and timestamps there are loops, which
// gather evidence of failure as arithmetic does; everything else, and the search for the row that failed, goes value by value.
func (e *Evaluator) cast(n *node, dst, a *column.Vector, sel []uint32, rows int) error {
	if !n.Lossy {
		done, err := e.castLoop(n, dst, a, sel, rows)
		if done || err != nil {
			return err
		}
	} else if dst.Valid == nil {
		valid, err := e.validity(n.Dst)
		if err != nil {
			return err
		}
		valid.SetAll(rows)
		dst.Valid = valid
	}
	view := dst.Type.Physical() == column.PhysView
	return rowwise(sel, rows, func(i int) error {
		if !dst.Valid.Get(i) {
			if view {
				column.Values[column.View](dst)[i] = column.View{}
			}
			return nil
		}
		err := e.castRow(dst, a, i)
		if err != nil && n.Lossy && fault.CodeOf(err)[:2] == "22" {
			dst.Valid.Clear(i)
			err = nil
		}
		return err
	})
}

// castRow converts one value.
func (e *Evaluator) castRow(dst, a *column.Vector, i int) error {
	if a.Type.Kind == column.Text && dst.Type.Physical() != column.PhysView {
		v, err := convert.Text(column.Values[column.View](a)[a.Index(i)].Bytes(), dst.Type)
		if err != nil {
			return err
		}
		return column.SetValue(nil, dst, i, v)
	}
	v, err := convert.Value(a.ValueAt(i), dst.Type)
	if err != nil {
		return err
	}
	if dst.Type.Physical() != column.PhysView {
		return column.SetValue(nil, dst, i, v)
	}
	p := []byte(v.Str)
	if len(p) > column.InlineLen {
		q, err := e.heap.Alloc(len(p))
		if err != nil {
			return err
		}
		copy(q, p)
		p = q
	}
	column.Values[column.View](dst)[i] = column.MakeView(p)
	return nil
}

// short reports whether t's values fit an int64 as they are: integers but the largest unsigned, decimals up to 18 digits.
func short(t column.Type) bool {
	return t.Kind.IsInteger() && t.Kind != column.Uint64 || t.Kind == column.Decimal && t.Precision <= column.MaxPrecision64
}

// castLoop converts by a loop where there is one. done is false when there is none, or when it saw a failure that may lie in a NULL row.
func (e *Evaluator) castLoop(n *node, dst, a *column.Vector, sel []uint32, rows int) (done bool, err error) {
	from, to := a.Type, dst.Type
	if a.Form == column.Constant {
		return false, nil
	}
	switch {
	case from.Physical() == to.Physical() && from.Kind == column.Decimal && to.Kind == column.Decimal && from.Scale == to.Scale && from.Precision <= to.Precision,
		from.Kind == column.Timestamp && to.Kind == column.TimestampTZ, from.Kind == column.TimestampTZ && to.Kind == column.Timestamp:
		spread(dst, a, sel, rows)
		return true, nil
	case from.Kind == column.Float32 && to.Kind == column.Float64:
		x, d := column.Values[float32](a), column.Values[float64](dst)
		if dense(sel, rows) {
			simd.DoublesOfFloats(d[:rows], x)
			return true, nil
		}
		each(sel, rows, func(i int) { d[i] = float64(x[i]) })
		return true, nil
	case from.Kind == column.Date && (to.Kind == column.Timestamp || to.Kind == column.TimestampTZ):
		x, d := column.Values[int32](a), column.Values[int64](dst)
		if dense(sel, rows) {
			microsOfDays(d[:rows], x[:rows])
			return true, nil
		}
		each(sel, rows, func(i int) { d[i] = convert.MicrosOfDate(x[i]) })
		return true, nil
	case from.Kind == column.Decimal && from.Physical() == column.PhysInt128 && to.Kind == column.Float64:
		x, d := column.Values[column.Int128](a), column.Values[float64](dst)
		each(sel, rows, func(i int) { d[i] = convert.DecimalFloat(x[i], int(from.Scale)) })
		return true, nil
	case from.Kind == column.Decimal && from.Physical() == column.PhysInt128 && to.Kind == column.Decimal:
		return rescaleWide(dst, a, sel, rows), nil
	case !short(from):
		return false, nil
	}
	if from.Kind.IsInteger() && to.Kind == column.Int64 && dense(sel, rows) {
		toInt64(column.Values[int64](dst), a, nil, rows)
		return true, nil
	}
	x, err := e.toInt64(&n.wide[0], a, sel, rows)
	if err != nil {
		return false, err
	}
	switch {
	case to.Kind.IsInteger() && from.Scale == 0 && to.Kind != column.Uint64:
		return !narrowTo(dst, x, sel, rows), nil
	case to.Kind == column.Text && from.Kind.IsInteger():
		return true, e.printInts(dst, x, sel, rows)
	case to.Kind == column.Float64:
		d, div := column.Values[float64](dst), column.Pow10(int(from.Scale)).Float64()
		if dense(sel, rows) {
			simd.DoublesOfInts(d[:rows], x, div)
			return true, nil
		}
		each(sel, rows, func(i int) { d[i] = float64(x[i]) / div })
		return true, nil
	case to.Kind == column.Decimal && to.Scale >= from.Scale:
		return scaleUp(dst, from, x, sel, rows), nil
	}
	return false, nil
}

// printInts writes integers as texts.
func (e *Evaluator) printInts(dst *column.Vector, x []int64, sel []uint32, rows int) error {
	d := column.Values[column.View](dst)
	var buf [20]byte
	return rowwise(sel, rows, func(i int) error {
		p := strconv.AppendInt(buf[:0], x[i], 10)
		if len(p) > column.InlineLen {
			q, err := e.heap.Alloc(len(p))
			if err != nil {
				return err
			}
			copy(q, p)
			p = q
		}
		d[i] = column.MakeView(p)
		return nil
	})
}

// rescaleWide converts decimals of 128 bits to another scale.
func rescaleWide(dst, a *column.Vector, sel []uint32, rows int) bool {
	x, from, to := column.Values[column.Int128](a), int(a.Type.Scale), int(dst.Type.Scale)
	lo, hi := limits(dst.Type)
	good := true
	put := func(i int) column.Int128 {
		v, ok := convert.Rescale(x[i], from, to)
		good = good && ok && !v.Less(lo) && !hi.Less(v)
		return v
	}
	if dst.Type.Physical() == column.PhysInt128 {
		d := column.Values[column.Int128](dst)
		each(sel, rows, func(i int) { d[i] = put(i) })
		return good
	}
	d := column.Values[int64](dst)
	each(sel, rows, func(i int) { d[i] = int64(put(i).Lo) })
	return good
}

// toInt64 gives the values of a short type as int64: its own, or converted into f.
func (e *Evaluator) toInt64(f *flatBuffer, v *column.Vector, sel []uint32, rows int) ([]int64, error) {
	if v.Type.Physical() == column.PhysInt64 {
		return column.Values[int64](v), nil
	}
	out, err := e.buffer(f, column.T(column.Int64), rows)
	if err != nil {
		return nil, err
	}
	d := column.Values[int64](out)
	toInt64(d, v, sel, rows)
	return d, nil
}

// toInt64 widens integers of up to 64 bits.
func toInt64(d []int64, v *column.Vector, sel []uint32, rows int) {
	switch v.Type.Physical() {
	case column.PhysInt8:
		widenInts(d, column.Values[int8](v), sel, rows)
	case column.PhysInt16:
		widenInts(d, column.Values[int16](v), sel, rows)
	case column.PhysInt32:
		widenInts(d, column.Values[int32](v), sel, rows)
	case column.PhysInt64:
		copy(d[:rows], column.Values[int64](v))
	case column.PhysUint8:
		widenInts(d, column.Values[uint8](v), sel, rows)
	case column.PhysUint16:
		widenInts(d, column.Values[uint16](v), sel, rows)
	case column.PhysUint32:
		widenInts(d, column.Values[uint32](v), sel, rows)
	}
}

func widenInts[T simd.Integer](d []int64, x []T, sel []uint32, n int) {
	if dense(sel, n) {
		simd.Widen(d[:n], x)
		return
	}
	for _, i := range sel {
		d[i] = int64(x[i])
	}
}

// narrowTo stores integers into dst's type and reports whether one did not fit.
func narrowTo(dst *column.Vector, x []int64, sel []uint32, n int) bool {
	switch dst.Type.Physical() {
	case column.PhysInt8:
		return narrowInts(column.Values[int8](dst), x, sel, n)
	case column.PhysInt16:
		return narrowInts(column.Values[int16](dst), x, sel, n)
	case column.PhysInt32:
		return narrowInts(column.Values[int32](dst), x, sel, n)
	case column.PhysUint8:
		return narrowInts(column.Values[uint8](dst), x, sel, n)
	case column.PhysUint16:
		return narrowInts(column.Values[uint16](dst), x, sel, n)
	case column.PhysUint32:
		return narrowInts(column.Values[uint32](dst), x, sel, n)
	}
	d := column.Values[int64](dst)
	if sel == nil {
		copy(d[:n], x)
	}
	for _, i := range sel {
		d[i] = x[i]
	}
	return false
}

func narrowInts[T simd.Integer](d []T, x []int64, sel []uint32, n int) bool {
	if dense(sel, n) {
		if bad := simd.Narrow(d[:n], x); sel == nil || !bad {
			return bad
		}
		// What is not selected may be anything.
	}
	var bad int64
	for _, i := range sel {
		d[i] = T(x[i])
		bad |= x[i] ^ int64(d[i])
	}
	return bad != 0
}

// scaleUp converts integers or short decimals to decimals with as many or more digits after the point; false says that a value may not fit.
func scaleUp(dst *column.Vector, from column.Type, x []int64, sel []uint32, n int) bool {
	to := dst.Type
	up := int(to.Scale) - int(from.Scale)
	whole := int(from.Precision) - int(from.Scale)
	if from.Kind.IsInteger() {
		whole = integerDigits(from.Kind)
	}
	fits := whole+int(to.Scale) <= int(to.Precision)
	if up > column.MaxPrecision64 {
		return false
	}
	factor := column.Pow10(up)
	f := int64(factor.Lo)
	if to.Physical() == column.PhysInt128 {
		d := column.Values[column.Int128](dst)
		if fits && dense(sel, n) {
			simd.MulWiden(wordsOf(d[:n]), x, []int64{f}, false, true)
			return true
		}
		limit := column.Pow10(int(to.Precision))
		good := true
		each(sel, n, func(i int) {
			v := column.MulInt64(x[i], f)
			d[i] = v
			good = good && (fits || v.Less(limit) && limit.Neg().Less(v))
		})
		return good
	}
	d := column.Values[int64](dst)
	if fits {
		if dense(sel, n) {
			simd.Mul(d[:n], x, []int64{f}, false, true)
			return true
		}
		for _, i := range sel {
			d[i] = x[i] * f
		}
		return true
	}
	// Values beyond the limit before scaling are those beyond it after.
	limit := int64(column.Pow10(max(int(to.Precision)-up, 0)).Lo)
	good := true
	each(sel, n, func(i int) {
		v := x[i]
		d[i] = v * f
		good = good && v < limit && v > -limit
	})
	return good
}

// integerDigits is the number of digits of an integer type's longest value.
func integerDigits(k column.Kind) int {
	switch k {
	case column.Int8, column.Uint8:
		return 3
	case column.Int16, column.Uint16:
		return 5
	case column.Int32, column.Uint32:
		return 10
	case column.Int64:
		return 19
	}
	return 20
}
