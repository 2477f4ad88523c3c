package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// distinct lets each tuple of arguments of a group through to the aggregate once.
type distinct struct {
	e         *env
	inner     state
	tuples    *Table // of (group, arguments)
	args      int
	nulls     bool // NULL is a value
	cols      []int
	buf       buffers
	innerBuf  buffers
	ids       []uint32
	groupOf   []uint32 // by physical row
	seen      []bool   // by new tuple
	freshGids []uint32
	freshRows []uint32
	parts     [][]uint32 // by partition: tuples
	partErr   error
}

func newDistinct(e *env, a kernels.Aggregate) (state, error) {
	inner, err := newPlain(e, a)
	if err != nil {
		return nil, err
	}
	switch a.Op {
	case kernels.AggMin, kernels.AggMax, kernels.AggBoolAnd, kernels.AggBoolOr, kernels.AggAny, kernels.AggApproxCount:
		// Duplicates change nothing.
		return inner, nil
	}
	types := append([]column.Type{column.T(column.Uint32)}, a.ArgTypes...)
	t, err := NewTable(e.budget, types)
	if err != nil {
		inner.free()
		return nil, err
	}
	return &distinct{nulls: a.Op == kernels.AggList, e: e, inner: inner, tuples: t, args: len(a.ArgTypes), cols: t.ident}, nil
}

func (s *distinct) resize(groups int) error { return s.inner.resize(groups) }

func (s *distinct) reserve(n int) error {
	if err := s.tuples.Room(n); err != nil {
		return err
	}
	if r, ok := s.inner.(reserver); ok {
		return r.reserve(n)
	}
	return nil
}

func (s *distinct) free() {
	s.tuples.Free()
	s.inner.free()
}

func (s *distinct) update(in *input) error {
	if !s.nulls {
		in = in.valid(0)
	}
	n := len(in.gids)
	if n == 0 {
		return nil
	}
	physical := in.cols[0].Len
	s.groupOf = sized(s.groupOf, physical)
	for k, g := range in.gids {
		s.groupOf[in.row(k)] = g
	}
	group := &column.Vector{Type: column.T(column.Uint32), Form: column.Flat, Len: physical, Data: column.BytesOf(s.groupOf[:physical])}
	rows := in.rows
	if rows == nil && n < physical {
		rows = sized(s.buf.rows[0], n)
		for k := range rows {
			rows[k] = uint32(k)
		}
		s.buf.rows[0] = rows
	}
	b := column.Batch{Cols: append([]*column.Vector{group}, in.cols[:s.args]...), Len: physical, Sel: rows}
	s.ids = sized(s.ids, n)
	next := uint32(s.tuples.Len())
	if err := s.tuples.Find(&b, s.cols, s.ids); err != nil {
		return err
	}
	// Which rows brought a new tuple: each new number counts once.
	s.seen = sized(s.seen, s.tuples.Len()-int(next))
	clear(s.seen)
	s.freshGids, s.freshRows = s.freshGids[:0], s.freshRows[:0]
	for k, id := range s.ids {
		if id >= next && !s.seen[id-next] {
			s.seen[id-next] = true
			s.freshGids, s.freshRows = append(s.freshGids, in.gids[k]), append(s.freshRows, uint32(in.row(k)))
		}
	}
	return s.inner.update(&input{gids: s.freshGids, rows: s.freshRows, cols: in.cols, buf: &s.innerBuf})
}

// merge is not called: mergeTuples does its work once for all groups.
func (s *distinct) merge([]uint32, state, []uint32) error {
	return fault.New(fault.Internal, "distinct aggregates are merged by tuples")
}

// partition sorts the tuples by the partitions that their groups belong to, of[group].
func (s *distinct) partition(n int, of []uint16) {
	counts := make([]int, n+1)
	tuples := s.tuples.Len()
	part := make([]uint16, tuples)
	scratch := mem.NewArena(nil)
	defer scratch.Free()
	for lo := 0; lo < tuples; lo += column.BatchRows {
		scratch.Reset()
		hi := min(lo+column.BatchRows, tuples)
		// The group is the first key; a memory error cannot come from an arena without a budget but from the system, and leaves the partition empty.
		v, err := s.tuples.keys.emit(&output{arena: scratch}, 0, groups{lo: lo, hi: hi})
		if err != nil {
			s.partErr = err
			return
		}
		for k, g := range column.Values[uint32](v) {
			part[lo+k] = of[g]
			counts[of[g]+1]++
		}
	}
	for p := range n {
		counts[p+1] += counts[p]
	}
	list := make([]uint32, tuples)
	next := append([]int(nil), counts[:n]...)
	for t, p := range part {
		list[next[p]] = uint32(t)
		next[p]++
	}
	s.parts = make([][]uint32, n)
	for p := range s.parts {
		s.parts[p] = list[counts[p]:counts[p+1]]
	}
}

// mergeTuples takes o's tuples of a partition (negative: all) whose groups have a target.
func (s *distinct) mergeTuples(o *distinct, partition int, target func(group uint32) (to uint32, ok bool)) error {
	n := o.tuples.Len()
	var list []uint32
	if partition >= 0 {
		if o.partErr != nil {
			return o.partErr
		}
		list = o.parts[partition]
		n = len(list)
		// All of them have a target here: a table that is still empty gets its size at once.
		if err := s.tuples.Reserve(n); err != nil {
			return err
		}
	}
	scratch := mem.NewArena(s.e.budget)
	defer scratch.Free()
	in := &input{buf: &s.buf}
	var gids, rows []uint32
	for lo := 0; lo < n; lo += column.BatchRows {
		hi := min(lo+column.BatchRows, n)
		of := groups{lo: lo, hi: hi}
		if list != nil {
			of = groups{list: list[lo:hi]}
		}
		scratch.Reset()
		b, err := o.tuples.keysOf(&output{arena: scratch}, of)
		if err != nil {
			return err
		}
		gids, rows = gids[:0], rows[:0]
		for k, g := range column.Values[uint32](b.Cols[0]) {
			if to, ok := target(g); ok {
				gids, rows = append(gids, to), append(rows, uint32(k))
			}
		}
		if err := s.reserve(len(gids)); err != nil {
			return err
		}
		in.cols, in.gids, in.rows = b.Cols[1:], gids, rows
		if err := s.update(in); err != nil {
			return err
		}
	}
	return nil
}

func (s *distinct) finish(out *output, lo, hi int) (*column.Vector, error) {
	return s.inner.finish(out, lo, hi)
}
