package emulator

import "math/bits"

var bitOps = map[string]func(d *decoder, o *opcode){
	"and":   func(d *decoder, o *opcode) { d.three(o.of(classBits, classPredicate), and) },
	"or":    func(d *decoder, o *opcode) { d.three(o.of(classBits, classPredicate), or) },
	"xor":   func(d *decoder, o *opcode) { d.three(o.of(classBits, classPredicate), xor) },
	"not":   func(d *decoder, o *opcode) { d.two(o.of(classBits, classPredicate), not) },
	"cnot":  func(d *decoder, o *opcode) { d.two(o.of(classBits), cnot) },
	"shl":   func(d *decoder, o *opcode) { d.shift(o.of(classBits), shiftLeft) },
	"shr":   decodeShiftRight,
	"shf":   decodeFunnel,
	"bfe":   decodeBFE,
	"bfi":   decodeBFI,
	"bfind": decodeBFind,
	"brev":  func(d *decoder, o *opcode) { d.two(o.of(classBits), reverse) },
	"clz":   func(d *decoder, o *opcode) { d.count(o, leading) },
	"popc":  func(d *decoder, o *opcode) { d.count(o, population) },
	"prmt":  decodePermute,
	"lop3":  decodeLop3,
}

func and(r []uint64, in *inst)  { r[in.d] = r[in.a] & r[in.b] }
func or(r []uint64, in *inst)   { r[in.d] = r[in.a] | r[in.b] }
func xor(r []uint64, in *inst)  { r[in.d] = r[in.a] ^ r[in.b] }
func not(r []uint64, in *inst)  { r[in.d] = ^r[in.a] & in.mask }
func cnot(r []uint64, in *inst) { r[in.d] = truth(r[in.a] == 0) }

func truth(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// shift decodes a shift, whose amount is an u32 whatever the type.
func (d *decoder) shift(t typ, exec func(r []uint64, in *inst)) {
	in := inst{exec: exec, mask: t.mask(), shift: t.shift()}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(u32)
	d.emit(in)
}

func decodeShiftRight(d *decoder, o *opcode) {
	t := o.of(classBits, classUnsigned, classSigned)
	if t.signed() {
		d.shift(t, shiftRightSigned)
	} else {
		d.shift(t, shiftRight)
	}
}

// Go's shifts by a word's length or more are as PTX's: nothing is left but the sign.

func shiftLeft(r []uint64, in *inst)  { r[in.d] = r[in.a] << r[in.b] & in.mask }
func shiftRight(r []uint64, in *inst) { r[in.d] = r[in.a] >> r[in.b] }
func shiftRightSigned(r []uint64, in *inst) {
	r[in.d] = uint64(extend(r[in.a], in.shift)>>r[in.b]) & in.mask
}

// decodeFunnel decodes shifts of two words as one.
func decodeFunnel(d *decoder, o *opcode) {
	left, wrap := o.one("l", "r") == "l", o.one("wrap", "clamp") == "wrap"
	if t := o.typ(); t != b32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in := inst{}
	in.d = d.result(b32)
	in.a = d.then(b32)
	in.b = d.then(b32)
	in.c = d.then(u32)
	in.exec = func(r []uint64, in *inst) {
		pair, by := r[in.b]<<32|r[in.a], min(r[in.c], 32)
		if wrap {
			by = r[in.c] & 31
		}
		if left {
			r[in.d] = pair << by >> 32
		} else {
			r[in.d] = pair >> by & 0xFFFFFFFF
		}
	}
	d.emit(in)
}

// decodeBFE decodes the extraction of bits b and following, c of them; only the low bytes of b and c count.
func decodeBFE(d *decoder, o *opcode) {
	t := o.of(classUnsigned, classSigned)
	in := inst{mask: t.mask(), shift: t.shift(), imm: uint64(t.bits)}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(u32)
	in.c = d.then(u32)
	signed := t.signed()
	in.exec = func(r []uint64, in *inst) {
		v, from, n := r[in.a], r[in.b]&0xFF, r[in.c]&0xFF
		fill := signed && n > 0 && v>>min(from+n-1, in.imm-1)&1 == 1
		v = v >> from & (1<<n - 1)
		if got := min(n, max(in.imm, from)-from); fill {
			v |= ^uint64(0) << got
		}
		r[in.d] = v & in.mask
	}
	d.emit(in)
}

// decodeBFI decodes the insertion of the c low bits of d into another value from bit c on.
func decodeBFI(d *decoder, o *opcode) {
	t := o.of(classBits)
	in := inst{mask: t.mask()}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(t)
	in.c = d.then(u32)
	in.e = d.then(u32)
	in.exec = func(r []uint64, in *inst) {
		from, n := r[in.c]&0xFF, r[in.e]&0xFF
		field := uint64(1<<n-1) << from
		r[in.d] = (r[in.b]&^field | r[in.a]<<from&field) & in.mask
	}
	d.emit(in)
}

// decodeBFind decodes the position of the highest bit that differs from the sign.
func decodeBFind(d *decoder, o *opcode) {
	amount := o.has("shiftamt")
	t := o.of(classUnsigned, classSigned)
	in := inst{mask: t.mask(), shift: t.shift()}
	in.d = d.result(u32)
	d.expect(",")
	in.a = d.source(t)
	signed := t.signed()
	in.exec = func(r []uint64, in *inst) {
		v := r[in.a]
		if signed && extend(v, in.shift) < 0 {
			v = ^v & in.mask
		}
		at := bits.Len64(v) - 1
		if amount && at >= 0 {
			at = t.bits - 1 - at
		}
		r[in.d] = uint64(uint32(at))
	}
	d.emit(in)
}

func reverse(r []uint64, in *inst) { r[in.d] = bits.Reverse64(r[in.a]) >> in.shift }

// count decodes clz and popc, whose result is an u32.
func (d *decoder) count(o *opcode, exec func(r []uint64, in *inst)) {
	t := o.of(classBits)
	if t.bits < 32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in := inst{exec: exec, shift: t.shift()}
	in.d = d.result(u32)
	in.a = d.then(t)
	d.emit(in)
}

func leading(r []uint64, in *inst) {
	r[in.d] = uint64(bits.LeadingZeros64(r[in.a])) - uint64(in.shift)
}
func population(r []uint64, in *inst) { r[in.d] = uint64(bits.OnesCount64(r[in.a])) }

// decodePermute decodes prmt, which picks four bytes of eight.
func decodePermute(d *decoder, o *opcode) {
	if o.typ() != b32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	mode := o.one("f4e", "b4e", "rc8", "ecl", "ecr", "rc16")
	in := inst{}
	in.d = d.result(b32)
	in.a = d.then(b32)
	in.b = d.then(b32)
	in.c = d.then(b32)
	in.exec = func(r []uint64, in *inst) {
		pair, v := r[in.b]<<32|r[in.a], uint64(0)
		for i := range uint64(4) {
			pick := permuted(mode, i, r[in.c])
			b := pair >> (8 * (pick & 7)) & 0xFF
			if pick&8 != 0 {
				b = -(b >> 7) & 0xFF
			}
			v |= b << (8 * i)
		}
		r[in.d] = v
	}
	d.emit(in)
}

// permuted is which byte goes to place i: its number, and 8 where it is only its sign.
func permuted(mode string, i, by uint64) uint64 {
	s := by & 3
	switch mode {
	case "f4e":
		return (s + i) & 7
	case "b4e":
		return (s - i) & 7
	case "rc8":
		return s
	case "ecl":
		return max(s, i)
	case "ecr":
		return min(s, i)
	case "rc16":
		return s&1*2 + i&1
	}
	return by >> (4 * i) & 15
}

// decodeLop3 decodes any function of three bits, given as the truth table in the last operand.
func decodeLop3(d *decoder, o *opcode) {
	if o.typ() != b32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in := inst{}
	in.d = d.result(b32)
	in.a = d.then(b32)
	in.b = d.then(b32)
	in.c = d.then(b32)
	d.expect(",")
	if in.imm = d.number(); in.imm > 0xFF {
		d.fail("a truth table of %d", in.imm)
	}
	in.exec = func(r []uint64, in *inst) {
		v := uint64(0)
		for i := range 8 {
			if in.imm>>i&1 == 0 {
				continue
			}
			term := uint64(0xFFFFFFFF)
			for place, word := range [3]uint64{r[in.c], r[in.b], r[in.a]} {
				if i>>place&1 == 0 {
					word = ^word
				}
				term &= word
			}
			v |= term
		}
		r[in.d] = v
	}
	d.emit(in)
}
