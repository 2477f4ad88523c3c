package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// overloads holds every overload by name. It never changes after the package's initialization.
var overloads = map[string][]*Function{}

func registry() map[string][]*Function { return overloads }

func init() {
	for _, family := range [][]*Function{
		arithmeticFunctions(), roundingFunctions(), mathFunctions(), choiceFunctions(),
		textFunctions(), patternFunctions(), encodingFunctions(),
		dateFieldFunctions(), dateMakingFunctions(), dateArithmeticFunctions(), checkFunctions(),
		listFunctions(), listTests(), listChangeFunctions(), listTextFunctions(), listMathFunctions(), structFunctions(), mapFunctions(),
		jsonFunctions(), zoneFunctions(), inZoneFunctions(), moreFunctions(), intervalMakingFunctions(), parsingFunctions(), scanFunctions(),
		codeFunctions(), floatFunctions(), distanceFunctions(), unitFunctions(), numericFunctions(),
		listSelectFunctions(), listDistanceFunctions(), mapEntryFunctions(), structFieldFunctions(), expressionTestFunctions(), jsonMakingFunctions(),
		jsonListFunctions(), expressionFunctions(), shapeFunctions(), jsonShapeFunctions(), unicodeFunctions(),
	} {
		for _, f := range family {
			overloads[f.Name] = append(overloads[f.Name], ofFinite(f))
		}
	}
	addFurtherNames()
}

// Names of the types that signatures are made of.
var (
	tBool      = column.T(column.Bool)
	tInt32     = column.T(column.Int32)
	tInt64     = column.T(column.Int64)
	tFloat32   = column.T(column.Float32)
	tFloat64   = column.T(column.Float64)
	tDate      = column.T(column.Date)
	tTime      = column.T(column.Time)
	tTimestamp = column.T(column.Timestamp)
	tTZ        = column.T(column.TimestampTZ)
	tInterval  = column.T(column.Interval)
	tText      = column.T(column.Text)
	tBinary    = column.T(column.Binary)
)

func params(ts ...column.Type) []column.Type { return ts }

// untypedDecimal reads a literal without a type as a decimal of its own digits.
func untypedDecimal(e Expr) (Expr, error) {
	l := e.(*Literal)
	if l.Value.Null {
		return &Literal{Value: column.NullValue(column.DecimalType(1, 0))}, nil
	}
	if v, ok := convert.LiteralDecimal(l.Value.Str); ok {
		return &Literal{Value: v}, nil
	}
	// The cast words the error.
	return NewCast(e, column.DecimalType(column.MaxPrecision, divisionScale), false)
}

// strict makes an overload whose implementation sees no NULL.
func strict(name, doc string, ps []column.Type, result column.Type, eval func(c *kernels.Call) error) *Function {
	return &Function{
		Name: name, Params: ps, Result: result, Op: kernels.OpCall, Doc: doc,
		Impl: &kernels.Function{Name: name, Strict: true, Eval: eval},
	}
}

// operator prints f between its operands.
func operator(f *Function) *Function {
	f.Operator = f.Name
	return f
}

// alias is f under further names, f itself first.
func alias(f *Function, names ...string) []*Function {
	out := []*Function{f}
	for _, n := range names {
		g := *f
		g.Name = n
		out = append(out, &g)
	}
	return out
}

// map1 makes a strict evaluation of a function of one fixed-width argument.
func map1[A, R any](f func(a A) (R, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		a, out := kernels.Read[A](c.Args[0]), column.Values[R](c.Out)
		return c.Rows(func(i int) (err error) {
			out[i], err = f(a.At(i))
			return err
		})
	}
}

// map2 makes a strict evaluation of a function of two fixed-width arguments.
func map2[A, B, R any](f func(a A, b B) (R, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		a, b, out := kernels.Read[A](c.Args[0]), kernels.Read[B](c.Args[1]), column.Values[R](c.Out)
		return c.Rows(func(i int) (err error) {
			out[i], err = f(a.At(i), b.At(i))
			return err
		})
	}
}

// map3 makes a strict evaluation of a function of three fixed-width arguments.
func map3[A, B, C, R any](f func(a A, b B, c C) (R, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		x, y, z, out := kernels.Read[A](c.Args[0]), kernels.Read[B](c.Args[1]), kernels.Read[C](c.Args[2]), column.Values[R](c.Out)
		return c.Rows(func(i int) (err error) {
			out[i], err = f(x.At(i), y.At(i), z.At(i))
			return err
		})
	}
}

// fromText makes a strict evaluation of a function of one text.
func fromText[R any](f func(s []byte) (R, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		s, out := kernels.ReadBytes(c.Args[0]), column.Values[R](c.Out)
		return c.Rows(func(i int) (err error) {
			out[i], err = f(s.At(i))
			return err
		})
	}
}

// fromTexts makes a strict evaluation of a function of two texts.
func fromTexts[R any](f func(s, t []byte) (R, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		s, t, out := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1]), column.Values[R](c.Out)
		return c.Rows(func(i int) (err error) {
			out[i], err = f(s.At(i), t.At(i))
			return err
		})
	}
}

// toText makes a strict evaluation of a function whose result is a text; f gives the function that appends row i's text to dst. The text must
// not alias what f keeps, since the buffer is used again.
func toText(f func(c *kernels.Call) func(dst []byte, i int) ([]byte, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		row, out := f(c), c.WriteBytes()
		var buf []byte
		return c.Rows(func(i int) error {
			p, err := row(buf[:0], i)
			if err != nil {
				return err
			}
			if err := out.Set(i, p); err != nil {
				return err
			}
			buf = p[:0]
			return nil
		})
	}
}

// bools turns a bool into a vector's byte.
func bools(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// literalArg is the value of a constant argument; ok is false when it is none or NULL.
func literalArg(e Expr) (v column.Value, ok bool) {
	l, ok := Fold(e).(*Literal)
	if !ok || l.Value.Null {
		return column.Value{}, false
	}
	return l.Value, true
}
