package emulator

import (
	"math"
	"math/bits"
	"strings"
)

var arithmeticOps = map[string]func(d *decoder, o *opcode){
	"add":  func(d *decoder, o *opcode) { d.sum(o, floatAdd, add, addCarryOut) },
	"sub":  func(d *decoder, o *opcode) { d.sum(o, floatSub, sub, subCarryOut) },
	"addc": func(d *decoder, o *opcode) { d.carried(o, addCarryIn, addCarryBoth) },
	"subc": func(d *decoder, o *opcode) { d.carried(o, subCarryIn, subCarryBoth) },
	"mul":  func(d *decoder, o *opcode) { d.product(o, false, false) },
	"mad":  func(d *decoder, o *opcode) { d.product(o, true, false) },
	"madc": func(d *decoder, o *opcode) { d.product(o, true, true) },
	"fma":  decodeFMA,
	"div":  func(d *decoder, o *opcode) { d.quotient(o, divSigned, divUnsigned) },
	"rem":  func(d *decoder, o *opcode) { d.quotient(o, remSigned, remUnsigned) },
	"neg":  func(d *decoder, o *opcode) { d.signed(o, floatNeg, neg) },
	"abs":  func(d *decoder, o *opcode) { d.signed(o, floatAbs, abs) },
	"min":  func(d *decoder, o *opcode) { d.extreme(o, floatMin, minSigned, minUnsigned) },
	"max":  func(d *decoder, o *opcode) { d.extreme(o, floatMax, maxSigned, maxUnsigned) },
	"sad":  decodeSAD,
}

// sum decodes add and sub.
func (d *decoder) sum(o *opcode, float floatOp, plain, carry func(r []uint64, in *inst)) {
	t := o.of(classUnsigned, classSigned, classFloat)
	switch {
	case t.float():
		d.float(o, t, float)
	case o.has("cc"):
		d.checkCarry(o, t)
		d.three(t, carry)
	case o.has("sat"):
		if t != (typ{classSigned, 32}) {
			d.failAt(d.opLine, "%s is not known", o.text)
		}
		less := strings.HasPrefix(o.text, "sub")
		d.three(t, func(r []uint64, in *inst) {
			a, b := extend(r[in.a], in.shift), extend(r[in.b], in.shift)
			if less {
				b = -b
			}
			r[in.d] = uint64(max(min(a+b, math.MaxInt32), math.MinInt32)) & in.mask
		})
	default:
		d.three(t, plain)
	}
}

// carried decodes addc and subc.
func (d *decoder) carried(o *opcode, plain, carry func(r []uint64, in *inst)) {
	t := o.of(classUnsigned, classSigned)
	d.checkCarry(o, t)
	if o.has("cc") {
		plain = carry
	}
	d.three(t, plain)
}

func (d *decoder) checkCarry(o *opcode, t typ) {
	if t.bits < 32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
}

func add(r []uint64, in *inst) { r[in.d] = (r[in.a] + r[in.b]) & in.mask }
func sub(r []uint64, in *inst) { r[in.d] = (r[in.a] - r[in.b]) & in.mask }

// plus adds with a carry, in the width that mask has; minus subtracts with a borrow.
func plus(a, b, carry, mask uint64) (v, out uint64) {
	v, out = bits.Add64(a, b, carry)
	if mask != ^uint64(0) {
		out = v >> 32
	}
	return v & mask, out
}

func minus(a, b, borrow, mask uint64) (v, out uint64) {
	v, out = bits.Sub64(a, b, borrow)
	return v & mask, out
}

func addCarryOut(r []uint64, in *inst) { r[in.d], r[slotCarry] = plus(r[in.a], r[in.b], 0, in.mask) }
func addCarryIn(r []uint64, in *inst)  { r[in.d], _ = plus(r[in.a], r[in.b], r[slotCarry], in.mask) }
func addCarryBoth(r []uint64, in *inst) {
	r[in.d], r[slotCarry] = plus(r[in.a], r[in.b], r[slotCarry], in.mask)
}
func subCarryOut(r []uint64, in *inst) { r[in.d], r[slotCarry] = minus(r[in.a], r[in.b], 0, in.mask) }
func subCarryIn(r []uint64, in *inst)  { r[in.d], _ = minus(r[in.a], r[in.b], r[slotCarry], in.mask) }
func subCarryBoth(r []uint64, in *inst) {
	r[in.d], r[slotCarry] = minus(r[in.a], r[in.b], r[slotCarry], in.mask)
}

// product decodes mul, mad (with a third operand) and madc (with the carry besides).
func (d *decoder) product(o *opcode, sum, carryIn bool) {
	part := o.one("lo", "hi", "wide")
	t := o.of(classUnsigned, classSigned, classFloat)
	if t.float() {
		if sum {
			d.fma(o, t)
		} else {
			d.float(o, t, floatMul)
		}
		return
	}
	in := inst{mask: t.mask(), shift: t.shift()}
	out := t
	var times func(a, b uint64, in *inst) uint64
	switch {
	case part == "lo":
		times = mulLow
	case part == "hi" && t.signed():
		times = mulHighSigned
	case part == "hi":
		times = mulHighUnsigned
	case part == "wide" && t.bits <= 32:
		out.bits = 2 * t.bits
		in.mask = out.mask()
		times = mulLow
		if t.signed() {
			times = func(a, b uint64, in *inst) uint64 {
				return uint64(extend(a, in.shift)*extend(b, in.shift)) & in.mask
			}
		}
	default:
		d.failAt(d.opLine, "%s is not known", o.text)
		return
	}
	in.d = d.result(out)
	in.a = d.then(t)
	in.b = d.then(t)
	carryOut := o.has("cc")
	switch {
	case !sum && part == "lo":
		in.exec = func(r []uint64, in *inst) { r[in.d] = r[in.a] * r[in.b] & in.mask }
	case !sum && part == "wide" && !t.signed():
		in.exec = func(r []uint64, in *inst) { r[in.d] = r[in.a] * r[in.b] }
	case !sum:
		in.exec = func(r []uint64, in *inst) { r[in.d] = times(r[in.a], r[in.b], in) }
	case !carryIn && !carryOut:
		in.exec = func(r []uint64, in *inst) { r[in.d] = (times(r[in.a], r[in.b], in) + r[in.c]) & in.mask }
	default:
		in.exec = func(r []uint64, in *inst) {
			carry := uint64(0)
			if carryIn {
				carry = r[slotCarry]
			}
			v, out := plus(times(r[in.a], r[in.b], in), r[in.c], carry, in.mask)
			r[in.d] = v
			if carryOut {
				r[slotCarry] = out
			}
		}
	}
	if sum {
		in.c = d.then(out)
	}
	if (carryIn || carryOut) && (part == "wide" || t.bits < 32 || !sum) {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	d.emit(in)
}

func mulLow(a, b uint64, in *inst) uint64 { return a * b & in.mask }

func mulHighUnsigned(a, b uint64, in *inst) uint64 {
	hi, lo := bits.Mul64(a, b)
	if in.shift != 0 {
		return lo >> (64 - in.shift)
	}
	return hi
}

func mulHighSigned(a, b uint64, in *inst) uint64 {
	if in.shift != 0 {
		return uint64(extend(a, in.shift)*extend(b, in.shift)>>(64-in.shift)) & in.mask
	}
	hi, _ := bits.Mul64(a, b)
	if int64(a) < 0 {
		hi -= b
	}
	if int64(b) < 0 {
		hi -= a
	}
	return hi
}

// quotient decodes div and rem.
func (d *decoder) quotient(o *opcode, signed, unsigned func(a, b uint64, shift uint8) uint64) {
	rem := o.text[0] == 'r'
	t := o.of(classUnsigned, classSigned, classFloat)
	if t.float() && !rem {
		d.float(o, t, floatDiv)
		return
	}
	if t.float() {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	divide := unsigned
	if t.signed() {
		divide = signed
	}
	d.three(t, func(r []uint64, in *inst) { r[in.d] = divide(r[in.a], r[in.b], in.shift) & in.mask })
}

// A division by zero gives nothing that is specified: all bits, and the dividend as remainder, as cards do.

func divUnsigned(a, b uint64, _ uint8) uint64 {
	if b == 0 {
		return ^uint64(0)
	}
	return a / b
}

func remUnsigned(a, b uint64, _ uint8) uint64 {
	if b == 0 {
		return a
	}
	return a % b
}

func divSigned(a, b uint64, shift uint8) uint64 {
	if b == 0 {
		return ^uint64(0)
	}
	return uint64(extend(a, shift) / extend(b, shift))
}

func remSigned(a, b uint64, shift uint8) uint64 {
	if b == 0 {
		return a
	}
	return uint64(extend(a, shift) % extend(b, shift))
}

// signed decodes neg and abs.
func (d *decoder) signed(o *opcode, float func(v float64) float64, plain func(r []uint64, in *inst)) {
	t := o.of(classSigned, classFloat)
	if t.float() {
		d.floatUnary(o, t, float)
		return
	}
	d.two(t, plain)
}

func neg(r []uint64, in *inst) { r[in.d] = -r[in.a] & in.mask }

func abs(r []uint64, in *inst) {
	v := extend(r[in.a], in.shift)
	if v < 0 {
		v = -v
	}
	r[in.d] = uint64(v) & in.mask
}

// extreme decodes min and max.
func (d *decoder) extreme(o *opcode, float floatOp, signed, unsigned func(r []uint64, in *inst)) {
	t := o.of(classUnsigned, classSigned, classFloat)
	switch {
	case t.float():
		d.float(o, t, float)
	case t.signed():
		d.three(t, signed)
	default:
		d.three(t, unsigned)
	}
}

func minUnsigned(r []uint64, in *inst) { r[in.d] = min(r[in.a], r[in.b]) }
func maxUnsigned(r []uint64, in *inst) { r[in.d] = max(r[in.a], r[in.b]) }

func minSigned(r []uint64, in *inst) {
	r[in.d] = uint64(min(extend(r[in.a], in.shift), extend(r[in.b], in.shift))) & in.mask
}

func maxSigned(r []uint64, in *inst) {
	r[in.d] = uint64(max(extend(r[in.a], in.shift), extend(r[in.b], in.shift))) & in.mask
}

// decodeSAD decodes c + |a - b|.
func decodeSAD(d *decoder, o *opcode) {
	t := o.of(classUnsigned, classSigned)
	in := inst{mask: t.mask(), shift: t.shift()}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(t)
	in.c = d.then(t)
	signed := t.signed()
	in.exec = func(r []uint64, in *inst) {
		a, b := r[in.a], r[in.b]
		if signed && extend(a, in.shift) < extend(b, in.shift) || !signed && a < b {
			a, b = b, a
		}
		r[in.d] = (r[in.c] + a - b) & in.mask
	}
	d.emit(in)
}
