package emulator

import "strings"

var controlOps = map[string]func(d *decoder, o *opcode){
	"bra":        decodeBranch,
	"call":       decodeCall,
	"ret":        decodeReturn,
	"exit":       func(d *decoder, o *opcode) { d.emit(inst{kind: kindExit}) },
	"trap":       func(d *decoder, o *opcode) { d.emit(inst{kind: kindTrap}) },
	"bar":        decodeBarrier,
	"barrier":    decodeBarrier,
	"membar":     decodeFence,
	"fence":      decodeFence,
	"nanosleep":  decodePause,
	"vote":       decodeVote,
	"shfl":       decodeShuffle,
	"activemask": decodeActive,
}

func decodeBranch(d *decoder, o *opcode) {
	o.has("uni")
	label := d.name()
	in := d.emit(inst{kind: kindBranch})
	s := d.scopes[len(d.scopes)-1]
	s.wanted = append(s.wanted, wanted{in, label, d.opLine})
}

// decodeReturn decodes the end of a device function, or of a thread.
func decodeReturn(d *decoder, o *opcode) {
	o.has("uni")
	if d.current == nil {
		d.emit(inst{kind: kindExit})
	} else {
		d.emit(inst{kind: kindReturn})
	}
}

// decodeCall decodes a call: operands go into the function's parameters, the call itself, and its results to where the caller wants them. A guard
// becomes a branch around all of it.
func decodeCall(d *decoder, o *opcode) {
	o.has("uni")
	var returns, args []token
	if d.accept("(") {
		returns = d.list()
		d.expect(",")
	}
	line := d.line()
	name := d.name()
	if d.accept(",") {
		d.expect("(")
		args = d.list()
	}
	f := d.m.functions[name]
	if d.err != nil {
		return
	}
	switch {
	case f == nil || f.entry:
		d.failAt(line, "there is no function %s", name)
		return
	case f.body == nil:
		d.failAt(line, "function %s is declared, and not there", name)
		return
	case len(args) != len(f.params) || len(returns) != len(f.returns):
		d.failAt(line, "%s takes %d parameters and returns %d", name, len(f.params), len(f.returns))
		return
	}
	around := -1
	if d.guard != slotOne {
		d.negate ^= 1
		around = d.emit(inst{kind: kindBranch})
		d.guard, d.negate = slotOne, 0
	}
	i := d.instance(f)
	for n, a := range args {
		d.pass(a, i.params[n], true)
	}
	at := d.emit(inst{kind: kindCall, name: name})
	i.calls = append(i.calls, at)
	if d.current != nil {
		d.current.callees = append(d.current.callees, i)
	}
	for n, a := range returns {
		d.pass(a, i.returns[n], false)
	}
	if around >= 0 {
		d.k.code[around].target = int32(len(d.k.code))
	}
}

// list are operands up to the closing parenthesis, one token each.
func (d *decoder) list() (out []token) {
	if d.accept(")") {
		return nil
	}
	for d.err == nil {
		t := d.next()
		if t.kind == tokenSign && t.text == "-" {
			n := d.next()
			t = token{n.kind, "-" + n.text, n.line}
		}
		out = append(out, t)
		if d.accept(")") {
			return out
		}
		d.expect(",")
	}
	return nil
}

// pass copies the operand that a token names to a parameter, or a result to it.
func (d *decoder) pass(t token, formal *symbol, in bool) {
	own := d.lookup(t.text)
	if own != nil && own.kind == symbolLocal && formal.kind == symbolLocal {
		if own.size != formal.size {
			d.failAt(t.line, "%s has %d bytes, the parameter %d", t.text, own.size, formal.size)
		}
		c := inst{kind: kindCopy, imm: formal.at, mask: own.at, target: int32(own.size)}
		if !in {
			c.imm, c.mask = c.mask, c.imm
		}
		d.emit(c)
		return
	}
	var slot int32
	saved := d.reader
	d.reader = reader{tokens: []token{t}}
	if len(t.text) > 1 && t.text[0] == '-' && t.kind == tokenNumber {
		d.tokens = []token{{tokenSign, "-", t.line}, {t.kind, t.text[1:], t.line}}
	}
	if in {
		slot = d.source(formal.typ)
	} else {
		slot = d.result(formal.typ)
	}
	err := d.err
	d.reader = saved
	d.err = err
	switch {
	case formal.kind == symbolRegister && in:
		d.emit(inst{exec: move, d: formal.slot, a: slot})
	case formal.kind == symbolRegister:
		d.emit(inst{exec: move, d: slot, a: formal.slot})
	case formal.size != formal.typ.bytes():
		d.failAt(t.line, "%s is no parameter of %d bytes", t.describe(), formal.size)
	default:
		c := inst{kind: kindStore, name: "the parameters of a call", d: slot, a: slotZero, imm: formal.at, space: spaceLocal, size: uint8(formal.size), mask: formal.typ.mask()}
		if !in {
			c.kind = kindLoad
		}
		d.emit(c)
	}
}

// decodeBarrier decodes the barrier of a block, of some of its warps, or of lanes of a warp.
func decodeBarrier(d *decoder, o *opcode) {
	in := inst{kind: kindBarrier, name: o.text, b: slotZero, flags: flagAligned}
	if o.has("warp") {
		if !o.has("sync") {
			d.failAt(d.opLine, "%s is not known", o.text)
		}
		d.emit(inst{kind: kindWarp, name: o.text, e: d.source(b32), d: slotSink, a: slotZero, b: slotZero, c: slotZero, imm: meetSync})
		return
	}
	if strings.HasPrefix(o.text, "barrier") && !o.has("aligned") {
		in.flags = 0
	}
	o.has("cta")
	if !o.has("sync") {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in.a = d.source(u32)
	if d.accept(",") {
		in.b = d.source(u32)
	}
	d.emit(in)
}

func decodeFence(d *decoder, o *opcode) {
	o.one("sc", "acq_rel", "acquire", "release")
	if o.one("gl", "cta", "sys", "gpu", "cluster") == "" {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	d.emit(inst{kind: kindYield, flags: flagRelease})
}

func decodePause(d *decoder, o *opcode) {
	if t := o.typ(); t != u32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	d.emit(inst{kind: kindYield, a: d.source(u32)})
}

// What the threads of a warp do together.
const (
	meetSync = iota
	meetBallot
	meetAny
	meetAll
	meetUniform
	meetIndex
	meetDown
	meetUp
	meetButterfly
)

// decodeVote decodes a vote. Operands of what meets: a the value, b and c a shuffle's source and segment, e the lanes.
func decodeVote(d *decoder, o *opcode) {
	in := inst{kind: kindWarp, name: o.text, b: slotZero, c: slotZero}
	sync := o.has("sync")
	mode := o.one("ballot", "any", "all", "uni")
	t := o.typ()
	want := predicate
	switch mode {
	case "ballot":
		in.imm, want = meetBallot, b32
	case "any":
		in.imm = meetAny
	case "all":
		in.imm = meetAll
	case "uni":
		in.imm = meetUniform
	}
	if !sync || mode == "" || t != want {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in.d = d.result(t)
	d.expect(",")
	in.a = d.condition(&in)
	in.e = d.then(b32)
	d.emit(in)
}

// decodeShuffle decodes a shuffle; with a second result, a predicate whether the source lane is within the segment.
func decodeShuffle(d *decoder, o *opcode) {
	in := inst{kind: kindWarp, name: o.text, more: []int32{slotSink}}
	sync := o.has("sync")
	mode := o.one("idx", "down", "up", "bfly")
	switch mode {
	case "idx":
		in.imm = meetIndex
	case "down":
		in.imm = meetDown
	case "up":
		in.imm = meetUp
	case "bfly":
		in.imm = meetButterfly
	}
	if t := o.typ(); !sync || mode == "" || t != b32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in.d = d.result(b32)
	if d.accept("|") {
		in.more[0] = d.result(predicate)
	}
	in.a = d.then(b32)
	in.b = d.then(b32)
	in.c = d.then(b32)
	in.e = d.then(b32)
	d.emit(in)
}

func decodeActive(d *decoder, o *opcode) {
	if t := o.typ(); t != b32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	d.emit(inst{kind: kindActive, d: d.result(b32)})
}
