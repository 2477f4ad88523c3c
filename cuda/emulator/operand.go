package emulator

import (
	"math"
	"strconv"
	"strings"
)

// specials are the special registers that have slots.
var specials = map[string]struct {
	slot int32
	typ  typ
}{
	"%tid.x": {slotTID, u32}, "%tid.y": {slotZero, u32}, "%tid.z": {slotZero, u32},
	"%ntid.x": {slotNTID, u32}, "%ntid.y": {slotOne, u32}, "%ntid.z": {slotOne, u32},
	"%ctaid.x": {slotCTAID, u32}, "%ctaid.y": {slotZero, u32}, "%ctaid.z": {slotZero, u32},
	"%nctaid.x": {slotNCTAID, u32}, "%nctaid.y": {slotOne, u32}, "%nctaid.z": {slotOne, u32},
	"%laneid": {slotLane, u32}, "%warpid": {slotWarp, u32}, "%nwarpid": {slotWarps, u32},
	"%lanemask_eq": {slotMaskEqual, u32}, "%lanemask_lt": {slotMaskLess, u32}, "%lanemask_le": {slotMaskLessEqual, u32},
	"%lanemask_gt": {slotMaskGreater, u32}, "%lanemask_ge": {slotMaskGreaterEqual, u32},
	"WARP_SZ": {-1, u32},
}

// number is the value of a number in a type; ok is false when it does not fit.
func number(s string, t typ) (v uint64, ok bool) {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'f' || s[1] == 'F' || s[1] == 'd' || s[1] == 'D') {
		bits, err := strconv.ParseUint(s[2:], 16, 64)
		single := s[1] == 'f' || s[1] == 'F'
		switch {
		case err != nil || single != (len(s) == 10) || !single && len(s) != 18:
			return 0, false
		case single && t.bits == 32 || !single && t.bits == 64:
			return bits, !t.integer()
		case t == typ{classFloat, 32}:
			return uint64(math.Float32bits(float32(math.Float64frombits(bits)))), true
		case t == typ{classFloat, 64}:
			return math.Float64bits(float64(math.Float32frombits(uint32(bits)))), true
		}
		return 0, false
	}
	if t.float() {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || strings.ContainsAny(s, "xXpP_") || !strings.ContainsAny(s, ".eE") {
			return 0, false
		}
		if t.bits == 32 {
			return uint64(math.Float32bits(float32(f))), true
		}
		return math.Float64bits(f), true
	}
	v, ok = integer(s)
	return v, ok && (t.predicate() || v <= t.mask())
}

// source is the slot of an operand that is read as t: a register, a special one, a number, the address of a variable.
func (d *decoder) source(t typ) int32 { return d.operand(t, typ.takes) }

// wide is source where the register may be wider than t.
func (d *decoder) wide(t typ) int32 { return d.operand(t, typ.holds) }

func (d *decoder) operand(t typ, fits func(t, register typ) bool) int32 {
	negative := d.accept("-")
	tok := d.next()
	if d.err != nil {
		return slotZero
	}
	if tok.kind == tokenNumber {
		return d.immediate(tok, t, negative)
	}
	if tok.kind != tokenWord || negative {
		d.failAt(tok.line, "%s is no operand", tok.describe())
		return slotZero
	}
	if s := d.lookup(tok.text); s != nil {
		if s.kind != symbolRegister {
			return d.addressOf(s, tok, t)
		}
		if !fits(t, s.typ) {
			d.failAt(tok.line, "register %s is %s, where %s is read", tok.text, s.typ, t)
		}
		return s.slot
	}
	if s, ok := specials[tok.text]; ok {
		if !fits(t, s.typ) && !(t.integer() && t.bits == 64 && strings.HasPrefix(tok.text, "%lanemask")) {
			d.failAt(tok.line, "%s is %s, where %s is read", tok.text, s.typ, t)
		}
		if s.slot < 0 {
			return d.constant(32)
		}
		return s.slot
	}
	d.failAt(tok.line, "%s is not declared", tok.text)
	return slotZero
}

// immediate is the slot of a number.
func (d *decoder) immediate(tok token, t typ, negative bool) int32 {
	v, ok := number(tok.text, t)
	switch {
	case !ok:
		d.failAt(tok.line, "%s is no %s", tok.text, t)
	case t.predicate():
		if v != 0 {
			v = 1
		}
	case negative && t.float():
		v ^= 1 << (t.bits - 1)
	case negative:
		if v > 1<<(t.bits-1) {
			d.failAt(tok.line, "-%s is no %s", tok.text, t)
		}
		v = -v & t.mask()
	}
	return d.constant(v)
}

// addressOf is the slot of a variable's address in its space, perhaps with an offset behind.
func (d *decoder) addressOf(s *symbol, tok token, t typ) int32 {
	if t.float() || t.bits < 32 || t.bits == 32 && s.kind == symbolModule {
		d.failAt(tok.line, "the address of %s is no %s", tok.text, t)
	}
	at := s.at + d.offset()
	switch {
	case s.kind == symbolModule:
		at += moduleWindow
	case s.dynamic:
		if at != s.at {
			d.failAt(tok.line, "an address behind %s", tok.text)
		}
		return d.k.dynamic
	}
	return d.constant(at & t.mask())
}

// offset is a constant behind an address, if there is one.
func (d *decoder) offset() uint64 {
	if !d.accept("+") {
		return 0
	}
	if d.accept("-") {
		return -d.number()
	}
	return d.number()
}

// result is the slot of a register that takes a t; _ takes anything.
func (d *decoder) result(t typ) int32 {
	s, _ := d.register(t, typ.takes)
	return s
}

// register is a register that takes a t, and its own type.
func (d *decoder) register(t typ, fits func(t, register typ) bool) (int32, typ) {
	tok := d.next()
	if tok.kind == tokenWord && tok.text == "_" {
		return slotSink, t
	}
	var s *symbol
	if tok.kind == tokenWord {
		s = d.lookup(tok.text)
	}
	if s == nil || s.kind != symbolRegister {
		d.failAt(tok.line, "%s is no register", tok.describe())
		return slotSink, t
	}
	if !fits(t, s.typ) {
		d.failAt(tok.line, "register %s is %s, where %s is meant", tok.text, s.typ, t)
	}
	return s.slot, s.typ
}

// then is source after a comma.
func (d *decoder) then(t typ) int32 {
	d.expect(",")
	return d.source(t)
}

// condition is a predicate that may be inverted.
func (d *decoder) condition(in *inst) int32 {
	if d.accept("!") {
		in.flags |= flagNegate
	}
	return d.source(predicate)
}

// address decodes [register+offset], [variable+offset] or [offset] into a and imm of in, whose space is what the instruction says.
func (d *decoder) address(in *inst) {
	d.expect("[")
	in.a = slotZero
	if tok := d.peek(); tok.kind == tokenWord {
		d.next()
		s := d.lookup(tok.text)
		switch {
		case s == nil:
			d.failAt(tok.line, "%s is not declared", tok.text)
			return
		case s.kind == symbolRegister:
			if s.typ.float() || s.typ.bits < 32 || s.typ.bits == 32 && (in.space == spaceGeneric || in.space == spaceGlobal) {
				d.failAt(tok.line, "register %s is %s, which is no address there", tok.text, s.typ)
			}
			in.a = s.slot
		default:
			d.variableAt(in, s, tok)
		}
		in.imm += d.offset()
	} else {
		in.imm = d.number()
		if in.space != spaceLocal {
			d.fail("a number is an address of local memory alone")
		}
	}
	d.expect("]")
}

// variableAt puts the place of a variable into an address.
func (d *decoder) variableAt(in *inst, s *symbol, tok token) {
	in.imm = s.at
	fits := false
	switch s.kind {
	case symbolParam:
		fits = in.space == spaceParam
	case symbolShared:
		fits = in.space == spaceShared
		if s.dynamic {
			in.a, in.imm = d.k.dynamic, 0
		}
	case symbolLocal:
		fits = in.space == spaceLocal || in.space == spaceParam
		in.space = spaceLocal // where parameters of device functions lie
	case symbolConst:
		fits = in.space == spaceConst
	case symbolModule:
		fits = in.space == spaceGlobal || in.space == spaceGeneric
		in.imm += moduleWindow
	}
	if !fits {
		d.failAt(tok.line, "%s does not lie where the instruction looks", tok.text)
	}
}
