package emulator

import (
	"fmt"
	"math"
	"math/big"
	"testing"
)

func f32(v uint64) float32 { return math.Float32frombits(uint32(v)) }

func of32(v float32) uint64 {
	if v != v {
		return 0x7FFFFFFF
	}
	return uint64(math.Float32bits(v))
}

// of64 gives all that is no number one form; result moves it so, too.
func of64(v float64) uint64 {
	if v != v {
		return 0x7FF8000000000000
	}
	return math.Float64bits(v)
}

// oneNaN is what a trial appends so that every NaN in %g10 has that form.
const oneNaN = " setp.nan.f64 %p11, %g10, %g10; selp.f64 %g10, 0d7FF8000000000000, %g10, %p11;"

func TestFloats(t *testing.T) {
	for _, c := range []trial{
		{"add.rn.f64 %g10, %g1, %g2;", func(a, b, _ uint64) uint64 { return of64(double(a) + double(b)) }},
		{"sub.f64 %g10, %g1, %g2;", func(a, b, _ uint64) uint64 { return of64(double(a) - double(b)) }},
		{"mul.rn.f64 %g10, %g1, %g2;", func(a, b, _ uint64) uint64 { return of64(double(a) * double(b)) }},
		{"div.rn.f64 %g10, %g1, %g2;", func(a, b, _ uint64) uint64 { return of64(double(a) / double(b)) }},
		{"fma.rn.f64 %g10, %g1, %g2, %g3;", func(a, b, c uint64) uint64 { return of64(math.FMA(double(a), double(b), double(c))) }},
		{"neg.f64 %g10, %g1;", func(a, _, _ uint64) uint64 { return of64(math.Float64frombits(a ^ 1<<63)) }},
		{"abs.f64 %g10, %g1;", func(a, _, _ uint64) uint64 { return of64(math.Float64frombits(a &^ (1 << 63))) }},
		{"min.f64 %g10, %g1, %g2;", func(a, b, _ uint64) uint64 { return lesser(double(a), double(b)) }},
		{"max.f64 %g10, %g1, %g2;", func(a, b, _ uint64) uint64 { return of64(-double(lesser(-double(a), -double(b)))) }},
	} {
		try(t, 'g', trial{c.code + oneNaN, c.want})
	}
	for _, c := range []trial{
		{"add.rn.f32 %f10, %f1, %f2;", func(a, b, _ uint64) uint64 { return of32(f32(a) + f32(b)) }},
		{"sub.f32 %f10, %f1, %f2;", func(a, b, _ uint64) uint64 { return of32(f32(a) - f32(b)) }},
		{"mul.f32 %f10, %f1, %f2;", func(a, b, _ uint64) uint64 { return of32(f32(a) * f32(b)) }},
		{"div.rn.f32 %f10, %f1, %f2;", func(a, b, _ uint64) uint64 { return of32(f32(a) / f32(b)) }},
		{"fma.rn.f32 %f10, %f1, %f2, %f3;", func(a, b, c uint64) uint64 { return of32(exactFMA(f32(a), f32(b), f32(c))) }},
		{"add.ftz.f32 %f10, %f1, %f2;", func(a, b, _ uint64) uint64 { return flush(of32(f32(flush(a&0xFFFFFFFF)) + f32(flush(b&0xFFFFFFFF)))) }},
	} {
		try(t, 'f', c)
	}
}

// lesser is the smaller one, the other one where one is no number, and -0 before 0.
func lesser(a, b float64) uint64 {
	if a != a || b < a || b == a && math.Signbit(b) {
		return of64(b)
	}
	return of64(a)
}

// exactFMA is a*b+c rounded once, by way of numbers of any length.
func exactFMA(a, b, c float32) float32 {
	x, y, z := float64(a), float64(b), float64(c)
	if s := x*y + z; s != s || math.IsInf(s, 0) || s == 0 {
		return float32(s)
	}
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(v) }
	sum := exact(0).Mul(exact(x), exact(y))
	out, _ := sum.Add(sum, exact(z)).Float32()
	return out
}

// Sums of products whose rounding to double precision would lie on the middle between two numbers in single precision.
func TestFusedSingleRoundsOnce(t *testing.T) {
	x := random(7)
	for range 200000 {
		bits := func() float32 { return math.Float32frombits(uint32(x.next())&0x87FFFFFF | 0x38000000) }
		a, b := bits(), bits()
		c := float32(math.Ldexp(float64(bits()), int(x.below(60))-30))
		if got, want := float32(fusedSingle(float64(a), float64(b), float64(c))), exactFMA(a, b, c); got != want {
			t.Fatalf("%g * %g + %g: %g, want %g", a, b, c, got, want)
		}
	}
}

func TestComparisons(t *testing.T) {
	for _, w := range []int{16, 32, 64} {
		letter := map[int]string{16: "h", 32: "r", 64: "d"}[w]
		for _, signed := range []bool{true, false} {
			typ := fmt.Sprintf("%c%d", "us"[truth(signed)], w)
			for name, holds := range map[string]func(order int) bool{
				"eq": func(o int) bool { return o == 0 }, "ne": func(o int) bool { return o != 0 },
				"lt": func(o int) bool { return o < 0 }, "le": func(o int) bool { return o <= 0 },
				"gt": func(o int) bool { return o > 0 }, "ge": func(o int) bool { return o >= 0 },
			} {
				test := func(a, b uint64) bool { return holds(asBig(a, w, signed).Cmp(asBig(b, w, signed))) }
				pair := fmt.Sprintf("%%%s1, %%%s2", letter, letter)
				try(t, 'p', trial{fmt.Sprintf("setp.%s.%s %%p10, %s;", name, typ, pair), func(a, b, _ uint64) uint64 { return truth(test(a, b)) }})
				try(t, 'p', trial{fmt.Sprintf("setp.%s.and.%s %%p10, %s, %%p3;", name, typ, pair), func(a, b, c uint64) uint64 { return truth(test(a, b) && c != 0) }})
				try(t, 'p', trial{fmt.Sprintf("setp.%s.xor.%s %%p11|%%p10, %s, !%%p3;", name, typ, pair), func(a, b, c uint64) uint64 { return truth(test(a, b) != (c != 0)) }})
				try(t, 'r', trial{fmt.Sprintf("set.%s.u32.%s %%r10, %s;", name, typ, pair), func(a, b, _ uint64) uint64 { return -truth(test(a, b)) & 0xFFFFFFFF }})
			}
		}
	}
	for name, test := range map[string]func(a, b float64) bool{
		"eq": func(a, b float64) bool { return a == b }, "ne": func(a, b float64) bool { return a < b || a > b }, "lt": func(a, b float64) bool { return a < b },
		"ge": func(a, b float64) bool { return a >= b }, "equ": func(a, b float64) bool { return !(a < b || a > b) }, "neu": func(a, b float64) bool { return a != b },
		"ltu": func(a, b float64) bool { return !(a >= b) }, "leu": func(a, b float64) bool { return !(a > b) }, "gtu": func(a, b float64) bool { return !(a <= b) },
		"geu": func(a, b float64) bool { return !(a < b) }, "num": func(a, b float64) bool { return a == a && b == b }, "nan": func(a, b float64) bool { return a != a || b != b },
	} {
		try(t, 'p', trial{"setp." + name + ".f64 %p10, %g1, %g2;", func(a, b, _ uint64) uint64 { return truth(test(double(a), double(b))) }})
		try(t, 'p', trial{"setp." + name + ".f32 %p10, %f1, %f2;", func(a, b, _ uint64) uint64 { return truth(test(single(a), single(b))) }})
	}
	try(t, 'd', trial{"selp.b64 %d10, %d1, %d2, %p3;", func(a, b, c uint64) uint64 {
		if c != 0 {
			return a
		}
		return b
	}})
	try(t, 'd', trial{"slct.u64.s32 %d10, %d1, %d2, %r3;", func(a, b, c uint64) uint64 {
		if int32(c) >= 0 {
			return a
		}
		return b
	}})
	try(t, 'd', trial{"slct.u64.f32 %d10, %d1, %d2, %f3;", func(a, b, c uint64) uint64 {
		if f32(c) >= 0 {
			return a
		}
		return b
	}})
	try(t, 'd', trial{"mov.u64 %d10, 5; @%p3 mov.u64 %d10, 6; @!%p3 add.u64 %d10, %d10, 10;", func(_, _, c uint64) uint64 {
		if c != 0 {
			return 6
		}
		return 15
	}})
}

// bounds are the least and the largest integer of a type.
func bounds(width int, signed bool) (low, high *big.Int) {
	low, high = new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(width))
	if signed {
		high.Rsh(high, 1)
		low.Neg(high)
	}
	return low, high.Sub(high, big.NewInt(1))
}

// Integers of all widths to each other, to floats and from them, against numbers of any length.
func TestConversions(t *testing.T) {
	letter := func(w int) string { return map[int]string{8: "r", 16: "h", 32: "r", 64: "d"}[w] }
	for _, from := range []int{8, 16, 32, 64} {
		for _, fromSigned := range []bool{true, false} {
			source := fmt.Sprintf("%c%d", "us"[truth(fromSigned)], from)
			for _, to := range []int{8, 16, 32, 64} {
				for _, toSigned := range []bool{true, false} {
					target := fmt.Sprintf("%c%d", "us"[truth(toSigned)], to)
					register := map[int]int{8: 32, 16: 16, 32: 32, 64: 64}[to]
					value := func(v *big.Int) uint64 { return lowBits(asBig(lowBits(v, to), to, toSigned), register) }
					code := fmt.Sprintf(".%s.%s %%%s10, %%%s1;", target, source, letter(to), letter(from))
					try(t, letter(to)[0], trial{"cvt" + code, func(a, _, _ uint64) uint64 { return value(asBig(a, from, fromSigned)) }})
					low, high := bounds(to, toSigned)
					if least, most := bounds(from, fromSigned); least.Cmp(low) >= 0 && most.Cmp(high) <= 0 {
						continue // nothing to saturate
					}
					try(t, letter(to)[0], trial{"cvt.sat" + code, func(a, _, _ uint64) uint64 {
						v := asBig(a, from, fromSigned)
						if v.Cmp(low) < 0 {
							v = low
						}
						if v.Cmp(high) > 0 {
							v = high
						}
						return value(v)
					}})
				}
			}
			if from == 8 {
				continue
			}
			for mode, way := range bigModes {
				number := func(a uint64, precision uint) float64 {
					v, _ := new(big.Float).SetMode(way).SetPrec(precision).SetInt(asBig(a, from, fromSigned)).Float64()
					return v
				}
				try(t, 'g', trial{fmt.Sprintf("cvt.%s.f64.%s %%g10, %%%s1;", mode, source, letter(from)), func(a, _, _ uint64) uint64 { return of64(number(a, 53)) }})
				try(t, 'f', trial{fmt.Sprintf("cvt.%s.f32.%s %%f10, %%%s1;", mode, source, letter(from)), func(a, _, _ uint64) uint64 { return of32(float32(number(a, 24))) }})
			}
			for mode, way := range map[string]func(float64) float64{"rni": math.RoundToEven, "rzi": math.Trunc, "rmi": math.Floor, "rpi": math.Ceil} {
				low, high := bounds(from, fromSigned)
				whole := func(v float64, wide bool) uint64 {
					switch v = way(v); {
					case v != v && (wide || from == 64):
						return 1 << (from - 1)
					case v != v:
						return 0
					case v <= -math.Ldexp(1, 70):
						return lowBits(low, from)
					case v >= math.Ldexp(1, 70):
						return lowBits(high, from)
					}
					n, _ := new(big.Float).SetFloat64(v).Int(nil)
					if n.Cmp(low) < 0 {
						n = low
					}
					if n.Cmp(high) > 0 {
						n = high
					}
					return lowBits(n, from)
				}
				try(t, letter(from)[0], trial{fmt.Sprintf("cvt.%s.%s.f64 %%%s10, %%g1;", mode, source, letter(from)), func(a, _, _ uint64) uint64 { return whole(double(a), true) }})
				try(t, letter(from)[0], trial{fmt.Sprintf("cvt.%s.%s.f32 %%%s10, %%f1;", mode, source, letter(from)), func(a, _, _ uint64) uint64 { return whole(single(a), false) }})
			}
		}
	}
	try(t, 'g', trial{"cvt.f64.f32 %g10, %f1;" + oneNaN, func(a, _, _ uint64) uint64 { return of64(single(a)) }})
	try(t, 'g', trial{"cvt.rmi.f64.f64 %g10, %g1;" + oneNaN, func(a, _, _ uint64) uint64 { return of64(math.Floor(double(a))) }})
	for mode, way := range bigModes {
		try(t, 'f', trial{"cvt." + mode + ".f32.f64 %f10, %g1;", func(a, _, _ uint64) uint64 {
			v := double(a)
			if v != v || math.IsInf(v, 0) || v == 0 {
				return of32(float32(v))
			}
			n, _ := new(big.Float).SetMode(way).SetPrec(24).SetFloat64(v).Float32()
			if math.IsInf(float64(n), 0) && (way == big.ToZero || v > 0 && way == big.ToNegativeInf || v < 0 && way == big.ToPositiveInf) {
				n = float32(math.Copysign(math.MaxFloat32, v))
			}
			if tiny := math.Abs(v) < math.Ldexp(1, -126); tiny {
				steps, _ := new(big.Float).SetMode(way).SetPrec(53).SetFloat64(math.Ldexp(math.Abs(v), 149)).Float64()
				switch up := way == big.ToPositiveInf && v > 0 || way == big.ToNegativeInf && v < 0; {
				case way == big.ToNearestEven:
					steps = math.RoundToEven(steps)
				case up:
					steps = math.Ceil(steps)
				default:
					steps = math.Floor(steps)
				}
				n = float32(math.Copysign(math.Ldexp(steps, -149), v))
			}
			return of32(n)
		}})
	}
}
