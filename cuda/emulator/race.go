package emulator

// access is how memory is touched.
type access uint8

const (
	accessRead access = iota
	accessWrite
	accessAtomic
)

// shadow is what is known of a byte: who wrote and read it last without an atomic, and when. A time is a block's, which every barrier moves on and no two
// blocks share, and a warp's within it, which votes, shuffles and its own barriers move on.
type shadow struct {
	written, read         uint32 // the block's time, 0: never
	writtenWarp, readWarp uint32 // the warp's
	writer, reader        uint16
	manyThreads           bool // of the reader's warp have read it
	manyWarps             bool
}

// blockRaces is a block's time and its shared memory.
type blockRaces struct {
	machine *globalRaces
	shared  []shadow
	now     uint32
	warps   []uint32
}

// globalRaces is the rest of memory, in pages.
type globalRaces struct {
	clock uint32
	pages map[uint64][]shadow
	last  uint64 // the page that was asked for last
	found []shadow
}

const racePage = 1 << 12

func newGlobalRaces() *globalRaces {
	return &globalRaces{pages: map[uint64][]shadow{}}
}

// begin starts a block's time; shadows of blocks before are of another one.
func (g *globalRaces) begin(known *blockRaces, shared, threads int) *blockRaces {
	if known == nil {
		known = &blockRaces{machine: g, shared: make([]shadow, shared), warps: make([]uint32, (threads+warp-1)/warp)}
	}
	known.barrier()
	return known
}

func (b *blockRaces) barrier() {
	b.machine.clock++
	b.now = b.machine.clock
}

// access reports a conflict of what a thread does now with what others did since the last barrier, and notes it. The memory is there.
func (m *machine) access(t *thread, pc int32, in *inst, n uint64, how access) error {
	if how == accessAtomic || in.flags&flagStrong != 0 || in.space == spaceLocal || in.space == spaceParam || in.space == spaceConst {
		return nil
	}
	address := t.r[in.a] + in.imm
	window := address &^ (1<<32 - 1)
	if in.space == spaceShared {
		window = sharedWindow
	}
	var cells []shadow
	switch window {
	case sharedWindow:
		cells = t.block.race.shared[address&(1<<32-1):]
	case localWindow, constWindow:
		return nil
	default: // an aligned access lies in one page
		cells = m.races.page(address / racePage)[address%racePage:]
	}
	for i := range n {
		if other, did := t.block.race.touch(&cells[i], uint16(t.id), how); did != "" {
			return m.fault(t, pc, FaultRace, "%s of %s races with thread %d, which %s it and met no barrier since", in.name, where(in.space, address+i), other, did)
		}
	}
	return nil
}

// page is the shadows of a page.
func (g *globalRaces) page(number uint64) []shadow {
	if number != g.last || g.found == nil {
		p := g.pages[number]
		if p == nil {
			p = make([]shadow, racePage)
			g.pages[number] = p
		}
		g.last, g.found = number, p
	}
	return g.found
}

// touch notes an access to a byte; did is what another thread did that conflicts with it.
func (b *blockRaces) touch(s *shadow, thread uint16, how access) (other uint16, did string) {
	w := thread / warp
	time := b.warps[w]
	if s.written == b.now && s.writer != thread && (s.writer/warp != w || s.writtenWarp == time) {
		return s.writer, "wrote"
	}
	if how == accessWrite {
		if s.read == b.now {
			switch same := s.reader/warp == w; {
			case s.manyWarps, !same, s.readWarp == time && (s.manyThreads || s.reader != thread):
				return s.reader, "read"
			}
		}
		s.written, s.writtenWarp, s.writer = b.now, time, thread
		return 0, ""
	}
	switch {
	case s.read != b.now:
		s.manyThreads, s.manyWarps = false, false
	case s.reader/warp != w:
		s.manyWarps = true
	case s.readWarp != time:
		s.manyThreads = false
	case s.reader != thread:
		s.manyThreads = true
	}
	s.read, s.readWarp, s.reader = b.now, time, thread
	return 0, ""
}
