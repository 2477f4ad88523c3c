package emulator

// kind is what the machine does with an instruction.
type kind uint8

const (
	kindCompute kind = iota // exec does it all
	kindBranch
	kindCall
	kindReturn
	kindExit
	kindTrap
	kindLoad
	kindStore
	kindVector // loads and stores of several values
	kindAtomic
	kindCopy // bytes of local memory
	kindBarrier
	kindWarp
	kindActive
	kindYield // a fence, a pause: others may run
)

// inst is an instruction. Operands are slots of a thread's registers.
type inst struct {
	exec       func(r []uint64, in *inst)
	combine    func(old, v, v2 uint64, in *inst) uint64 // of an atomic
	compare    compare
	more       []int32 // slots of a vector
	name       string  // for messages
	imm        uint64  // the offset of an address, what else an instruction fixes
	mask       uint64  // of the result
	line       int32
	target     int32 // of a branch, a call
	guard      int32 // runs where this slot differs from negate
	d, a, b, c int32
	e          int32  // second result, fourth operand
	negate     uint64 // 0 or 1
	kind       kind
	space      space
	size       uint8 // bytes of one value in memory
	shift      uint8 // 64 less the bits of a source: for its sign
	flags      flags
}

type flags uint16

const (
	flagSigned  flags = 1 << iota // what is loaded is extended by its sign
	flagStore                     // a vector is stored
	flagStrong                    // volatile or atomic: others may run, and it is no race
	flagAligned                   // all threads of a warp must be at the same barrier
	flagNegate                    // the predicate operand is inverted
	flagResult                    // an atomic gives its old value
	flagRelease                   // others see all stores before
	flagAcquire                   // all loads behind see what others did before
)

// Fixed slots.
const (
	slotOne   = iota // 1
	slotZero         // 0
	slotCarry        // CC.CF
	slotSink         // what nobody wants
	slotTID
	slotNTID
	slotCTAID
	slotNCTAID
	slotLane
	slotWarp
	slotWarps
	slotMaskEqual
	slotMaskLess
	slotMaskLessEqual
	slotMaskGreater
	slotMaskGreaterEqual
	slotFree // the first for constants and registers
)

// symbolKind is what a name stands for.
type symbolKind uint8

const (
	symbolRegister symbolKind = iota
	symbolParam               // of the kernel
	symbolShared
	symbolLocal // and parameters of device functions
	symbolModule
	symbolConst
)

// symbol is a register or a variable.
type symbol struct {
	kind        symbolKind
	typ         typ
	slot        int32  // of a register
	at          uint64 // a variable's address in its space
	size, align int
	dynamic     bool // lies behind all other shared variables
	placed      bool // has an address: those of the module get one in each kernel that uses them
}

// scope is what is between braces.
type scope struct {
	names  map[string]*symbol
	ranges map[string]registers
	labels map[string]int32
	wanted []wanted
}

// registers is a declaration such as %r<10>.
type registers struct {
	typ   typ
	count uint64
}

// wanted is a branch to a label that was not known yet.
type wanted struct {
	inst  int
	label string
	line  int
}

// decoder makes the code of one kernel.
type decoder struct {
	reader
	m         *Module
	k         *Kernel
	constants map[uint64]int32
	shared    map[*symbol]*symbol // variables of the module that this kernel uses
	scopes    []*scope
	instances map[string]*instance
	queue     []*instance
	current   *instance // nil in the kernel itself
	guard     int32
	negate    uint64
	opLine    int
}

// decode makes a kernel of an entry; a device function is made one, too, to check it.
func decode(m *Module, f *function) (*Kernel, error) {
	k := &Kernel{name: f.name, module: m, threads: f.threads, slots: slotFree}
	d := &decoder{m: m, k: k, constants: map[uint64]int32{}, shared: map[*symbol]*symbol{}, instances: map[string]*instance{}}
	k.dynamic = d.slot()
	if f.entry {
		d.open()
		for _, p := range f.params {
			if p.register || p.size == 0 {
				return nil, syntax(p.line, "kernel %s: parameter %s is no value", f.name, p.name)
			}
			at := alignUp(k.paramBytes, p.align)
			k.params = append(k.params, param{at, p.size})
			k.paramBytes = at + p.size
			d.declare(p.line, p.name, &symbol{kind: symbolParam, typ: p.typ, at: uint64(at), size: p.size, placed: true})
		}
		d.body(f, kindExit)
		if f.returns != nil {
			return nil, syntax(f.line, "kernel %s returns something", f.name)
		}
	} else {
		d.instance(f)
	}
	for d.err == nil && len(d.queue) > 0 {
		d.current, d.queue = d.queue[0], d.queue[1:]
		d.function(d.current)
	}
	for _, i := range d.instances {
		if i.calls != nil && d.err == nil && recursive(i, i, map[*instance]bool{}) {
			d.failAt(i.f.line, "%s calls itself", i.f.name)
		}
		for _, c := range i.calls {
			k.code[c].target = i.at
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	k.constants = append(k.constants, constant{k.dynamic, uint64(alignUp(k.shared, 16))}, constant{slotOne, 1}, constant{slotZero, 0})
	return k, nil
}

// body decodes a function's text, in a scope that is open already; end is what its end does.
func (d *decoder) body(f *function, end kind) {
	d.tokens, d.at = f.body, 0
	for d.err == nil && d.peek().kind != tokenEnd {
		d.statement()
	}
	if d.err == nil && len(d.scopes) != 1 {
		d.failAt(f.last, "a brace is not closed")
	}
	d.guard, d.negate, d.opLine = slotOne, 0, f.last
	d.emit(inst{kind: end, name: "the end of " + f.name})
	d.close()
}

func (d *decoder) open() {
	d.scopes = append(d.scopes, &scope{names: map[string]*symbol{}, ranges: map[string]registers{}, labels: map[string]int32{}})
}

// close ends a scope; branches to labels that it does not have look for them outside.
func (d *decoder) close() {
	s := d.scopes[len(d.scopes)-1]
	d.scopes = d.scopes[:len(d.scopes)-1]
	for _, w := range s.wanted {
		if at, ok := s.labels[w.label]; ok {
			d.k.code[w.inst].target = at
		} else if len(d.scopes) > 0 {
			outer := d.scopes[len(d.scopes)-1]
			outer.wanted = append(outer.wanted, w)
		} else {
			d.failAt(w.line, "there is no label %s", w.label)
		}
	}
}

// statement decodes a declaration, a label, a brace or an instruction.
func (d *decoder) statement() {
	t := d.peek()
	d.opLine = t.line
	switch {
	case d.accept("{"):
		d.open()
		return
	case d.accept("}"):
		if len(d.scopes) == 1 {
			d.failAt(t.line, "a brace too many")
			return
		}
		d.close()
		return
	case d.accept(";"):
		return
	}
	d.guard, d.negate = slotOne, 0
	if d.accept("@") {
		if d.accept("!") {
			d.negate = 1
		}
		d.guard, _ = d.register(predicate, typ.takes)
	}
	w := d.word()
	switch {
	case d.err != nil:
	case w[0] == '.':
		if d.guard != slotOne {
			d.fail("%q cannot be guarded", w)
		}
		d.directive(w)
	case d.accept(":"):
		s := d.scopes[len(d.scopes)-1]
		if _, ok := s.labels[w]; ok || d.guard != slotOne {
			d.failAt(t.line, "label %s is there already", w)
			return
		}
		s.labels[w] = int32(len(d.k.code))
	default:
		d.instruction(w)
	}
}

// directive decodes a declaration.
func (d *decoder) directive(w string) {
	switch w {
	case ".pragma", ".loc", ".file":
		for line := d.opLine; d.err == nil && d.peek().kind != tokenEnd && d.peek().line == line && !d.accept(";"); {
			d.next()
		}
	case ".reg":
		d.registers()
	case ".shared", ".local", ".param":
		v := d.declarator()
		if d.err != nil {
			return
		}
		s := &symbol{kind: symbolLocal, typ: v.typ, size: v.size, align: v.align, placed: true}
		if v.open {
			d.fail("%s has no length", v.name)
		}
		if w == ".shared" {
			s.kind, s.placed = symbolShared, false
			d.place(s)
		} else {
			s.at = d.local(v.size, v.align)
		}
		d.declare(d.opLine, v.name, s)
		d.expect(";")
	default:
		d.fail("%q is no directive of a function's body", w)
	}
}

// registers decodes what follows .reg.
func (d *decoder) registers() {
	t := d.typeName()
	for d.err == nil {
		name := d.name()
		s := d.scopes[len(d.scopes)-1]
		if d.accept("<") {
			s.ranges[name] = registers{t, d.number()}
			d.expect(">")
		} else {
			d.declare(d.opLine, name, &symbol{kind: symbolRegister, typ: t, slot: d.slot()})
		}
		if !d.accept(",") {
			break
		}
	}
	d.expect(";")
}

func (d *decoder) declare(line int, name string, s *symbol) {
	names := d.scopes[len(d.scopes)-1].names
	if names[name] != nil {
		d.failAt(line, "%s is declared twice", name)
	}
	names[name] = s
}

// place gives a shared variable its place.
func (d *decoder) place(s *symbol) {
	if !s.placed && !s.dynamic {
		s.at = uint64(alignUp(d.k.shared, s.align))
		d.k.shared = int(s.at) + s.size
		if d.k.shared > maxMemory {
			d.fail("%d bytes of shared memory", d.k.shared)
		}
	}
	s.placed = true
}

// local is a place in a thread's own memory.
func (d *decoder) local(size, align int) uint64 {
	at := alignUp(d.k.local, align)
	d.k.local = at + size
	if d.k.local > maxMemory {
		d.fail("%d bytes of local memory", d.k.local)
	}
	return uint64(at)
}

// lookup finds what a name stands for, nil when it stands for nothing.
func (d *decoder) lookup(name string) *symbol {
	digits := len(name)
	for digits > 0 && name[digits-1] >= '0' && name[digits-1] <= '9' {
		digits--
	}
	for i := len(d.scopes) - 1; i >= 0; i-- {
		s := d.scopes[i]
		if v := s.names[name]; v != nil {
			return v
		}
		for cut := digits; cut < len(name); cut++ {
			r, ok := s.ranges[name[:cut]]
			if n, fine := integer(name[cut:]); ok && fine && n < r.count && (name[cut] != '0' || cut == len(name)-1) {
				v := &symbol{kind: symbolRegister, typ: r.typ, slot: d.slot()}
				s.names[name] = v
				return v
			}
		}
	}
	outer := d.m.variables[name]
	if outer == nil || outer.kind != symbolShared {
		return outer
	}
	v := d.shared[outer]
	if v == nil {
		own := *outer
		v = &own
		d.place(v)
		d.shared[outer] = v
	}
	return v
}

func (d *decoder) slot() int32 {
	d.k.slots++
	return int32(d.k.slots - 1)
}

// constant is the slot of a value.
func (d *decoder) constant(v uint64) int32 {
	switch v {
	case 0:
		return slotZero
	case 1:
		return slotOne
	}
	s, ok := d.constants[v]
	if !ok {
		s = d.slot()
		d.constants[v] = s
		d.k.constants = append(d.k.constants, constant{s, v})
	}
	return s
}

// emit appends an instruction under the statement's guard.
func (d *decoder) emit(in inst) int {
	in.guard, in.negate, in.line = d.guard, d.negate, int32(d.opLine)
	d.k.code = append(d.k.code, in)
	return len(d.k.code) - 1
}
