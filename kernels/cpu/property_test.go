package cpu

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/simd"
)

var errRow = errors.New("the row fails")

// bigResult is the exact result of an operation on integers and decimals at the result's scale.
func bigResult(op kernels.Op, a, b column.Value, t column.Type) (*big.Int, error) {
	x, y := a.Int.Big(), b.Int.Big()
	shift := func(v *big.Int, n int) *big.Int {
		return new(big.Int).Mul(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
	}
	switch op {
	case kernels.OpAdd:
		return x.Add(x, y), nil
	case kernels.OpSub:
		return x.Sub(x, y), nil
	case kernels.OpMul:
		drop := int(a.Type.Scale) + int(b.Type.Scale) - int(t.Scale)
		return halfAway(x.Mul(x, y), shift(big.NewInt(1), drop)), nil
	}
	if y.Sign() == 0 {
		return nil, errRow
	}
	if op == kernels.OpMod {
		return x.Rem(x, y), nil
	}
	if t.Kind != column.Decimal {
		return x.Quo(x, y), nil
	}
	return halfAway(shift(x, int(t.Scale)+int(b.Type.Scale)), shift(y, int(a.Type.Scale))), nil
}

func halfAway(n, d *big.Int) *big.Int {
	sign := int64(n.Sign() * d.Sign())
	n, d = new(big.Int).Abs(n), new(big.Int).Abs(d)
	// floor((2n+d) / 2d) with the sign put back.
	q := new(big.Int).Div(new(big.Int).Add(new(big.Int).Lsh(n, 1), d), new(big.Int).Lsh(d, 1))
	return q.Mul(q, big.NewInt(sign))
}

func TestArithmeticAgreesWithBigNumbers(t *testing.T) {
	d := column.DecimalType
	type types struct{ a, b, r column.Type }
	var exact []types
	for _, s := range scalarTypes {
		if s.Kind.IsInteger() {
			exact = append(exact, types{s, s, s})
		}
	}
	sums := append(exact, types{d(5, 2), d(7, 2), d(8, 2)}, types{d(18, 2), d(18, 2), d(19, 2)}, types{d(25, 3), d(12, 3), d(26, 3)}, types{d(38, 4), d(38, 4), d(38, 4)}, types{d(18, 2), d(30, 2), d(31, 2)})
	products := append(exact, types{d(5, 2), d(7, 2), d(12, 4)}, types{d(15, 2), d(16, 2), d(31, 4)}, types{d(31, 4), d(7, 2), d(38, 6)}, types{d(31, 4), d(16, 2), d(38, 6)}, types{d(38, 10), d(38, 12), d(38, 16)})
	quotients := append(exact, types{d(15, 2), d(5, 2), d(38, 16)}, types{d(38, 10), d(38, 10), d(38, 16)}, types{d(30, 4), d(5, 2), d(38, 16)})
	rests := append(exact, types{d(5, 2), d(7, 2), d(7, 2)}, types{d(30, 2), d(7, 2), d(30, 2)})
	for op, list := range map[kernels.Op][]types{
		kernels.OpAdd: sums, kernels.OpSub: sums, kernels.OpMul: products, kernels.OpDiv: quotients, kernels.OpMod: rests,
	} {
		for _, c := range list {
			lo, hi := limits(c.r)
			for seed := range uint64(24) {
				g := newGenerator(t, seed)
				g.small, g.zero = seed%3 != 0, seed%4 == 0
				agree(t, g, kernels.Instr{Op: op}, c.r, []column.Type{c.a, c.b}, true, func(v []column.Value) (column.Value, error) {
					r, err := bigResult(op, v[0], v[1], c.r)
					if err != nil {
						return column.Value{}, err
					}
					w, ok := column.Int128FromBig(r)
					if !ok || w.Less(lo) || hi.Less(w) {
						return column.Value{}, errRow
					}
					return column.Value{Type: c.r, Int: w}, nil
				})
			}
		}
	}
}

func TestFloatArithmetic(t *testing.T) {
	for _, ft := range []column.Type{column.T(column.Float32), column.T(column.Float64)} {
		round := func(f float64) float64 {
			if ft.Kind == column.Float32 {
				return float64(float32(f))
			}
			return f
		}
		for _, op := range []kernels.Op{kernels.OpAdd, kernels.OpSub, kernels.OpMul, kernels.OpDiv, kernels.OpMod} {
			for seed := range uint64(24) {
				g := newGenerator(t, seed)
				g.small = seed%3 != 0
				agree(t, g, kernels.Instr{Op: op}, ft, []column.Type{ft, ft}, true, func(v []column.Value) (column.Value, error) {
					x, y := v[0].Float, v[1].Float
					var r float64
					switch op {
					case kernels.OpAdd:
						r = round(x + y)
					case kernels.OpSub:
						r = round(x - y)
					case kernels.OpMul:
						r = round(x * y)
					case kernels.OpMod:
						r = math.Mod(x, y)
					default:
						r = round(x / y)
					}
					if (op == kernels.OpDiv || op == kernels.OpMod) && y == 0 && x == x {
						return column.Value{}, errRow
					}
					if math.IsInf(r, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
						return column.Value{}, errRow
					}
					return column.Value{Type: ft, Float: r}, nil
				})
			}
		}
	}
}

// order compares two values of one type by SQL's order.
func order(a, b column.Value) int {
	switch {
	case a.Type.Kind.IsFloat():
		x, y := a.Float, b.Float
		switch {
		case x != x && y != y || x == y:
			return 0
		case x != x:
			return 1
		case y != y || x < y:
			return -1
		}
		return 1
	case a.Type.Kind == column.Text:
		return strings.Compare(a.Str, b.Str)
	case a.Type.Kind == column.Interval:
		return a.Interval.Compare(b.Interval)
	case a.Type.Kind == column.UUID:
		return strings.Compare(a.String(), b.String())
	}
	return a.Int.Cmp(b.Int)
}

func TestComparisonsOfEveryType(t *testing.T) {
	for _, ty := range scalarTypes {
		for op, holds := range map[kernels.Op]func(int) bool{
			kernels.OpEq: func(c int) bool { return c == 0 }, kernels.OpNe: func(c int) bool { return c != 0 },
			kernels.OpLt: func(c int) bool { return c < 0 }, kernels.OpLe: func(c int) bool { return c <= 0 },
			kernels.OpGt: func(c int) bool { return c > 0 }, kernels.OpGe: func(c int) bool { return c >= 0 },
		} {
			for seed := range uint64(10) {
				g := newGenerator(t, seed)
				agree(t, g, kernels.Instr{Op: op}, column.T(column.Bool), []column.Type{ty, ty}, true, func(v []column.Value) (column.Value, error) {
					return column.BoolValue(holds(order(v[0], v[1]))), nil
				})
			}
		}
		for op, distinct := range map[kernels.Op]bool{kernels.OpIsDistinct: true, kernels.OpIsNotDistinct: false} {
			for seed := range uint64(10) {
				agree(t, newGenerator(t, seed), kernels.Instr{Op: op}, column.T(column.Bool), []column.Type{ty, ty}, false, func(v []column.Value) (column.Value, error) {
					if v[0].Null || v[1].Null {
						return column.BoolValue((v[0].Null != v[1].Null) == distinct), nil
					}
					return column.BoolValue((order(v[0], v[1]) != 0) == distinct), nil
				})
			}
		}
	}
}

func TestUnaryOperations(t *testing.T) {
	for _, ty := range scalarTypes {
		for op, f := range map[kernels.Op]func(v column.Value) column.Value{
			kernels.OpIsNull:    func(v column.Value) column.Value { return column.BoolValue(v.Null) },
			kernels.OpIsNotNull: func(v column.Value) column.Value { return column.BoolValue(!v.Null) },
		} {
			for seed := range uint64(6) {
				agree(t, newGenerator(t, seed), kernels.Instr{Op: op}, column.T(column.Bool), []column.Type{ty}, false,
					func(v []column.Value) (column.Value, error) { return f(v[0]), nil })
			}
		}
		if ty.Kind.IsSigned() || ty.Kind.IsFloat() || ty.Kind == column.Decimal {
			lo, hi := limits(ty)
			for _, op := range []kernels.Op{kernels.OpNeg, kernels.OpAbs} {
				for seed := range uint64(10) {
					g := newGenerator(t, seed)
					g.small = seed%2 == 0
					agree(t, g, kernels.Instr{Op: op}, ty, []column.Type{ty}, true, func(v []column.Value) (column.Value, error) {
						r := v[0]
						if op == kernels.OpNeg || r.Int.Hi < 0 {
							r.Int = r.Int.Neg()
						}
						r.Float = -r.Float
						if op == kernels.OpAbs {
							r.Float = math.Abs(r.Float)
						}
						if r.Int.Less(lo) || hi.Less(r.Int) {
							return r, errRow
						}
						return r, nil
					})
				}
			}
		}
	}
	b := column.T(column.Bool)
	for op, f := range map[kernels.Op]func(v column.Value) column.Value{
		kernels.OpIsTrue:  func(v column.Value) column.Value { return column.BoolValue(!v.Null && v.Bool()) },
		kernels.OpIsFalse: func(v column.Value) column.Value { return column.BoolValue(!v.Null && !v.Bool()) },
		kernels.OpNot: func(v column.Value) column.Value {
			if v.Null {
				return v
			}
			return column.BoolValue(!v.Bool())
		},
	} {
		for seed := range uint64(10) {
			agree(t, newGenerator(t, seed), kernels.Instr{Op: op}, b, []column.Type{b}, false, func(v []column.Value) (column.Value, error) { return f(v[0]), nil })
		}
	}
	for _, ty := range []column.Type{column.T(column.Date), column.T(column.Timestamp)} {
		for op, part := range map[kernels.Op]int{kernels.OpExtractYear: 0, kernels.OpExtractMonth: 1, kernels.OpExtractDay: 2} {
			for seed := range uint64(5) {
				agree(t, newGenerator(t, seed), kernels.Instr{Op: op}, column.T(column.Int64), []column.Type{ty}, true, func(v []column.Value) (column.Value, error) {
					us := v[0].Int64()
					if ty.Kind == column.Date {
						us *= column.MicrosPerDay
					}
					at := column.TimeOf(us)
					return column.IntValue(column.T(column.Int64), int64([]int{at.Year(), int(at.Month()), at.Day()}[part])), nil
				})
			}
		}
	}
}

func TestCastsAgreeWithSingleValues(t *testing.T) {
	for _, from := range scalarTypes {
		for _, to := range scalarTypes {
			if !convert.Castable(from.Kind, to.Kind) {
				continue
			}
			for seed := range uint64(6) {
				g := newGenerator(t, seed)
				g.small = seed%2 == 0
				lossy := seed%3 == 0
				agree(t, g, kernels.Instr{Op: kernels.OpCast, Lossy: lossy}, to, []column.Type{from}, true, func(v []column.Value) (column.Value, error) {
					w, err := convert.Value(v[0], to)
					if err != nil && lossy {
						return column.NullValue(to), nil
					}
					return w, err
				})
			}
		}
	}
}

func TestInSet(t *testing.T) {
	for _, ty := range scalarTypes {
		for seed := range uint64(12) {
			g := newGenerator(t, seed)
			set := &kernels.ValueSet{Type: ty, HasNull: seed%4 == 0}
			for range 1 + g.IntN(20) {
				set.Values = append(set.Values, g.value(ty))
			}
			agree(t, g, kernels.Instr{Op: kernels.OpInSet, Set: set}, column.T(column.Bool), []column.Type{ty}, true, func(v []column.Value) (column.Value, error) {
				for _, x := range set.Values {
					if order(v[0], x) == 0 {
						return column.BoolValue(true), nil
					}
				}
				if set.HasNull {
					return column.NullValue(column.T(column.Bool)), nil
				}
				return column.BoolValue(false), nil
			})
		}
	}
}

// likeRegexp is a LIKE pattern as a regular expression.
func likeRegexp(p string, fold bool) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s)^")
	if fold {
		b.WriteString("(?i)")
	}
	escaped := false
	for _, r := range p {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(b.String() + "$")
}

func TestLikeAgreesWithRegularExpressions(t *testing.T) {
	g := newGenerator(t, 7)
	alphabet := []string{"a", "b", "ä", "%", "_", "%", `\%`, "B"}
	word := func(n int) string {
		var s string
		for range g.IntN(n) {
			s += alphabet[g.IntN(len(alphabet))]
		}
		return s
	}
	for range 30000 {
		p, s, fold := word(7), strings.ReplaceAll(word(9), `\`, ""), g.IntN(2) == 0
		m, err := CompileLike([]byte(p), fold)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.Match([]byte(s)), likeRegexp(p, fold).MatchString(s); got != want {
			t.Fatalf("%q like %q (fold %v) = %v", s, p, fold, got)
		}
	}
	if _, err := CompileLike([]byte(`a\`), false); fault.CodeOf(err) != fault.InvalidEscape {
		t.Errorf("pattern that ends in an escape: %v", err)
	}
}

func TestLikeOnVectors(t *testing.T) {
	text := column.T(column.Text)
	for _, op := range []kernels.Op{kernels.OpLike, kernels.OpILike} {
		for seed := range uint64(40) {
			agree(t, newGenerator(t, seed), kernels.Instr{Op: op}, column.T(column.Bool), []column.Type{text, text}, true, func(v []column.Value) (column.Value, error) {
				return column.BoolValue(likeRegexp(v[1].Str, op == kernels.OpILike).MatchString(v[0].Str)), nil
			})
		}
	}
}

func TestCallsSeeWhatTheyAreOwed(t *testing.T) {
	text := column.T(column.Text)
	double := &kernels.Function{Name: "double", Strict: true, Eval: func(c *kernels.Call) error {
		a, out := kernels.ReadBytes(c.Args[0]), c.WriteBytes()
		return c.Rows(func(i int) error {
			p := a.At(i)
			if len(p) == 1 {
				c.SetNull(i)
				return out.Set(i, nil)
			}
			return out.Set(i, bytes.Repeat(p, 2))
		})
	}}
	first := &kernels.Function{Name: "first", Eval: func(c *kernels.Call) error {
		a, b, out := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1]), c.WriteBytes()
		return c.Rows(func(i int) error {
			switch {
			case !c.Args[0].IsNull(i):
				return out.Set(i, a.At(i))
			case !c.Args[1].IsNull(i):
				return out.Set(i, b.At(i))
			}
			c.SetNull(i)
			return out.Set(i, nil)
		})
	}}
	for seed := range uint64(60) {
		agree(t, newGenerator(t, seed), kernels.Instr{Op: kernels.OpCall, Call: double}, text, []column.Type{text}, true, func(v []column.Value) (column.Value, error) {
			if len(v[0].Str) == 1 {
				return column.NullValue(text), nil
			}
			return column.TextValue(v[0].Str + v[0].Str), nil
		})
		agree(t, newGenerator(t, seed), kernels.Instr{Op: kernels.OpCall, Call: first}, text, []column.Type{text, text}, false, func(v []column.Value) (column.Value, error) {
			if v[0].Null {
				return v[1], nil
			}
			return v[0], nil
		})
	}
}

func TestCivilAgreesOnEveryDay(t *testing.T) {
	for day := int32(-2_500_000); day < 3_500_000; day++ {
		y, m, d := simd.Civil(day)
		if wy, wm, wd := column.CivilDate(day); y != wy || int(m) != wm || int(d) != wd {
			t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", day, y, m, d, wy, wm, wd)
		}
	}
	for _, day := range []int32{106_751_990, 100_000_000} {
		y, m, d := simd.Civil(day)
		if wy, wm, wd := column.CivilDate(day); y != wy || int(m) != wm || int(d) != wd {
			t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", day, y, m, d, wy, wm, wd)
		}
	}
}
