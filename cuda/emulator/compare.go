package emulator

// compare is a comparison of two words; shift is that of signed ones.
type compare func(a, b uint64, shift uint8) bool

var compareOps = map[string]func(d *decoder, o *opcode){
	"setp": decodeSetP,
	"set":  decodeSet,
	"selp": decodeSelP,
	"slct": decodeSlct,
}

var unsignedCompare = map[string]compare{
	"eq": func(a, b uint64, _ uint8) bool { return a == b },
	"ne": func(a, b uint64, _ uint8) bool { return a != b },
	"lt": func(a, b uint64, _ uint8) bool { return a < b },
	"le": func(a, b uint64, _ uint8) bool { return a <= b },
	"gt": func(a, b uint64, _ uint8) bool { return a > b },
	"ge": func(a, b uint64, _ uint8) bool { return a >= b },
	"lo": func(a, b uint64, _ uint8) bool { return a < b },
	"ls": func(a, b uint64, _ uint8) bool { return a <= b },
	"hi": func(a, b uint64, _ uint8) bool { return a > b },
	"hs": func(a, b uint64, _ uint8) bool { return a >= b },
}

var signedCompare = map[string]compare{
	"eq": unsignedCompare["eq"],
	"ne": unsignedCompare["ne"],
	"lt": func(a, b uint64, shift uint8) bool { return extend(a, shift) < extend(b, shift) },
	"le": func(a, b uint64, shift uint8) bool { return extend(a, shift) <= extend(b, shift) },
	"gt": func(a, b uint64, shift uint8) bool { return extend(a, shift) > extend(b, shift) },
	"ge": func(a, b uint64, shift uint8) bool { return extend(a, shift) >= extend(b, shift) },
}

// floatCompare has a comparison and whether it holds where one side is no number.
var floatCompare = map[string]struct {
	test      func(a, b float64) bool
	unordered bool
}{
	"eq": {func(a, b float64) bool { return a == b }, false}, "equ": {func(a, b float64) bool { return a == b }, true},
	"ne": {func(a, b float64) bool { return a != b }, false}, "neu": {func(a, b float64) bool { return a != b }, true},
	"lt": {func(a, b float64) bool { return a < b }, false}, "ltu": {func(a, b float64) bool { return a < b }, true},
	"le": {func(a, b float64) bool { return a <= b }, false}, "leu": {func(a, b float64) bool { return a <= b }, true},
	"gt": {func(a, b float64) bool { return a > b }, false}, "gtu": {func(a, b float64) bool { return a > b }, true},
	"ge": {func(a, b float64) bool { return a >= b }, false}, "geu": {func(a, b float64) bool { return a >= b }, true},
	"num": {func(a, b float64) bool { return true }, false}, "nan": {func(a, b float64) bool { return false }, true},
}

// comparison takes the comparison and, as the second one of types where result says that the first one is the result's, the type compared.
func (d *decoder) comparison(o *opcode, result bool) (name string, combine func(v, p uint64) uint64, out, t typ, test compare) {
	name = o.one("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan")
	switch o.one("and", "or", "xor") {
	case "and":
		combine = func(v, p uint64) uint64 { return v & p }
	case "or":
		combine = func(v, p uint64) uint64 { return v | p }
	case "xor":
		combine = func(v, p uint64) uint64 { return v ^ p }
	}
	ftz := o.has("ftz")
	if result {
		out = o.of(classBits, classUnsigned, classSigned, classFloat)
	}
	t = o.of(classBits, classUnsigned, classSigned, classFloat)
	switch {
	case t.float():
		if f, ok := floatCompare[name]; ok {
			test = func(a, b uint64, _ uint8) bool {
				x, y := asFloat(a, t, ftz), asFloat(b, t, ftz)
				if x != x || y != y {
					return f.unordered
				}
				return f.test(x, y)
			}
		}
	case t.signed():
		test = signedCompare[name]
	case t.class == classBits:
		if name == "eq" || name == "ne" {
			test = unsignedCompare[name]
		}
	default:
		test = unsignedCompare[name]
	}
	if test == nil || ftz && !t.float() || out.bits != 0 && out.bits != 32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	return name, combine, out, t, test
}

func asFloat(v uint64, t typ, ftz bool) float64 {
	switch {
	case t.bits == 64:
		return double(v)
	case ftz:
		return single(flush(v))
	}
	return single(v)
}

// quick are the comparisons that most instructions are, without a call.
var quick = map[string]func(r []uint64, in *inst){
	"eq":  func(r []uint64, in *inst) { r[in.d] = truth(r[in.a] == r[in.b]) },
	"ne":  func(r []uint64, in *inst) { r[in.d] = truth(r[in.a] != r[in.b]) },
	"ltu": func(r []uint64, in *inst) { r[in.d] = truth(r[in.a] < r[in.b]) },
	"leu": func(r []uint64, in *inst) { r[in.d] = truth(r[in.a] <= r[in.b]) },
	"gtu": func(r []uint64, in *inst) { r[in.d] = truth(r[in.a] > r[in.b]) },
	"geu": func(r []uint64, in *inst) { r[in.d] = truth(r[in.a] >= r[in.b]) },
}

// decodeSetP decodes setp: one result or two, the second of the inverted comparison, each combined with a predicate if there is one.
func decodeSetP(d *decoder, o *opcode) {
	name, combine, _, t, test := d.comparison(o, false)
	in := inst{mask: 1, shift: t.shift(), compare: test, e: slotSink, c: slotOne}
	in.d = d.result(predicate)
	two := d.accept("|")
	if two {
		in.e = d.result(predicate)
	}
	in.a = d.then(t)
	in.b = d.then(t)
	if combine != nil {
		d.expect(",")
		in.c = d.condition(&in)
	}
	if t.class == classUnsigned && name != "eq" && name != "ne" {
		name += "u"
	}
	switch {
	case combine == nil && !two && !t.float() && quick[name] != nil:
		in.exec = quick[name]
	case combine == nil && !two:
		in.exec = func(r []uint64, in *inst) { r[in.d] = truth(in.compare(r[in.a], r[in.b], in.shift)) }
	case combine == nil:
		in.exec = func(r []uint64, in *inst) {
			v := truth(in.compare(r[in.a], r[in.b], in.shift))
			r[in.d], r[in.e] = v, v^1
		}
	default:
		in.exec = func(r []uint64, in *inst) {
			v, p := truth(in.compare(r[in.a], r[in.b], in.shift)), r[in.c]
			if in.flags&flagNegate != 0 {
				p ^= 1
			}
			r[in.d], r[in.e] = combine(v, p), combine(v^1, p)
		}
	}
	d.emit(in)
}

// decodeSet decodes set: all bits, or 1.0, where the comparison holds.
func decodeSet(d *decoder, o *opcode) {
	_, combine, out, t, test := d.comparison(o, true)
	in := inst{shift: t.shift(), compare: test, c: slotOne, imm: out.mask()}
	if out.float() {
		in.imm = 0x3F800000
	}
	in.d = d.result(out)
	in.a = d.then(t)
	in.b = d.then(t)
	if combine != nil {
		d.expect(",")
		in.c = d.condition(&in)
	}
	in.exec = func(r []uint64, in *inst) {
		v := truth(in.compare(r[in.a], r[in.b], in.shift))
		if combine != nil {
			v = combine(v, r[in.c]^truth(in.flags&flagNegate != 0))
		}
		r[in.d] = -v & in.imm
	}
	d.emit(in)
}

func decodeSelP(d *decoder, o *opcode) {
	t := o.of(classBits, classUnsigned, classSigned, classFloat)
	in := inst{}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(t)
	in.c = d.then(predicate)
	in.exec = func(r []uint64, in *inst) {
		v := r[in.b]
		if r[in.c] != 0 {
			v = r[in.a]
		}
		r[in.d] = v
	}
	d.emit(in)
}

// decodeSlct decodes the choice by a sign: a where c is 0 or more, b where it is less or no number.
func decodeSlct(d *decoder, o *opcode) {
	ftz := o.has("ftz")
	t, by := o.of(classBits, classUnsigned, classSigned, classFloat), o.of(classSigned, classFloat)
	if by.bits != 32 {
		d.failAt(d.opLine, "%s is not known", o.text)
	}
	in := inst{shift: by.shift()}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(t)
	in.c = d.then(by)
	in.exec = func(r []uint64, in *inst) {
		take := extend(r[in.c], in.shift) >= 0
		if by.float() {
			take = asFloat(r[in.c], by, ftz) >= 0
		}
		if take {
			r[in.d] = r[in.a]
		} else {
			r[in.d] = r[in.b]
		}
	}
	d.emit(in)
}
