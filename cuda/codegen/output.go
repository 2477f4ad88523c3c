package codegen

// output writes a column: width bytes at the rows that have passed, and where they are not NULL.
func (g *gen) output(a uint16, width int, v *value) {
	to := g.address(g.base(a, 0), width)
	for r := range g.rows {
		at := r * g.threads * width
		x := g.reg64(g.lo(v, r))
		if width == 16 {
			g.guarded(g.outer(r), "st.global.v2.b64 [%s+%d], {%s, %s}", to, at, x, g.reg64(g.hi(v, r)))
			continue
		}
		g.guarded(g.outer(r), "st.global.b%d [%s+%d], %s", 8*width, to, at, x)
	}
	base := g.base(a, 1)
	has := ""
	g.into(&g.before, func() { has = g.setpAnd("ne.s64", base, "0", g.laneZero) })
	bits := g.bitWords(base)
	for r := range g.rows {
		g.bits(bits, r, g.and(v.ok[r], g.outer(r)), g.and(has, g.in[r]))
	}
}

// mask writes which rows have passed.
func (g *gen) mask(a uint16) {
	bits := g.bitWords(g.base(a, 0))
	for r := range g.rows {
		g.bits(bits, r, g.act[r], g.and(g.laneZero, g.in[r]))
	}
}

// bits writes a predicate of a warp's rows, from the thread for which who is true.
func (g *gen) bits(to string, r int, p, who string) {
	x := "0"
	if p != no {
		x = g.b32()
		g.f("vote.sync.ballot.b32 %s, %s, -1", x, p)
	}
	g.guarded(who, "st.global.b32 [%s+%d], %s", to, r*g.threads/8, g.reg32(x))
}
