package codegen

import "github.com/polybolos-db/polybolos/cuda/opcode"

// mode is where a block keeps the states of groups.
type mode int

const (
	nowhere     mode = iota // a projection
	inRegisters             // one group: each thread has its own states
	inCells                 // all groups have states in shared memory
	inCache                 // groups that come first have
	inTable                 // in the table only
)

// states are those of all groups.
type states struct {
	mode  mode
	list  []*state
	words int

	cells  int // in shared memory
	copies int // of each cell, a power of two
	bytes  int // of a cell with its copies
	first  int // copies' planes of 64 bits come first; where those of 32 begin

	slot           [mostRows]string // address of a row's slot
	narrow, wide   [mostRows]string // shared addresses of a row's cell: of its planes of 32 and 64 bits
	cached         [mostRows]string // inCache: a row's group has a cell
	known          bool             // cells of this tile's rows are known
	tableStates    string           // address of the first slot's states
	narrow0, wide0 string           // shared addresses of a thread's copy of the first cell
}

// state is one state of a group.
type state struct {
	kind  byte
	word  int
	plane int      // number of its first plane among those of its size
	regs  []string // inRegisters
}

// limbs are a state's words of 32 bits in shared memory; 0: it is one word of 64.
var limbs = [...]int{opcode.MergeCount: 1, opcode.MergeSum2: 4, opcode.MergeSum3: 6, opcode.MergeFsum: 0, opcode.MergeMax: 0}

// stateWords are a state's words in a slot.
var stateWords = [...]int{opcode.MergeCount: 1, opcode.MergeSum2: 2, opcode.MergeSum3: 3, opcode.MergeFsum: 1, opcode.MergeMax: 1}

const (
	// wantThreads is how many threads of a multiprocessor share its memory: with fewer, too few reads are under way. leastThreads must find registers too.
	wantThreads  = 1024
	leastThreads = 768
	// systemShared is what the driver takes of each block's shared memory.
	systemShared = 1 << 10
	// mostRegisters is how many words of states a thread keeps in registers.
	mostRegisters = 16
	// mostCells is the number of cells of a cache of groups.
	mostCells = 1024
	// cacheBytes is the size of a cache, so that clearing and merging it takes little of a small chunk's time.
	cacheBytes = 24 << 10
)

// plan chooses where states are, and how many threads a block has.
func (g *gen) plan() {
	s := &g.states
	g.threads = 256
	narrow, wide := 0, 0
	updated := g.p.updated()
	for w, kind := range g.p.Kinds {
		if kind == opcode.MergeNext || !updated[w] {
			continue
		}
		x := &state{kind: kind, word: w}
		if n := limbs[kind]; n > 0 {
			x.plane = narrow
			narrow += n
		} else {
			x.plane = wide
			wide++
		}
		s.list = append(s.list, x)
		s.words += stateWords[kind]
	}
	s.copies = 1
	cell := (8*wide + 4*narrow + 7) / 8 * 8
	s.first = 8 * wide
	switch {
	case len(s.list) == 0:
		s.mode = nowhere
	case g.p.Dense && g.p.Slots == 1 && s.words <= mostRegisters:
		s.mode = inRegisters
		g.shared = g.threads / 32 * s.words * 8
	case g.p.Dense:
		s.mode = inTable
		for _, threads := range []int{256, 512} {
			room := min(g.p.Shared, (g.p.Shared+systemShared)/wantThreads*threads-systemShared)
			copies := 32
			for copies > 0 && int(g.p.Slots)*s.size(copies, wide, narrow) > room {
				copies /= 2
			}
			if copies > 0 && (s.mode == inTable || copies > s.copies) {
				s.mode, s.cells, s.copies = inCells, int(g.p.Slots), copies
				g.threads = threads
			}
		}
		s.bytes, s.first = s.size(s.copies, wide, narrow), 8*wide*s.copies
		if s.mode == inCells {
			g.shared = s.cells * s.bytes
		}
	default:
		s.mode = inTable
		n := mostCells
		for n*(cell+4) > min(cacheBytes, g.p.Shared) {
			n /= 2
		}
		if g.p.Cache && n >= 8 {
			s.mode, s.cells, s.bytes = inCache, n, cell
			g.shared = n * (cell + 4)
		}
	}
}

// updated are the first words of the states that a program adds to.
func (p *Program) updated() map[int]bool {
	out := map[int]bool{}
	for pc := range len(p.Code) / 2 {
		switch in := p.at(pc); in.op {
		case opcode.Count, opcode.Sum2, opcode.Sum3, opcode.Fsum, opcode.Max:
			out[int(in.a)] = true
		case opcode.Sumprod:
			out[int(in.at)] = true
		}
	}
	return out
}

// size is the bytes of a cell with so many copies.
func (s *states) size(copies, wide, narrow int) int {
	return (copies*(8*wide+4*narrow) + 7) / 8 * 8
}

// find is the state that begins with a word.
func (s *states) find(word int) *state {
	for _, x := range s.list {
		if x.word == word {
			return x
		}
	}
	return nil
}

// sharedBase is the address of the block's shared memory, with what a thread adds to it.
func (g *gen) sharedBase() string { return g.do32("mov.u32", "pb_shared") }

// clearShared zeroes the cells before the first tile; nobody owns one.
func (g *gen) clearShared() {
	s := &g.states
	fill := func(from, size, width int, x string) {
		if size == 0 {
			return
		}
		loop, end := g.label(), g.label()
		at := g.do32("shl.b32", g.tid, map[int]string{4: "2", 8: "3"}[width])
		g.place(loop)
		g.f("@%s bra %s", g.setp("ge.u32", at, num(size)), end)
		g.f("st.shared.b%d [%s+%d], %s", 8*width, g.do32("add.s32", g.sharedBase(), at), from, x)
		g.f("add.s32 %s, %s, %d", at, at, g.threads*width)
		g.f("bra %s", loop)
		g.place(end)
	}
	fill(0, s.cells*s.bytes, 8, g.do64("mov.b64", "0"))
	if s.mode == inCache {
		fill(s.cells*s.bytes, 4*s.cells, 4, g.do32("mov.b32", "-1"))
	}
	g.f("bar.sync 0")
	lane := g.do32("and.b32", g.lane, num(s.copies-1))
	s.narrow0 = g.do32("mad.lo.s32", lane, "4", g.sharedBase())
	s.wide0 = g.do32("mad.lo.s32", lane, "8", g.sharedBase())
}

// cell finds the cells of a tile's rows, once.
func (g *gen) cell() {
	s := &g.states
	if s.known || s.mode == inRegisters {
		return
	}
	s.known = true
	if s.mode != inTable && s.narrow0 == "" {
		g.into(&g.before, g.clearShared)
	}
	if s.tableStates == "" {
		table := g.jobWord(opcode.JobTable)
		g.into(&g.before, func() { s.tableStates = g.do64("add.s64", table, num(8*g.p.First)) })
	}
	for r := range g.rows {
		if g.p.Dense {
			s.slot[r] = g.do64("mad.wide.u32", g.reg32(g.slot[r]), num(8*g.p.Stride), s.tableStates)
		} else if s.slot[r] != "" {
			s.slot[r] = g.do64("add.s64", s.slot[r], num(8*g.p.First))
		} else {
			g.unsupported("an aggregate without a group")
			return
		}
		slot := g.slot[r]
		switch s.mode {
		case inCache:
			slot = g.ownedCell(r)
		case inTable:
			continue
		}
		s.narrow[r] = g.do32("mad.lo.s32", slot, num(s.bytes), s.narrow0)
		s.wide[r] = g.do32("mad.lo.s32", slot, num(s.bytes), s.wide0)
	}
}

// ownedCell is the number of a row's cell, which it has if no other group came first.
func (g *gen) ownedCell(r int) string {
	s := &g.states
	slot := g.do32("cvt.u32.u64", g.slot[r])
	cell := g.do32("and.b32", slot, num(s.cells-1))
	owner := g.do32("mad.lo.s32", cell, "4", g.sharedBase())
	at := s.cells * s.bytes
	seen := g.do32("mov.b32", "0")
	g.guarded(g.act[r], "ld.volatile.shared.u32 %s, [%s+%d]", seen, owner, at)
	free := g.setpAnd("eq.s32", seen, "-1", g.act[r])
	g.guarded(free, "atom.shared.cas.b32 %s, [%s+%d], -1, %s", seen, owner, at, slot)
	// The cell was still free, or another thread of the same group took it.
	mine := g.setp("eq.s32", seen, slot)
	mine = g.or(mine, g.setpAnd("eq.s32", seen, "-1", free))
	s.cached[r] = g.and(mine, g.act[r])
	return cell
}

// reg32 is x in a register.
func (g *gen) reg32(x string) string {
	if immediate(x) {
		return g.do32("mov.b32", x)
	}
	return x
}
