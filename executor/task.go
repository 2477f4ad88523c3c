package executor

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/plan"
)

// Task is one task of a stage while it runs: what its operators share. The exported fields are set before it runs; a task runs once.
type Task struct {
	Stage     *plan.Stage
	Partition int         // which of Stage.Tasks this is
	Threads   int         // workers a pipeline may use
	Budget    *mem.Budget // what all memory of the task is charged to
	Settings  plan.Settings
	Splits    map[int][]plan.Split // by scan node: this task's share; a scan that is missing takes every Stage.Tasks-th split of its own
	Exchanges Exchanges            // where ExchangeRead nodes read; nil when there are none
	Measure   bool                 // take statistics of every node
	Progress  *Progress            // what scans have done; nil: not counted
	Spill     *spill.Dir           // where state goes that has no room in memory; nil: a folder of the task's own

	mu      sync.Mutex
	spilled *spill.Store // nil as long as nothing was spilled
	// Tests meet spilling with few rows: with early what can be spilled is, after every batch, and earlyShare stands for a worker's share of the limit.
	early      bool
	earlyShare int64
	arenas     []*mem.Arena
	cleanups   []func()
	shared     []*Rows
	working    map[int]*round // by recursion: what its last round found
	filters    map[int]RuntimeFilter
	stats      map[int]*plan.NodeStats
	gaveUp     string // why a device gave this task's work back; the CPU does it all
}

// Progress counts how far scans are. Several tasks may share one; it may be read while they run.
type Progress struct {
	Splits atomic.Int64 // to be read; a scan adds its own when it starts, pruned ones are not counted
	Done   atomic.Int64 // read to their end
	Rows   atomic.Int64 // that readers have delivered
}

// Exchanges opens what earlier stages have put out.
type Exchanges interface {
	// Read opens the rows of n's stage that the task of the given partition reads.
	Read(ctx context.Context, n *plan.ExchangeRead, partition int) (ExchangeReader, error)
}

// ExchangeReader gives the blocks of one partition to any number of workers. shuffle.Reader is one.
type ExchangeReader interface {
	// Blocks is how many blocks there are.
	Blocks() int
	// Read decodes block i into a.
	Read(ctx context.Context, i int, a *mem.Arena) ([]*column.Batch, error)
}

// RuntimeFilter is what a join's build side knows about the keys that can match. It is safe for concurrent use.
type RuntimeFilter interface {
	// Apply returns the selected rows of b whose value in v may match, ascending and never nil, in sel when it has room for them.
	Apply(v *column.Vector, b *column.Batch, sel []uint32) ([]uint32, error)
	// Bounds are the least and the greatest key; nil when unknown or when there is no key.
	Bounds() (min, max *column.Value)
}

// SetRuntimeFilter makes the filter of that number known; the join does so when its build side is sealed.
func (t *Task) SetRuntimeFilter(number int, f RuntimeFilter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.filters == nil {
		t.filters = map[int]RuntimeFilter{}
	}
	t.filters[number] = f
}

// RuntimeFilter is the filter of that number, or nil as long as it is not known: filters may be ignored, never waited for.
func (t *Task) RuntimeFilter(number int) RuntimeFilter {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.filters[number]
}

// NewArena makes an arena that is freed when the task ends, at the latest: its user may free it before, as soon as nobody needs what it holds.
func (t *Task) NewArena() *mem.Arena {
	a := mem.NewArena(t.Budget)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arenas = append(t.arenas, a)
	return a
}

// Defer has f run when the task has ended, however it ended, after all workers have stopped and before the arenas are freed; last in, first out.
func (t *Task) Defer(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

// release ends what the task holds.
func (t *Task) release() {
	t.mu.Lock()
	cleanups, arenas := t.cleanups, t.arenas
	t.cleanups, t.arenas, t.shared, t.filters = nil, nil, nil, nil
	t.mu.Unlock()
	for i := len(cleanups) - 1; i >= 0; i-- {
		cleanups[i]()
	}
	for _, a := range arenas {
		a.Free()
	}
}
