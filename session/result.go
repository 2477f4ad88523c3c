package session

import (
	"context"
	"fmt"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Result is the rows of a statement, and its tag. A statement that gives no rows has no Fields.
type Result interface {
	// Fields are the columns; empty for a statement without rows.
	Fields() []column.Field
	// Next returns the next rows, nil after the last. The batch is valid until the next call or Close.
	Next(ctx context.Context) (*column.Batch, error)
	// Progress says how far the statement is.
	Progress() Progress
	// Tag says what was done, as PostgreSQL's command tags do: SELECT 3, CREATE TABLE. It is complete once Next has returned nil.
	Tag() string
	// Close ends the statement and frees its memory. It may be called more than once.
	Close() error
}

// done is a result without rows.
type done struct{ tag string }

func (d done) Fields() []column.Field                      { return nil }
func (d done) Next(context.Context) (*column.Batch, error) { return nil, nil }
func (d done) Progress() Progress                          { return Progress{} }
func (d done) Tag() string                                 { return d.tag }
func (d done) Close() error                                { return nil }

// table is a small result made at once.
type table struct {
	fields []column.Field
	batch  *column.Batch
	arena  *mem.Arena
	tag    string
	sent   bool
}

// newTable makes a result of text columns from rows of Go strings; a nil cell is NULL.
func newTable(tag string, names []string, rows [][]*string) (Result, error) {
	t := &table{tag: tag, arena: mem.NewArena(nil), batch: &column.Batch{Len: len(rows)}}
	for c, name := range names {
		f := column.Field{Name: name, Type: column.T(column.Text)}
		v, err := column.NewFlat(t.arena, f.Type, len(rows))
		if err != nil {
			return nil, err
		}
		for r, row := range rows {
			if row[c] == nil {
				if v.Valid == nil {
					if v.Valid, err = column.AllocBitmap(t.arena, len(rows)); err != nil {
						return nil, err
					}
				}
				v.Valid.Clear(r)
			} else if err := column.SetValue(t.arena, v, r, column.TextValue(*row[c])); err != nil {
				return nil, err
			}
		}
		t.fields = append(t.fields, f)
		t.batch.Cols = append(t.batch.Cols, v)
	}
	return t, nil
}

// cells are the values of a row without NULLs.
func cells(values ...string) []*string {
	out := make([]*string, len(values))
	for i := range values {
		out[i] = &values[i]
	}
	return out
}

func (t *table) Fields() []column.Field { return t.fields }
func (t *table) Progress() Progress     { return Progress{} }
func (t *table) Tag() string            { return t.tag }

func (t *table) Next(context.Context) (*column.Batch, error) {
	if t.sent || t.batch.Len == 0 {
		return nil, nil
	}
	t.sent = true
	return t.batch, nil
}

func (t *table) Close() error {
	t.sent = true
	t.arena.Free()
	return nil
}

// rows is the result of a running job.
type rows struct {
	session *Session
	job     Job
	fields  []column.Field
	count   int64
	failed  bool // Next has returned the job's error
	cancel  context.CancelCauseFunc
	timer   *time.Timer // of statement_timeout, nil without
	closed  bool
	noted   bool // the session has what is to be said of the job
}

func (r *rows) Fields() []column.Field { return r.fields }
func (r *rows) Progress() Progress     { return r.job.Progress() }
func (r *rows) Tag() string            { return fmt.Sprintf("SELECT %d", r.count) }

// Job is the job whose rows these are.
func (r *rows) Job() Job { return r.job }

func (r *rows) Next(ctx context.Context) (*column.Batch, error) {
	b, err := r.job.Next(ctx)
	if b != nil {
		r.count += int64(b.Rows())
	}
	r.failed = r.failed || err != nil
	if b == nil && err == nil && !r.noted {
		r.noted = true
		r.session.noteSkipped(r.job.Stats())
	}
	return b, err
}

func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
	err := r.job.Close()
	r.cancel(nil)
	if r.failed {
		return nil
	}
	return err
}
