package emulator

import "strconv"

// class is the kind of values of a type.
type class uint8

const (
	classBits class = iota
	classUnsigned
	classSigned
	classFloat
	classPredicate
)

// typ is a type of PTX. The zero value is none.
type typ struct {
	class class
	bits  int // 1 for predicates
}

var (
	predicate = typ{classPredicate, 1}
	u32       = typ{classUnsigned, 32}
	b32       = typ{classBits, 32}
	b64       = typ{classBits, 64}
)

// typeOf is the type of that name, without its dot.
func typeOf(name string) (typ, bool) {
	if name == "pred" {
		return predicate, true
	}
	if len(name) < 2 {
		return typ{}, false
	}
	var c class
	switch name[0] {
	case 'b':
		c = classBits
	case 'u':
		c = classUnsigned
	case 's':
		c = classSigned
	case 'f':
		c = classFloat
	default:
		return typ{}, false
	}
	switch name[1:] {
	case "8":
		return typ{c, 8}, c != classFloat
	case "16":
		return typ{c, 16}, c != classFloat
	case "32":
		return typ{c, 32}, true
	case "64":
		return typ{c, 64}, true
	}
	return typ{}, false
}

// String is the name with its dot.
func (t typ) String() string {
	if t.class == classPredicate {
		return ".pred"
	}
	return "." + "busf"[t.class:t.class+1] + strconv.Itoa(t.bits)
}

func (t typ) bytes() int      { return t.bits / 8 }
func (t typ) integer() bool   { return t.class == classUnsigned || t.class == classSigned }
func (t typ) signed() bool    { return t.class == classSigned }
func (t typ) float() bool     { return t.class == classFloat }
func (t typ) predicate() bool { return t.class == classPredicate }

// mask has the bits of a value.
func (t typ) mask() uint64 { return ^uint64(0) >> (64 - t.bits) }

// shift is by how much a value is shifted left so that its sign is a word's.
func (t typ) shift() uint8 { return uint8(64 - t.bits) }

// takes reports whether a register of type r may be an operand where an instruction says t.
func (t typ) takes(r typ) bool {
	if t.bits != r.bits || t.predicate() != r.predicate() {
		return false
	}
	return t.class == r.class || t.class == classBits || r.class == classBits || t.integer() && r.integer()
}

// holds reports whether a register of type r may take, or give, a value of t in a load, a store or a conversion: it may be wider.
func (t typ) holds(r typ) bool {
	if t.predicate() || r.predicate() || r.bits < t.bits {
		return false
	}
	if t.float() || r.float() {
		return t.takes(r)
	}
	return true
}

// extend is v, of a signed type with that shift, as a word.
func extend(v uint64, shift uint8) int64 { return int64(v<<(shift&63)) >> (shift & 63) }
