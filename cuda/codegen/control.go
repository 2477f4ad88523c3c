package codegen

import "github.com/polybolos-db/polybolos/cuda/opcode"

// same is whether two values are not distinct.
func (g *gen) same(a, b, equal *value) *value {
	return g.boolean(newValue(2), func(r int) string {
		p, q := a.ok[r], b.ok[r]
		return g.or(g.and(g.and(p, q), equal.truth[r]), g.and(g.not(p), g.not(q)))
	})
}

func (g *gen) logic(op opcode.Op, a *value) *value {
	if op == opcode.Not {
		return g.boolean(a, func(r int) string { return g.not(g.isTrue(a, r)) })
	}
	return g.boolean(newValue(2), func(r int) string {
		switch op {
		case opcode.Isnull:
			return g.not(a.ok[r])
		case opcode.Isnotnull:
			return a.ok[r]
		}
		return g.decided(a, r, op == opcode.Istrue)
	})
}

// junction is AND, or OR: one operand that decides is enough, whether the other is NULL or not.
func (g *gen) junction(or bool, a, b *value) *value {
	v := newValue(2)
	for r := range g.rows {
		decided := g.or(g.decided(a, r, or), g.decided(b, r, or))
		v.ok[r] = g.or(g.and(a.ok[r], b.ok[r]), decided)
		v.truth[r] = decided
		if !or {
			v.truth[r] = g.not(decided)
		}
	}
	return v
}

// store keeps a value in a temporary; masked, it replaces what is there at active rows.
func (g *gen) store(in instruction, v *value) {
	if in.op == opcode.Store || in.op == opcode.Storem {
		v = word64(v)
	}
	old := g.temps[in.a]
	if in.op == opcode.Store || in.op == opcode.Storew || old == nil {
		g.temps[in.a] = v
		return
	}
	out := newValue(max(v.bits, old.bits))
	for r := range g.rows {
		act := g.act[r]
		out.ok[r] = g.or(g.and(act, v.ok[r]), g.andNot(old.ok[r], act))
		if old.ok[r] == no {
			// Only what is written now is not NULL.
			out.lo[r] = g.lo(v, r)
			if out.bits > 64 {
				out.hi[r] = g.hi(v, r)
			}
			continue
		}
		out.lo[r] = g.sel64(act, g.lo(v, r), g.lo(old, r))
		if out.bits > 64 {
			out.hi[r] = g.sel64(act, g.hi(v, r), g.hi(old, r))
		}
	}
	g.temps[in.a] = out
}

// filter narrows the active rows. A warp without any goes on to its next tile, where the instruction says that it may.
func (g *gen) filter(in instruction, b *value) {
	may := in.a != 0
	for r := range g.rows {
		if in.op == opcode.Filter {
			g.act[r] = g.and(g.act[r], g.decided(g.acc, r, true))
			continue
		}
		g.act[r] = g.and(g.act[r], b.ok[r])
		g.act[r] = g.between(b, r, int64(g.p.Consts[in.imm]), int64(g.p.Consts[in.imm+1]), g.act[r])
		may = in.at != 0
	}
	if !may || len(g.stack) > 0 {
		return
	}
	any := no
	for r := range g.rows {
		any = g.or(any, g.act[r])
	}
	if any == no {
		g.f("bra %s", g.next)
		return
	}
	left := g.pred()
	g.f("vote.sync.any.pred %s, %s, -1", left, any)
	g.f("@!%s bra %s", left, g.next)
}

// between is a predicate: a value is one of those from least to most, and another predicate is true.
func (g *gen) between(v *value, r int, least, most int64, and string) string {
	if least > most {
		return no
	}
	low, high := int64(-1)<<(v.bits-1), int64(1)<<(v.bits-1)-1
	x, typ := "", ".s64"
	if short(v) && signedBits(least) <= 32 && signedBits(most) <= 32 {
		x, typ = g.low32(v, r), ".s32"
	} else {
		x = g.lo(v, r)
	}
	if least == most {
		return g.setpAnd("eq"+typ, x, word(uint64(least)), and)
	}
	if least > low {
		and = g.setpAnd("ge"+typ, x, word(uint64(least)), and)
	}
	if most < high {
		and = g.setpAnd("le"+typ, x, word(uint64(most)), and)
	}
	return and
}

// control narrows the rows to those of an arm, and widens them again.
func (g *gen) control(op opcode.Op) {
	top := len(g.stack) - 1
	switch op {
	case opcode.Push, opcode.Then:
		g.stack = append(g.stack, g.act)
	case opcode.Else, opcode.Pop:
		if top < 0 {
			g.unsupported("an arm ends that has not begun")
			return
		}
		outer := g.stack[top]
		g.stack = g.stack[:top]
		if op == opcode.Else {
			for r := range g.rows {
				outer[r] = g.andNot(outer[r], g.act[r])
			}
		}
		g.act = outer
		return
	}
	for r := range g.rows {
		switch op {
		case opcode.Then:
			g.act[r] = g.and(g.act[r], g.decided(g.acc, r, true))
		case opcode.OpenAnd:
			g.act[r] = g.andNot(g.act[r], g.decided(g.acc, r, false))
		case opcode.OpenOr:
			g.act[r] = g.andNot(g.act[r], g.decided(g.acc, r, true))
		case opcode.OpenNull:
			g.act[r] = g.andNot(g.act[r], g.acc.ok[r])
		}
	}
}
