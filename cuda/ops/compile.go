package ops

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/opcode"
	"github.com/polybolos-db/polybolos/kernels"
)

// mostKeyWords is the number of key words that a slot may have; each takes a tile of shared memory while its group is looked for.
const mostKeyWords = 8

// plan is a pipeline that the device can run.
type plan struct {
	pipeline *kernels.Pipeline
	sources  []source
	host     *kernels.Program // computes the sources that the host makes; nil: none
	states   *states
	keys     []key
	words    int // of all keys, with the one that says which are NULL
	units    int // tiles of temporaries that a program may take

	instructions int  // of the program without NULLs
	small        bool // all keys are of few values or texts: they may address groups directly
}

// key is one key column.
type key struct {
	typ   column.Type
	class class
	text  int // number of the text's source, -1
	words int
	base  int64  // what is code 0 of a key that is neither text nor boolean
	codes uint64 // how many it has, 0: too many or unknown
}

// layout is how a program finds its groups, fixed from one flush to the next.
type layout struct {
	dense   bool
	strides []uint32 // dense: of each key's codes
	nulls   []uint32 // dense: the code of NULL
}

// compiled is a program for one layout.
type compiled struct {
	code    []uint64
	consts  []uint64
	units   int // tiles of words for temporaries and keys
	keyUnit int // where keys begin
}

// prepare decides whether the device can run p.
func prepare(p *kernels.Pipeline) (*plan, error) {
	out := &plan{pipeline: p}
	for _, clean := range []bool{false, true} {
		c, err := out.generate(layout{}, clean)
		if err != nil {
			return nil, err
		}
		out.units = max(out.units, c.units)
		out.instructions = len(c.code) / 2
	}
	return out, nil
}

// generate makes the program for a layout. clean: no column of the chunk has a NULL.
func (p *plan) generate(lay layout, clean bool) (*compiled, error) {
	g := newGraph(p.pipeline)
	l := newLowering(p.pipeline)
	st, err := newStates(p.pipeline.Aggs, g.columns)
	if err != nil {
		return nil, err
	}
	keys := make([]*node, len(p.pipeline.Keys))
	for i, c := range p.pipeline.Keys {
		keys[i] = g.columns[c]
	}
	roots, err := l.roots(g, keys, st)
	if err != nil {
		return nil, err
	}
	// Texts that are only counted are counted where the host says that they are not NULL.
	seen := map[*node]bool{}
	for _, n := range roots {
		l.collect(n, seen)
	}
	clear(seen)
	for _, n := range roots {
		n.count(seen)
	}
	for _, s := range g.steps {
		l.step(s)
	}
	if p.keys == nil && len(keys) > 0 || p.states == nil {
		if err := p.describe(l, keys, st); err != nil {
			return nil, err
		}
	}
	keyUnit := l.groups(p, keys, lay)
	l.aggregates(st, clean)
	if l.failed != nil {
		return nil, l.failed
	}
	if len(l.code) > 2*maxCode {
		return nil, kernels.Unsupportedf("the pipeline takes %d instructions, and %d is the most", len(l.code)/2, maxCode)
	}
	if len(l.code) == 0 {
		l.op(opcode.Nop)
	}
	return &compiled{code: l.code, consts: l.consts, units: len(l.units), keyUnit: keyUnit}, nil
}

// roots are the values that the pipeline asks for, each once a reference; what cannot be computed is decided here.
func (l *lowering) roots(g *graph, keys []*node, st *states) ([]*node, error) {
	var out []*node
	known := map[*node]error{}
	add := func(n *node) error {
		out = append(out, n)
		return l.assign(n, known)
	}
	for _, s := range g.steps {
		if s.filter {
			if err := add(s.result); err != nil {
				return nil, err
			}
		}
		// What can fail must be computed even if nobody reads it.
		for _, n := range s.body {
			if n.raises() {
				if err := add(n); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, k := range keys {
		if err := add(k); err != nil {
			return nil, err
		}
	}
	for _, s := range st.list {
		if s.filter != nil {
			if err := add(s.filter); err != nil {
				return nil, err
			}
		}
		if s.arg == nil {
			continue
		}
		if s.kind == opcode.MergeCount && s.arg.typ.Physical() == column.PhysView {
			s.arg = present(s.arg)
		} else if s.kind == opcode.MergeCount && classOf(s.arg.typ) == classNone {
			return nil, kernels.Unsupportedf("count of type %s has no kernel", s.arg.typ)
		}
		if err := add(s.arg); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// present is a host's column that is 1 where n is not NULL and NULL where it is.
func present(n *node) *node {
	yes := column.BoolValue(true)
	no := column.NullValue(column.T(column.Bool))
	notNull := &node{typ: column.T(column.Bool), input: -1, in: &kernels.Instr{Op: kernels.OpIsNotNull}, args: []*node{n}, early: true}
	t := &node{typ: column.T(column.Bool), input: -1, constant: &yes, early: true}
	f := &node{typ: column.T(column.Bool), input: -1, constant: &no, early: true}
	return &node{typ: column.T(column.Bool), input: -1, in: &kernels.Instr{Op: kernels.OpCase}, early: true, hostOnly: true,
		arms: []arm{{result: notNull, body: []*node{notNull}}, {result: t}, {result: f}}}
}

// collect gives every column that n needs its number, in an order that depends on the pipeline alone.
func (l *lowering) collect(n *node, seen map[*node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	if n.leaf() {
		if n.constant == nil {
			l.leafOperand(n)
		}
		return
	}
	n.operands(func(m *node) { l.collect(m, seen) })
}

// describe fixes what does not depend on the layout.
func (p *plan) describe(l *lowering, keys []*node, st *states) error {
	p.states, p.sources = st, l.sources
	if len(l.host.program.Outputs) > 0 {
		p.host = &l.host.program
	}
	p.small = true
	for i, n := range keys {
		k := key{typ: n.typ, class: l.classOf(n), text: -1, words: 1}
		switch n.typ.Physical() {
		case column.PhysView:
			if !n.leaf() || n.constant != nil {
				return kernels.Unsupportedf("a computed or constant text cannot be a key")
			}
			k.text = int(l.leafOperand(n).a)
		case column.PhysBool:
		case column.PhysNone, column.PhysInterval, column.PhysNested, column.PhysUint64:
			return kernels.Unsupportedf("keys of type %s have no kernel", n.typ)
		default:
			if k.class == classWord && i < len(p.pipeline.Bounds) {
				k.bound(p.pipeline.Bounds[i])
			}
			if k.class == classWord && k.codes == 0 {
				k.bound(natural(n))
			}
			p.small = p.small && k.codes > 0
		}
		if k.class == classWide {
			k.words = 2
		}
		p.words += k.words
		p.keys = append(p.keys, k)
	}
	if len(keys) > 0 {
		p.words++
	}
	if p.words > mostKeyWords {
		return kernels.Unsupportedf("the keys take %d words, and %d are the most", p.words, mostKeyWords)
	}
	return nil
}

// bound takes the bounds of the key's values, if they are close together.
func (k *key) bound(b kernels.Bounds) {
	if room := uint64(b.Most) - uint64(b.Least); b.Known && b.Least <= b.Most && room < denseGroups {
		k.base, k.codes = b.Least, room+1
	}
}

// natural are the bounds that n's type or operation gives by itself.
func natural(n *node) kernels.Bounds {
	switch n.typ.Physical() {
	case column.PhysInt8:
		return kernels.Bounds{Known: true, Least: math.MinInt8, Most: math.MaxInt8}
	case column.PhysUint8:
		return kernels.Bounds{Known: true, Most: math.MaxUint8}
	}
	if n.in == nil {
		return kernels.Bounds{}
	}
	switch n.in.Op {
	case kernels.OpExtractMonth:
		return kernels.Bounds{Known: true, Least: 1, Most: 12}
	case kernels.OpExtractDay:
		return kernels.Bounds{Known: true, Least: 1, Most: 31}
	case kernels.OpCast:
		exact := func(t column.Type) bool { return t.Kind.IsInteger() || t.Kind == column.Decimal && t.Scale == 0 }
		if a := n.args[0]; exact(n.typ) && exact(a.typ) {
			return natural(a)
		}
	}
	return kernels.Bounds{}
}

// step emits a filter, or what a projection has to compute where it stands.
func (l *lowering) step(s step) {
	if !s.filter {
		l.enter(s.body)
		for _, n := range s.body {
			if n.raises() {
				l.read(n)
			}
		}
		return
	}
	body := s.body
	last := len(body) - 1
	if n := s.result; last >= 0 && body[last] == n && n.in.Op == kernels.OpAnd && !n.leaf() && n.uses <= 1+btoi(n.raises()) {
		// Each term narrows the rows for those after it.
		for _, m := range body[:last] {
			l.required(m)
		}
		for _, a := range n.arms {
			l.enter(a.body)
			l.acc = l.filter(a.result)
		}
		return
	}
	for _, m := range body {
		l.required(m)
	}
	l.acc = l.filter(s.result)
	l.acc = nil
}

// required computes n here when it can fail; the reference that stands for that is served.
func (l *lowering) required(n *node) {
	if n.raises() {
		l.enter([]*node{n})
		l.read(n)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// filter emits a filter by n, and returns whose value the accumulator holds afterwards.
func (l *lowering) filter(n *node) *node {
	if l.range_(n) {
		return l.acc
	}
	l.load(n)
	l.emit(opcode.Filter, operand{}, uint16(1-btoi(l.whole)), 0, 0)
	l.read(n)
	return n
}

// groups emits what finds the group of each row, and returns the unit where the keys lie.
func (l *lowering) groups(p *plan, keys []*node, lay layout) int {
	if len(keys) == 0 {
		return 0
	}
	if lay.dense {
		for i, n := range keys {
			l.load(n)
			l.read(n)
			if p.keys[i].base != 0 {
				l.with(opcode.Sub, operand{from: opcode.FromConst, imm: uint64(p.keys[i].base)})
				l.acc = nil
			}
			l.emit(opcode.Dense, operand{}, 0, lay.nulls[i], uint64(lay.strides[i]))
		}
		return 0
	}
	// Computing a key may take temporaries, so all are settled before the words get their place.
	for _, n := range keys {
		if !n.leaf() {
			l.settle(n)
		}
	}
	unit := l.take(p.words)
	word := uint16(0)
	for i, n := range keys {
		l.load(n)
		if p.keys[i].class == classFloat {
			l.op(opcode.Forder)
			l.acc = nil
		}
		l.emit(opcode.Hashkey, operand{}, word, 0, 0)
		word++
		if p.keys[i].words == 2 {
			l.op(opcode.High)
			l.acc = nil
			l.emit(opcode.Hashkey, operand{}, word, 0, 0)
			word++
		}
		l.read(n)
	}
	l.emit(opcode.Find, operand{}, 0, 0, 1)
	l.give(unit, p.words)
	return int(unit)
}

// aggregates emits what adds each row to its group's states.
func (l *lowering) aggregates(st *states, clean bool) {
	ops := [...]opcode.Op{opcode.MergeCount: opcode.Count, opcode.MergeSum2: opcode.Sum2, opcode.MergeSum3: opcode.Sum3, opcode.MergeFsum: opcode.Fsum, opcode.MergeMax: opcode.Max}
	var one node // stands for 1 in the accumulator
	loadOne := func() {
		if l.acc != &one {
			l.with(opcode.Mov, operand{from: opcode.FromConst, imm: 1})
			l.acc = &one
		}
	}
	for _, s := range st.list {
		if !clean && s.certain && st.list[firstCertain(st)] == s {
			loadOne()
			l.emit(opcode.Count, operand{}, uint16(st.dirty), 0, 0)
		}
		if clean && s.certain {
			if s.arg != nil {
				l.read(s.arg)
			}
			continue
		}
		if s.filter != nil {
			// Others may read the argument for other rows, so it is computed before the filter narrows them.
			if s.arg != nil {
				l.settle(s.arg)
			}
			l.op(opcode.Push)
			l.load(s.filter)
			l.read(s.filter)
			l.emit(opcode.Filter, operand{}, 0, 0, 0)
		}
		if s.kind == opcode.MergeSum3 && s.filter == nil && l.product(opcode.Sumprod, s.arg, uint32(s.word)) {
			continue
		}
		if s.arg == nil {
			loadOne()
		} else {
			l.load(s.arg)
		}
		spoilt := true
		switch s.shape {
		case greatestInt:
			l.op(opcode.Order)
		case leastInt:
			l.op(opcode.Order)
			l.op(opcode.Invert)
		case greatestFloat:
			l.op(opcode.Forder)
		case leastFloat:
			l.op(opcode.Forder)
			l.op(opcode.Invert)
		default:
			spoilt = false
		}
		l.emit(ops[s.kind], operand{}, uint16(s.word), 0, 0)
		if spoilt {
			l.acc = nil
		}
		if s.arg != nil {
			l.read(s.arg)
		}
		if s.filter != nil {
			l.op(opcode.Pop)
		}
	}
}

func firstCertain(st *states) int {
	for i, s := range st.list {
		if s.certain {
			return i
		}
	}
	return -1
}
