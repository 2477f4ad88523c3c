package agg

import (
	"slices"
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// chosen keeps the value of one row of each group: the first or last one, any that is not NULL, or that where another argument is least or greatest.
type chosen struct {
	agg    kernels.Aggregate
	sizes  *mem.Budget
	sized  int // groups that at and by have room for, which lie on the Go heap
	arena  *mem.Arena
	rows   *column.Appender // arguments of the rows that were chosen at some time
	at     []uint32         // by group: row number plus one
	by     []column.Value   // by group: the ordering argument's value
	vacant int              // rows that are no group's any more
}

func newChosen(e *env, a kernels.Aggregate) *chosen {
	arena := mem.NewArena(e.budget)
	arena.Urgent(true)
	return &chosen{agg: a, sizes: e.budget, arena: arena, rows: column.NewAppender(arena, a.ArgTypes)}
}

// chosenBytes is what a group takes on the Go heap.
const chosenBytes = int64(unsafe.Sizeof(column.Value{})) + 4

func (s *chosen) resize(groups int) error {
	if groups > s.sized {
		room := max(groups, 2*s.sized)
		if err := s.sizes.Reserve(int64(room-s.sized) * chosenBytes); err != nil {
			return err
		}
		s.sized, s.at, s.by = room, slices.Grow(s.at, room-len(s.at)), slices.Grow(s.by, room-len(s.by))
	}
	for len(s.at) < groups {
		s.at = append(s.at, 0)
		s.by = append(s.by, column.Value{})
	}
	return nil
}

func (s *chosen) free() {
	s.sizes.Release(int64(s.sized) * chosenBytes)
	s.sized, s.at, s.by = 0, nil, nil
	s.arena.Free()
}

func (s *chosen) reserve(int) error { return s.arena.Pressed() }

// better reports whether row r takes the place of group g's, if it has one.
func (s *chosen) better(g uint32, cols []*column.Vector, r int) bool {
	switch s.agg.Op {
	case kernels.AggFirst, kernels.AggSingle:
		return s.at[g] == 0
	case kernels.AggLast:
		return true
	case kernels.AggAnyValue:
		return s.at[g] == 0 && !cols[0].IsNull(r)
	}
	if cols[0].IsNull(r) || cols[1].IsNull(r) {
		return false
	}
	v := cols[1].ValueAt(r)
	if s.at[g] != 0 {
		c := column.CompareValues(v, s.by[g])
		if s.agg.Op == kernels.AggArgMin && c >= 0 || s.agg.Op == kernels.AggArgMax && c <= 0 {
			return false
		}
	}
	s.by[g] = v
	return true
}

// put takes row r, whose number among the rows kept will be next.
func (s *chosen) put(g uint32, next uint32) {
	if s.at[g] != 0 {
		s.vacant++
	}
	s.at[g] = next + 1
}

func (s *chosen) update(in *input) error {
	var picked []uint32
	place := map[uint32]int{} // group → index in picked, within this batch
	for k, g := range in.gids {
		r := in.row(k)
		if s.agg.Op == kernels.AggSingle && s.at[g] != 0 {
			return fault.New(fault.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		if !s.better(g, in.cols, r) {
			continue
		}
		if i, ok := place[g]; ok {
			picked[i] = uint32(r)
			continue
		}
		place[g] = len(picked)
		s.put(g, uint32(s.rows.Rows()+len(picked)))
		picked = append(picked, uint32(r))
	}
	if len(picked) == 0 {
		return nil
	}
	cols := in.cols[:len(s.agg.ArgTypes)]
	if err := s.rows.AppendRows(&column.Batch{Cols: cols, Len: cols[0].Len}, picked); err != nil {
		return err
	}
	return s.compact()
}

// compact drops the rows that were replaced, once they are most.
func (s *chosen) compact() error {
	if s.vacant < 4*column.BatchRows || 2*s.vacant < s.rows.Rows() {
		return nil
	}
	arena := mem.NewArena(s.arena.Budget())
	arena.Urgent(true)
	kept := column.NewAppender(arena, s.agg.ArgTypes)
	if err := s.copyTo(kept, arena); err != nil {
		arena.Free()
		return err
	}
	s.arena.Free()
	s.arena, s.rows, s.vacant = arena, kept, 0
	return nil
}

// copyTo appends the chosen rows to kept and renumbers them.
func (s *chosen) copyTo(kept *column.Appender, arena *mem.Arena) error {
	scratch := mem.NewArena(arena.Budget())
	defer scratch.Free()
	for lo := 0; lo < len(s.at); lo += column.BatchRows {
		scratch.Reset()
		var rows []uint32
		first := uint32(kept.Rows())
		for g := lo; g < min(lo+column.BatchRows, len(s.at)); g++ {
			if s.at[g] != 0 {
				rows = append(rows, s.at[g]-1)
				s.at[g] = first + uint32(len(rows))
			}
		}
		b, err := s.gather(scratch, rows)
		if err != nil {
			return err
		}
		if err := kept.Append(b); err != nil {
			return err
		}
	}
	return nil
}

func (s *chosen) gather(a *mem.Arena, rows []uint32) (*column.Batch, error) {
	b := &column.Batch{Len: len(rows)}
	for c := range s.agg.ArgTypes {
		v, err := s.rows.Gather(a, c, rows)
		if err != nil {
			return nil, err
		}
		b.Cols = append(b.Cols, v)
	}
	return b, nil
}

func (s *chosen) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*chosen)
	scratch := mem.NewArena(s.arena.Budget())
	defer scratch.Free()
	var rows, to []uint32
	for k, g := range gids {
		if at := o.at[source(from, k)]; at != 0 {
			rows, to = append(rows, at-1), append(to, g)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	b, err := o.gather(scratch, rows)
	if err != nil {
		return err
	}
	return s.update(&input{gids: to, cols: b.Cols})
}

func (s *chosen) finish(out *output, lo, hi int) (*column.Vector, error) {
	rows := make([]uint32, hi-lo)
	for k := range rows {
		rows[k] = s.at[lo+k] - 1 // NoRow for none
	}
	return s.rows.Gather(out.arena, 0, rows)
}
