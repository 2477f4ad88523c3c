package mem

import (
	"cmp"
	"slices"
	"sync"
)

// Spillable is state that can leave memory.
type Spillable interface {
	// Held is about how many bytes spilling would free; 0 when it cannot spill at the moment. It must not wait.
	Held() int64
	// Spill moves the state out of memory and reports whether it freed any. It may be called by any goroutine that holds no lock of an operator; it locks
	// what it needs, takes only Urgent memory, and keeps an error of its own for its owner.
	Spill() bool
}

// relief knows what can be spilled for a root budget.
type relief struct {
	mu   sync.Mutex
	list []*Registration
}

// Registration is a Spillable's place among those of its budget.
type Registration struct {
	budget *Budget
	s      Spillable
}

// Register makes s one of those that Relieve may ask, until the registration is closed.
func (b *Budget) Register(s Spillable) *Registration {
	r := &Registration{budget: b, s: s}
	top := &b.root().relief
	top.mu.Lock()
	defer top.mu.Unlock()
	top.list = append(top.list, r)
	return r
}

// Close takes s off the list. A Spill that has begun goes on: s itself must know that it has ended.
func (r *Registration) Close() {
	top := &r.budget.root().relief
	top.mu.Lock()
	defer top.mu.Unlock()
	if i := slices.Index(top.list, r); i >= 0 {
		top.list = slices.Delete(top.list, i, i+1)
	}
}

// leastRelief bytes are worth spilling for: less would make more files than room.
const leastRelief = 32 << 10

// Relieve has the largest of what is registered under the full budget spill, and reports whether that freed memory. Its caller holds no lock that a Spill may
// take.
func (b *Budget) Relieve() bool {
	if b == nil {
		return false
	}
	full := b.fullest()
	top := &b.root().relief
	top.mu.Lock()
	type candidate struct {
		s    Spillable
		held int64
	}
	var all []candidate
	for _, r := range top.list {
		if !r.budget.under(full) {
			continue
		}
		if held := r.s.Held(); held >= leastRelief {
			all = append(all, candidate{r.s, held})
		}
	}
	top.mu.Unlock()
	slices.SortFunc(all, func(x, y candidate) int { return cmp.Compare(y.held, x.held) })
	for _, c := range all {
		if c.s.Spill() {
			return true
		}
	}
	return false
}

// fullest is the budget, b or one above it, that has the least left.
func (b *Budget) fullest() *Budget {
	least, full := int64(1)<<62, b.root()
	for x := b; x != nil; x = x.parent {
		if x.limit > 0 {
			if left := x.limit - x.used.Load(); left < least {
				least, full = left, x
			}
		}
	}
	return full
}
