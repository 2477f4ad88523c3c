package codegen

import "github.com/polybolos-db/polybolos/cuda/opcode"

// wide computes with 128 bits.
func (g *gen) wide(op opcode.Op, a, b *value) *value {
	switch op {
	case opcode.Wrsub:
		return g.wide(opcode.Wsub, b, a)
	case opcode.Product:
		return g.product(word64(a), word64(b))
	case opcode.Wmul:
		if a.bits <= 64 && b.bits <= 64 {
			return g.product(a, b)
		}
		return g.wideMultiply(a, b)
	}
	need := max(a.bits, b.bits) + 1
	if need <= 64 {
		return g.arithmetic(map[opcode.Op]opcode.Op{opcode.Wadd: opcode.Add, opcode.Wsub: opcode.Sub}[op], a, b)
	}
	v := g.like(min(need, 128), a, b)
	for r := range g.rows {
		x, y := g.hi(a, r), g.hi(b, r)
		if op == opcode.Wadd {
			v.lo[r], v.hi[r] = g.add128(g.lo(a, r), x, g.lo(b, r), y)
		} else {
			v.lo[r], v.hi[r] = g.sub128(g.lo(a, r), x, g.lo(b, r), y)
		}
		if need > 128 {
			p, q := g.do64("xor.b64", x, v.hi[r]), g.do64("xor.b64", y, v.hi[r])
			if op == opcode.Wsub {
				q = g.do64("xor.b64", x, y)
			}
			g.bad(v, r, g.setp("lt.s64", g.do64("and.b64", p, q), "0"))
		}
	}
	return v
}

func (g *gen) add128(al, ah, bl, bh string) (lo, hi string) {
	return g.do64("add.cc.u64", al, bl), g.do64("addc.u64", ah, bh)
}

func (g *gen) sub128(al, ah, bl, bh string) (lo, hi string) {
	return g.do64("sub.cc.u64", al, bl), g.do64("subc.u64", ah, bh)
}

// product is the exact product of two words.
func (g *gen) product(a, b *value) *value {
	need := a.bits + b.bits
	if need <= 64 {
		return g.multiply(a, b)
	}
	v := g.like(need, a, b)
	for r := range g.rows {
		x, y := g.lo(a, r), g.lo(b, r)
		v.lo[r], v.hi[r] = g.do64("mul.lo.s64", x, y), g.do64("mul.hi.s64", x, y)
		// Where an operand is 0, the product is.
		if v.under[r] = a.under[r]; v.under[r] == "" {
			v.under[r] = b.under[r]
		}
	}
	return v
}

// wideMultiply is the product of 128 bits, and trouble where it takes more.
func (g *gen) wideMultiply(a, b *value) *value {
	need := a.bits + b.bits
	v := g.like(min(need, 128), a, b)
	for r := range g.rows {
		al, ah, bl, bh := g.lo(a, r), g.hi(a, r), g.lo(b, r), g.hi(b, r)
		if need <= 128 {
			// The low 128 bits are those of the unsigned product.
			hi := g.do64("mul.hi.u64", al, bl)
			hi = g.do64("mad.lo.s64", ah, bl, hi)
			v.lo[r], v.hi[r] = g.do64("mul.lo.s64", al, bl), g.do64("mad.lo.s64", al, bh, hi)
			continue
		}
		an, bn := g.setp("lt.s64", ah, "0"), g.setp("lt.s64", bh, "0")
		al, ah = g.absolute(al, ah, an)
		bl, bh = g.absolute(bl, bh, bn)
		negative := g.pred()
		g.f("xor.pred %s, %s, %s", negative, an, bn)
		lo, hi := g.do64("mul.lo.s64", al, bl), g.do64("mul.hi.u64", al, bl)
		over := g.setpAnd("ne.s64", ah, "0", g.setp("ne.s64", bh, "0"))
		over = g.or(over, g.setp("ne.s64", g.do64("mul.hi.u64", ah, bl), "0"))
		over = g.or(over, g.setp("ne.s64", g.do64("mul.hi.u64", al, bh), "0"))
		s := g.do64("add.s64", hi, g.do64("mul.lo.s64", ah, bl))
		t := g.do64("add.s64", s, g.do64("mul.lo.s64", al, bh))
		over = g.or(over, g.or(g.setp("lt.u64", s, hi), g.setp("lt.u64", t, s)))
		nl, nh := g.sub128("0", "0", lo, t)
		v.lo[r], v.hi[r] = g.sel64(negative, nl, lo), g.sel64(negative, nh, t)
		// The sign is wrong, but for a negative number that is 0: the least integer is the one without an opposite.
		plus := g.setp("ge.s64", v.hi[r], "0")
		something := g.setp("ne.s64", g.do64("or.b64", t, lo), "0")
		wrong := g.or(g.and(g.and(negative, plus), something), g.and(g.not(negative), g.not(plus)))
		g.bad(v, r, g.or(over, wrong))
	}
	return v
}

// absolute negates a number where the predicate is true.
func (g *gen) absolute(lo, hi, negative string) (string, string) {
	nl, nh := g.sub128("0", "0", lo, hi)
	return g.sel64(negative, nl, lo), g.sel64(negative, nh, hi)
}

func (g *gen) wideSign(op opcode.Op, a *value) *value {
	v := g.like(min(a.bits+1, 128), a)
	for r := range g.rows {
		lo, hi := g.lo(a, r), g.hi(a, r)
		if op == opcode.Wneg {
			v.lo[r], v.hi[r] = g.sub128("0", "0", lo, hi)
		} else {
			v.lo[r], v.hi[r] = g.absolute(lo, hi, g.setp("lt.s64", hi, "0"))
		}
	}
	return v
}

// less128 compares, with equal values less too where orEqual says so.
func (g *gen) less128(al, ah, bl, bh string, orEqual bool) string {
	cmp := "lt.u64"
	if orEqual {
		cmp = "le.u64"
	}
	low := g.setpAnd(cmp, al, bl, g.setp("eq.s64", ah, bh))
	return g.or(low, g.setp("lt.s64", ah, bh))
}

// wideRange is trouble unless a value is between two, each two words of limits.
func (g *gen) wideRange(v *value, limits []uint64) {
	least, most := signedBits(int64(limits[1]))+64, signedBits(int64(limits[3]))+64
	if v.bits < least && v.bits < most && int64(limits[1]) < 0 && int64(limits[3]) > 0 {
		return
	}
	for r := range g.rows {
		lo, hi := g.lo(v, r), g.hi(v, r)
		under := g.less128(lo, hi, word(limits[0]), word(limits[1]), false)
		g.bad(v, r, g.or(under, g.less128(word(limits[2]), word(limits[3]), lo, hi, false)))
	}
}

// narrowed is trouble where a value takes more than a word.
func (g *gen) narrowed(a *value) *value {
	if a.bits > 64 {
		for r := range g.rows {
			g.bad(a, r, g.setp("ne.s64", g.hi(a, r), g.do64("shr.s64", g.reg64(g.lo(a, r)), "63")))
		}
	}
	return word64(a)
}

func (g *gen) wideCompare(k int, a, b *value) *value {
	if a.bits <= 64 && b.bits <= 64 {
		return g.compare(k, a, b)
	}
	return g.boolean(g.like(2, a, b), func(r int) string {
		al, ah, bl, bh := g.lo(a, r), g.hi(a, r), g.lo(b, r), g.hi(b, r)
		switch comparisons[k] {
		case "eq":
			return g.setpAnd("eq.s64", al, bl, g.setp("eq.s64", ah, bh))
		case "ne":
			return g.or(g.setp("ne.s64", al, bl), g.setp("ne.s64", ah, bh))
		case "lt":
			return g.less128(al, ah, bl, bh, false)
		case "le":
			return g.less128(al, ah, bl, bh, true)
		case "gt":
			return g.less128(bl, bh, al, ah, false)
		}
		return g.less128(bl, bh, al, ah, true)
	})
}
