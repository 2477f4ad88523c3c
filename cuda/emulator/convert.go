package emulator

import (
	"math"
	"math/big"
)

var convertOps = map[string]func(d *decoder, o *opcode){
	"mov":      decodeMov,
	"cvt":      decodeCvt,
	"cvta":     decodeCvta,
	"isspacep": decodeIsSpace,
}

func move(r []uint64, in *inst) { r[in.d] = r[in.a] }

// decodeMov decodes a copy, or the packing and unpacking of a vector of narrower registers.
func decodeMov(d *decoder, o *opcode) {
	t := o.of(classBits, classUnsigned, classSigned, classFloat, classPredicate)
	if d.accept("{") {
		to, part := d.parts(t)
		d.expect(",")
		d.emit(inst{exec: unpack, more: to, a: d.source(t), mask: part.mask(), imm: uint64(part.bits)})
		return
	}
	in := inst{exec: move, mask: t.mask()}
	in.d = d.result(t)
	d.expect(",")
	if d.accept("{") {
		var part typ
		in.more, part = d.parts(t)
		in.exec, in.imm = pack, uint64(part.bits)
	} else {
		in.a = d.source(t)
	}
	d.emit(in)
}

// parts are the registers of a vector after its brace, which together are as wide as t, and the type of one.
func (d *decoder) parts(t typ) (slots []int32, part typ) {
	var seen typ
	any := func(_, r typ) bool {
		if seen.bits == 0 {
			seen = r
		}
		return r.bits == seen.bits && !r.predicate()
	}
	for d.err == nil {
		if d.peek().text == "_" {
			d.next()
			slots = append(slots, slotSink)
		} else {
			s, _ := d.register(b32, any)
			slots = append(slots, s)
		}
		if !d.accept(",") {
			break
		}
	}
	d.expect("}")
	part = typ{classBits, t.bits / max(len(slots), 1)}
	if seen.bits != part.bits || part.bits*len(slots) != t.bits || len(slots) != 2 && len(slots) != 4 {
		d.fail("a vector that is no %s", t)
		part = b32
	}
	return slots, part
}

func pack(r []uint64, in *inst) {
	v := uint64(0)
	for i, s := range in.more {
		v |= r[s] << (uint64(i) * in.imm)
	}
	r[in.d] = v
}

func unpack(r []uint64, in *inst) {
	v := r[in.a]
	for i, s := range in.more {
		r[s] = v >> (uint64(i) * in.imm) & in.mask
	}
}

// decodeCvt decodes conversions between integers and floats of any width.
func decodeCvt(d *decoder, o *opcode) {
	round := o.one("rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi")
	saturate, ftz := o.has("sat"), o.has("ftz")
	to, from := o.typ(), o.typ()
	in := inst{mask: to.mask(), shift: from.shift()}
	slot, register := d.register(to, typ.holds)
	in.d = slot
	d.expect(",")
	in.a = d.wide(from)
	whole := len(round) == 3
	known := !to.predicate() && !from.predicate() && to.class != classBits && from.class != classBits
	switch {
	case !known:
	case to.integer() && from.integer():
		known = round == "" && !ftz && !(saturate && within(from, to))
		in.exec = integerToInteger(to, from, register, saturate)
	case to.integer():
		known = whole
		in.exec = floatToInteger(to, from, register, round, ftz)
	case from.integer():
		known = round != "" && !whole && !ftz
		in.exec = integerToFloat(to, from, round, saturate)
	default:
		known = (to.bits < from.bits) == (round != "" && !whole) || to.bits == from.bits && (round == "" || whole)
		in.exec = floatToFloat(to, from, round, saturate, ftz)
	}
	if !known {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	d.emit(in)
}

// widen is what a register of a type holds after a value of type t was written: a signed value's sign fills it.
func widen(v uint64, t, register typ) uint64 {
	if t.signed() && register.bits > t.bits {
		return uint64(extend(v, t.shift())) & register.mask()
	}
	return v
}

// within reports whether every value of from is one of to: then there is nothing to saturate.
func within(from, to typ) bool {
	if from.signed() == to.signed() {
		return from.bits <= to.bits
	}
	return to.signed() && from.bits < to.bits
}

func integerToInteger(to, from, register typ, saturate bool) func(r []uint64, in *inst) {
	source := from.mask()
	switch {
	case !saturate && !from.signed() && !(to.signed() && register.bits > to.bits):
		return func(r []uint64, in *inst) { r[in.d] = r[in.a] & source & in.mask }
	case !saturate:
		return func(r []uint64, in *inst) {
			v := r[in.a] & source
			if from.signed() {
				v = uint64(extend(v, in.shift))
			}
			r[in.d] = widen(v&in.mask, to, register)
		}
	}
	low, high := new(big.Int), new(big.Int).SetUint64(to.mask())
	if to.signed() {
		high.Rsh(high, 1)
		low.Not(high)
	}
	return func(r []uint64, in *inst) {
		v := new(big.Int).SetUint64(r[in.a] & source)
		if from.signed() {
			v.SetInt64(extend(r[in.a], in.shift))
		}
		r[in.d] = widen(clamped(v, low, high)&in.mask, to, register)
	}
}

// clamped is v within bounds, as a word.
func clamped(v, low, high *big.Int) uint64 {
	if v.Cmp(low) < 0 {
		v = low
	}
	if v.Cmp(high) > 0 {
		v = high
	}
	if v.Sign() < 0 {
		return uint64(v.Int64())
	}
	return v.Uint64()
}

func rounded(v float64, round string) float64 {
	switch round[:2] {
	case "rn":
		return math.RoundToEven(v)
	case "rm":
		return math.Floor(v)
	case "rp":
		return math.Ceil(v)
	}
	return math.Trunc(v)
}

// floatToInteger clamps what does not fit; what is no number becomes 0, and in 64 bits the highest bit alone, as on cards.
func floatToInteger(to, from, register typ, round string, ftz bool) func(r []uint64, in *inst) {
	low, high := 0.0, math.Ldexp(1, to.bits)
	if to.signed() {
		low, high = -math.Ldexp(1, to.bits-1), math.Ldexp(1, to.bits-1)
	}
	return func(r []uint64, in *inst) {
		f := rounded(asFloat(r[in.a], from, ftz), round)
		var v uint64
		switch {
		case f != f:
			if from.bits == 64 || to.bits == 64 {
				v = 1 << (to.bits - 1)
			}
		case f >= high:
			v = in.mask
			if to.signed() {
				v >>= 1
			}
		case f <= low:
			v = uint64(int64(low)) & in.mask
		case f < 0:
			v = uint64(int64(f)) & in.mask
		default:
			v = uint64(f)
		}
		r[in.d] = widen(v, to, register)
	}
}

var bigModes = map[string]big.RoundingMode{"rn": big.ToNearestEven, "rz": big.ToZero, "rm": big.ToNegativeInf, "rp": big.ToPositiveInf}

func integerToFloat(to, from typ, round string, saturate bool) func(r []uint64, in *inst) {
	precision := uint(53)
	if to.bits == 32 {
		precision = 24
	}
	return func(r []uint64, in *inst) {
		b := new(big.Float).SetPrec(precision).SetMode(bigModes[round])
		if from.signed() {
			b.SetInt64(extend(r[in.a], in.shift))
		} else {
			b.SetUint64(r[in.a] & from.mask())
		}
		f, _ := b.Float64()
		r[in.d] = ofFloat(saturated(f, saturate), to)
	}
}

// saturated is v between 0 and 1, and 0 for what is no number.
func saturated(v float64, on bool) float64 {
	switch {
	case !on:
		return v
	case !(v > 0):
		return 0
	}
	return min(v, 1)
}

func ofFloat(v float64, t typ) uint64 {
	if t.bits == 32 {
		return ofSingle(v)
	}
	return math.Float64bits(v)
}

func floatToFloat(to, from typ, round string, saturate, ftz bool) func(r []uint64, in *inst) {
	return func(r []uint64, in *inst) {
		f := asFloat(r[in.a], from, ftz)
		if len(round) == 3 {
			f = rounded(f, round)
		}
		if to.bits < from.bits {
			f = narrowed(f, round)
		}
		v := ofFloat(saturated(f, saturate), to)
		if ftz && to.bits == 32 {
			v = flush(v)
		}
		r[in.d] = v
	}
}

// narrowed is v rounded to single precision.
func narrowed(v float64, round string) float64 {
	n := float32(v)
	w := float64(n)
	switch {
	case round == "rn" || v != v || math.IsInf(v, 0):
	case w > v && (round == "rm" || round == "rz" && v > 0):
		n = math.Nextafter32(n, float32(math.Inf(-1)))
	case w < v && (round == "rp" || round == "rz" && v < 0):
		n = math.Nextafter32(n, float32(math.Inf(1)))
	}
	return float64(n)
}

// The windows of the generic space. They lie above all addresses of processes, and their lower 32 bits are 0.
const (
	sharedWindow = 1 << 48
	localWindow  = sharedWindow + 1<<32
	constWindow  = sharedWindow + 2<<32
	moduleWindow = sharedWindow + 3<<32
)

var windows = map[string]uint64{"shared": sharedWindow, "local": localWindow, "const": constWindow, "global": 0}

// decodeCvta decodes what an address of a space is in the generic one, or the other way: then its lower 32 bits are what is left, whatever it was.
func decodeCvta(d *decoder, o *opcode) {
	back := o.has("to")
	space := o.one("shared", "local", "const", "global")
	t := o.of(classUnsigned)
	window, ok := windows[space]
	if !ok || t.bits != 64 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	exec := move
	switch {
	case space == "global":
	case back:
		exec = func(r []uint64, in *inst) { r[in.d] = uint64(uint32(r[in.a] - window)) }
	default:
		exec = func(r []uint64, in *inst) { r[in.d] = uint64(uint32(r[in.a])) + window }
	}
	d.two(t, exec)
}

// decodeIsSpace decodes whether a generic address lies in a window.
func decodeIsSpace(d *decoder, o *opcode) {
	space := o.one("shared", "local", "const", "global")
	window, ok := windows[space]
	if !ok {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in := inst{}
	in.d = d.result(predicate)
	in.a = d.then(b64)
	in.exec = func(r []uint64, in *inst) {
		at := r[in.a] &^ (1<<32 - 1)
		if window == 0 {
			r[in.d] = truth(at < sharedWindow || at == moduleWindow)
		} else {
			r[in.d] = truth(at == window)
		}
	}
	d.emit(in)
}
