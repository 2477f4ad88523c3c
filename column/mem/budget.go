package mem

import (
	"sync/atomic"

	"github.com/polybolos-db/polybolos/fault"
)

// Budget counts bytes against a limit and against its parent's. It is safe for concurrent use.
type Budget struct {
	name   string
	limit  int64 // 0: unlimited
	parent *Budget
	used   atomic.Int64
	peak   atomic.Int64
}

// NewBudget makes a budget of limit bytes (0: no limit of its own) under parent (nil: none). The name appears in refusals.
func NewBudget(name string, limit int64, parent *Budget) *Budget {
	return &Budget{name: name, limit: limit, parent: parent}
}

// Reserve takes n bytes, or takes nothing and returns an *fault.Error (OutOfMemory) when this budget or one above it would pass its limit.
func (b *Budget) Reserve(n int64) error {
	if b == nil {
		return nil
	}
	used := b.used.Add(n)
	if b.limit > 0 && used > b.limit {
		b.used.Add(-n)
		return fault.New(fault.OutOfMemory, "memory limit of %s reached: %d bytes more than the %d in use would pass %d",
			b.name, n, used-n, b.limit).WithHint("raise the limit with SET memory_limit, or make the query keep less")
	}
	if err := b.parent.Reserve(n); err != nil {
		b.used.Add(-n)
		return err
	}
	for {
		peak := b.peak.Load()
		if used <= peak || b.peak.CompareAndSwap(peak, used) {
			return nil
		}
	}
}

// Release gives n bytes back.
func (b *Budget) Release(n int64) {
	for ; b != nil; b = b.parent {
		b.used.Add(-n)
	}
}

// Used is the number of bytes reserved now.
func (b *Budget) Used() int64 { return b.used.Load() }

// Peak is the highest number of bytes that were reserved at once.
func (b *Budget) Peak() int64 { return b.peak.Load() }

// Limit is the budget's own limit in bytes, 0 when it has none.
func (b *Budget) Limit() int64 { return b.limit }
