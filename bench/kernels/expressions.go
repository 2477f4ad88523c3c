package kernels

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

// expression is one instruction over the columns that make gives.
type expression struct {
	name     string
	in       kernels.Instr
	result   column.Type
	args     []column.Type
	constant *column.Value // the second argument, nil: a column
	make     func(a *mem.Arena, t column.Type) (*column.Vector, error)
	sel      bool // whether every second row is selected
}

// expressions are arithmetic, comparisons and selections of single batches, which stay in the first caches.
func expressions() []Kernel {
	add, mul, less := kernels.Instr{Op: kernels.OpAdd}, kernels.Instr{Op: kernels.OpMul}, kernels.Instr{Op: kernels.OpLt}
	equal, like, cast := kernels.Instr{Op: kernels.OpEq}, kernels.Instr{Op: kernels.OpLike}, kernels.Instr{Op: kernels.OpCast}
	day, cents := column.IntValue(date, 5000), column.IntValue(money, 500_000)
	word, part := column.TextValue("word 3"), column.TextValue("%rd 1%")
	var out []Kernel
	for _, e := range []expression{
		{name: "add/int32", in: add, result: integer, args: []column.Type{integer, integer}, make: small[int32]},
		{name: "add/int64", in: add, result: bigint, args: []column.Type{bigint, bigint}, make: small[int64]},
		{name: "add/int64/selected", in: add, result: bigint, args: []column.Type{bigint, bigint}, make: small[int64], sel: true},
		{name: "add/float64", in: add, result: float, args: []column.Type{float, float}, make: small[float64]},
		{name: "multiply/int64", in: mul, result: bigint, args: []column.Type{bigint, bigint}, make: small[int64]},
		{name: "multiply/decimal64 to decimal128", in: mul, result: column.DecimalType(30, 4), args: []column.Type{money, money}, make: small[int64]},
		{name: "less/date, constant", in: less, result: boolean, args: []column.Type{date, date}, constant: &day, make: small[int32]},
		{name: "less/decimal64, constant", in: less, result: boolean, args: []column.Type{money, money}, constant: &cents, make: small[int64]},
		{name: "equal/text dictionary, constant", in: equal, result: boolean, args: []column.Type{text, text}, constant: &word, make: words},
		{name: "like/text dictionary", in: like, result: boolean, args: []column.Type{text, text}, constant: &part, make: words},
		{name: "cast/int32 to int64", in: cast, result: bigint, args: []column.Type{integer}, make: small[int32]},
		{name: "extract year/date", in: kernels.Instr{Op: kernels.OpExtractYear}, result: bigint, args: []column.Type{date}, make: small[int32]},
	} {
		out = append(out, Kernel{Name: "expression/" + e.name, Prepare: e.evaluate})
		if e.result.Kind == column.Bool {
			out = append(out, Kernel{Name: "select/" + e.name, Prepare: e.choose})
		}
	}
	return out
}

// small is a vector of numbers below 10 000, whose products do not overflow.
func small[T int16 | int32 | int64 | float32 | float64](a *mem.Arena, t column.Type) (*column.Vector, error) {
	random := newRandom()
	return flat(a, t, column.BatchRows, func(int) T { return T(random.IntN(10_000)) })
}

func words(a *mem.Arena, _ column.Type) (*column.Vector, error) {
	return dictionary(a, column.BatchRows, []string{"word 1", "word 2", "word 3", "a longer word 15", "word 5"})
}

func (e expression) prepare(a *mem.Arena) (*cpu.Evaluator, *column.Batch, Loop, error) {
	b, loop, constants := &column.Batch{Len: column.BatchRows}, Loop{Rows: column.BatchRows}, map[int]column.Value{}
	for i, t := range e.args {
		if i == 1 && e.constant != nil {
			constants[i] = *e.constant
			b.Cols = append(b.Cols, nil)
			continue
		}
		v, err := e.make(a, t)
		if err != nil {
			return nil, nil, loop, err
		}
		b.Cols = append(b.Cols, v)
		loop.Traffic.Read += int64(len(v.Data) + 4*len(v.Codes) + 8*len(v.Valid))
	}
	if e.sel {
		for i := 0; i < b.Len; i += 2 {
			b.Sel = append(b.Sel, uint32(i))
		}
		loop.Rows = len(b.Sel)
		loop.Traffic.Read += int64(4 * len(b.Sel))
	}
	ev, err := cpu.NewEvaluator(instruction(e.in, e.result, e.args, constants), a)
	return ev, b, loop, err
}

func (e expression) evaluate(a *mem.Arena) (Loop, error) {
	ev, b, loop, err := e.prepare(a)
	if err != nil {
		return loop, err
	}
	var out [1]*column.Vector
	loop.Pass = func() error { return ev.Eval(b, out[:]) }
	loop.Traffic.Written = int64(b.Len * e.result.Width())
	return loop, nil
}

// choose makes the list of the rows where the expression is true.
func (e expression) choose(a *mem.Arena) (Loop, error) {
	ev, b, loop, err := e.prepare(a)
	if err != nil {
		return loop, err
	}
	chosen, err := ev.Select(b)
	if err != nil {
		return loop, err
	}
	loop.Pass = func() error {
		_, err := ev.Select(b)
		return err
	}
	loop.Traffic.Written = int64(4 * len(chosen))
	return loop, nil
}
