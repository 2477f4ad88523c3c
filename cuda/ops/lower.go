package ops

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/opcode"
	"github.com/polybolos-db/polybolos/kernels"
)

// operand is where the kernel finds a value.
type operand struct {
	from  opcode.Fetch
	a     uint16
	at    uint32
	imm   uint64
	class class
}

// source is a column that the host gives the device: one of the pipeline's input, or one that the host computed.
type source struct {
	host  bool
	index int
	typ   column.Type
	text  bool // goes as numbers of texts
}

// lowering turns a graph into the program kernel's instructions.
type lowering struct {
	code    []uint64
	consts  []uint64
	sources []source
	column  map[*node]uint16
	host    *hostProgram
	units   []bool // shared memory for temporaries, in tiles of words: taken
	acc     *node  // whose value the accumulator holds; nil: nobody's
	failed  error
	whole   bool // later instructions need all threads of a warp, whether rows are left or not
}

func newLowering(p *kernels.Pipeline) *lowering {
	return &lowering{column: map[*node]uint16{}, host: newHostProgram(p.Inputs)}
}

// unsupported remembers the first reason why the pipeline cannot be lowered.
func (l *lowering) unsupported(format string, args ...any) {
	if l.failed == nil {
		l.failed = kernels.Unsupportedf(format, args...)
	}
}

func (l *lowering) emit(op opcode.Op, o operand, a uint16, at uint32, imm uint64) {
	if o.from != opcode.FromNone {
		// An operand's fields and an instruction's own share their places; no instruction has both.
		a, at, imm = o.a, o.at, o.imm
	}
	l.code = append(l.code, uint64(op)|uint64(o.from)<<8|uint64(a)<<16|uint64(at)<<32, imm)
}

// op emits an instruction without an operand.
func (l *lowering) op(op opcode.Op) { l.emit(op, operand{}, 0, 0, 0) }

// with emits an instruction with an operand.
func (l *lowering) with(op opcode.Op, o operand) { l.emit(op, o, 0, 0, 0) }

// pool adds words to the constants and returns the first one's number.
func (l *lowering) pool(words ...uint64) uint64 {
	at := len(l.consts)
	l.consts = append(l.consts, words...)
	return uint64(at)
}

// take takes units one after another of shared memory.
func (l *lowering) take(units int) uint32 {
	for at := 0; ; at++ {
		for len(l.units) < at+units {
			l.units = append(l.units, false)
		}
		free := true
		for k := range units {
			free = free && !l.units[at+k]
		}
		if free {
			for k := range units {
				l.units[at+k] = true
			}
			return uint32(at)
		}
	}
}

func (l *lowering) give(at uint32, units int) {
	for k := range units {
		l.units[int(at)+k] = false
	}
}

// temporary is a place for a value of the class.
func (l *lowering) temporary(c class) operand {
	if c == classWide {
		u := l.take(2)
		return operand{from: opcode.FromTempw, a: uint16(u), at: u * tile, class: c}
	}
	u := l.take(1)
	return operand{from: opcode.FromTemp, a: uint16(u), at: u * tile, class: c}
}

func (l *lowering) release(o operand) {
	switch o.from {
	case opcode.FromTemp:
		l.give(uint32(o.a), 1)
	case opcode.FromTempw:
		l.give(uint32(o.a), 2)
	}
}

// store keeps the accumulator in a temporary; masked: of the active rows only.
func (l *lowering) store(o operand, masked bool) {
	op := opcode.Store
	switch {
	case o.class == classWide && masked:
		op = opcode.Storemw
	case o.class == classWide:
		op = opcode.Storew
	case masked:
		op = opcode.Storem
	}
	l.emit(op, operand{}, o.a, o.at, 0)
}

// leafOperand is the operand of a column or constant.
func (l *lowering) leafOperand(n *node) operand {
	if n.constant != nil {
		return l.constant(n)
	}
	at, ok := l.column[n]
	if !ok {
		at = uint16(len(l.sources))
		s := source{index: n.input, typ: n.typ, text: n.typ.Physical() == column.PhysView}
		if n.hostOnly {
			s.host, s.index = true, l.host.output(n)
		}
		l.sources = append(l.sources, s)
		l.column[n] = at
	}
	o := operand{a: at, class: classOf(n.typ)}
	switch n.typ.Physical() {
	case column.PhysBool, column.PhysUint8:
		o.from = opcode.FromU8
	case column.PhysInt8:
		o.from = opcode.FromI8
	case column.PhysInt16:
		o.from = opcode.FromI16
	case column.PhysInt32:
		o.from = opcode.FromI32
	case column.PhysUint16:
		o.from = opcode.FromU16
	case column.PhysUint32:
		o.from = opcode.FromU32
	case column.PhysFloat32:
		o.from = opcode.FromF32
	case column.PhysInt64, column.PhysFloat64:
		o.from = opcode.FromWord
	case column.PhysInt128:
		o.from = opcode.FromWide
	case column.PhysView:
		o.from, o.class = opcode.FromU32, classWord
	default:
		l.unsupported("columns of type %s stay on the CPU", n.typ)
	}
	return o
}

func (l *lowering) constant(n *node) operand {
	v, c := n.constant, classOf(n.typ)
	switch {
	case v.Null:
		return operand{from: opcode.FromNull, class: max(c, classWord)}
	case c == classWord:
		return operand{from: opcode.FromConst, imm: v.Int.Lo, class: c}
	case c == classFloat:
		f := v.Float
		if n.typ.Kind == column.Float32 {
			f = float64(float32(f))
		}
		return operand{from: opcode.FromConst, imm: math.Float64bits(f), class: c}
	case c == classWide:
		return operand{from: opcode.FromConstw, imm: l.pool(v.Int.Lo, uint64(v.Int.Hi)), class: c}
	}
	l.unsupported("constants of type %s stay on the CPU", n.typ)
	return operand{}
}

// ready gives the operand of a value that need not be computed any more; ok is false when it must.
func (l *lowering) ready(n *node) (operand, bool) {
	if n.placed {
		return n.place, true
	}
	if n.leaf() {
		return l.leafOperand(n), true
	}
	return operand{}, false
}

// read says that one reference to n has been served: after the last one its place is free.
func (l *lowering) read(n *node) {
	n.uses--
	if n.uses <= 0 && n.placed && !n.leaf() {
		l.release(n.place)
		n.placed = false
	}
}

// settle computes n into a place of its own, unless it has one.
func (l *lowering) settle(n *node) operand {
	if o, ok := l.ready(n); ok {
		return o
	}
	l.load(n)
	return l.keep(n)
}

// keep stores the accumulator, which holds n.
func (l *lowering) keep(n *node) operand {
	if o, ok := l.ready(n); ok {
		return o
	}
	n.place = l.temporary(l.classOf(n))
	n.placed = true
	l.store(n.place, false)
	return n.place
}

func (l *lowering) classOf(n *node) class {
	if n.typ.Physical() == column.PhysView {
		return classWord
	}
	return classOf(n.typ)
}

// load brings n into the accumulator. It does not count as a read.
func (l *lowering) load(n *node) {
	if l.failed != nil || l.acc == n {
		return
	}
	if o, ok := l.ready(n); ok {
		l.with(opcode.Mov, o)
		l.acc = n
		return
	}
	l.lower(n)
	l.acc = n
	if n.uses > 1 {
		l.keep(n)
	}
}

// assign decides for n, and what it reads, what the device computes and what the host does; the error says why neither can.
func (l *lowering) assign(n *node, known map[*node]error) error {
	if n.in == nil || n.hostOnly {
		return nil
	}
	if err, ok := known[n]; ok {
		return err
	}
	err := supported(n)
	if err == nil {
		n.operands(func(m *node) {
			if err == nil {
				err = l.assign(m, known)
			}
		})
	}
	if err != nil && movable(n) && (classOf(n.typ) != classNone || n.typ.Physical() == column.PhysView) {
		n.hostOnly = true
		n.mayNull = false // the host's column says where it is NULL
		err = nil
	}
	known[n] = err
	return err
}

// enter emits the nodes of a block that can fail, in order: they must be computed here, for the rows that are active here. The others follow when they are
// needed.
func (l *lowering) enter(body []*node) {
	for _, n := range body {
		if n.uses > 0 && n.raises() && !n.leaf() && !n.placed && l.acc != n {
			l.load(n)
			if !n.leaf() {
				l.keep(n)
			}
		}
	}
}
