package codegen

import "github.com/polybolos-db/polybolos/cuda/opcode"

// aggregate adds a value to one state of the groups of all active rows where it is not NULL.
func (g *gen) aggregate(kind byte, word int, v *value) {
	s := &g.states
	st := s.find(word)
	if st == nil || st.kind != kind {
		g.unsupported("an aggregate of kind %d has no state at word %d", kind, word)
		return
	}
	if kind == opcode.MergeSum2 {
		v = word64(v)
	}
	g.cell()
	var rows [mostRows]string
	for r := range g.rows {
		rows[r] = g.and(g.act[r], v.ok[r])
	}
	if s.mode == inRegisters {
		g.gather(st, v, rows)
		return
	}
	// All forms of the values are made before any branch.
	for r := range g.rows {
		if kind != opcode.MergeCount {
			v.lo[r] = g.reg64(g.lo(v, r))
		}
		if kind == opcode.MergeSum2 || kind == opcode.MergeSum3 {
			v.hi[r] = g.reg64(g.hi(v, r))
		}
	}
	switch s.mode {
	case inCells:
		g.toCells(st, v, rows)
	case inTable:
		g.toTable(st, v, rows)
	default:
		var here, there [mostRows]string
		any := no
		for r := range g.rows {
			here[r] = g.and(rows[r], s.cached[r])
			there[r] = g.andNot(rows[r], s.cached[r])
			any = g.or(any, there[r])
		}
		g.toCells(st, v, here)
		g.where(any, func() { g.toTable(st, v, there) })
	}
}

// where writes what only threads do for which p is true.
func (g *gen) where(p string, f func()) {
	if p == no {
		return
	}
	skip := g.label()
	g.unless(p, skip)
	f()
	g.place(skip)
}

// gather adds to a thread's own state. Where so few bits are added that the sums of 2^32 rows fit, it has fewer words than a slot; and rows are added to one another first
// where that takes fewer words than the state has.
func (g *gen) gather(st *state, v *value, rows [mostRows]string) {
	need := stateWords[st.kind]
	if st.kind == opcode.MergeSum2 || st.kind == opcode.MergeSum3 {
		need = min(need, (v.bits+32+63)/64)
	}
	if st.regs == nil {
		g.into(&g.before, func() {
			for range need {
				if st.kind == opcode.MergeCount {
					st.regs = append(st.regs, g.do32("mov.b32", "0"))
				} else {
					st.regs = append(st.regs, g.do64("mov.b64", "0"))
				}
			}
		})
	} else if len(st.regs) < need {
		g.unsupported("a state of %d words is added to with %d", len(st.regs), need)
		return
	}
	x := st.regs[0]
	var sum []string
	for r := range g.rows {
		if rows[r] == no {
			continue
		}
		switch st.kind {
		case opcode.MergeCount:
			g.guarded(rows[r], "add.s32 %s, %s, 1", x, x)
		case opcode.MergeFsum:
			g.guarded(rows[r], "add.rn.f64 %s, %s, %s", x, x, g.reg64(g.lo(v, r)))
		case opcode.MergeMax:
			g.f("max.u64 %s, %s, %s", x, x, g.sel64(rows[r], g.lo(v, r), "0"))
		default:
			part := []string{g.masked(v, r, rows[r], g.lo(v, r))}
			few := (v.bits + 2 + 63) / 64 // words of the sum of all rows of a thread
			if len(st.regs) > 1 && v.bits > 64 {
				part = append(part, g.masked(v, r, rows[r], g.hi(v, r)))
			}
			if few >= len(st.regs) {
				g.extend(st.regs, part)
				continue
			}
			if sum == nil {
				sum = append(sum, part...)
				continue
			}
			sum = g.plus(sum, part)
		}
	}
	if sum != nil {
		g.extend(st.regs, sum)
	}
}

// masked is a word, or 0 at rows that do not count.
func (g *gen) masked(v *value, r int, counts, x string) string {
	if v.under[r] == counts {
		return x
	}
	return g.sel64(counts, x, "0")
}

// plus is the sum of two numbers of as many words.
func (g *gen) plus(a, b []string) []string {
	out := make([]string, len(a))
	for i := range a {
		out[i] = g.do64(carrying("add", "u64", i, len(a)), a[i], b[i])
	}
	return out
}

// carrying is the instruction for the i-th of n words.
func carrying(name, typ string, i, n int) string {
	if i > 0 {
		name += "c"
	}
	if i < n-1 {
		name += ".cc"
	}
	if n == 1 {
		typ = "s64"
	}
	return name + "." + typ
}

// extend adds a signed number of fewer words to the registers of another.
func (g *gen) extend(to, part []string) {
	sign := ""
	if len(part) < len(to) {
		sign = g.do64("shr.s64", g.reg64(part[len(part)-1]), "63")
	}
	for i, x := range to {
		y := sign
		if i < len(part) {
			y = part[i]
		}
		g.f("%s %s, %s, %s", carrying("add", "u64", i, len(to)), x, x, y)
	}
}

// toCells adds to states in shared memory.
func (g *gen) toCells(st *state, v *value, rows [mostRows]string) {
	s := &g.states
	step := 4 * s.copies
	at := s.first + st.plane*step
	if limbs[st.kind] == 0 {
		at = 8 * s.copies * st.plane
	}
	switch st.kind {
	case opcode.MergeCount:
		// Adding nothing for a row that does not count costs less than a branch around it, which is what a predicate would become.
		for r := range g.rows {
			if rows[r] != no {
				g.f("red.shared.add.u32 [%s+%d], %s", s.narrow[r], at, g.reg32(g.sel32(rows[r], "1", "0")))
			}
		}
	case opcode.MergeFsum:
		for r := range g.rows {
			g.guarded(rows[r], "red.shared.add.f64 [%s+%d], %s", s.wide[r], at, v.lo[r])
		}
	case opcode.MergeMax:
		for r := range g.rows {
			g.greatest("shared", s.wide[r], at, v.lo[r], rows[r])
		}
	default:
		// Most values are small: beyond their first words there is nothing to add for a positive one without a carry, nor for a negative one with one.
		n := 1
		if st.kind == opcode.MergeSum3 {
			n = 2
		}
		var parts [mostRows][]string
		var carry, more [mostRows]string
		any := no
		for r := range g.rows {
			if rows[r] == no {
				more[r] = no
				continue
			}
			a, b := g.halves(v.lo[r])
			c, d := g.halves(v.hi[r])
			parts[r] = []string{a, b, c, d}
			if st.kind == opcode.MergeSum3 {
				sign := g.do32("shr.s32", d, "31")
				parts[r] = append(parts[r], sign, sign)
			}
			if x := parts[r][0]; v.under[r] != rows[r] {
				parts[r][0] = g.sel32(rows[r], x, "0")
			}
			old := g.b32()
			g.f("atom.shared.add.u32 %s, [%s+%d], %s", old, s.narrow[r], at, parts[r][0])
			carry[r] = g.setp("lt.u32", g.do32("add.s32", old, parts[r][0]), parts[r][0])
			if n > 1 {
				carry[r] = g.chain("shared", 32, s.narrow[r], at+step, step, parts[r][1:n], rows[r], carry[r], false)
			}
			rest := g.join(parts[r][n], parts[r][n+1])
			rest = g.do64("add.s64", rest, g.sel64(carry[r], "1", "0"))
			more[r] = g.setpAnd("ne.s64", rest, "0", rows[r])
			any = g.or(any, more[r])
		}
		g.where(any, func() {
			for r := range g.rows {
				if more[r] != no {
					g.chain("shared", 32, s.narrow[r], at+n*step, step, parts[r][n:], more[r], carry[r], true)
				}
			}
		})
	}
}

// toTable adds to states of the table.
func (g *gen) toTable(st *state, v *value, rows [mostRows]string) {
	slot := &g.states.slot
	at := 8 * st.word
	switch st.kind {
	case opcode.MergeCount:
		one := g.do64("mov.b64", "1")
		for r := range g.rows {
			g.guarded(rows[r], "red.global.add.u64 [%s+%d], %s", slot[r], at, one)
		}
	case opcode.MergeFsum:
		for r := range g.rows {
			g.guarded(rows[r], "red.global.add.f64 [%s+%d], %s", slot[r], at, v.lo[r])
		}
	case opcode.MergeMax:
		for r := range g.rows {
			g.greatest("global", slot[r], at, v.lo[r], rows[r])
		}
	default:
		var carry [mostRows]string
		for r := range g.rows {
			carry[r] = no
			if rows[r] != no {
				carry[r] = g.chain("global", 64, slot[r], at, 8, []string{v.lo[r]}, rows[r], no, false)
			}
		}
		for r := range g.rows {
			if rows[r] == no {
				continue
			}
			rest := []string{v.hi[r]}
			if st.kind == opcode.MergeSum3 {
				rest = append(rest, g.do64("shr.s64", v.hi[r], "63"))
			}
			g.chain("global", 64, slot[r], at+8, 8, rest, rows[r], carry[r], true)
		}
	}
}

// greatest keeps the greater of a state and a value; most values are not, so it is looked at first.
func (g *gen) greatest(space, at string, offset int, x, row string) {
	if row == no {
		return
	}
	old := g.do64("mov.b64", "0")
	g.guarded(row, "ld.volatile.%s.u64 %s, [%s+%d]", space, old, at, offset)
	g.guarded(g.setpAnd("gt.u64", x, old, row), "red.%s.max.u64 [%s+%d], %s", space, at, offset, x)
}

// chain adds the words of a number one after another to others in memory, which lie step bytes apart, by atomics: each carry goes with the next word. It returns the predicate of
// the last carry; with last, nothing follows, and there is none.
func (g *gen) chain(space string, bits int, at string, offset, step int, parts []string, row, carry string, last bool) string {
	typ := num(bits)
	do, sel := g.do32, g.sel32
	if bits == 64 {
		do, sel = g.do64, g.sel64
	}
	for i, part := range parts {
		x := part
		if carry != no {
			x = do("add.s"+typ, part, sel(carry, "1", "0"))
		}
		something := g.setpAnd("ne.s"+typ, x, "0", row)
		if last && i == len(parts)-1 {
			g.guarded(something, "red.%s.add.u%s [%s+%d], %s", space, typ, at, offset+i*step, x)
			return no
		}
		old := do("mov.b"+typ, "0")
		g.guarded(something, "atom.%s.add.u%s %s, [%s+%d], %s", space, typ, old, at, offset+i*step, x)
		over := g.setpAnd("lt.u"+typ, do("add.s"+typ, old, x), x, something)
		if carry != no {
			// Only a part of ones and a carry give 0: the carry goes on.
			over = g.or(over, g.setpAnd("eq.s"+typ, x, "0", g.and(carry, row)))
		}
		carry = over
	}
	return carry
}
