package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
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

func (s *distinct) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*distinct)
	// Which of our groups each of the other's goes to, plus one.
	to := map[uint32]uint32{}
	for k, g := range gids {
		to[uint32(source(from, k))] = g
	}
	scratch := mem.NewArena(s.e.budget)
	defer scratch.Free()
	for lo := 0; lo < o.tuples.Len(); lo += column.BatchRows {
		hi := min(lo+column.BatchRows, o.tuples.Len())
		scratch.Reset()
		b, err := o.tuples.keysOf(&output{arena: scratch}, groups{lo: lo, hi: hi})
		if err != nil {
			return err
		}
		in := &input{cols: b.Cols[1:], buf: &s.buf, rows: []uint32{}}
		for k, g := range column.Values[uint32](b.Cols[0]) {
			if mine, ok := to[g]; ok {
				in.gids, in.rows = append(in.gids, mine), append(in.rows, uint32(k))
			}
		}
		if err := s.update(in); err != nil {
			return err
		}
	}
	return nil
}

func (s *distinct) finish(out *output, lo, hi int) (*column.Vector, error) {
	return s.inner.finish(out, lo, hi)
}
