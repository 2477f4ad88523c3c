package rows

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Decoder gives the rows of a split.
type Decoder interface {
	// Next sets row to the values of the next row's wanted columns and reports false at the end.
	Next(row []column.Value) (bool, error)
	Close() error
}

// Open begins a split.
type Open func(ctx context.Context, split plan.Split) (Decoder, error)

// New makes a reader of the wanted columns, which open's decoders give.
func New(scan *storage.Scan, budget *mem.Budget, open Open) storage.Reader {
	r := &reader{open: open, arena: mem.NewArena(budget), filters: len(scan.Filters)}
	for _, c := range scan.Columns {
		r.types = append(r.types, scan.Schema[c].Type)
	}
	r.values = make([][]column.Value, len(r.types))
	r.row = make([]column.Value, len(r.types))
	return r
}

type reader struct {
	open    Open
	arena   *mem.Arena
	types   []column.Type
	values  [][]column.Value // by column
	row     []column.Value
	decoder Decoder
	filters int
	out     []*column.Vector
	skipped int64 // of splits that are done
}

// Skipped is how many bad rows the decoders left out.
func (r *reader) Skipped() int64 {
	if d, ok := r.decoder.(interface{ Skipped() int64 }); ok {
		return r.skipped + d.Skipped()
	}
	return r.skipped
}

func (r *reader) Start(ctx context.Context, split plan.Split) (err error) {
	if err := r.end(); err != nil {
		return err
	}
	r.decoder, err = r.open(ctx, split)
	return err
}

func (r *reader) Next(ctx context.Context, b *column.Batch) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	n := 0
	for i := range r.values {
		r.values[i] = r.values[i][:0]
	}
	for ; n < column.BatchRows; n++ {
		more, err := r.decoder.Next(r.row)
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
		for i := range r.row {
			r.values[i] = append(r.values[i], r.row[i])
		}
	}
	if n == 0 {
		return false, nil
	}
	r.arena.Reset()
	r.out = r.out[:0]
	for i, t := range r.types {
		v, err := column.FromValues(r.arena, t, n, func(k int) *column.Value { return &r.values[i][k] })
		if err != nil {
			return false, err
		}
		r.out = append(r.out, v)
	}
	b.Cols, b.Len, b.Sel = r.out, n, nil
	return true, nil
}

// Exact reports whether there are no filters: none are applied here.
func (r *reader) Exact() bool { return r.filters == 0 }

func (r *reader) end() error {
	if r.decoder == nil {
		return nil
	}
	r.skipped = r.Skipped()
	err := r.decoder.Close()
	r.decoder = nil
	return err
}

func (r *reader) Close() error {
	err := r.end()
	r.arena.Free()
	return err
}
