package emulator

import "strings"

// space is where an address is valid.
type space uint8

const (
	spaceGeneric space = iota
	spaceGlobal
	spaceShared
	spaceLocal
	spaceParam
	spaceConst
)

var memoryOps = map[string]func(d *decoder, o *opcode){
	"ld":        func(d *decoder, o *opcode) { d.access(o, false) },
	"ldu":       func(d *decoder, o *opcode) { d.access(o, false) },
	"st":        func(d *decoder, o *opcode) { d.access(o, true) },
	"atom":      func(d *decoder, o *opcode) { d.atomic(o, true) },
	"red":       func(d *decoder, o *opcode) { d.atomic(o, false) },
	"prefetch":  decodePrefetch,
	"prefetchu": decodePrefetch,
}

// space takes the space of an access.
func (o *opcode) space() space {
	switch o.one("global", "shared", "shared::cta", "local", "param", "const") {
	case "global":
		return spaceGlobal
	case "shared", "shared::cta":
		return spaceShared
	case "local":
		return spaceLocal
	case "param":
		return spaceParam
	case "const":
		return spaceConst
	}
	return spaceGeneric
}

// order takes modifiers of order and scope: whether others may race with the access, whether it comes after all
// stores before it, and whether all loads behind it come later.
func (o *opcode) order() (f flags) {
	switch o.one("volatile", "relaxed", "acquire", "release", "acq_rel", "mmio") {
	case "":
	case "release":
		f = flagStrong | flagRelease
	case "acquire":
		f = flagStrong | flagAcquire
	case "acq_rel":
		f = flagStrong | flagRelease | flagAcquire
	default:
		f = flagStrong
	}
	o.one("cta", "gpu", "sys", "cluster")
	return f
}

// hints takes what is only about caches.
func (o *opcode) hints() {
	o.one("ca", "cg", "cs", "lu", "cv", "wb", "wt")
	o.has("nc")
	for i, m := range o.mods {
		if strings.HasPrefix(m, "L1::") || strings.HasPrefix(m, "L2::") {
			o.mods[i] = ""
		}
	}
}

// access decodes loads and stores.
func (d *decoder) access(o *opcode, store bool) {
	in := inst{name: o.text, kind: kindLoad}
	if store {
		in.kind = kindStore
	}
	o.has("weak")
	in.flags |= o.order()
	in.space = o.space()
	o.hints()
	vector := o.one("v2", "v4")
	t := o.typ()
	if t.predicate() {
		d.failAt(d.opLine, "%s is not known", o.text)
		return
	}
	in.size, in.mask, in.shift = uint8(t.bytes()), t.mask(), t.shift()
	if store {
		d.address(&in)
		d.expect(",")
	}
	var register typ
	fits := typ.holds
	one := func() (slot int32) {
		if store {
			return d.operand(t, func(t, r typ) bool { register = r; return fits(t, r) })
		}
		slot, register = d.register(t, fits)
		return slot
	}
	if vector == "" {
		in.d = one()
	} else {
		d.expect("{")
		n := int(vector[1] - '0')
		for i := range n {
			if i > 0 {
				d.expect(",")
			}
			in.more = append(in.more, one())
			if first := register; i == 0 && first.bits > 0 { // all of a vector are alike
				fits = func(t, r typ) bool { return r == first && t.holds(r) }
			}
		}
		d.expect("}")
		in.kind = kindVector
		if store {
			in.flags |= flagStore
		}
		if n*t.bits > 128 {
			d.failAt(d.opLine, "%s is not known", o.text)
		}
	}
	if !store {
		d.expect(",")
		d.address(&in)
		if t.signed() && register.bits > t.bits {
			in.flags |= flagSigned
			in.mask = register.mask()
		}
	}
	if store && (in.space == spaceConst || in.space == spaceParam) {
		d.failAt(d.opLine, "%s: nothing is stored there", o.text)
	}
	d.emit(in)
}

// combiners are what atomics make of an old value and their operand.
var combiners = map[string]func(old, v, v2 uint64, in *inst) uint64{
	"add":  func(old, v, _ uint64, in *inst) uint64 { return (old + v) & in.mask },
	"and":  func(old, v, _ uint64, _ *inst) uint64 { return old & v },
	"or":   func(old, v, _ uint64, _ *inst) uint64 { return old | v },
	"xor":  func(old, v, _ uint64, _ *inst) uint64 { return old ^ v },
	"exch": func(_, v, _ uint64, _ *inst) uint64 { return v },
	"cas": func(old, v, v2 uint64, _ *inst) uint64 {
		if old == v {
			return v2
		}
		return old
	},
	"inc": func(old, v, _ uint64, _ *inst) uint64 {
		if old >= v {
			return 0
		}
		return old + 1
	},
	"dec": func(old, v, _ uint64, _ *inst) uint64 {
		if old == 0 || old > v {
			return v
		}
		return old - 1
	},
	"min": func(old, v, _ uint64, _ *inst) uint64 { return min(old, v) },
	"max": func(old, v, _ uint64, _ *inst) uint64 { return max(old, v) },
}

// atomic decodes atom, whose old value is a result, and red, which has none.
func (d *decoder) atomic(o *opcode, result bool) {
	in := inst{name: o.text, kind: kindAtomic, flags: flagStrong, d: slotSink}
	if result {
		in.flags |= flagResult
	}
	in.flags |= o.order()
	in.space = o.space()
	o.has("noftz")
	op := o.one("add", "and", "or", "xor", "exch", "cas", "inc", "dec", "min", "max")
	o.hints()
	t := o.typ()
	in.combine = combiners[op]
	known := false
	switch op {
	case "add":
		known = t.class != classBits && !(t.signed() && t.bits == 64)
		if t.float() {
			in.combine = func(old, v, _ uint64, _ *inst) uint64 { return ofFloat(asFloat(old, t, false)+asFloat(v, t, false), t) }
		}
	case "inc", "dec":
		known = t == u32
	case "and", "or", "xor":
		known = t.class == classBits
	case "exch", "cas":
		known = t.class == classBits && result
	case "min", "max":
		known = t.integer()
		if t.signed() {
			greater := op == "max"
			in.combine = func(old, v, _ uint64, in *inst) uint64 {
				if (extend(v, in.shift) > extend(old, in.shift)) == greater {
					return v
				}
				return old
			}
		}
	}
	if !known || t.bits < 32 && !(op == "cas" && t.bits == 16) {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in.size, in.mask, in.shift = uint8(t.bytes()), t.mask(), t.shift()
	if result {
		in.d = d.result(t)
		d.expect(",")
	}
	d.address(&in)
	if in.space == spaceLocal || in.space == spaceParam || in.space == spaceConst {
		d.failAt(d.opLine, "%s: nothing is shared there", o.text)
	}
	in.b = d.then(t)
	in.c = slotZero
	if op == "cas" {
		in.c = d.then(t)
	}
	d.emit(in)
}

// decodePrefetch decodes a hint: any address may be named, even one of no memory.
func decodePrefetch(d *decoder, o *opcode) {
	in := inst{name: o.text, exec: func([]uint64, *inst) {}}
	in.space = o.space()
	if o.one("L1", "L2", "L2::evict_last", "L2::evict_normal") == "" {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	d.address(&in)
	d.emit(in)
}
