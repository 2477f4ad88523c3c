package executor

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

const (
	// partialGroups is the size at which a partial aggregation looks whether it reduces: with less than partialFactor rows a group it passes on what
	// it has and starts anew.
	partialGroups = 64 << 10
	partialFactor = 4
	// mostPartialGroups bounds the size at which it looks where the planner expects that so many groups do reduce. Keys in no order meet again only when all of them are kept:
	// 7 million rows of a million keys have hardly a pair among the first 65 536.
	mostPartialGroups = 4 << 20
	// leastReduction is the number of rows a group below which grouping costs more than it spares, in tenths: to hash, find and emit a group costs about as much as two
	// fifths of sending a row and merging it. Then ungroupedRows rows go on as they are before groups are tried again, since the order of rows may change.
	leastReduction = 16
	ungroupedRows  = 1 << 20
)

// partialAggregate is mode Partial, within a pipeline: every worker emits states of its own groups, and where few rows share a group states of the rows themselves.
type partialAggregate struct {
	n *plan.Aggregate

	groups, rows atomic.Int64 // passed on: groups, and rows that were not grouped
	largest      atomic.Int64 // bytes of a worker's table
}

// Report says how many rows went on without being grouped.
func (p *partialAggregate) Report() (int64, string) {
	if n := p.rows.Load(); n > 0 {
		return p.largest.Load(), fmt.Sprintf("groups %d, rows that were not grouped %d", p.groups.Load(), n)
	}
	return p.largest.Load(), ""
}

func (p *partialAggregate) Worker(w *Worker, next Sink) (Sink, error) {
	s := &partialSink{p: p, w: w, next: next, out: w.Task.NewArena(), state: w.Task.state(), room: p.room(w.Task)}
	s.mayPass = p.n.Sets == nil && len(p.n.Keys) > 0 && agg.RowsPay(p.n.Aggs)
	w.Task.Defer(s.drop)
	var err error
	s.g, err = newGrouper(p.n, s.state, w.Arena)
	return s, err
}

// room is at how many groups a worker looks whether they reduce: more where the planner expects that all workers together have few enough, and each of them many rows of each.
func (p *partialAggregate) room(t *Task) int {
	workers := float64(max(1, t.Stage.Tasks) * max(1, t.Threads))
	groups := p.n.Rows
	if t.early || groups <= partialGroups || groups > mostPartialGroups || p.n.Input.Meta().Rows/workers < partialFactor*groups {
		return leastRoom(t)
	}
	return int(groups + groups/4)
}

// leastRoom is at how many groups to look where nothing speaks for more.
func leastRoom(t *Task) int {
	if t.early {
		return 1
	}
	return partialGroups
}

type partialSink struct {
	p       *partialAggregate
	w       *Worker
	next    Sink
	out     *mem.Arena
	state   *mem.Budget // of g and single
	g       *grouper
	rows    int // since the last restart
	room    int // groups at which to look whether they reduce
	mayPass bool

	single *agg.Rows // nil: not needed so far
	pass   int       // rows that are not to be grouped
}

func (s *partialSink) drop() {
	if s.g != nil {
		s.g.agg.Free()
		s.g = nil
	}
	if s.single != nil {
		s.single.Free()
		s.single = nil
	}
}

// Push groups b. What memory is refused for is passed on as it is: the final aggregation merges it.
func (s *partialSink) Push(b *column.Batch) error {
	if s.pass > 0 && b.Rows() > 0 {
		return s.passOn(b)
	}
	err := s.g.push(b)
	if mem.Refused(err) && s.g.agg.Groups() > 0 {
		if err := s.flush(); err != nil {
			return err
		}
		err = s.g.push(b)
	}
	if mem.Refused(err) {
		err = grow(unlocked{}, s.state, func() error { return s.g.push(b) })
	}
	if err != nil {
		return err
	}
	s.rows += b.Rows()
	groups := s.g.agg.Groups()
	if groups < s.room || s.rows > groups*partialFactor {
		return nil
	}
	// The planner was wrong, or there is no more to it.
	s.room = leastRoom(s.w.Task)
	if s.mayPass && s.rows*10 < groups*leastReduction {
		s.pass = ungroupedRows
		if s.w.Task.early {
			s.pass = 2 * b.Rows()
		}
	}
	return s.flush()
}

// passOn makes states of the rows of b and pushes them.
func (s *partialSink) passOn(b *column.Batch) (err error) {
	if s.single == nil {
		if s.single, err = agg.NewRows(s.state, s.p.n.Aggs); err != nil {
			return err
		}
	}
	var made *column.Batch
	err = grow(unlocked{}, s.state, func() (err error) {
		s.out.Reset()
		made, err = s.single.Emit(s.out, b, s.p.n.Keys)
		return err
	})
	if err != nil {
		return err
	}
	s.pass -= b.Rows()
	s.p.rows.Add(int64(b.Rows()))
	return s.next.Push(made)
}

// flush passes all groups on and starts anew.
func (s *partialSink) flush() error {
	if size := s.state.Used(); size > s.p.largest.Load() {
		s.p.largest.Store(size)
	}
	for lo := 0; lo < s.g.agg.Groups(); lo += column.BatchRows {
		s.out.Reset()
		b, err := s.g.agg.Emit(s.out, lo, min(lo+column.BatchRows, s.g.agg.Groups()), true)
		if err != nil {
			return err
		}
		s.p.groups.Add(int64(b.Rows()))
		if err := s.next.Push(b); err != nil {
			return err
		}
	}
	s.rows = 0
	return s.g.restart(s.state)
}

func (s *partialSink) Finish() error {
	if err := s.g.complete(); err != nil {
		return err
	}
	// What follows is finished also when it wants no more rows.
	if err := s.flush(); err != nil && !errors.Is(err, ErrDone) {
		return err
	}
	s.drop()
	s.out.Free()
	return s.next.Finish()
}
