package ops

import (
	"fmt"
	"math/rand/v2"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// generator makes random pipelines and rows.
type generator struct {
	r    *rand.Rand
	a    *mem.Arena
	wild bool // values and operations that fail are frequent
}

var inputTypes = []column.Type{
	column.T(column.Bool), column.T(column.Int8), column.T(column.Int16), column.T(column.Int32), column.T(column.Int64),
	column.T(column.Uint8), column.T(column.Uint16), column.T(column.Uint32), column.T(column.Float32), column.T(column.Float64),
	column.DecimalType(4, 1), column.DecimalType(12, 2), column.DecimalType(15, 2), column.DecimalType(18, 4), column.DecimalType(25, 4), column.DecimalType(38, 6),
	column.T(column.Date), column.T(column.Timestamp), column.T(column.Time), column.T(column.Text), column.T(column.UUID),
}

func pick[T any](g *generator, list []T) T { return list[g.r.IntN(len(list))] }

// value is a random value; small unless the generator is wild.
func (g *generator) value(t column.Type, nulls int) column.Value {
	v := columntest.Value(g.r, t, nulls)
	if g.wild || v.Null {
		return v
	}
	switch {
	case t.Kind == column.Decimal, t.Kind.IsInteger(), t.Kind == column.Time:
		v.Int = column.Int128FromInt64(int64(g.r.IntN(90)))
		if t.Kind.IsSigned() || t.Kind == column.Decimal {
			v.Int = column.Int128FromInt64(int64(g.r.IntN(90) - 45))
		}
	case t.Kind == column.Date:
		v.Int = column.Int128FromInt64(int64(g.r.IntN(30000) - 5000))
	case t.Kind == column.Timestamp:
		v.Int = column.Int128FromInt64(g.r.Int64N(1<<52) - 1<<50)
	}
	return v
}

// batch makes n rows in random forms with a random selection.
func (g *generator) batch(types []column.Type, n int) *column.Batch {
	b := &column.Batch{Len: n, Sel: columntest.Selection(g.r, n)}
	for _, t := range types {
		nulls := []int{0, 0, 4}[g.r.IntN(3)]
		pool := make([]column.Value, 1+g.r.IntN(40))
		for i := range pool {
			pool[i] = g.value(t, 0)
		}
		vals := make([]column.Value, n)
		for i := range vals {
			if vals[i] = pick(g, pool); nulls > 0 && g.r.IntN(nulls) == 0 {
				vals[i] = column.NullValue(t)
			}
		}
		switch g.r.IntN(4) {
		case 0:
			b.Cols = append(b.Cols, columntest.Encoded(g.a, t, vals))
		case 1:
			v, err := column.NewConstant(g.a, g.value(t, 5), n)
			if err != nil {
				panic(err)
			}
			b.Cols = append(b.Cols, v)
		default:
			b.Cols = append(b.Cols, columntest.Vector(g.a, t, vals))
		}
	}
	return b
}

// builder makes one program.
type builder struct {
	*generator
	p    *kernels.Program
	body *kernels.Block
	have []kernels.Reg // registers that may be read
}

func (g *generator) newBuilder(in []column.Type) *builder {
	b := &builder{generator: g, p: &kernels.Program{Inputs: in, Regs: append([]column.Type(nil), in...)}}
	b.body = &b.p.Body
	for i := range in {
		b.have = append(b.have, kernels.Reg(i))
	}
	return b
}

func (b *builder) reg(t column.Type) kernels.Reg {
	b.p.Regs = append(b.p.Regs, t)
	return kernels.Reg(len(b.p.Regs) - 1)
}

func (b *builder) emit(in kernels.Instr, t column.Type) kernels.Reg {
	in.Dst = b.reg(t)
	b.body.Instrs = append(b.body.Instrs, in)
	b.have = append(b.have, in.Dst)
	return in.Dst
}

func (b *builder) constant(t column.Type) kernels.Reg {
	r := b.reg(t)
	b.p.Consts = append(b.p.Consts, kernels.Const{Reg: r, Value: b.value(t, 12)})
	return r
}

// of is a register of the type, a constant when there is none.
func (b *builder) of(t column.Type) kernels.Reg {
	var fit []kernels.Reg
	for _, r := range b.have {
		if b.p.Regs[r].Equal(t) {
			fit = append(fit, r)
		}
	}
	if len(fit) == 0 || b.r.IntN(4) == 0 {
		return b.constant(t)
	}
	return pick(b.generator, fit)
}

// numeric is a random type that arithmetic works on, preferably one at hand.
func (b *builder) numeric() column.Type {
	for range 8 {
		if t := b.p.Regs[pick(b.generator, b.have)]; t.Kind.IsNumeric() {
			return t
		}
	}
	return pick(b.generator, []column.Type{column.T(column.Int64), column.DecimalType(12, 2), column.T(column.Float64), column.T(column.Int32)})
}

func (b *builder) any() column.Type {
	for {
		if t := b.p.Regs[pick(b.generator, b.have)]; t.Kind != column.Null {
			return t
		}
	}
}

// arithmetic emits an operation and returns its register.
func (b *builder) arithmetic() kernels.Reg {
	t := b.numeric()
	op := pick(b.generator, []kernels.Op{kernels.OpAdd, kernels.OpSub, kernels.OpMul, kernels.OpNeg, kernels.OpAbs, kernels.OpAdd, kernels.OpMul})
	if b.wild && t.Kind != column.Decimal && !(t.Kind.IsFloat()) && b.r.IntN(6) == 0 {
		op = pick(b.generator, []kernels.Op{kernels.OpDiv, kernels.OpMod})
	}
	if op == kernels.OpNeg || op == kernels.OpAbs {
		if t.Kind >= column.Uint8 && t.Kind <= column.Uint64 {
			t = column.T(column.Int32)
		}
		return b.emit(kernels.Instr{Op: op, Args: []kernels.Reg{b.of(t)}}, t)
	}
	x, y := b.of(t), b.of(t)
	out := t
	if t.Kind == column.Decimal {
		u := t
		if op == kernels.OpMul {
			u = pick(b.generator, []column.Type{t, column.DecimalType(4, 1), column.DecimalType(13, 2)})
			y = b.of(u)
			if t.Scale+u.Scale > 30 {
				op, y = kernels.OpAdd, b.of(t)
			}
		}
		if op == kernels.OpMul {
			out = column.DecimalType(min(38, int(t.Precision+u.Precision)), int(t.Scale+u.Scale))
		} else {
			out = column.DecimalType(min(38, int(t.Precision)+b.r.IntN(2)), int(t.Scale))
		}
	}
	return b.emit(kernels.Instr{Op: op, Args: []kernels.Reg{x, y}}, out)
}

func (b *builder) comparison() kernels.Reg {
	t := b.any()
	op := pick(b.generator, []kernels.Op{kernels.OpEq, kernels.OpNe, kernels.OpLt, kernels.OpLe, kernels.OpGt, kernels.OpGe, kernels.OpIsDistinct, kernels.OpIsNotDistinct})
	return b.emit(kernels.Instr{Op: op, Args: []kernels.Reg{b.of(t), b.of(t)}}, column.T(column.Bool))
}

// condition emits a boolean.
func (b *builder) condition(depth int) kernels.Reg {
	boolean := column.T(column.Bool)
	switch k := b.r.IntN(10); {
	case k < 5:
		return b.comparison()
	case k == 5:
		return b.emit(kernels.Instr{Op: pick(b.generator, []kernels.Op{kernels.OpIsNull, kernels.OpIsNotNull}), Args: []kernels.Reg{b.of(b.any())}}, boolean)
	case k == 6:
		return b.emit(kernels.Instr{Op: pick(b.generator, []kernels.Op{kernels.OpNot, kernels.OpIsTrue, kernels.OpIsFalse}), Args: []kernels.Reg{b.of(boolean)}}, boolean)
	case k == 7:
		t := b.any()
		set := &kernels.ValueSet{Type: t, HasNull: b.r.IntN(4) == 0}
		for range 1 + b.r.IntN(12) {
			set.Values = append(set.Values, b.value(t, 0))
		}
		return b.emit(kernels.Instr{Op: kernels.OpInSet, Args: []kernels.Reg{b.of(t)}, Set: set}, boolean)
	case depth > 2:
		return b.comparison()
	}
	in := kernels.Instr{Op: pick(b.generator, []kernels.Op{kernels.OpAnd, kernels.OpOr})}
	first := b.condition(depth + 1)
	in.Arms = append(in.Arms, kernels.Arm{Result: first})
	for range 1 + b.r.IntN(2) {
		in.Arms = append(in.Arms, b.arm(func() kernels.Reg { return b.condition(depth + 1) }))
	}
	return b.emit(in, boolean)
}

// arm emits f's instructions into a block of its own.
func (b *builder) arm(f func() kernels.Reg) kernels.Arm {
	outer, have := b.body, len(b.have)
	block := &kernels.Block{}
	b.body = block
	r := f()
	b.body, b.have = outer, b.have[:have:have]
	return kernels.Arm{Body: *block, Result: r}
}

// expression emits a value of some type.
func (b *builder) expression(depth int) kernels.Reg {
	switch k := b.r.IntN(12); {
	case k < 5 || depth > 2:
		return b.arithmetic()
	case k == 5:
		t := pick(b.generator, []column.Type{column.T(column.Date), column.T(column.Timestamp)})
		return b.emit(kernels.Instr{Op: pick(b.generator, []kernels.Op{kernels.OpExtractYear, kernels.OpExtractMonth, kernels.OpExtractDay}), Args: []kernels.Reg{b.of(t)}},
			column.T(column.Int64))
	case k == 6:
		return b.cast()
	case k == 7:
		return b.condition(depth + 1)
	case k == 8:
		t := b.any()
		if t.Physical() == column.PhysView {
			t = column.T(column.Int64)
		}
		in := kernels.Instr{Op: kernels.OpCoalesce, Arms: []kernels.Arm{{Result: b.of(t)}}}
		for range 1 + b.r.IntN(2) {
			in.Arms = append(in.Arms, b.arm(func() kernels.Reg { return b.valueOf(t) }))
		}
		return b.emit(in, t)
	case k < 11:
		t := b.any()
		if t.Physical() == column.PhysView {
			t = column.DecimalType(12, 2)
		}
		in := kernels.Instr{Op: kernels.OpCase, Arms: []kernels.Arm{{Result: b.condition(depth + 1)}}}
		in.Arms = append(in.Arms, b.arm(func() kernels.Reg { return b.valueOf(t) }))
		if b.r.IntN(2) == 0 {
			in.Arms = append(in.Arms, b.arm(func() kernels.Reg { return b.condition(depth + 1) }), b.arm(func() kernels.Reg { return b.valueOf(t) }))
		}
		in.Arms = append(in.Arms, b.arm(func() kernels.Reg { return b.valueOf(t) }))
		return b.emit(in, t)
	}
	return b.of(b.any())
}

// valueOf emits a value of type t, computed where that is possible.
func (b *builder) valueOf(t column.Type) kernels.Reg {
	if (t.Kind.IsSigned() || t.Kind.IsFloat()) && b.r.IntN(2) == 0 {
		return b.emit(kernels.Instr{Op: pick(b.generator, []kernels.Op{kernels.OpAdd, kernels.OpMul, kernels.OpSub}), Args: []kernels.Reg{b.of(t), b.of(t)}}, t)
	}
	return b.of(t)
}

func (b *builder) cast() kernels.Reg {
	pairs := [][2]column.Type{
		{column.T(column.Int8), column.T(column.Int64)}, {column.T(column.Int64), column.T(column.Int16)}, {column.T(column.Int32), column.T(column.Uint8)},
		{column.T(column.Uint32), column.T(column.Int64)}, {column.T(column.Int32), column.DecimalType(12, 2)}, {column.T(column.Int64), column.DecimalType(38, 6)},
		{column.DecimalType(12, 2), column.DecimalType(15, 2)}, {column.DecimalType(12, 2), column.DecimalType(25, 4)}, {column.DecimalType(25, 4), column.DecimalType(38, 6)},
		{column.DecimalType(25, 4), column.DecimalType(18, 4)}, {column.T(column.Date), column.T(column.Timestamp)}, {column.T(column.Float32), column.T(column.Float64)},
		{column.T(column.Int32), column.T(column.Float64)}, {column.DecimalType(15, 2), column.T(column.Float64)}, {column.T(column.Timestamp), column.T(column.TimestampTZ)},
		{column.DecimalType(38, 6), column.DecimalType(25, 4)}, {column.DecimalType(12, 2), column.T(column.Int32)},
	}
	p := pick(b.generator, pairs)
	return b.emit(kernels.Instr{Op: kernels.OpCast, Args: []kernels.Reg{b.of(p[0])}}, p[1])
}

// pipeline makes a random pipeline over some inputs.
func (g *generator) pipeline() *kernels.Pipeline {
	p := &kernels.Pipeline{Groups: float64(g.r.IntN(100))}
	for range 2 + g.r.IntN(5) {
		p.Inputs = append(p.Inputs, pick(g, inputTypes))
	}
	for range g.r.IntN(4) {
		b := g.newBuilder(p.Columns(len(p.Steps)))
		for range g.r.IntN(3) {
			b.expression(0)
		}
		if g.r.IntN(2) == 0 {
			b.p.Outputs = []kernels.Reg{b.condition(0)}
			p.Steps = append(p.Steps, kernels.Step{Filter: b.p})
			continue
		}
		for range 1 + g.r.IntN(4) {
			if g.r.IntN(2) == 0 {
				b.p.Outputs = append(b.p.Outputs, pick(g, b.have))
			} else {
				b.p.Outputs = append(b.p.Outputs, b.expression(0))
			}
		}
		p.Steps = append(p.Steps, kernels.Step{Project: b.p})
	}
	types := p.Columns(len(p.Steps))
	for range g.r.IntN(4) {
		c := g.r.IntN(len(types))
		p.Keys = append(p.Keys, c)
		b := kernels.Bounds{Known: types[c].Kind == column.Int8 || types[c].Kind == column.Uint8, Least: -128, Most: 127}
		if types[c].Kind == column.Uint8 {
			b.Least, b.Most = 0, 255
		}
		p.Bounds = append(p.Bounds, b)
	}
	for range 1 + g.r.IntN(4) {
		if a, ok := g.aggregate(types); ok {
			p.Aggs = append(p.Aggs, a)
		}
	}
	return p
}

func (g *generator) aggregate(types []column.Type) (kernels.Aggregate, bool) {
	c := g.r.IntN(len(types))
	t := types[c]
	a := kernels.Aggregate{Filter: -1, Result: column.T(column.Int64)}
	for i, u := range types {
		if u.Kind == column.Bool && g.r.IntN(4) == 0 {
			a.Filter = i
		}
	}
	a.Op = pick(g, []kernels.AggOp{kernels.AggCountStar, kernels.AggCount, kernels.AggSum, kernels.AggSum, kernels.AggAvg, kernels.AggMin, kernels.AggMax, kernels.AggBoolAnd, kernels.AggBoolOr})
	if a.Op == kernels.AggCountStar {
		return a, true
	}
	a.Args, a.ArgTypes = []int{c}, []column.Type{t}
	switch a.Op {
	case kernels.AggCount:
		return a, true
	case kernels.AggSum, kernels.AggAvg:
		if !t.Kind.IsNumeric() {
			return a, false
		}
		scale := 0
		if t.Kind == column.Decimal {
			scale = int(t.Scale)
		}
		switch {
		case t.Kind.IsFloat():
			a.Result = column.T(column.Float64)
		case a.Op == kernels.AggAvg:
			a.Result = column.DecimalType(38, max(16, scale))
		case t.Kind == column.Int8 || t.Kind == column.Int16 || t.Kind == column.Int32:
			a.Result = column.T(column.Int64)
		default:
			a.Result = column.DecimalType(38, scale)
		}
	case kernels.AggMin, kernels.AggMax:
		a.Result = t
	default:
		a.Result = t
		return a, t.Kind == column.Bool
	}
	return a, true
}

// describe prints a program for a failure's message.
func describe(p *kernels.Program) string {
	s := fmt.Sprintf("inputs %v\n", p.Inputs)
	for _, c := range p.Consts {
		s += fmt.Sprintf("  r%d = %s %s\n", c.Reg, p.Regs[c.Reg], c.Value)
	}
	return s + describeBlock(p, p.Body, "  ") + fmt.Sprintf("  out %v\n", p.Outputs)
}

func describeBlock(p *kernels.Program, b kernels.Block, indent string) (s string) {
	for _, in := range b.Instrs {
		s += fmt.Sprintf("%sr%d %s = %s %v\n", indent, in.Dst, p.Regs[in.Dst], opNames[in.Op], in.Args)
		for _, a := range in.Arms {
			s += describeBlock(p, a.Body, indent+"    ") + fmt.Sprintf("%s    -> r%d\n", indent, a.Result)
		}
	}
	return s
}
