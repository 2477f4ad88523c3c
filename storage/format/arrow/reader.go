package arrow

import (
	"context"
	"errors"
	"io"
	"strings"

	arrowgo "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// NewReader makes a reader; columns are found by name.
func (Format) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	r := &reader{store: store, exact: len(scan.Filters) == 0, arena: mem.NewArena(budget)}
	for _, c := range scan.Columns {
		r.fields = append(r.fields, scan.Schema[c])
	}
	return r, nil
}

type reader struct {
	store  storage.Store
	fields []column.Field
	exact  bool
	arena  *mem.Arena

	source *source
	split  plan.Split
	next   int64 // record batch
	record arrowgo.RecordBatch
	at     int64 // row in record
	held   int64 // bytes of the budget for converted columns of record
}

func (r *reader) Start(ctx context.Context, split plan.Split) (err error) {
	if err := r.end(); err != nil {
		return err
	}
	r.split, r.next = split, split.Start
	r.source, err = open(ctx, r.store, split.File, r.arena.Budget())
	return err
}

// Next copies up to column.BatchRows rows.
func (r *reader) Next(ctx context.Context, b *column.Batch) (more bool, err error) {
	defer recovered(&err, r.split.File.URL)
	for r.record == nil || r.at >= r.record.NumRows() {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if more, err := r.read(ctx); !more || err != nil {
			return false, r.source.damaged(err)
		}
	}
	to := min(r.at+column.BatchRows, r.record.NumRows())
	part := r.record.NewSlice(r.at, to)
	defer part.Release()
	r.at = to
	r.arena.Reset()
	out, err := column.FromArrow(r.arena, part, r.fields)
	if err != nil {
		if e, ok := fault.As(err); ok && e.Where == "" && e.Code != fault.OutOfMemory {
			return false, e.In("%s", r.split.File.URL)
		}
		return false, err
	}
	*b = *out
	return true, nil
}

// read takes the next record batch and converts the wanted columns.
func (r *reader) read(ctx context.Context) (bool, error) {
	r.drop()
	if r.source.file != nil && r.next >= r.split.End {
		return false, nil
	}
	rec, err := r.source.record(int(r.next))
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer rec.Release()
	r.next++
	cols := make([]arrowgo.Array, 0, len(r.fields))
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for _, f := range r.fields {
		i := place(rec.Schema(), f.Name)
		if i < 0 {
			return false, fault.New(fault.UndefinedColumn, "the file has no column %q, which its table has", f.Name).In("%s", r.split.File.URL)
		}
		to := column.ArrowType(f.Type)
		if !arrowgo.TypeEqual(rec.Column(i).DataType(), to) {
			n := converted(rec.Column(i))
			if err := r.arena.Budget().Reserve(n); err != nil {
				return false, err
			}
			r.held += n
		}
		c, err := convert(ctx, rec.Column(i), to)
		if e, ok := fault.As(err); ok {
			return false, e
		}
		if err != nil {
			return false, fault.Wrap(fault.DatatypeMismatch, err, "cannot read the Arrow type %s as %s", rec.Column(i).DataType(), f.Type).
				In("%s, column %q", r.split.File.URL, f.Name)
		}
		cols = append(cols, c)
	}
	r.record = array.NewRecordBatch(column.ArrowSchema(r.fields), cols, rec.NumRows())
	return true, nil
}

// place is the position of a column, by its name or one that differs in case alone.
func place(s *arrowgo.Schema, name string) int {
	near := -1
	for i, f := range s.Fields() {
		if f.Name == name {
			return i
		}
		if near < 0 && strings.EqualFold(f.Name, name) {
			near = i
		}
	}
	return near
}

func (r *reader) drop() {
	if r.record != nil {
		r.record.Release()
	}
	r.arena.Budget().Release(r.held)
	r.record, r.at, r.held = nil, 0, 0
}

func (r *reader) Exact() bool { return r.exact }

func (r *reader) end() error {
	r.drop()
	if r.source == nil {
		return nil
	}
	err := r.source.Close()
	r.source = nil
	return err
}

func (r *reader) Close() error {
	err := r.end()
	r.arena.Free()
	return err
}
