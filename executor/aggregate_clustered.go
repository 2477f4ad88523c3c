package executor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// clustered is an aggregation of mode Single by a key whose values in one split of the scan below lie in no other split, but for the least and the greatest of each:
// metadata says so, whatever the order of rows within a split. A group is complete when its split has been read. So it runs within the pipeline:
// a worker groups one split at a time, in a table that stays in its cache, and passes the groups on when the split ends. Without it 15 million groups, and then
// those of each worker once more, lie in tables far larger than any cache.
//
// Groups that another split may share, and those that have no room in memory, go to rest, an ordinary aggregation whose groups the last worker passes on.
type clustered struct {
	n      *plan.Aggregate
	scan   *scan
	splits map[plan.Split]*clusterSplit
	rest   *aggregation
	last   finishers

	groups  atomic.Int64 // passed on
	largest atomic.Int64 // bytes of a worker's table
}

// clusterSplit is what a split has for itself.
type clusterSplit struct {
	least, greatest             int64
	sharesLeast, sharesGreatest bool // another split may have rows of that key
}

// newClustered makes one for n over the stream in, or nil where splits share too much or too few groups are expected to be worth it.
func newClustered(b *Builder, n *plan.Aggregate, in *Stream) (*clustered, error) {
	s, ok := in.Source.(*scan)
	if !ok || n.Mode != plan.AggSingle || n.Sets != nil || len(n.Keys) != 1 || !b.Task.early && n.Rows < mergedGroups {
		return nil, nil
	}
	col, ok := scanColumn(n.Input, n.Keys[0], s.node)
	if !ok || !ranged(s.node.Schema[col].Type) || !b.Task.early && b.Task.Threads > 1 && len(s.splits) < morselsPerWorker*b.Task.Threads {
		return nil, nil
	}
	format, ok := s.format.(storage.Bounder)
	if !ok {
		return nil, nil
	}
	bounds, err := format.Bounds(b.Ctx, s.store, s.splits, s.node.Schema[col], s.node.Options)
	if err != nil {
		return nil, err
	}
	splits := disjoint(s.splits, bounds)
	if splits == nil {
		return nil, nil
	}
	return &clustered{n: n, scan: s, splits: splits, rest: newAggregation(b.Task, n)}, nil
}

// scanColumn finds the column of the table that column i of n is, where rows come from scan through filters and projections alone.
func scanColumn(n plan.Node, i int, scan *plan.Scan) (col int, ok bool) {
	for {
		switch at := n.(type) {
		case *plan.Filter:
			n = at.Input
		case *plan.Project:
			columns, ok := references(at.Exprs[i : i+1])
			if !ok {
				return 0, false
			}
			n, i = at.Input, columns[0]
		case *plan.Scan:
			if at.Output != nil {
				i = at.Output[i]
			}
			return at.Columns[i], at == scan
		default:
			return 0, false
		}
	}
}

// ranged reports whether values of t are integers in the order that bounds have.
func ranged(t column.Type) bool {
	switch t.Kind {
	case column.Int8, column.Int16, column.Int32, column.Int64, column.Uint8, column.Uint16, column.Uint32, column.Date, column.Time, column.Timestamp, column.TimestampTZ:
		return true
	case column.Decimal:
		return t.Physical() == column.PhysInt64
	}
	return false
}

// disjoint finds what each split has for itself; nil unless no two have more than one key in common.
func disjoint(splits []plan.Split, bounds []plan.ColumnStatistics) map[plan.Split]*clusterSplit {
	if len(bounds) != len(splits) {
		return nil
	}
	order := make([]*clusterSplit, len(splits))
	out := make(map[plan.Split]*clusterSplit, len(splits))
	for i, s := range splits {
		if bounds[i].Min == nil || bounds[i].Max == nil || s.To != 0 || out[s] != nil {
			return nil
		}
		order[i] = &clusterSplit{least: int64(bounds[i].Min.Int.Lo), greatest: int64(bounds[i].Max.Int.Lo)}
		out[s] = order[i]
	}
	slices.SortFunc(order, func(a, b *clusterSplit) int {
		return cmp.Or(cmp.Compare(a.least, b.least), cmp.Compare(a.greatest, b.greatest))
	})
	for i := 1; i < len(order); i++ {
		before, at := order[i-1], order[i]
		if at.least < before.greatest {
			return nil
		}
		if at.least == before.greatest {
			before.sharesGreatest, at.sharesLeast = true, true
		}
	}
	return out
}

// runsIn says which stream's workers aggregate.
func (c *clustered) runsIn(s *Stream) { c.last.stream = s }

// Report says how many groups were passed on.
func (c *clustered) Report() (int64, string) {
	detail := fmt.Sprintf("groups %d, each complete at the end of its split", c.groups.Load())
	if n := c.rest.written(); n > 0 {
		detail += ", spilled " + formatBytes(n)
	}
	return c.largest.Load(), detail
}

func (c *clustered) Worker(w *Worker, next Sink) (Sink, error) {
	c.last.start(w.Task)
	rest, err := c.rest.Worker(w)
	if err != nil {
		return nil, err
	}
	s := &clusteredSink{c: c, w: w, next: next, rest: rest.(groupSink), out: w.Task.NewArena(), state: w.Task.state()}
	w.Task.Defer(s.drop)
	s.g, err = newGrouper(c.n, s.state, w.Arena)
	return s, err
}

// clusteredSink is one worker's part.
type clusteredSink struct {
	c     *clustered
	w     *Worker
	next  Sink
	rest  groupSink
	out   *mem.Arena
	state *mem.Budget // of g
	g     *grouper

	morsel  int           // of the worker, that g has rows of
	split   *clusterSplit // which it is; nil: unknown, its rows go to rest
	spilled bool          // some of its groups are in rest's files
	done    bool          // no more groups are wanted
}

func (s *clusteredSink) drop() {
	if s.g != nil {
		s.g.agg.Free()
		s.g = nil
	}
}

func (s *clusteredSink) Push(b *column.Batch) error {
	if s.done {
		return ErrDone
	}
	if s.morsel != s.w.morsel.number {
		if err := s.end(); err != nil {
			return err
		}
		s.morsel, s.split = s.w.morsel.number, nil
		if s.w.morsel.scan == s.c.scan {
			s.split = s.c.splits[s.w.morsel.split]
		}
	}
	if s.split == nil {
		return s.rest.Push(b)
	}
	err := s.g.push(b)
	if mem.Refused(err) && s.g.agg.Groups() > 0 {
		if err := s.spill(); err != nil {
			return err
		}
		err = s.g.push(b)
	}
	if mem.Refused(err) {
		err = grow(unlocked{}, s.state, func() error { return s.g.push(b) })
	}
	if err == nil && s.w.Task.early && s.morsel%2 == 0 {
		err = s.spill()
	}
	return err
}

// spill sends all groups to the files of rest.
func (s *clusteredSink) spill() error {
	s.spilled = true
	if s.g.agg.Groups() == 0 {
		return nil
	}
	if err := spillGroups(s.w.Task, s.g.agg.Spill, s.c.rest.partitioned(), 1); err != nil {
		return err
	}
	return s.g.restart(s.state)
}

// end passes on the groups of the split that has been read.
func (s *clusteredSink) end() error {
	err := s.complete()
	s.done = s.done || errors.Is(err, ErrDone)
	return err
}

func (s *clusteredSink) complete() error {
	groups := s.g.agg.Groups()
	if groups == 0 {
		s.spilled = false
		return nil
	}
	if s.spilled {
		err := s.spill()
		s.spilled = false
		return err
	}
	if size := s.state.Used(); size > s.c.largest.Load() {
		s.c.largest.Store(size)
	}
	shared, err := s.shared()
	if err != nil {
		return err
	}
	lo := 0
	for _, g := range append(shared, uint32(groups)) {
		if err := s.emit(lo, int(g)); err != nil {
			return err
		}
		lo = int(g) + 1
	}
	if err := s.rest.absorb(s.g, shared); err != nil {
		return err
	}
	s.c.groups.Add(int64(groups - len(shared)))
	return s.restart(groups)
}

// restart empties the table and makes room for as many groups as the split before had, if there is room.
func (s *clusteredSink) restart(groups int) error {
	if err := s.g.restart(s.state); err != nil {
		return err
	}
	if err := s.g.agg.Reserve(groups + groups/8); err != nil && !mem.Refused(err) {
		return err
	}
	return nil
}

// emit passes groups lo to hi-1 on.
func (s *clusteredSink) emit(lo, hi int) error {
	for ; lo < hi; lo += column.BatchRows {
		s.out.Reset()
		b, err := s.g.agg.Emit(s.out, lo, min(lo+column.BatchRows, hi), false)
		if err != nil {
			return err
		}
		if err := s.next.Push(b); err != nil {
			return err
		}
	}
	return nil
}

// shared lists the groups that other splits may have as well: those of keys at the split's ends, and that of NULL.
func (s *clusteredSink) shared() (list []uint32, err error) {
	for lo := 0; lo < s.g.agg.Groups(); lo += column.BatchRows {
		s.out.Reset()
		b, err := s.g.agg.Keys(s.out, lo, min(lo+column.BatchRows, s.g.agg.Groups()))
		if err != nil {
			return nil, err
		}
		list = s.split.ends(list, lo, b.Cols[0])
	}
	return list, nil
}

// ends appends to list the positions in v, counted from lo, of keys that others may have.
func (c *clusterSplit) ends(list []uint32, lo int, v *column.Vector) []uint32 {
	if v.Valid != nil {
		for k := range v.Len {
			if key := v.ValueAt(k).Int.Lo; v.IsNull(k) || key == uint64(c.least) && c.sharesLeast || key == uint64(c.greatest) && c.sharesGreatest {
				list = append(list, uint32(lo+k))
			}
		}
		return list
	}
	if !c.sharesLeast && !c.sharesGreatest {
		return list
	}
	switch v.Type.Width() {
	case 1:
		return endsOf[uint8](c, list, lo, v)
	case 2:
		return endsOf[uint16](c, list, lo, v)
	case 4:
		return endsOf[uint32](c, list, lo, v)
	}
	return endsOf[uint64](c, list, lo, v)
}

// endsOf is ends for values without NULL; T has their width.
func endsOf[T uint8 | uint16 | uint32 | uint64](c *clusterSplit, list []uint32, lo int, v *column.Vector) []uint32 {
	least, greatest := T(c.least), T(c.greatest)
	for k, x := range column.Values[T](v) {
		if x == least && c.sharesLeast || x == greatest && c.sharesGreatest {
			list = append(list, uint32(lo+k))
		}
	}
	return list
}

func (s *clusteredSink) Finish() error {
	// What follows is finished also when it wants no more rows.
	if !s.done {
		if err := s.end(); err != nil && !s.done {
			return err
		}
	}
	s.drop()
	if err := s.rest.Finish(); err != nil {
		return err
	}
	if s.c.last.done() {
		if err := s.passRest(); err != nil && !errors.Is(err, ErrDone) {
			return err
		}
	}
	s.out.Free()
	return s.next.Finish()
}

// passRest passes the groups of rest on, all workers having finished.
func (s *clusteredSink) passRest() (err error) {
	rest := aggregated{s.c.rest}
	if err := rest.Seal(s.w.Ctx); err != nil {
		return err
	}
	rest.pin(true)
	defer rest.Release()
	reader, err := rest.Worker(s.w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	var b column.Batch
	for {
		if err := s.w.Check(); err != nil {
			return err
		}
		more, err := reader.Next(&b)
		if err != nil || !more {
			return err
		}
		s.c.groups.Add(int64(b.Rows()))
		if err := s.next.Push(&b); err != nil {
			return err
		}
	}
}
