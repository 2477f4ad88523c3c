package codegen

import (
	"math"

	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// short reports whether a value fits 32 bits, with its sign.
func short(v *value) bool { return v.bits <= 32 }

// arithmetic computes with words. What cannot overflow by the operands' bits is not checked.
func (g *gen) arithmetic(op opcode.Op, a, b *value) *value {
	switch op {
	case opcode.Rsub:
		return g.arithmetic(opcode.Sub, b, a)
	case opcode.Rdiv:
		return g.arithmetic(opcode.Div, b, a)
	case opcode.Rmod:
		return g.arithmetic(opcode.Mod, b, a)
	case opcode.Div, opcode.Mod:
		return g.divide(op == opcode.Mod, a, b)
	case opcode.Mul:
		return g.multiply(a, b)
	}
	name := "add"
	if op == opcode.Sub {
		name = "sub"
	}
	need := max(a.bits, b.bits) + 1
	v := g.like(min(need, 64), a, b)
	if need <= 32 {
		for r := range g.rows {
			v.narrow[r] = g.do32(name+".s32", g.low32(a, r), g.low32(b, r))
		}
		return v
	}
	return g.each(v, func(r int) string {
		x, y := g.lo(a, r), g.lo(b, r)
		z := g.do64(name+".s64", x, y)
		if need > 64 {
			// The sign of what may not be: of both operands of a sum, and not the result; of a difference's first, and neither of the others.
			p, q := g.do64("xor.b64", x, z), g.do64("xor.b64", y, z)
			if op == opcode.Sub {
				q = g.do64("xor.b64", x, y)
			}
			g.bad(v, r, g.setp("lt.s64", g.do64("and.b64", p, q), "0"))
		}
		return z
	})
}

func (g *gen) multiply(a, b *value) *value {
	need := a.bits + b.bits
	v := g.like(min(need, 64), a, b)
	if need <= 32 {
		for r := range g.rows {
			v.narrow[r] = g.do32("mul.lo.s32", g.low32(a, r), g.low32(b, r))
		}
		return v
	}
	return g.each(v, func(r int) string {
		if short(a) && short(b) {
			return g.do64("mul.wide.s32", g.low32(a, r), g.low32(b, r))
		}
		x, y := g.lo(a, r), g.lo(b, r)
		z := g.do64("mul.lo.s64", x, y)
		if need > 64 {
			g.bad(v, r, g.setp("ne.s64", g.do64("mul.hi.s64", x, y), g.do64("shr.s64", z, "63")))
		}
		return z
	})
}

// divide is the quotient, or the rest. What the operator does with -1 depends on nothing but the dividend.
func (g *gen) divide(rest bool, a, b *value) *value {
	v := g.like(64, a, b)
	return g.each(v, func(r int) string {
		x, y := g.lo(a, r), g.lo(b, r)
		zero, minus := g.setp("eq.s64", y, "0"), g.setp("eq.s64", y, "-1")
		wrong := zero
		if !rest {
			wrong = g.or(wrong, g.setpAnd("eq.s64", x, word(1<<63), minus))
		}
		g.bad(v, r, wrong)
		by := g.sel64(g.or(zero, minus), "1", y)
		if rest {
			return g.do64("rem.s64", x, by)
		}
		return g.sel64(minus, g.do64("neg.s64", x), g.do64("div.s64", x, by))
	})
}

// sign negates, or takes the absolute value.
func (g *gen) sign(op opcode.Op, a *value) *value {
	v := g.like(min(a.bits+1, 64), a)
	name := "neg"
	if op == opcode.Abs {
		name = "abs"
	}
	if a.bits < 32 {
		for r := range g.rows {
			v.narrow[r] = g.do32(name+".s32", g.low32(a, r))
		}
		return v
	}
	return g.each(v, func(r int) string {
		x := g.lo(a, r)
		if a.bits == 64 {
			g.bad(v, r, g.setp("eq.s64", x, word(1<<63)))
		}
		return g.do64(name+".s64", x)
	})
}

// inRange is trouble unless a value is between two.
func (g *gen) inRange(v *value, least, most int64) {
	if edge := int64(1) << (v.bits - 1); v.bits < 64 && least <= -edge && most >= edge-1 {
		return
	}
	for r := range g.rows {
		x := g.lo(v, r)
		wrong := no
		if least != math.MinInt64 {
			wrong = g.setp("lt.s64", x, word(uint64(least)))
		}
		if most != math.MaxInt64 {
			wrong = g.or(wrong, g.setp("gt.s64", x, word(uint64(most))))
		}
		g.bad(v, r, wrong)
	}
}

// comparisons are the operators in the order of their instructions.
var comparisons = [...]string{"eq", "ne", "lt", "le", "gt", "ge"}

func (g *gen) compare(k int, a, b *value) *value {
	return g.boolean(g.like(2, a, b), func(r int) string {
		if short(a) && short(b) {
			return g.setp(comparisons[k]+".s32", g.low32(a, r), g.low32(b, r))
		}
		return g.setp(comparisons[k]+".s64", g.lo(a, r), g.lo(b, r))
	})
}

// longSet is from how many values on a set is searched instead of compared with one by one.
const longSet = 12

// inSet tells whether a value is among the ascending constants from at on.
func (g *gen) inSet(v *value, at, n int) *value {
	set := g.p.Consts[at : at+n]
	return g.boolean(v, func(r int) string {
		x := g.lo(v, r)
		if n < longSet {
			found := no
			for _, w := range set {
				found = g.or(found, g.setp("eq.s64", x, word(w)))
			}
			return found
		}
		// The number of values that are less grows by powers of two, as far as there are so many.
		base := g.jobWord(opcode.JobConsts)
		less := g.do32("mov.b32", "0")
		step := 1
		for 2*step <= n {
			step *= 2
		}
		for ; step > 0; step /= 2 {
			there := g.setp("le.u32", g.do32("add.s32", less, num(step)), num(n))
			w := g.do64("mov.b64", "0")
			g.f("@%s ld.global.nc.u64 %s, [%s+%d]", there, w, g.do64("mad.wide.u32", less, "8", base), 8*(at+step-1))
			g.f("@%s add.s32 %s, %s, %d", g.setpAnd("lt.s64", w, x, there), less, less, step)
		}
		there := g.setp("lt.u32", less, num(n))
		w := g.do64("mov.b64", "0")
		g.f("@%s ld.global.nc.u64 %s, [%s+%d]", there, w, g.do64("mad.wide.u32", less, "8", base), 8*at)
		return g.setpAnd("eq.s64", w, x, there)
	})
}

// lookup is the byte of a column at each value.
func (g *gen) lookup(v *value, a uint16) *value {
	out := g.like(9, v)
	base := g.base(a, 0)
	for r := range g.rows {
		x := g.do32("mov.b32", "0")
		at := g.do64("add.s64", base, g.lo(v, r))
		g.guarded(g.and(v.ok[r], g.act[r]), "ld.global.nc.u8 %s, [%s]", x, at)
		out.narrow[r] = x
	}
	return out
}

// order maps values to words whose unsigned order is theirs.
func (g *gen) order(op opcode.Op, a *value) *value {
	v := g.like(64, a)
	return g.each(v, func(r int) string {
		switch op {
		case opcode.Order:
			return g.do64("xor.b64", g.lo(a, r), word(1<<63))
		case opcode.Invert:
			return g.do64("not.b64", g.lo(a, r))
		case opcode.High:
			return g.hi(a, r)
		}
		x := g.reg64(g.lo(a, r))
		w := g.sel64(g.setp("eq.f64", x, "0d0000000000000000"), "0", x)
		w = g.sel64(g.setp("neu.f64", x, x), word(0x7ff8000000000000), w)
		return g.sel64(g.setp("lt.s64", w, "0"), g.do64("not.b64", w), g.do64("or.b64", w, word(1<<63)))
	})
}
