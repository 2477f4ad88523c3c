package kernels

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/simd"
)

// streams are the kernels that go over columns once: arithmetic, comparisons, casts, parts of dates, bitmaps, and sums and extremes without groups.
func streams() []Kernel {
	add, sub, mul, div := kernels.Instr{Op: kernels.OpAdd}, kernels.Instr{Op: kernels.OpSub}, kernels.Instr{Op: kernels.OpMul}, kernels.Instr{Op: kernels.OpDiv}
	less, equal, cast, not := kernels.Instr{Op: kernels.OpLt}, kernels.Instr{Op: kernels.OpEq}, kernels.Instr{Op: kernels.OpCast}, kernels.Instr{Op: kernels.OpNot}
	short, real, moment := column.T(column.Int16), column.T(column.Float32), column.T(column.Timestamp)
	wide, wider, cents, half := column.DecimalType(30, 2), column.DecimalType(31, 2), column.IntValue(money, 500_000), column.FloatValue(5000)
	var out []Kernel
	for _, e := range []expression{
		{name: "add/int16", in: add, result: short, args: []column.Type{short, short}, make: small[int16]},
		{name: "subtract/decimal64, constant", in: sub, result: column.DecimalType(16, 2), args: []column.Type{money, money}, constant: &cents, make: small[int64]},
		{name: "add/decimal64, NULLs", in: add, result: column.DecimalType(16, 2), args: []column.Type{money, money}, make: holed(small[int64])},
		{name: "add/decimal128", in: add, result: wider, args: []column.Type{wide, wide}, make: smallWide},
		{name: "multiply/decimal128", in: mul, result: column.DecimalType(38, 4), args: []column.Type{wide, wide}, make: smallWide},
		{name: "multiply/decimal128 by decimal64", in: mul, result: column.DecimalType(38, 4), args: []column.Type{wide, money}, make: smallAny},
		{name: "divide/float64", in: div, result: float, args: []column.Type{float, float}, make: positive},
		{name: "less/int16", in: less, result: boolean, args: []column.Type{short, short}, make: small[int16]},
		{name: "less/int64", in: less, result: boolean, args: []column.Type{bigint, bigint}, make: small[int64]},
		{name: "less/int64, NULLs", in: less, result: boolean, args: []column.Type{bigint, bigint}, make: holed(small[int64])},
		{name: "less/float64, constant", in: less, result: boolean, args: []column.Type{float, float}, constant: &half, make: small[float64]},
		{name: "equal/decimal128", in: equal, result: boolean, args: []column.Type{wide, wide}, make: smallWide},
		{name: "not/boolean", in: not, result: boolean, args: []column.Type{boolean}, make: flags},
		{name: "cast/int64 to int32", in: cast, result: integer, args: []column.Type{bigint}, make: small[int64]},
		{name: "cast/int64 to float64", in: cast, result: float, args: []column.Type{bigint}, make: small[int64]},
		{name: "cast/float32 to float64", in: cast, result: float, args: []column.Type{real}, make: small[float32]},
		{name: "cast/decimal64 to a greater scale", in: cast, result: column.DecimalType(17, 4), args: []column.Type{money}, make: small[int64]},
		{name: "cast/date to timestamp", in: cast, result: moment, args: []column.Type{date}, make: small[int32]},
		{name: "extract month/date", in: kernels.Instr{Op: kernels.OpExtractMonth}, result: bigint, args: []column.Type{date}, make: small[int32]},
		{name: "extract day/date", in: kernels.Instr{Op: kernels.OpExtractDay}, result: bigint, args: []column.Type{date}, make: small[int32]},
		{name: "extract quarter/date", in: kernels.Instr{Op: kernels.OpExtractQuarter}, result: bigint, args: []column.Type{date}, make: small[int32]},
		{name: "extract year/timestamp", in: kernels.Instr{Op: kernels.OpExtractYear}, result: bigint, args: []column.Type{moment}, make: moments},
	} {
		out = append(out, Kernel{Name: "expression/" + e.name, Prepare: e.evaluate})
		if e.result.Kind == column.Bool {
			out = append(out, Kernel{Name: "select/" + e.name, Prepare: e.choose})
		}
	}
	return append(append(out, bitmaps()...), folds()...)
}

// holed is make with every third value NULL.
func holed(make func(*mem.Arena, column.Type) (*column.Vector, error)) func(*mem.Arena, column.Type) (*column.Vector, error) {
	return func(a *mem.Arena, t column.Type) (*column.Vector, error) {
		v, err := make(a, t)
		if err != nil {
			return nil, err
		}
		if v.Valid, err = column.AllocBitmap(a, v.Len); err != nil {
			return nil, err
		}
		for i := 0; i < v.Len; i += 3 {
			v.Valid.Clear(i)
		}
		return v, nil
	}
}

func smallWide(a *mem.Arena, t column.Type) (*column.Vector, error) {
	random := newRandom()
	return flat(a, t, column.BatchRows, func(int) column.Int128 { return column.Int128FromInt64(random.Int64N(10_000)) })
}

func smallAny(a *mem.Arena, t column.Type) (*column.Vector, error) {
	if t.Physical() == column.PhysInt128 {
		return smallWide(a, t)
	}
	return small[int64](a, t)
}

func positive(a *mem.Arena, t column.Type) (*column.Vector, error) {
	random := newRandom()
	return flat(a, t, column.BatchRows, func(int) float64 { return 1 + random.Float64() })
}

func flags(a *mem.Arena, t column.Type) (*column.Vector, error) {
	random := newRandom()
	return flat(a, t, column.BatchRows, func(int) uint8 { return uint8(random.IntN(2)) })
}

func moments(a *mem.Arena, t column.Type) (*column.Vector, error) {
	random := newRandom()
	return flat(a, t, column.BatchRows, func(int) int64 { return random.Int64N(10_000 * column.MicrosPerDay) })
}

// bitmapRows is the size of the bitmaps that are measured: much more than a batch's, which take some ten nanoseconds.
const bitmapRows = 1 << 18

func bitmaps() []Kernel {
	one := func(name string, written int64, run func(dst, x, y []uint64)) Kernel {
		return Kernel{Name: "bitmap/" + name, Prepare: func(a *mem.Arena) (Loop, error) {
			var words [3][]uint64
			for i := range words {
				var err error
				if words[i], err = column.AllocSlice[uint64](a, bitmapRows/64); err != nil {
					return Loop{}, err
				}
				clear(words[i])
			}
			read := int64(2 * bitmapRows / 8)
			if written == 0 {
				read /= 2
			}
			return Loop{
				Rows: bitmapRows, Traffic: Traffic{Read: read, Written: written},
				Pass: func() error { run(words[0], words[1], words[2]); return nil },
			}, nil
		}}
	}
	return []Kernel{
		one("and", bitmapRows/8, simd.AndBits), one("or", bitmapRows/8, simd.OrBits), one("and not", bitmapRows/8, simd.AndNotBits),
		one("count", 0, func(_, x, _ []uint64) { simd.CountBits(x, bitmapRows) }),
	}
}

// memoryRows is a column of 128 MB, more than the caches hold, of which a pass takes a part of 1 MB.
const (
	memoryRows  = 16 << 20
	memoryParts = 128
)

// folds are aggregates without groups of a batch in the caches, and of a column in memory; and what expressions take on such a column.
func folds() []Kernel {
	var out []Kernel
	for _, x := range []struct {
		name   string
		op     kernels.AggOp
		t, sum column.Type
		make   func(a *mem.Arena, t column.Type) (*column.Vector, error)
	}{
		{"sum/int64", kernels.AggSum, bigint, column.DecimalType(38, 0), small[int64]},
		{"sum/int64, NULLs", kernels.AggSum, bigint, column.DecimalType(38, 0), holed(small[int64])},
		{"sum/decimal128", kernels.AggSum, column.DecimalType(30, 2), column.DecimalType(38, 2), smallWide},
		{"sum/float64", kernels.AggSum, float, float, small[float64]},
		{"min/int32", kernels.AggMin, integer, integer, small[int32]},
		{"max/int64, NULLs", kernels.AggMax, bigint, bigint, holed(small[int64])},
		{"min/float64", kernels.AggMin, float, float, positive},
		{"max/float64, NULLs", kernels.AggMax, float, float, holed(positive)},
	} {
		out = append(out, Kernel{Name: "fold/" + x.name, Prepare: func(a *mem.Arena) (Loop, error) {
			v, err := x.make(a, x.t)
			if err != nil {
				return Loop{}, err
			}
			return foldLoop(x.op, x.t, x.sum, []*column.Batch{{Cols: []*column.Vector{v}, Len: v.Len}})
		}})
	}
	return append(out,
		Kernel{Name: "memory/sum of int64", Prepare: func(a *mem.Arena) (Loop, error) {
			return memoryLoop(a, func() (func(*column.Batch) error, func(), error) {
				g, err := newFold(kernels.AggSum, bigint, column.DecimalType(38, 0))
				if err != nil {
					return nil, nil, err
				}
				return func(b *column.Batch) error { return g.Update(b, nil) }, g.Free, nil
			})
		}},
		Kernel{Name: "memory/less, int64, constant", Prepare: func(a *mem.Arena) (Loop, error) {
			return memoryLoop(a, func() (func(*column.Batch) error, func(), error) {
				in, limit := kernels.Instr{Op: kernels.OpLt}, column.IntValue(bigint, 5000)
				ev, err := cpu.NewEvaluator(instruction(in, boolean, []column.Type{bigint, bigint}, map[int]column.Value{1: limit}), a)
				var result [1]*column.Vector // it stays in the first cache
				return func(b *column.Batch) error { return ev.Eval(b, result[:]) }, nil, err
			})
		}})
}

// memoryLoop goes over a column in memory with what prepare gives: the work on a batch, and what frees it.
func memoryLoop(a *mem.Arena, prepare func() (work func(*column.Batch) error, free func(), err error)) (Loop, error) {
	values, err := flat(a, bigint, memoryRows, func(i int) int64 { return int64(i % 10_000) })
	if err != nil {
		return Loop{}, err
	}
	work, free, err := prepare()
	if err != nil {
		return Loop{}, err
	}
	// One batch looks at one piece after the other: many of them would not be in the caches either.
	v := *values
	v.Len = column.BatchRows
	b, bytes := &column.Batch{Cols: []*column.Vector{&v, nil}, Len: v.Len}, 8*column.BatchRows
	const rows = memoryRows / memoryParts
	at := 0
	return Loop{
		Rows: rows, Traffic: Traffic{Read: 8 * rows}, Parts: memoryParts, Close: free,
		Pass: func() error {
			for range rows / column.BatchRows {
				v.Data = values.Data[at : at+bytes]
				if err := work(b); err != nil {
					return err
				}
				at = (at + bytes) % len(values.Data)
			}
			return nil
		},
	}, nil
}

func newFold(op kernels.AggOp, t, result column.Type) (*agg.Aggregator, error) {
	return agg.New(nil, nil, []kernels.Aggregate{{Op: op, Args: []int{0}, ArgTypes: []column.Type{t}, Result: result, Filter: -1}})
}

// foldLoop adds batches up into one group, which goes on from pass to pass.
func foldLoop(op kernels.AggOp, t, result column.Type, list []*column.Batch) (Loop, error) {
	g, err := newFold(op, t, result)
	if err != nil {
		return Loop{}, err
	}
	var loop Loop
	for _, b := range list {
		loop.Rows += b.Len
		loop.Traffic.Read += int64(len(b.Cols[0].Data) + 8*len(b.Cols[0].Valid))
	}
	loop.Close = g.Free
	loop.Pass = func() error {
		for _, b := range list {
			if err := g.Update(b, nil); err != nil {
				return err
			}
		}
		return nil
	}
	return loop, nil
}
