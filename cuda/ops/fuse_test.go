package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/cuda/opcode"
	"github.com/polybolos-db/polybolos/kernels"
)

// opcodes are those of a program.
func (c *compiled) opcodes() (out []opcode.Op) {
	for i := 0; i < len(c.code); i += 2 {
		out = append(out, opcode.Op(c.code[i]))
	}
	return out
}

func has(list []opcode.Op, op opcode.Op) (n int) {
	for _, x := range list {
		if x == op {
			n++
		}
	}
	return n
}

// bounded is a pipeline that filters its columns by comparisons with constants, joined by AND, and sums the product of the last two, also less one of them.
func bounded(in []column.Type, filters func(b *builder) []kernels.Reg, g *generator) *kernels.Pipeline {
	b := g.newBuilder(in)
	terms := filters(b)
	root := terms[0]
	if len(terms) > 1 {
		and := kernels.Instr{Op: kernels.OpAnd}
		for _, t := range terms {
			and.Arms = append(and.Arms, kernels.Arm{Result: t})
		}
		root = b.emit(and, column.T(column.Bool))
	}
	b.p.Outputs = []kernels.Reg{root}
	x := g.newBuilder(in)
	last := len(in) - 1
	one := constantOf(x, in[last], 100)
	rest := x.emit(kernels.Instr{Op: kernels.OpSub, Args: []kernels.Reg{one, kernels.Reg(last)}}, column.DecimalType(13, 2))
	x.p.Outputs = []kernels.Reg{
		x.emit(kernels.Instr{Op: kernels.OpMul, Args: []kernels.Reg{kernels.Reg(last - 1), kernels.Reg(last)}}, column.DecimalType(24, 4)),
		x.emit(kernels.Instr{Op: kernels.OpMul, Args: []kernels.Reg{kernels.Reg(last - 1), rest}}, column.DecimalType(25, 4)),
	}
	p := &kernels.Pipeline{Inputs: in, Steps: []kernels.Step{{Filter: b.p}, {Project: x.p}}}
	for i, t := range []column.Type{column.DecimalType(24, 4), column.DecimalType(25, 4)} {
		p.Aggs = append(p.Aggs, kernels.Aggregate{Op: kernels.AggSum, Args: []int{i}, ArgTypes: []column.Type{t}, Result: column.DecimalType(38, 4), Filter: -1})
	}
	return p
}

func constantOf(b *builder, t column.Type, v int64) kernels.Reg {
	r := b.reg(t)
	b.p.Consts = append(b.p.Consts, kernels.Const{Reg: r, Value: column.IntValue(t, v)})
	return r
}

// Comparisons with constants, at the ends of the integers too, and products are single instructions, and give what the CPU gives, with NULLs and without.
func TestFusedInstructions(t *testing.T) {
	d, _ := card(t, fake.Config{Seed: 31})
	money := column.DecimalType(12, 2)
	for i, typ := range []column.Type{column.T(column.Int64), column.T(column.Int32), column.T(column.Date), column.T(column.Int16), column.T(column.Uint8), money} {
		in := []column.Type{typ, typ, money, money}
		least, most := int64(math.MinInt64), int64(math.MaxInt64)
		if typ.Kind != column.Int64 {
			least, most = 0, 100
		}
		for _, op := range []kernels.Op{kernels.OpEq, kernels.OpLt, kernels.OpLe, kernels.OpGt, kernels.OpGe} {
			for _, v := range []int64{least, 7, most} {
				for _, first := range []bool{false, true} {
					for seed := range uint64(3) {
						a := mem.NewArena(nil)
						g := &generator{r: rand.New(rand.NewPCG(uint64(i), seed)), a: a}
						p := bounded(in, func(b *builder) []kernels.Reg {
							compare := func(op kernels.Op, column_ int, v int64) kernels.Reg {
								args := []kernels.Reg{kernels.Reg(column_), constantOf(b, typ, v)}
								if first {
									args[0], args[1] = args[1], args[0]
								}
								return b.emit(kernels.Instr{Op: op, Args: args}, column.T(column.Bool))
							}
							return []kernels.Reg{compare(op, 0, v), compare(kernels.OpGe, 0, 3), compare(kernels.OpLe, 1, 90)}
						}, g)
						prepared, err := prepare(p)
						if err != nil {
							t.Fatal(err)
						}
						c, err := prepared.generate(layout{dense: true}, true)
						if err != nil {
							t.Fatal(err)
						}
						if list := c.opcodes(); !c.lean() || has(list, opcode.Keep) != 2 || has(list, opcode.Sumprod) != 2 || len(list) > 10 {
							t.Fatalf("a program of %v", list)
						}
						batch := g.batch(in, 300)
						want, err := onCPU(p, []*column.Batch{batch})
						if err != nil {
							t.Fatal(err)
						}
						got, err := onDevice(NewDevice(d, Options{ChunkRows: 128, Compile: modes[seed%2].compile}), p, []*column.Batch{batch}, mem.NewBudget("test", 0, nil))
						if err == nil {
							err = same(got, want)
						}
						if err != nil {
							t.Fatalf("%s, operation %d with %d, constant first %v, seed %d: %v", typ, op, v, first, seed, err)
						}
						a.Free()
					}
				}
			}
		}
	}
}

// Keys that have few values by their type, or by how they are computed, address their groups directly.
func TestKeysOfFewValues(t *testing.T) {
	d, _ := card(t, fake.Config{Seed: 33})
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(5, 5)), a: a}
	in := []column.Type{column.T(column.Int8), column.T(column.Uint8), column.T(column.Date)}
	b := g.newBuilder(in)
	month := b.emit(kernels.Instr{Op: kernels.OpExtractMonth, Args: []kernels.Reg{2}}, column.T(column.Int64))
	day := b.emit(kernels.Instr{Op: kernels.OpExtractDay, Args: []kernels.Reg{2}}, column.T(column.Int64))
	number := b.emit(kernels.Instr{Op: kernels.OpCast, Args: []kernels.Reg{month}}, column.DecimalType(18, 0))
	b.p.Outputs = []kernels.Reg{0, 1, month, day, number}
	for key, codes := range map[int]uint64{0: 256, 1: 256, 2: 12, 3: 31, 4: 12} {
		p := &kernels.Pipeline{Inputs: in, Steps: []kernels.Step{{Project: b.p}}, Keys: []int{key},
			Aggs: []kernels.Aggregate{{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: -1}}}
		prepared, err := prepare(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := prepared.keys[0].codes; got != codes || !prepared.small {
			t.Errorf("key %d has %d codes, want %d", key, got, codes)
		}
		batch := g.batch(in, 700)
		want, err := onCPU(p, []*column.Batch{batch})
		if err != nil {
			t.Fatal(err)
		}
		got, err := onDevice(NewDevice(d, Options{ChunkRows: 256}), p, []*column.Batch{batch}, mem.NewBudget("test", 0, nil))
		if err == nil {
			err = same(got, want)
		}
		if err != nil {
			t.Errorf("key %d: %v", key, err)
		}
	}
}
