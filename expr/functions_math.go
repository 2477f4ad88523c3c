package expr

import (
	"math"
	"math/big"
	"math/rand/v2"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

func floatOverflow() error {
	return fault.New(fault.NumericOutOfRange, "value out of range: overflow")
}

// finite gives an overflow error when finite arguments gave an infinite result.
func finite(r float64, args ...float64) (float64, error) {
	if math.IsInf(r, 0) {
		for _, a := range args {
			if math.IsInf(a, 0) {
				return r, nil
			}
		}
		return r, floatOverflow()
	}
	return r, nil
}

func outOfDomain(name string) error {
	return fault.New(fault.NumericOutOfRange, "input of %s is out of range", name)
}

// mathFunctions are the functions of floats, and what is left of integers.
func mathFunctions() []*Function {
	var out []*Function
	one := func(name, doc string, f func(float64) (float64, error), more ...string) {
		out = append(out, alias(strict(name, doc, params(tFloat64), tFloat64, map1(f)), more...)...)
	}
	two := func(name, doc string, f func(a, b float64) (float64, error), more ...string) {
		out = append(out, alias(strict(name, doc, params(tFloat64, tFloat64), tFloat64, map2(f)), more...)...)
	}
	plain := func(f func(float64) float64) func(float64) (float64, error) {
		return func(x float64) (float64, error) { return f(x), nil }
	}
	bounded := func(name string, f func(float64) float64, ok func(float64) bool) func(float64) (float64, error) {
		return func(x float64) (float64, error) {
			if !ok(x) {
				return 0, outOfDomain(name)
			}
			return f(x), nil
		}
	}
	notInf := func(x float64) bool { return !math.IsInf(x, 0) }
	unit := func(x float64) bool { return !(x < -1 || x > 1) }
	logarithm := func(f func(float64) float64) func(float64) (float64, error) {
		return func(x float64) (float64, error) {
			if x == 0 {
				return 0, fault.New(fault.InvalidArgumentForLog, "cannot take logarithm of zero")
			}
			if x < 0 {
				return 0, fault.New(fault.InvalidArgumentForLog, "cannot take logarithm of a negative number")
			}
			return f(x), nil
		}
	}
	one("sqrt", "Square root.", func(x float64) (float64, error) {
		if x < 0 {
			return 0, fault.New(fault.InvalidArgumentForPower, "cannot take square root of a negative number")
		}
		return math.Sqrt(x), nil
	})
	one("cbrt", "Cube root.", plain(math.Cbrt))
	one("exp", "e to the power of the argument.", func(x float64) (float64, error) { return finite(math.Exp(x), x) })
	one("ln", "Natural logarithm.", logarithm(math.Log))
	one("log", "Logarithm to base 10.", logarithm(math.Log10), "log10")
	one("log2", "Logarithm to base 2.", logarithm(math.Log2))
	two("log", "Logarithm of the second argument to the base of the first.", func(b, x float64) (float64, error) {
		for _, v := range []float64{b, x} {
			if _, err := logarithm(math.Log)(v); err != nil {
				return 0, err
			}
		}
		if b == 1 {
			return 0, fault.New(fault.DivisionByZero, "division by zero")
		}
		return math.Log(x) / math.Log(b), nil
	})
	two("power", "The first argument to the power of the second.", power, "pow", "^")
	one("sin", "Sine, of radians.", bounded("sin", math.Sin, notInf))
	one("cos", "Cosine, of radians.", bounded("cos", math.Cos, notInf))
	one("tan", "Tangent, of radians.", bounded("tan", math.Tan, notInf))
	one("cot", "Cotangent, of radians.", bounded("cot", func(x float64) float64 { return 1 / math.Tan(x) }, notInf))
	one("asin", "Arc sine, in radians.", bounded("asin", math.Asin, unit))
	one("acos", "Arc cosine, in radians.", bounded("acos", math.Acos, unit))
	one("atan", "Arc tangent, in radians.", plain(math.Atan))
	one("sinh", "Hyperbolic sine.", plain(math.Sinh))
	one("cosh", "Hyperbolic cosine.", plain(math.Cosh))
	one("tanh", "Hyperbolic tangent.", plain(math.Tanh))
	one("asinh", "Inverse hyperbolic sine.", plain(math.Asinh))
	one("acosh", "Inverse hyperbolic cosine.", bounded("acosh", math.Acosh, func(x float64) bool { return !(x < 1) }))
	one("atanh", "Inverse hyperbolic tangent.", bounded("atanh", math.Atanh, unit))
	two("atan2", "Angle of the point (second, first argument), in radians.", func(a, b float64) (float64, error) { return math.Atan2(a, b), nil })
	one("degrees", "Radians to degrees.", func(x float64) (float64, error) { return finite(x*(180/math.Pi), x) })
	one("radians", "Degrees to radians.", plain(func(x float64) float64 { return x * (math.Pi / 180) }))
	out = append(out, strict("pi", "The circle's constant.", nil, tFloat64, func(c *kernels.Call) error {
		d := column.Values[float64](c.Out)
		return c.Rows(func(i int) error { d[i] = math.Pi; return nil })
	}))
	random := strict("random", "A random number from 0 up to but not including 1.", nil, tFloat64, func(c *kernels.Call) error {
		d := column.Values[float64](c.Out)
		return c.Rows(func(i int) error { d[i] = rand.Float64(); return nil })
	})
	random.Volatility = Volatile
	out = append(out, random)
	for _, f := range []struct {
		name, doc string
		f         func(a, b int64) (int64, error)
	}{{"gcd", "Greatest common divisor.", gcd}, {"lcm", "Least common multiple.", lcm}} {
		out = append(out, strict(f.name, f.doc, params(tInt64, tInt64), tInt64, map2(f.f)))
	}
	for _, f := range []struct {
		name, doc string
		f         func(a, b int64) int64
	}{
		{"&", "Bitwise and.", func(a, b int64) int64 { return a & b }},
		{"|", "Bitwise or.", func(a, b int64) int64 { return a | b }},
		{"#", "Bitwise exclusive or.", func(a, b int64) int64 { return a ^ b }},
	} {
		out = append(out, operator(strict(f.name, f.doc, params(tInt64, tInt64), tInt64,
			map2(func(a, b int64) (int64, error) { return f.f(a, b), nil }))),
			operator(strict(f.name, f.doc, params(tInt32, tInt32), tInt32,
				map2(func(a, b int32) (int32, error) { return int32(f.f(int64(a), int64(b))), nil }))))
	}
	for _, f := range []struct {
		name, doc string
		f         func(a int64, b int32) int64
	}{
		{"<<", "Bits moved to the left.", func(a int64, b int32) int64 { return a << (uint32(b) & 63) }},
		{">>", "Bits moved to the right.", func(a int64, b int32) int64 { return a >> (uint32(b) & 63) }},
	} {
		out = append(out, operator(strict(f.name, f.doc, params(tInt64, tInt32), tInt64,
			map2(func(a int64, b int32) (int64, error) { return f.f(a, b), nil }))))
	}
	out = append(out, operator(strict("~", "Bitwise not.", params(tInt64), tInt64, map1(func(a int64) (int64, error) { return ^a, nil }))))
	for _, t := range []column.Type{tFloat64} {
		out = append(out, strict("sign", "-1, 0 or 1 with the argument's sign.", params(t), t, map1(func(x float64) (float64, error) {
			switch {
			case x > 0:
				return 1, nil
			case x < 0:
				return -1, nil
			}
			return 0, nil
		})))
	}
	isNaN := strict("isnan", "Whether the number is NaN.", params(tFloat64), tBool, map1(func(x float64) (uint8, error) { return bools(x != x), nil }))
	return append(out, isNaN)
}

func power(a, b float64) (float64, error) {
	if a == 0 && b < 0 {
		return 0, fault.New(fault.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	}
	if a < 0 && b != math.Trunc(b) {
		return 0, fault.New(fault.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
	}
	return finite(math.Pow(a, b), a, b)
}

func gcd(a, b int64) (int64, error) {
	for b != 0 {
		if b == -1 {
			// The remainder of the least value by -1 would overflow.
			return 1, nil
		}
		a, b = b, a%b
	}
	if a == math.MinInt64 {
		return 0, fault.New(fault.NumericOutOfRange, "bigint out of range")
	}
	if a < 0 {
		a = -a
	}
	return a, nil
}

func lcm(a, b int64) (int64, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := gcd(a, b)
	if err != nil {
		return 0, err
	}
	p := new(big.Int).Mul(big.NewInt(a/g), big.NewInt(b))
	p.Abs(p)
	if !p.IsInt64() {
		return 0, fault.New(fault.NumericOutOfRange, "bigint out of range")
	}
	return p.Int64(), nil
}
