package cpu

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	os.Exit(m.Run())
}

// generator makes random vectors of every form.
type generator struct {
	*rand.Rand
	arena *mem.Arena
	tb    testing.TB
	small bool // small numbers, so that most arithmetic succeeds
	zero  bool // zeros among the numbers
	dicts map[column.Type][]*column.Vector
}

func newGenerator(tb testing.TB, seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), arena: mem.NewArena(nil), tb: tb, dicts: map[column.Type][]*column.Vector{}}
	tb.Cleanup(g.arena.Free)
	return g
}

var texts = []string{"", "a", "b", "abc", "special requests", "twelve bytes", "thirteen bytes", "the quick brown fox jumps over the lazy dog",
	"the quick brown fox jumps over the lazy cat", "äöü", "%", "_", "0", "12", "-7", "1.50", "2024-02-29", "true", "x", "PROMO BRUSHED TIN"}

// value makes a random value that is not NULL, with a liking for extremes.
func (g *generator) value(t column.Type) column.Value {
	v := column.Value{Type: t}
	lo, hi := limits(t)
	switch k := t.Kind; {
	case k == column.Bool:
		v.Int.Lo = g.Uint64N(2)
	case k.IsFloat():
		specials := []float64{0, math.Copysign(0, -1), 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat32, 1e300, -2.5}
		v.Float = g.NormFloat64() * 100
		if !g.small && g.IntN(3) == 0 {
			v.Float = specials[g.IntN(len(specials))]
		}
		if k == column.Float32 {
			v.Float = float64(float32(v.Float))
		}
	case k == column.Date:
		v.Int = column.Int128FromInt64(int64(g.IntN(40000) - 10000))
	case k == column.Timestamp || k == column.TimestampTZ:
		v.Int = column.Int128FromInt64(g.Int64N(4e15) - 1e15)
	case k == column.Time:
		v.Int = column.Int128FromInt64(g.Int64N(column.MicrosPerDay))
	case k == column.Interval:
		v.Interval = column.IntervalValue{Months: int32(g.IntN(5) - 2), Days: int32(g.IntN(60) - 30), Micros: int64(g.IntN(3)-1) * column.MicrosPerDay}
	case k == column.Text || k == column.Binary:
		v.Str = texts[g.IntN(len(texts))]
	case k == column.UUID:
		v.Int = column.Int128{Lo: g.Uint64(), Hi: int64(g.Uint64())}
	default:
		switch c := g.IntN(8); {
		case c == 0 && !g.small:
			v.Int = hi
		case c == 1 && !g.small:
			v.Int = lo
		case c == 2 && !g.small && k != column.Bool:
			// Anything of the type: random bits, fewer of them until they fit.
			x := column.Int128{Lo: g.Uint64(), Hi: int64(g.Uint64() >> 1)}
			for hi.Less(x) {
				x = column.Int128{Lo: x.Lo>>1 | uint64(x.Hi)<<63, Hi: x.Hi >> 1}
			}
			if lo.Hi < 0 && g.IntN(2) == 0 {
				x = x.Neg()
			}
			v.Int = x
		case c == 3 && g.zero:
		default:
			v.Int = column.Int128FromInt64(int64(g.IntN(11)) + 1)
			if lo.Hi < 0 && g.IntN(2) == 0 {
				v.Int = v.Int.Neg()
			}
		}
		if v.Int.Less(lo) || hi.Less(v.Int) {
			v.Int = hi
		}
	}
	return v
}

// vector makes n rows of type t in the given form, with NULLs in some.
func (g *generator) vector(t column.Type, form column.Form, n int) *column.Vector {
	nulls := []int{0, 0, 3, 20}[g.IntN(4)]
	must := func(err error) {
		if err != nil {
			g.tb.Fatal(err)
		}
	}
	fill := func(n int) *column.Vector {
		v, err := column.NewFlat(g.arena, t, n)
		must(err)
		for i := range n {
			must(column.SetValue(g.arena, v, i, g.value(t)))
		}
		return v
	}
	if form == column.Constant {
		if nulls > 0 && g.IntN(4) == 0 {
			return column.NewNull(t, n)
		}
		v, err := column.NewConstant(g.arena, g.value(t), n)
		must(err)
		return v
	}
	var v *column.Vector
	if form == column.Dict {
		d := g.dictionary(t, fill)
		v = &column.Vector{Type: t, Form: column.Dict, Len: n, Dictionary: d.Dictionary, DictID: d.DictID}
		codes, err := column.AllocSlice[uint32](g.arena, n)
		must(err)
		for i := range codes {
			codes[i] = uint32(g.IntN(d.Dictionary.Len))
		}
		v.Codes = codes
	} else {
		v = fill(n)
	}
	if nulls > 0 {
		valid, err := column.AllocBitmap(g.arena, n)
		must(err)
		for i := range n {
			if g.IntN(nulls) == 0 {
				valid.Clear(i)
			}
		}
		v.Valid = valid
	}
	return v
}

// dictionary gives one of a few dictionaries of the type, so that the same ones come again.
func (g *generator) dictionary(t column.Type, fill func(int) *column.Vector) *column.Vector {
	if len(g.dicts[t]) < 2 || g.IntN(10) == 0 {
		d := &column.Vector{Dictionary: fill(1 + g.IntN(30)), DictID: column.NewDictID()}
		g.dicts[t] = append(g.dicts[t], d)
	}
	l := g.dicts[t]
	return l[g.IntN(len(l))]
}

// selection makes nil, none, few or most of n rows.
func (g *generator) selection(n int) []uint32 {
	keep := []int{0, 0, 1, 2, 10}[g.IntN(5)]
	if keep == 0 {
		return nil
	}
	sel := []uint32{}
	if keep == 10 && g.IntN(3) == 0 {
		return sel
	}
	for i := range n {
		if g.IntN(10) < keep*keep {
			sel = append(sel, uint32(i))
		}
	}
	return sel
}

var sizes = []int{1, 2, 63, 64, 65, 200, 1000}

// program is one instruction over inputs, of which those listed in consts are constants of the program.
func program(in kernels.Instr, result column.Type, args []column.Type, consts map[int]column.Value) *kernels.Program {
	p := &kernels.Program{Inputs: args, Regs: append([]column.Type(nil), args...)}
	for i := range args {
		r := kernels.Reg(i)
		if v, ok := consts[i]; ok {
			r = kernels.Reg(len(p.Regs))
			p.Regs = append(p.Regs, v.Type)
			p.Consts = append(p.Consts, kernels.Const{Reg: r, Value: v})
		}
		in.Args = append(in.Args, r)
	}
	in.Dst = kernels.Reg(len(p.Regs))
	p.Regs = append(p.Regs, result)
	p.Body.Instrs = []kernels.Instr{in}
	p.Outputs = []kernels.Reg{in.Dst}
	return p
}

// reference computes one row from its arguments.
type reference func(args []column.Value) (column.Value, error)

// agree runs an instruction on random batches and compares every selected row with the reference.
func agree(t *testing.T, g *generator, in kernels.Instr, result column.Type, args []column.Type, strict bool, ref reference) {
	t.Helper()
	forms := []column.Form{column.Flat, column.Flat, column.Constant, column.Dict}
	consts := map[int]column.Value{}
	for i, a := range args {
		if g.IntN(3) == 0 || (in.Op == kernels.OpLike || in.Op == kernels.OpILike) && i == 1 {
			consts[i] = g.value(a)
			if in.Op != kernels.OpLike && g.IntN(8) == 0 {
				consts[i] = column.NullValue(a)
			}
		}
	}
	arena := mem.NewArena(nil)
	defer arena.Free()
	e, err := NewEvaluator(program(in, result, args, consts), arena)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		n := sizes[g.IntN(len(sizes))]
		b := &column.Batch{Len: n, Sel: g.selection(n)}
		for _, a := range args {
			b.Cols = append(b.Cols, g.vector(a, forms[g.IntN(len(forms))], n))
		}
		var out [1]*column.Vector
		got := e.Eval(b, out[:])
		var want error
		for k := range b.Rows() {
			i := b.Row(k)
			row := make([]column.Value, len(args))
			null := false
			for j := range args {
				row[j] = b.Cols[j].ValueAt(i)
				if c, ok := consts[j]; ok {
					row[j] = c
				}
				null = null || row[j].Null
			}
			w := column.NullValue(result)
			if !strict || !null {
				var err error
				if w, err = ref(row); err != nil {
					want = err
					break
				}
			}
			if got != nil {
				continue
			}
			if v := out[0].ValueAt(i); !same(v, w) {
				t.Fatalf("op %d %v -> %s, row %d of %d (sel %v, forms %v): %v gives %v, want %v",
					in.Op, args, result, i, n, b.Sel != nil, formsOf(b), row, v, w)
			}
		}
		if (got != nil) != (want != nil) {
			t.Fatalf("op %d %v -> %s: error %v, want %v", in.Op, args, result, got, want)
		}
		if got == nil && out[0].Len != n {
			t.Fatalf("op %d: %d rows of %d", in.Op, out[0].Len, n)
		}
		if got == nil && out[0].Type.Kind != column.Null {
			if err := out[0].Check(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func formsOf(b *column.Batch) (f []column.Form) {
	for _, c := range b.Cols {
		f = append(f, c.Form)
	}
	return f
}

// same compares two values; floats by their bits but for NaN and the sign of zero.
func same(a, b column.Value) bool {
	if a.Null || b.Null {
		return a.Null == b.Null
	}
	if a.Type.Kind.IsFloat() {
		return a.Float == b.Float || a.Float != a.Float && b.Float != b.Float
	}
	return a.Int == b.Int && a.Str == b.Str && a.Interval == b.Interval
}

var scalarTypes = []column.Type{
	column.T(column.Bool), column.T(column.Int8), column.T(column.Int16), column.T(column.Int32), column.T(column.Int64),
	column.T(column.Uint8), column.T(column.Uint16), column.T(column.Uint32), column.T(column.Uint64), column.T(column.Float32), column.T(column.Float64),
	column.DecimalType(5, 2), column.DecimalType(18, 4), column.DecimalType(25, 3), column.DecimalType(38, 10),
	column.T(column.Date), column.T(column.Time), column.T(column.Timestamp), column.T(column.Interval), column.T(column.Text), column.T(column.UUID),
}
