package executor

import (
	"os"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
)

// Task memory is of three classes (see mem.Class): Task.Budget is Steady, for buffers; t.state() is State, for what grows with the rows and can be spilled;
// t.urgent() is what spilling itself takes.

// state makes a budget for an operator's state.
func (t *Task) state() *mem.Budget { return t.Budget.For(mem.State) }

// urgent makes a budget for what spilling takes.
func (t *Task) urgent() *mem.Budget { return t.Budget.For(mem.Urgent) }

// store is where the task spills.
func (t *Task) store() *spill.Store {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spilled == nil {
		dir := t.Spill
		if dir == nil {
			// A task of its own, as tests have it, cleans up after itself.
			dir = spill.NewDir(os.TempDir(), 0)
			t.cleanups = append([]func(){func() { _ = dir.Close() }}, t.cleanups...)
		}
		t.spilled = dir.NewStore()
		t.cleanups = append(t.cleanups, t.spilled.Close)
	}
	return t.spilled
}

// grow runs step, which takes more of b, until memory is not what keeps it from succeeding: as long as it is refused, the largest state of the task, or of
// another one under the same limit, is spilled. When there is none left it is run once more with the last of the limit. step holds mu while it runs; no
// lock is held while others spill.
func grow(mu sync.Locker, b *mem.Budget, step func() error) error {
	for {
		mu.Lock()
		err := step()
		mu.Unlock()
		if !mem.Refused(err) {
			return err
		}
		if b.Relieve() {
			continue
		}
		mu.Lock()
		before := b.SetClass(mem.Urgent)
		err = step()
		b.SetClass(before)
		mu.Unlock()
		return err
	}
}

// grown is called when x has grown by a batch.
func (t *Task) grown(x mem.Spillable) {
	if t.early {
		x.Spill()
	}
}

// spillEarly is the workers' share of the limit in tasks that begin, nil when they spill only what memory has no room for.
var spillEarly atomic.Pointer[int64]

// SpillEarly makes tasks that begin from now on spill after every batch what can be spilled, so that tests meet spilling with few rows; share stands for a worker's
// share of the limit, 0 for one that everything fits. It returns what ends that.
func SpillEarly(share int64) func() {
	before := spillEarly.Swap(&share)
	return func() { spillEarly.Store(before) }
}

// holder is a source or an operator whose state could be spilled until a pipeline reads it.
type holder interface {
	// pin ends that, or with false begins it again: as long as it is pinned what is in memory stays there.
	pin(on bool)
}

// admit makes room for a pipeline: a third of the limit should be free for what the pipeline collects and its buffers.
func (t *Task) admit() {
	if limit := t.Budget.Tightest(); limit > 0 {
		for t.Budget.Free() < limit/admitShare && t.Budget.Relieve() {
		}
	}
}

const admitShare = 3

// pin fixes the state that s reads, or lets it go.
func (s *Stream) pin(on bool) {
	if h, ok := s.Source.(holder); ok {
		h.pin(on)
	}
	for _, op := range s.Operators {
		if h, ok := op.(holder); ok {
			h.pin(on)
		}
		if j, ok := op.(interface{ runsIn(s *Stream) }); ok {
			j.runsIn(s)
		}
	}
	for _, in := range s.Inputs {
		in.pin(on)
	}
}

// fanOut is how many files rows are spread over when state is spilled: each is to fit the memory of one worker, and costs a buffer while it is written.
func (t *Task) fanOut() int {
	switch limit := t.Budget.Tightest(); {
	case limit == 0 || limit >= 256<<20:
		return 32
	case limit >= 32<<20:
		return 16
	}
	return 8
}

// workerShare is how many bytes one worker may hold of what was spilled, 0 without a limit: all workers together half of the limit, so that what they feed can grow
// beside them.
func (t *Task) workerShare() int64 {
	if t.early {
		return t.earlyShare
	}
	return t.Budget.Tightest() / int64(2*max(1, t.Threads))
}
