package mem

import (
	"errors"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/fault"
)

// Class says how close to a limit a reservation may go: what can be spilled stops first, so that the memory that spilling itself needs is left.
type Class uint8

// The classes.
const (
	// Steady is for what works with a bounded amount: readers' buffers, batches on their way. Near the limit it has others spill (see Relieve), and takes
	// what is left when none can.
	Steady Class = iota
	// State is for what grows with the rows: hash tables, runs, rows kept. Its refusal is the sign to spill.
	State
	// Urgent is for what spilling takes, and for the end of a step that cannot be taken back: it goes to the limit itself.
	Urgent
)

const (
	// stateShare and steadyShare of a limit are kept from State and from Steady, up to maxStateMargin and maxSteadyMargin bytes: room for the buffers of a few
	// readers and of as many spilling workers.
	stateShare      = 4
	steadyShare     = 8
	maxStateMargin  = 48 << 20
	maxSteadyMargin = 24 << 20
)

// margin is how many bytes of a limit a class leaves.
func (c Class) margin(limit int64) int64 {
	switch c {
	case State:
		return min(limit/stateShare, maxStateMargin)
	case Steady:
		return min(limit/steadyShare, maxSteadyMargin)
	}
	return 0
}

// Budget counts bytes against a limit and against its parent's. It is safe for concurrent use.
type Budget struct {
	name   string
	limit  int64 // 0: unlimited
	parent *Budget
	class  Class // of reservations made here
	share  bool  // limit is a share of what there is: Urgent may pass it
	used   atomic.Int64
	peak   atomic.Int64
	relief relief // of a root: what can be spilled, for all below it
}

// NewBudget makes a budget of limit bytes (0: no limit of its own) under parent (nil: none). The name appears in refusals. Its reservations are Steady.
func NewBudget(name string, limit int64, parent *Budget) *Budget {
	return &Budget{name: name, limit: limit, parent: parent}
}

// For makes a budget under b, without a limit of its own, whose reservations are of class c.
func (b *Budget) For(c Class) *Budget {
	if b == nil {
		return nil
	}
	return &Budget{name: b.name, parent: b, class: c}
}

// Reserve takes n bytes, or takes nothing and returns an *fault.Error (OutOfMemory) when this budget or one above it would pass what the class may use of
// its limit.
func (b *Budget) Reserve(n int64) error {
	if b == nil {
		return nil
	}
	err := b.reserve(n, b.class)
	if err == nil || b.class != Steady {
		return err
	}
	for b.Relieve() {
		if err = b.reserve(n, Steady); err == nil {
			return nil
		}
	}
	return b.reserve(n, Urgent)
}

// ReserveUrgent is Reserve with class Urgent.
func (b *Budget) ReserveUrgent(n int64) error {
	if b == nil {
		return nil
	}
	return b.reserve(n, Urgent)
}

func (b *Budget) reserve(n int64, c Class) error {
	used := b.used.Add(n)
	if b.limit > 0 && used > b.limit-c.margin(b.limit) && (!b.share || c != Urgent) {
		b.used.Add(-n)
		return fault.New(fault.OutOfMemory, "memory limit of %s reached: %d bytes more than the %d in use would pass %d",
			b.name, n, used-n, b.limit).WithHint("raise the limit with SET memory_limit, or make the query keep less")
	}
	if b.parent != nil {
		if err := b.parent.reserve(n, c); err != nil {
			b.used.Add(-n)
			return err
		}
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

// SetClass changes the class of the reservations made here, and returns the one before. b has one user at a time.
func (b *Budget) SetClass(c Class) (before Class) {
	before, b.class = b.class, c
	return before
}

// SetShare gives b, which For has made, a share (0: no limit) of what the budgets above it have. Urgent reservations may pass it. b has one user at a time.
func (b *Budget) SetShare(limit int64) { b.limit, b.share = limit, true }

// Refused reports whether err is a budget's refusal that left everything as it was, so that the step may be tried again when there is memory.
func Refused(err error) bool {
	var f *final
	return err != nil && fault.CodeOf(err) == fault.OutOfMemory && !errors.As(err, &f)
}

// final is a refusal in the middle of a step.
type final struct{ err error }

func (f *final) Error() string { return f.err.Error() }
func (f *final) Unwrap() error { return f.err }

// Final says of err, when it is a refusal, that the step cannot be tried again.
func Final(err error) error {
	if !Refused(err) {
		return err
	}
	return &final{err}
}

// Tightest is the least limit of b and of what is above it, 0 when there is none.
func (b *Budget) Tightest() int64 {
	var least int64
	for ; b != nil; b = b.parent {
		if b.limit > 0 && (least == 0 || b.limit < least) {
			least = b.limit
		}
	}
	return least
}

// Free is how many bytes class State may still take of b, a large number without a limit.
func (b *Budget) Free() int64 {
	free := int64(1) << 60
	for ; b != nil; b = b.parent {
		if b.limit > 0 {
			free = min(free, b.limit-State.margin(b.limit)-b.used.Load())
		}
	}
	return free
}

// root is the topmost budget.
func (b *Budget) root() *Budget {
	for b.parent != nil {
		b = b.parent
	}
	return b
}

// under reports whether b is a or below it.
func (b *Budget) under(a *Budget) bool {
	for ; b != nil; b = b.parent {
		if b == a {
			return true
		}
	}
	return false
}
