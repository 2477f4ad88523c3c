package executor

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// Rows is a breaker that keeps all rows in memory of the task, to be read by any number of later pipelines at once.
type Rows struct {
	task    *Task
	types   []column.Type
	ordered bool

	mu   sync.Mutex
	kept *column.Appender // the workers' chunks
	size int64
}

// NewRows makes an empty store for rows of the given fields. With ordered a later pipeline reads them on one worker, in the order in which they came.
func NewRows(t *Task, fields []column.Field, ordered bool) *Rows {
	return &Rows{task: t, types: fieldTypes(fields), ordered: ordered, kept: column.NewAppender(nil, fieldTypes(fields))}
}

func fieldTypes(fields []column.Field) []column.Type {
	types := make([]column.Type, len(fields))
	for i, f := range fields {
		types[i] = f.Type
	}
	return types
}

// Worker makes a worker's end.
func (r *Rows) Worker(w *Worker) (Sink, error) {
	return &rowsSink{rows: r, part: column.NewAppender(w.Task.NewArena(), r.types)}, nil
}

// Seal has nothing left to do.
func (r *Rows) Seal(context.Context) error { return nil }

// Report is the size of the rows.
func (r *Rows) Report() (int64, string) { return r.size, "" }

// Appender is the rows, once the pipeline has run; their numbers have gaps.
func (r *Rows) Appender() *column.Appender { return r.kept }

// Source reads the rows once; every reading pipeline has a source of its own.
func (r *Rows) Source() Source { return &rowsSource{rows: r} }

type rowsSink struct {
	rows *Rows
	part *column.Appender
}

func (s *rowsSink) Push(b *column.Batch) error { return s.part.Append(b) }

func (s *rowsSink) Finish() error {
	s.rows.mu.Lock()
	defer s.rows.mu.Unlock()
	s.rows.size += s.part.Size()
	s.rows.kept.Adopt(s.part)
	return nil
}

type rowsSource struct {
	rows *Rows
	next atomic.Int64
}

// MaxWorkers is asked when the rows are complete.
func (s *rowsSource) MaxWorkers() int {
	if s.rows.ordered {
		return 1
	}
	return s.rows.kept.Chunks()
}

func (s *rowsSource) Worker(*Worker) (Reader, error) { return s, nil }

func (s *rowsSource) Next(b *column.Batch) (bool, error) {
	i := int(s.next.Add(1) - 1)
	if i >= s.rows.kept.Chunks() {
		return false, nil
	}
	*b = *s.rows.kept.Chunk(i)
	return true, nil
}

func (s *rowsSource) Close() error { return nil }

func init() {
	register(func(b *Builder, n *plan.SharedRead) (*Stream, error) {
		return &Stream{Source: b.Task.shared[n.Shared].Source()}, nil
	})
}
