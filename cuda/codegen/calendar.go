package codegen

// civil is the year, month or day (part 0, 1, 2) of days since 1970-01-01, as kernels/calendar.cuh computes it.
func (g *gen) civil(part int, a *value) *value {
	v := g.like(32, a)
	for r := range g.rows {
		n := g.do32("add.s32", g.low32(a, r), num(719468+146097*82))
		n1 := g.do32("add.s32", g.do32("shl.b32", n, "2"), "3")
		century := g.do32("div.u32", n1, "146097")
		rest := g.do32("or.b32", g.do32("rem.u32", n1, "146097"), "3")
		p, ofCentury := g.halves(g.do64("mul.wide.u32", rest, "2939745"))
		ofYear := g.do32("shr.u32", g.do32("div.u32", p, "2939745"), "2")
		late := g.setp("ge.u32", ofYear, "306")
		n3 := g.do32("mad.lo.s32", ofYear, "2141", "197913")
		switch part {
		case 0:
			y := g.do32("mad.lo.s32", century, "100", ofCentury)
			y = g.do32("add.s32", y, g.sel32(late, num(1-400*82), num(-400*82)))
			// There is no year 0.
			v.narrow[r] = g.do32("add.s32", y, g.sel32(g.setp("le.s32", y, "0"), "-1", "0"))
		case 1:
			v.narrow[r] = g.do32("add.s32", g.do32("shr.u32", n3, "16"), g.sel32(late, "-12", "0"))
		default:
			v.narrow[r] = g.do32("add.s32", g.do32("div.u32", g.do32("and.b32", n3, "65535"), "2141"), "1")
		}
	}
	return v
}

// dayOf is the day of microseconds since then.
func (g *gen) dayOf(a *value) *value {
	const day = "86400000000"
	v := g.like(32, a)
	for r := range g.rows {
		x := g.reg64(g.lo(a, r))
		d := g.do64("div.s64", x, day)
		before := g.setp("lt.s64", g.do64("sub.s64", x, g.do64("mul.lo.s64", d, day)), "0")
		v.narrow[r] = g.do32("cvt.u32.u64", g.do64("add.s64", d, g.sel64(before, "-1", "0")))
	}
	return v
}
