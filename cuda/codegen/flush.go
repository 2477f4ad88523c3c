package codegen

import "github.com/polybolos-db/polybolos/cuda/opcode"

// flush merges a block's states into the table after its last tile.
func (g *gen) flush() {
	switch g.states.mode {
	case inRegisters:
		g.flushRegisters()
	case inCells, inCache:
		if g.states.known {
			g.f("bar.sync 0")
			g.flushCells()
		}
	}
}

// flushRegisters adds up what threads have: of each warp, then, through shared memory, of the block.
func (g *gen) flushRegisters() {
	s := &g.states
	table := g.jobWord(opcode.JobTable)
	warps := g.threads / 32
	words := make([][]string, len(s.list))
	for i, st := range s.list {
		words[i] = g.whole(st)
		g.reduce(st.kind, words[i], 16)
	}
	warp := g.do32("shr.u32", g.tid, "5")
	mine := g.do32("mad.lo.s32", warp, num(8*s.words), g.sharedBase())
	at := 0
	for _, list := range words {
		for _, w := range list {
			g.f("@%s st.shared.b64 [%s+%d], %s", g.laneZero, mine, at, g.reg64(w))
			at += 8
		}
	}
	g.f("bar.sync 0")
	done := g.label()
	g.f("@%s bra %s", g.setp("ge.u32", g.tid, "32"), done)
	there := g.setp("lt.u32", g.tid, num(warps))
	theirs := g.do32("mad.lo.s32", g.tid, num(8*s.words), g.sharedBase())
	at = 0
	for i, st := range s.list {
		for k := range words[i] {
			words[i][k] = g.do64("mov.b64", "0")
			g.f("@%s ld.shared.b64 %s, [%s+%d]", there, words[i][k], theirs, at)
			at += 8
		}
		g.reduce(st.kind, words[i], warps/2)
	}
	g.f("@!%s bra %s", g.laneZero, done)
	for i, st := range s.list {
		g.merge(st.kind, table, 8*(g.p.First+st.word), words[i])
	}
	g.place(done)
}

// whole are all words of a thread's own state.
func (g *gen) whole(st *state) []string {
	n := stateWords[st.kind]
	out := make([]string, 0, n)
	switch {
	case st.regs == nil:
		for range n {
			out = append(out, "0")
		}
	case st.kind == opcode.MergeCount:
		out = append(out, g.do64("cvt.u64.u32", st.regs[0]))
	default:
		out = append(out, st.regs...)
	}
	for len(out) < n {
		out = append(out, g.do64("shr.s64", g.reg64(out[len(out)-1]), "63"))
	}
	return out
}

// reduce adds up the states of a warp's first 2*by threads; lane 0 has the result.
func (g *gen) reduce(kind byte, words []string, by int) {
	for ; by > 0; by /= 2 {
		other := make([]string, len(words))
		for i, w := range words {
			lo, hi := g.halves(g.reg64(w))
			other[i] = g.join(g.do32("shfl.sync.down.b32", lo, num(by), "31", "-1"), g.do32("shfl.sync.down.b32", hi, num(by), "31", "-1"))
		}
		switch kind {
		case opcode.MergeFsum:
			words[0] = g.do64("add.rn.f64", words[0], other[0])
		case opcode.MergeMax:
			words[0] = g.do64("max.u64", words[0], other[0])
		default:
			copy(words, g.plus(words, other))
		}
	}
}

// merge adds the words of a state to a slot's, atomically.
func (g *gen) merge(kind byte, at string, offset int, words []string) {
	w := g.reg64(words[0])
	something := g.setp("ne.s64", w, "0")
	switch kind {
	case opcode.MergeFsum:
		g.f("@%s red.global.add.f64 [%s+%d], %s", something, at, offset, w)
	case opcode.MergeMax:
		g.f("@%s red.global.max.u64 [%s+%d], %s", something, at, offset, w)
	default:
		g.chain("global", 64, at, offset, 8, words, yes, no, true)
	}
}

// flushCells merges cells: a thread takes a cell and adds up its copies. It begins with the copy of its lane, so that lanes read different banks.
func (g *gen) flushCells() {
	s := &g.states
	cell := g.do32("mov.b32", g.tid)
	loop, end, next := g.label(), g.label(), g.label()
	g.place(loop)
	g.f("@%s bra %s", g.setp("ge.u32", cell, num(s.cells)), end)
	slot := cell
	if s.mode == inCache {
		slot = g.b32()
		g.f("ld.shared.u32 %s, [%s+%d]", slot, g.do32("mad.lo.s32", cell, "4", g.sharedBase()), s.cells*s.bytes)
		g.f("@%s bra %s", g.setp("eq.s32", slot, "-1"), next)
	}
	to := g.do64("mad.wide.u32", slot, num(8*g.p.Stride), s.tableStates)
	from := g.do32("mad.lo.s32", cell, num(s.bytes), g.sharedBase())
	for _, st := range s.list {
		g.merge(st.kind, to, 8*st.word, g.cellWords(st, from))
	}
	g.place(next)
	g.f("add.s32 %s, %s, %d", cell, cell, g.threads)
	g.f("bra %s", loop)
	g.place(end)
}

// cellWords are the words of a state of a cell: the sum, or the greatest, of its copies.
func (g *gen) cellWords(st *state, from string) []string {
	s := &g.states
	n := limbs[st.kind]
	sums := make([]string, max(n, 1))
	for i := range sums {
		sums[i] = g.do64("mov.b64", "0")
	}
	count := g.do32("mov.b32", "0")
	loop := g.label()
	g.place(loop)
	which := g.do32("and.b32", g.do32("add.s32", g.tid, count), num(s.copies-1))
	if n == 0 {
		x := g.b64()
		g.f("ld.shared.b64 %s, [%s+%d]", x, g.do32("mad.lo.s32", which, "8", from), 8*s.copies*st.plane)
		if st.kind == opcode.MergeFsum {
			g.f("add.rn.f64 %s, %s, %s", sums[0], sums[0], x)
		} else {
			g.f("max.u64 %s, %s, %s", sums[0], sums[0], x)
		}
	} else {
		at := g.do32("mad.lo.s32", which, "4", from)
		for i := range sums {
			x := g.b32()
			g.f("ld.shared.u32 %s, [%s+%d]", x, at, s.first+4*s.copies*(st.plane+i))
			g.f("add.s64 %s, %s, %s", sums[i], sums[i], g.do64("cvt.u64.u32", x))
		}
	}
	if s.copies > 1 {
		g.f("add.s32 %s, %s, 1", count, count)
		g.f("@%s bra %s", g.setp("lt.u32", count, num(s.copies)), loop)
	}
	if n < 2 {
		return sums
	}
	// What is beyond 32 bits of a limb belongs to the next one.
	var out []string
	for i := 0; i < n; i += 2 {
		if i > 0 {
			sums[i] = g.do64("add.s64", sums[i], g.do64("shr.u64", sums[i-1], "32"))
		}
		sums[i+1] = g.do64("add.s64", sums[i+1], g.do64("shr.u64", sums[i], "32"))
		lo, hi := g.do32("cvt.u32.u64", sums[i]), g.do32("cvt.u32.u64", sums[i+1])
		out = append(out, g.join(lo, hi))
	}
	return out
}
