package emulator

import "strings"

// opcode is the first word of an instruction: its name and its modifiers, of which each must be asked for by who decodes it.
type opcode struct {
	d    *decoder
	text string
	mods []string
}

// has takes a modifier.
func (o *opcode) has(mod string) bool {
	for i, m := range o.mods {
		if m == mod {
			o.mods[i] = ""
			return true
		}
	}
	return false
}

// one takes the modifier that is there of some, "" when there is none.
func (o *opcode) one(of ...string) string {
	for _, m := range of {
		if o.has(m) {
			return m
		}
	}
	return ""
}

// typ takes the next type; it must be there.
func (o *opcode) typ() typ {
	for i, m := range o.mods {
		if t, ok := typeOf(m); ok {
			o.mods[i] = ""
			return t
		}
	}
	o.d.failAt(o.d.opLine, "%s has no type", o.text)
	return typ{classUnsigned, 32}
}

// of takes the next type, which must be of one of the classes, and of 16 bits or more.
func (o *opcode) of(classes ...class) typ {
	t := o.typ()
	for _, c := range classes {
		if t.class == c && (t.bits >= 16 || c == classPredicate) {
			return t
		}
	}
	o.d.failAt(o.d.opLine, "%s is not known", o.text)
	return typ{classUnsigned, 32}
}

// decoders has who decodes the instructions of a name.
var decoders map[string]func(d *decoder, o *opcode)

func init() {
	decoders = map[string]func(d *decoder, o *opcode){}
	for _, table := range []map[string]func(d *decoder, o *opcode){arithmeticOps, bitOps, compareOps, convertOps, memoryOps, controlOps} {
		for name, f := range table {
			decoders[name] = f
		}
	}
}

// instruction decodes an instruction after its first word.
func (d *decoder) instruction(w string) {
	parts := strings.Split(w, ".")
	f := decoders[parts[0]]
	if f == nil {
		d.failAt(d.opLine, "instruction %s is not known", w)
		return
	}
	o := &opcode{d: d, text: w, mods: parts[1:]}
	f(d, o)
	for _, m := range o.mods {
		if m != "" {
			d.failAt(d.opLine, "instruction %s: .%s is not known", w, m)
		}
	}
	d.expect(";")
}

// three decodes d, a, b of one type.
func (d *decoder) three(t typ, exec func(r []uint64, in *inst)) {
	in := inst{exec: exec, mask: t.mask(), shift: t.shift()}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(t)
	d.emit(in)
}

// two decodes d, a of one type.
func (d *decoder) two(t typ, exec func(r []uint64, in *inst)) {
	in := inst{exec: exec, mask: t.mask(), shift: t.shift()}
	in.d = d.result(t)
	in.a = d.then(t)
	d.emit(in)
}
