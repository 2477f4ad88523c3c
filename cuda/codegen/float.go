package codegen

import "github.com/polybolos-db/polybolos/cuda/opcode"

// exponent are the bits of a double's exponent; infinity has all of them, and no others but its sign.
const exponent = 0x7ff0000000000000

// infinite and finite are predicates; NaN is neither.
func (g *gen) infinite(x string) string {
	return g.setp("eq.s64", g.do64("and.b64", x, word(1<<63-1)), word(exponent))
}

func (g *gen) finite(x string) string {
	return g.setp("ne.s64", g.do64("and.b64", x, word(exponent)), word(exponent))
}

// float computes with doubles. An infinite result of finite operands is trouble, and so is a division by zero.
func (g *gen) float(op opcode.Op, a, b *value) *value {
	if op == opcode.Frsub || op == opcode.Frdiv {
		a, b = b, a
	}
	v := g.like(64, a, b)
	return g.each(v, func(r int) string {
		x, y := g.reg64(g.lo(a, r)), g.reg64(g.lo(b, r))
		switch op {
		case opcode.Fdiv, opcode.Frdiv:
			z := g.do64("div.rn.f64", x, y)
			zero := g.and(g.setp("eq.f64", y, "0d0000000000000000"), g.setp("eq.f64", x, x))
			g.bad(v, r, g.or(zero, g.andNot(g.infinite(z), g.infinite(x))))
			return z
		case opcode.Fmul:
			z := g.do64("mul.rn.f64", x, y)
			g.bad(v, r, g.and(g.infinite(z), g.and(g.finite(x), g.finite(y))))
			return z
		case opcode.Fsub, opcode.Frsub:
			y = g.do64("xor.b64", y, word(1<<63))
		}
		z := g.do64("add.rn.f64", x, y)
		g.bad(v, r, g.and(g.infinite(z), g.and(g.finite(x), g.finite(y))))
		return z
	})
}

func (g *gen) floatUnary(op opcode.Op, a *value) *value {
	v := g.like(64, a)
	return g.each(v, func(r int) string {
		x := g.lo(a, r)
		switch op {
		case opcode.Fneg:
			return g.do64("xor.b64", x, word(1<<63))
		case opcode.Fabs:
			return g.do64("and.b64", x, word(1<<63-1))
		case opcode.Tofloat:
			return g.do64("cvt.rn.f64.s64", g.reg64(x))
		}
		x = g.reg64(x)
		z := g.do64("cvt.f64.f32", g.do32("cvt.rn.f32.f64", x))
		g.bad(v, r, g.andNot(g.infinite(z), g.infinite(x)))
		return z
	})
}

// floatCompare: NaN equals itself and is greater than all other numbers.
func (g *gen) floatCompare(k int, a, b *value) *value {
	return g.boolean(g.like(2, a, b), func(r int) string {
		x, y := g.reg64(g.lo(a, r)), g.reg64(g.lo(b, r))
		equal := func() string {
			return g.or(g.setp("eq.f64", x, y), g.setpAnd("neu.f64", x, x, g.setp("neu.f64", y, y)))
		}
		less := func(x, y string) string {
			return g.or(g.setp("lt.f64", x, y), g.setpAnd("eq.f64", x, x, g.setp("neu.f64", y, y)))
		}
		switch comparisons[k] {
		case "eq":
			return equal()
		case "ne":
			return g.not(equal())
		case "lt":
			return less(x, y)
		case "le":
			return g.not(less(y, x))
		case "gt":
			return less(y, x)
		}
		return g.not(less(x, y))
	})
}
