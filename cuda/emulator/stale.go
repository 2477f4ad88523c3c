package emulator

import "slices"

// change is what a store or an atomic overwrote in global memory.
type change struct {
	address uint64
	size    uint8
	old     [16]byte
	time    uint64
	by      *thread
}

// changes is how many are remembered: what a load that comes late can still miss.
const changes = 128

// change notes what is about to be overwritten. Time goes on with it.
func (m *machine) change(t *thread, address uint64, memory []byte) {
	if m.log == nil {
		m.log = make([]change, changes)
	}
	m.clock++
	c := &m.log[m.clock%changes]
	c.address, c.size, c.time, c.by = address, uint8(len(memory)), m.clock, t
	copy(c.old[:], memory)
}

// current begins a thread's view anew: what others did before it is seen from now on.
func (m *machine) current(t *thread) { t.seen = m.clock }

// stale is n bytes of global memory as a load that is neither volatile nor atomic may find them: a line may lie in a cache since any time after the thread's
// last fence or barrier, so what others have changed since may be missing. A thread does not miss what it did itself.
func (m *machine) stale(t *thread, address uint64, memory []byte, n uint64) []byte {
	if m.clock == t.seen || m.random.below(4) != 0 {
		return memory
	}
	from := max(t.seen, m.clock-min(m.clock, changes-1))
	from += m.random.below(m.clock - from + 1) // the load happened then
	var found []byte
	for at := m.clock; at > from; at-- {
		c := &m.log[at%changes]
		if c.address >= address+n || address >= c.address+uint64(c.size) {
			continue
		}
		if c.by == t {
			break
		}
		if found == nil {
			found = slices.Clone(memory[:n])
		}
		for i := range uint64(c.size) {
			if place := c.address + i - address; place < n {
				found[place] = c.old[i]
			}
		}
	}
	if found == nil {
		return memory
	}
	return found
}
