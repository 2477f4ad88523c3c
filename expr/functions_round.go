package expr

import (
	"bytes"
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// rounding is how digits are dropped.
type rounding func(v, unit column.Int128) column.Int128

func roundHalf(v, unit column.Int128) column.Int128 {
	return convert.DivRound(v, unit)
}

func roundTrunc(v, unit column.Int128) column.Int128 {
	q, _ := v.QuoRem(unit)
	return q
}

func roundFloor(v, unit column.Int128) column.Int128 {
	q, r := v.QuoRem(unit)
	if r.Hi < 0 {
		q = q.Sub(column.Int128{Lo: 1})
	}
	return q
}

func roundCeil(v, unit column.Int128) column.Int128 {
	q, r := v.QuoRem(unit)
	if r.Sign() > 0 {
		q = q.Add(column.Int128{Lo: 1})
	}
	return q
}

// decimalRead gives the values of a decimal argument of either width.
func decimalRead(v *column.Vector) func(i int) column.Int128 {
	if v.Type.Physical() == column.PhysInt64 {
		r := kernels.Read[int64](v)
		return func(i int) column.Int128 { return column.Int128FromInt64(r.At(i)) }
	}
	r := kernels.Read[column.Int128](v)
	return r.At
}

// decimalWrite stores decimals into a result of either width and checks its digits.
func decimalWrite(out *column.Vector) func(i int, v column.Int128) error {
	t := out.Type
	fits := func(v column.Int128) error {
		if !v.FitsPrecision(int(t.Precision)) {
			return fault.New(fault.NumericOutOfRange, "numeric field overflow")
		}
		return nil
	}
	if t.Physical() == column.PhysInt64 {
		d := column.Values[int64](out)
		return func(i int, v column.Int128) error {
			d[i] = int64(v.Lo)
			return fits(v)
		}
	}
	d := column.Values[column.Int128](out)
	return func(i int, v column.Int128) error {
		d[i] = v
		return fits(v)
	}
}

// roundDecimal drops the digits after the scale-th; a negative scale rounds to tens, hundreds and so on. The result keeps out's scale.
func roundDecimal(f rounding, scaleOf func(c *kernels.Call) func(i int) int) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		from, to := int(c.Args[0].Type.Scale), int(c.Out.Type.Scale)
		read, write, scale := decimalRead(c.Args[0]), decimalWrite(c.Out), scaleOf(c)
		return c.Rows(func(i int) error {
			v, keep := read(i), min(scale(i), to)
			if keep < from {
				if from-keep > column.MaxPrecision {
					return write(i, column.Int128{})
				}
				v = f(v, column.Pow10(from-keep))
			} else {
				keep = from
			}
			v, ok := convert.Rescale(v, keep, to)
			if !ok {
				return fault.New(fault.NumericOutOfRange, "numeric field overflow")
			}
			return write(i, v)
		})
	}
}

// scaleAfter is the result type of rounding a decimal to scale digits, one digit before the point more for the carry.
func scaleAfter(t column.Type, scale int) column.Type {
	scale = max(0, min(scale, int(t.Scale)))
	whole := int(t.Precision) - int(t.Scale) + 1
	return column.DecimalType(min(whole+scale, column.MaxPrecision), scale)
}

func zeroScale(*kernels.Call) func(int) int { return func(int) int { return 0 } }

func scaleArgument(c *kernels.Call) func(int) int {
	r := kernels.Read[int32](c.Args[1])
	return func(i int) int { return int(max(-100, min(r.At(i), 100))) }
}

// roundingFunctions are ceil, floor, round and trunc.
func roundingFunctions() []*Function {
	var out []*Function
	for _, o := range []struct {
		names []string
		doc   string
		dec   rounding
		flt   func(float64) float64
		digit bool
	}{
		{[]string{"ceil", "ceiling"}, "The least integer that is not less.", roundCeil, math.Ceil, false},
		{[]string{"floor"}, "The greatest integer that is not greater.", roundFloor, math.Floor, false},
		{[]string{"round"}, "Rounded to so many digits after the point (0): numeric half away from zero, double precision half to even.", roundHalf, math.RoundToEven, true},
		{[]string{"trunc", "truncate"}, "Cut after so many digits after the point (0).", roundTrunc, math.Trunc, true},
	} {
		dec := strict(o.names[0], o.doc, params(anyDecimal), anyDecimal, nil)
		impl := &kernels.Function{Name: o.names[0], Strict: true, Eval: roundDecimal(o.dec, zeroScale)}
		dec.Impl = impl
		dec.Bind = func(args []Expr) (Bound, error) {
			return Bound{Result: scaleAfter(args[0].Type(), 0), Op: kernels.OpCall, Impl: impl}, nil
		}
		out = append(out, alias(dec, o.names[1:]...)...)
		flt := strict(o.names[0], o.doc, params(tFloat64), tFloat64, map1(func(x float64) (float64, error) { return o.flt(x), nil }))
		out = append(out, alias(flt, o.names[1:]...)...)
		if !o.digit {
			continue
		}
		impl2 := &kernels.Function{Name: o.names[0], Strict: true, Eval: roundDecimal(o.dec, scaleArgument)}
		dec2 := strict(o.names[0], o.doc, params(anyDecimal, tInt32), anyDecimal, impl2.Eval)
		dec2.Bind = func(args []Expr) (Bound, error) {
			t := args[0].Type()
			result := scaleAfter(t, int(t.Scale))
			if v, ok := literalArg(args[1]); ok {
				result = scaleAfter(t, int(max(-100, min(v.Int64(), 100))))
			}
			return Bound{Result: result, Op: kernels.OpCall, Impl: impl2}, nil
		}
		out = append(out, alias(dec2, o.names[1:]...)...)
		half := o.flt
		if o.names[0] == "round" {
			half = math.Round
		}
		flt2 := strict(o.names[0], o.doc, params(tFloat64, tInt32), tFloat64, map2(func(x float64, n int32) (float64, error) {
			p := math.Pow10(int(max(-308, min(n, 308))))
			if r := half(x*p) / p; !math.IsInf(x*p, 0) && r-r == 0 {
				return r, nil
			}
			return x, nil
		}))
		out = append(out, alias(flt2, o.names[1:]...)...)
	}
	sign := strict("sign", "-1, 0 or 1 with the argument's sign.", params(anyDecimal), column.DecimalType(1, 0), func(c *kernels.Call) error {
		read, write := decimalRead(c.Args[0]), decimalWrite(c.Out)
		return c.Rows(func(i int) error { return write(i, column.Int128FromInt64(int64(read(i).Sign()))) })
	})
	return append(out, sign)
}

// choiceFunctions are greatest and least, which skip NULLs; they take any types and convert them to a common one.
func choiceFunctions() []*Function {
	var out []*Function
	for _, name := range []string{"greatest", "least"} {
		f := &Function{
			Name: name, Params: params(anyType), Variadic: true, Op: kernels.OpCall,
			Doc: "The " + name + " of the arguments that are not NULL.",
		}
		sign := 1
		if name == "least" {
			sign = -1
		}
		impl := &kernels.Function{Name: name, Eval: func(c *kernels.Call) error { return choose(c, sign) }}
		nested := &kernels.Function{Name: name, Eval: byValue(func(t column.Type, args row) (column.Value, error) { return chooseNested(t, args, sign), nil })}
		f.Prepare = func(args []Expr) ([]Expr, error) {
			args, _, err := unify(name, args)
			return args, err
		}
		f.Bind = func(args []Expr) (Bound, error) {
			if len(args) == 0 {
				return Bound{}, undefinedFunction(name, args)
			}
			t := args[0].Type()
			if t.Kind.IsNested() {
				if t.Nested == nil {
					return Bound{}, undefinedFunction(name, args)
				}
				return Bound{Result: t, Op: kernels.OpCall, Impl: nested}, nil
			}
			return Bound{Result: t, Op: kernels.OpCall, Impl: impl}, nil
		}
		out = append(out, f)
	}
	return out
}

// chooseNested is choose of one row of lists, structs or maps, in the order that they are sorted in.
func chooseNested(t column.Type, args row, sign int) column.Value {
	best := column.NullValue(t)
	var key []byte
	for _, a := range args {
		if a.Null {
			continue
		}
		if k := column.AppendSortKey(nil, a); best.Null || sign*bytes.Compare(k, key) > 0 {
			best, key = a, k
		}
	}
	return best
}

// choose writes the greatest (sign 1) or least (-1) argument of each row.
func choose(c *kernels.Call, sign int) error {
	cmp := comparer(c.Out.Type)
	w := c.Out.Type.Width()
	return c.Rows(func(i int) error {
		var best *column.Vector
		for _, a := range c.Args {
			if !a.IsNull(i) && (best == nil || sign*cmp(a, best, i) > 0) {
				best = a
			}
		}
		d := c.Out.Data[i*w : (i+1)*w]
		if best == nil {
			clear(d)
			c.SetNull(i)
			return nil
		}
		at := best.Index(i)
		copy(d, best.Target().Data[at*w:(at+1)*w])
		return nil
	})
}

// comparer orders row i of two vectors of type t.
func comparer(t column.Type) func(a, b *column.Vector, i int) int {
	switch p := t.Physical(); p {
	case column.PhysView:
		return func(a, b *column.Vector, i int) int {
			return column.CompareViews(&column.Values[column.View](a.Target())[a.Index(i)], &column.Values[column.View](b.Target())[b.Index(i)])
		}
	case column.PhysFloat32, column.PhysFloat64:
		return func(a, b *column.Vector, i int) int {
			x, y := a.ValueAt(i).Float, b.ValueAt(i).Float
			switch {
			case x == y || x != x && y != y:
				return 0
			case x < y || y != y:
				return -1
			}
			return 1
		}
	case column.PhysInterval:
		return func(a, b *column.Vector, i int) int { return a.ValueAt(i).Interval.Compare(b.ValueAt(i).Interval) }
	}
	flip := int64(0)
	if t.Kind == column.UUID {
		// Big-endian bytes order as unsigned numbers.
		flip = math.MinInt64
	}
	return func(a, b *column.Vector, i int) int {
		x, y := a.ValueAt(i).Int, b.ValueAt(i).Int
		x.Hi, y.Hi = x.Hi^flip, y.Hi^flip
		return x.Cmp(y)
	}
}
