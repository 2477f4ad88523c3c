package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
)

// unnest gives a row for each element of lists. What it passes are vectors gathered by row and element numbers; elements are not copied.
type unnest struct{ n *plan.Unnest }

func init() {
	register(func(b *Builder, n *plan.Unnest) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		return s.Then(&unnest{n: n}), nil
	})
}

func (u *unnest) Worker(w *Worker, next Sink) (Sink, error) {
	return &unnestSink{
		unnest: u, worker: w, next: next, arena: w.Arena.Child(),
		elements: make([][]uint32, len(u.n.Lists)), out: column.Batch{Cols: make([]*column.Vector, len(u.n.Out))},
	}, nil
}

type unnestSink struct {
	*unnest
	worker   *Worker
	next     Sink
	arena    *mem.Arena // for one batch of output
	rows     []uint32   // input row of each output row
	numbers  []int64    // element number of each output row
	elements [][]uint32 // by list: the place of the element of each output row
	out      column.Batch
}

func (s *unnestSink) Push(b *column.Batch) error {
	if b.Sel != nil {
		for _, r := range b.Sel {
			if err := s.row(b, int(r)); err != nil {
				return err
			}
		}
	} else {
		for r := range b.Len {
			if err := s.row(b, r); err != nil {
				return err
			}
		}
	}
	return s.flush(b)
}

// listSpan is where the elements of row r of a list lie; NULL has none.
func listSpan(v *column.Vector, r int) column.Span {
	if v.IsNull(r) {
		return column.Span{}
	}
	return column.Values[column.Span](v.Target())[v.Index(r)]
}

func (s *unnestSink) row(b *column.Batch, r int) error {
	longest := uint32(0)
	for _, l := range s.n.Lists {
		longest = max(longest, listSpan(b.Cols[l], r).Length)
	}
	rows := longest
	if rows == 0 && s.n.Outer {
		rows = 1
	}
	for e := range rows {
		s.rows = append(s.rows, uint32(r))
		s.numbers = append(s.numbers, int64(e)+1)
		for k, l := range s.n.Lists {
			at := column.NoRow
			if p := listSpan(b.Cols[l], r); e < p.Length {
				at = p.Offset + e
			}
			s.elements[k] = append(s.elements[k], at)
		}
		if len(s.rows) == column.BatchRows {
			if err := s.flush(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush passes on the rows noted so far, which all are of b.
func (s *unnestSink) flush(b *column.Batch) error {
	if len(s.rows) == 0 {
		return nil
	}
	if err := s.worker.Check(); err != nil {
		return err
	}
	s.arena.Reset()
	cols := s.out.Cols[:0]
	for _, k := range s.n.Keep {
		v, err := column.Gather(s.arena, b.Cols[k], s.rows)
		if err != nil {
			return err
		}
		cols = append(cols, v)
	}
	for k, l := range s.n.Lists {
		v := column.NewNull(s.n.Out[len(cols)].Type, len(s.rows))
		if from := b.Cols[l].Target().Children; len(from) > 0 && from[0].Len > 0 {
			var err error
			if v, err = column.Gather(s.arena, from[0], s.elements[k]); err != nil {
				return err
			}
		}
		cols = append(cols, v)
		s.elements[k] = s.elements[k][:0]
	}
	if s.n.Ordinality {
		v, err := s.ordinality()
		if err != nil {
			return err
		}
		cols = append(cols, v)
	}
	s.out.Cols, s.out.Len = cols, len(s.rows)
	s.rows, s.numbers = s.rows[:0], s.numbers[:0]
	return s.next.Push(&s.out)
}

// ordinality is the column of the elements' numbers.
func (s *unnestSink) ordinality() (*column.Vector, error) {
	v, err := column.NewFlat(s.arena, column.T(column.Int64), len(s.rows))
	if err != nil {
		return nil, err
	}
	copy(column.Values[int64](v), s.numbers)
	return v, nil
}

func (s *unnestSink) Finish() error { return s.next.Finish() }
