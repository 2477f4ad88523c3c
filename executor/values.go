package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// values gives constant rows, in their order.
type values struct {
	fields []column.Field
	rows   [][]column.Value
}

func init() {
	register(func(_ *Builder, n *plan.Values) (*Stream, error) {
		return &Stream{Source: &values{fields: n.Out, rows: n.Rows}}, nil
	})
}

func (s *values) MaxWorkers() int { return 1 }

func (s *values) Worker(w *Worker) (Reader, error) { return &valuesReader{values: s, w: w}, nil }

type valuesReader struct {
	*values
	w    *Worker
	next int
}

// Next fills a batch in the worker's arena: constant rows are few, what they take is not worth reusing.
func (r *valuesReader) Next(b *column.Batch) (bool, error) {
	n := min(column.BatchRows, len(r.rows)-r.next)
	if n <= 0 {
		return false, nil
	}
	rows := r.rows[r.next : r.next+n]
	r.next += n
	*b = column.Batch{Len: n, Cols: make([]*column.Vector, len(r.fields))}
	for c, f := range r.fields {
		v, err := column.FromValues(r.w.Arena, f.Type, len(rows), func(i int) *column.Value { return &rows[i][c] })
		if err != nil {
			return false, err
		}
		b.Cols[c] = v
	}
	return true, nil
}

func (r *valuesReader) Close() error { return nil }
