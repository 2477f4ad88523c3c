package emulator

import (
	"fmt"
	"math/bits"
)

// state is whether a thread may run.
type state uint8

const (
	stateReady state = iota
	stateBarrier
	stateWarp
	stateEnded
)

// thread is one thread: registers, own memory, and the next instruction.
type thread struct {
	r       []uint64
	local   []byte
	block   *block
	id      uint32 // within the block
	pc      int32
	ready   int32 // place among those that may run, -1: it may not
	state   state
	arrived int32 // the instruction where it waits
	mask    uint32
	returns []int32
	pending []pending
	dirty   int32  // place among those with pending stores
	seen    uint64 // the time of its last fence or barrier
}

// block is one block that runs.
type block struct {
	id       uint32
	threads  []thread
	live     int
	shared   []byte
	barriers [16]int // how many wait
	warps    []meeting
	race     *blockRaces
}

// meeting is which lanes of a warp wait for others. If all do with the same mask and for the same thing, they are here.
type meeting struct {
	waiting, ended uint32 // lanes beyond the block have ended
	mask           uint32
	mixed          bool
	imm            uint64
}

// machine is a run of a kernel.
type machine struct {
	k       *Kernel
	o       Options
	random  random
	grid    uint32
	begun   uint32
	order   []uint32
	params  []byte
	blocks  []*block
	ready   []*thread
	dirty   []*thread
	log     []change // a ring: what was overwritten lately
	clock   uint64   // how many changes there were
	steps   uint64
	left    uint64 // steps until the limit
	regions []region
	last    []int32 // by instruction, the region that it found last
	races   *globalRaces
}

// random is a stream of words: SplitMix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators).
type random uint64

func (x *random) next() uint64 {
	*x += 0x9E3779B97F4A7C15
	v := uint64(*x)
	v = (v ^ v>>30) * 0xBF58476D1CE4E5B9
	v = (v ^ v>>27) * 0x94D049BB133111EB
	return v ^ v>>31
}

// below is less than n.
func (x *random) below(n uint64) uint64 {
	hi, _ := bits.Mul64(x.next(), n)
	return hi
}

func newMachine(k *Kernel, grid, threads, shared int, params []byte, o Options) *machine {
	m := &machine{k: k, o: o, random: random(o.Seed), grid: uint32(grid), params: params, left: o.Steps, last: make([]int32, len(k.code))}
	if m.left == 0 {
		m.left = defaultSteps
	}
	if o.Resident <= 0 {
		m.o.Resident = 2
	}
	if o.Races {
		m.races = newGlobalRaces()
	}
	m.order = make([]uint32, grid)
	for i := range m.order {
		m.order[i] = uint32(i)
	}
	for i := grid; i > 1; i-- {
		j := m.random.below(uint64(i))
		m.order[i-1], m.order[j] = m.order[j], m.order[i-1]
	}
	for range min(grid, m.o.Resident) {
		b := &block{threads: make([]thread, threads), warps: make([]meeting, (threads+warp-1)/warp), shared: m.noise(shared)}
		files, locals := make([]uint64, threads*k.slots), m.noise(threads*k.local)
		for i := range files {
			files[i] = m.random.next()
		}
		for i := range b.threads {
			t := &b.threads[i]
			t.block, t.id, t.ready = b, uint32(i), -1
			t.r = files[i*k.slots : (i+1)*k.slots : (i+1)*k.slots]
			t.local = locals[i*k.local : (i+1)*k.local : (i+1)*k.local]
			t.r[slotTID], t.r[slotNTID], t.r[slotNCTAID] = uint64(i), uint64(threads), uint64(grid)
			lane := i % warp
			t.r[slotLane], t.r[slotWarp], t.r[slotWarps] = uint64(lane), uint64(i/warp), uint64((threads+warp-1)/warp)
			equal := uint64(1) << lane
			t.r[slotMaskEqual], t.r[slotMaskLess], t.r[slotMaskLessEqual] = equal, equal-1, equal|(equal-1)
			t.r[slotMaskGreater], t.r[slotMaskGreaterEqual] = 0xFFFFFFFF&^(equal|(equal-1)), 0xFFFFFFFF&^(equal-1)
			for _, c := range k.constants {
				t.r[c.slot] = c.value
			}
		}
		m.blocks = append(m.blocks, b)
	}
	return m
}

func (m *machine) noise(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(m.random.next())
	}
	return out
}

// run runs blocks until all are done.
func (m *machine) run() error {
	for {
		for _, b := range m.blocks {
			if b.live == 0 && m.begun < m.grid {
				m.start(b)
			}
		}
		if len(m.ready) == 0 {
			return m.stuck()
		}
		t := m.ready[m.random.below(uint64(len(m.ready)))]
		if err := m.slice(t); err != nil {
			return err
		}
	}
}

// start begins the next block in b. What registers and shared memory have is what the block before left there.
func (m *machine) start(b *block) {
	b.id = m.order[m.begun]
	m.begun++
	b.live = len(b.threads)
	b.barriers = [16]int{}
	for i := range b.warps {
		b.warps[i] = meeting{ended: ^uint32(0) << min(warp, len(b.threads)-i*warp)}
	}
	if m.o.Races {
		b.race = m.races.begin(b.race, len(b.shared), len(b.threads))
	}
	for i := range b.threads {
		t := &b.threads[i]
		t.r[slotCTAID] = uint64(b.id)
		t.pc, t.returns = 0, t.returns[:0]
		m.current(t)
		m.wake(t)
	}
}

func (m *machine) wake(t *thread) {
	t.state = stateReady
	t.ready = int32(len(m.ready))
	m.ready = append(m.ready, t)
}

// park takes a thread from those that may run.
func (m *machine) park(t *thread, s state) {
	last := m.ready[len(m.ready)-1]
	m.ready[t.ready] = last
	last.ready = t.ready
	m.ready = m.ready[:len(m.ready)-1]
	t.ready = -1
	t.state = s
}

// stuck is nil when all blocks are done; otherwise threads wait for each other for ever.
func (m *machine) stuck() error {
	for _, b := range m.blocks {
		for i := range b.threads {
			if t := &b.threads[i]; b.live > 0 && t.state != stateEnded {
				at := &m.k.code[t.arrived]
				return m.fault(t, t.arrived, FaultSync, "threads wait for each other for ever: this one at %s, %d of its block's %d have not ended", at.name, b.live, len(b.threads))
			}
		}
	}
	return nil
}

func (m *machine) fault(t *thread, pc int32, kind FaultKind, format string, args ...any) error {
	return &Fault{Kind: kind, Kernel: m.k.name, Block: int(t.block.id), Thread: int(t.id), Line: int(m.k.code[pc].line), Text: fmt.Sprintf(format, args...)}
}

// longest is after how many steps a thread lets others run even where Options.Interleave is 0: it may wait for what another one writes.
const longest = 1 << 16

// budget is how many steps a thread may take in a row.
func (m *machine) budget() uint64 {
	if m.o.Interleave == 0 {
		return longest
	}
	return 1 + m.random.below(min(128*uint64(m.o.Interleave), longest))
}

// pass reports whether a thread that did what others may see lets them run.
func (m *machine) pass() bool {
	return m.o.Interleave > 0 && m.random.below(uint64(m.o.Interleave)) == 0
}

// slice runs a thread until it waits, ends or lets others run.
func (m *machine) slice(t *thread) error {
	m.drift()
	budget := m.budget()
	if budget > m.left {
		budget = m.left
	}
	n, err := m.execute(t, budget)
	m.steps += n
	m.left -= n
	if err == nil && m.left == 0 {
		err = m.fault(t, t.pc, FaultSteps, "%d instructions were executed without an end", m.steps)
	}
	return err
}

// execute runs at most budget instructions of a thread, and returns how many it did.
func (m *machine) execute(t *thread, budget uint64) (uint64, error) {
	code, r := m.k.code, t.r
	pc := t.pc
	for n := uint64(1); ; n++ {
		in := &code[pc]
		pc++
		if n > budget {
			t.pc = pc - 1
			return budget, nil
		}
		if r[in.guard] == in.negate {
			continue
		}
		var err error
		stop := false
		switch in.kind {
		case kindCompute:
			in.exec(r, in)
			continue
		case kindBranch:
			pc = in.target
			continue
		case kindLoad:
			if err = m.load(t, pc-1, in); err == nil && in.flags&flagStrong == 0 {
				continue
			}
			stop = m.pass()
		case kindStore:
			if err = m.store(t, pc-1, in); err == nil && in.flags&flagStrong == 0 {
				continue
			}
			stop = m.pass()
		case kindVector:
			err = m.vector(t, pc-1, in)
			stop = in.flags&flagStrong != 0 && m.pass()
		case kindAtomic:
			err = m.atomic(t, pc-1, in)
			stop = m.pass()
		case kindCopy:
			copy(t.local[in.imm:in.imm+uint64(in.target)], t.local[in.mask:in.mask+uint64(in.target)])
		case kindCall:
			t.returns = append(t.returns, pc)
			pc = in.target
		case kindReturn:
			pc = t.returns[len(t.returns)-1]
			t.returns = t.returns[:len(t.returns)-1]
		case kindYield:
			stop = true
			if in.flags&flagRelease != 0 {
				m.flush(t)
			}
		case kindActive:
			r[in.d] = uint64(m.active(t, pc-1))
		case kindTrap:
			err = m.fault(t, pc-1, FaultTrap, "trap")
		case kindBarrier:
			t.pc = pc
			err = m.barrier(t, pc-1, in)
			stop = t.state != stateReady
		case kindWarp:
			t.pc = pc
			err = m.meet(t, pc-1, in)
			stop = t.state != stateReady
		case kindExit:
			err = m.exit(t)
			stop = true
		}
		if stop || err != nil {
			t.pc = pc
			return n, err
		}
	}
}
