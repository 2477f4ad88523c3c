package emulator

import "slices"

// pending is a store to global memory that its thread has done and nobody else has seen.
type pending struct {
	address uint64
	to      []byte
	value   [16]byte // as many as to has
}

// mostPending is how many stores a thread may have pending.
const mostPending = 8

func (p *pending) overlaps(address, n uint64) bool {
	return p.address < address+n && address < p.address+uint64(len(p.to))
}

// delayed reports whether stores of an instruction to an address stay pending for a while.
func (m *machine) delayed(in *inst, address uint64) bool {
	return m.o.Weak && (in.space == spaceGlobal || in.space == spaceGeneric) && address < sharedWindow
}

// delay keeps a store pending; others see it some time later, perhaps after later stores to other places.
func (m *machine) delay(t *thread, address uint64, to []byte, value *[16]byte) {
	if len(t.pending) == mostPending {
		m.appear(t, int(m.random.below(mostPending)))
	}
	if len(t.pending) == 0 {
		t.dirty = int32(len(m.dirty))
		m.dirty = append(m.dirty, t)
	}
	t.pending = append(t.pending, pending{address, to, *value})
}

// appear does a pending store, or the first one before it to the same place.
func (m *machine) appear(t *thread, i int) {
	p := &t.pending[i]
	for j := range i {
		if t.pending[j].overlaps(p.address, uint64(len(p.to))) {
			i, p = j, &t.pending[j]
			break
		}
	}
	m.change(t, p.address, p.to)
	copy(p.to, p.value[:])
	t.pending = slices.Delete(t.pending, i, i+1)
	if len(t.pending) == 0 {
		last := m.dirty[len(m.dirty)-1]
		m.dirty[t.dirty] = last
		last.dirty = t.dirty
		m.dirty = m.dirty[:len(m.dirty)-1]
	}
}

// flush does all pending stores of a thread: a fence, a barrier, its end.
func (m *machine) flush(t *thread) {
	for len(t.pending) > 0 {
		m.appear(t, 0)
	}
	m.current(t)
}

// settle does those to a place, before an atomic there.
func (m *machine) settle(t *thread, address, n uint64) {
	there := func(p pending) bool { return p.overlaps(address, n) }
	for i := slices.IndexFunc(t.pending, there); i >= 0; i = slices.IndexFunc(t.pending, there) {
		m.appear(t, i)
	}
}

// drift lets some store of somebody be seen.
func (m *machine) drift() {
	if n := len(m.dirty); n > 0 && m.random.next()&1 == 0 {
		t := m.dirty[m.random.below(uint64(n))]
		m.appear(t, int(m.random.below(uint64(len(t.pending)))))
	}
}

// view is what a thread sees of n bytes of memory at a load: perhaps an older state, and its own pending stores.
func (m *machine) view(t *thread, in *inst, memory []byte, n uint64) []byte {
	address := t.r[in.a] + in.imm
	if in.space > spaceGlobal || address >= sharedWindow {
		return memory
	}
	if in.flags&flagStrong == 0 {
		memory = m.stale(t, address, memory, n)
	}
	if in.flags&flagAcquire != 0 {
		m.current(t)
	}
	var seen []byte
	for i := range t.pending {
		p := &t.pending[i]
		if !p.overlaps(address, n) {
			continue
		}
		if seen == nil {
			seen = slices.Clone(memory[:n])
		}
		for j := range p.to {
			if at := p.address + uint64(j) - address; at < n {
				seen[at] = p.value[j]
			}
		}
	}
	if seen == nil {
		return memory
	}
	return seen
}
