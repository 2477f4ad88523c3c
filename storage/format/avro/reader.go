package avro

import (
	"context"
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// NewReader makes a reader whose blocks and vectors are charged to budget.
func (Format) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	r := &reader{store: store, scan: scan, budget: budget, arena: mem.NewArena(budget)}
	for _, c := range scan.Columns {
		r.sinks = append(r.sinks, newSink(r.arena, scan.Schema[c].Type))
	}
	r.out = make([]*column.Vector, len(r.sinks))
	return r, nil
}

type reader struct {
	store  storage.Store
	scan   *storage.Scan
	budget *mem.Budget
	arena  *mem.Arena // of the batch
	sinks  []*sink    // by wanted column
	out    []*column.Vector

	file   storage.ReadFile
	schema *shape
	to     []*sink // by field of the file; nil: passed over
	blocks *blocks
	in     input
	left   int64 // records of the block
	row    int64 // records of the block that were read
}

// Start begins a split.
func (r *reader) Start(ctx context.Context, split plan.Split) error {
	if err := r.end(); err != nil {
		return err
	}
	f, h, err := open(ctx, r.store, split.File)
	if err != nil {
		return err
	}
	r.file, r.schema, r.left, r.in = f, h.schema, 0, input{}
	if err := r.match(split.File.URL); err != nil {
		return err
	}
	r.blocks = &blocks{
		file: f, url: split.File.URL, size: f.Size(), codec: h.codec, sync: h.sync, end: split.End, budget: r.budget, arena: mem.NewArena(r.budget),
	}
	return r.blocks.seek(ctx, split.Start, h.size)
}

// match finds the wanted columns among the file's fields.
func (r *reader) match(url string) error {
	r.to = make([]*sink, len(r.schema.fields))
	have := r.schema.columns()
	for i, c := range r.scan.Columns {
		want := r.scan.Schema[c]
		at := -1
		for k, f := range have {
			if f.Name == want.Name {
				at = k
			}
		}
		if at < 0 {
			return fault.New(fault.UndefinedColumn, "the file has no column %q, which its table has", want.Name).In("%s", url)
		}
		// Text for bytes and the like is no matter of how values lie.
		if !storage.Widens(have[at].Type, want.Type) {
			return fault.New(fault.DatatypeMismatch, "column %q is %s in the file, not %s", want.Name, have[at].Type, want.Type).In("%s", url)
		}
		r.to[at] = r.sinks[i]
	}
	return nil
}

// Next fills b with rows of the split, across its blocks.
func (r *reader) Next(ctx context.Context, b *column.Batch) (bool, error) {
	r.arena.Reset()
	for _, s := range r.sinks {
		s.reset()
	}
	n := 0
	for n < column.BatchRows {
		if r.left == 0 {
			more, err := r.block(ctx)
			if err != nil {
				return false, err
			}
			if !more {
				break
			}
			continue
		}
		for ; r.left > 0 && n < column.BatchRows; n++ {
			if err := r.record(); err != nil {
				return false, err
			}
			r.left--
			r.row++
		}
		if r.left == 0 && len(r.in.b) > 0 {
			return false, r.blocks.damaged(fmt.Errorf("%d bytes are left behind its last record", len(r.in.b)))
		}
	}
	if n == 0 {
		return false, nil
	}
	for i, s := range r.sinks {
		r.out[i] = s.vector()
	}
	b.Cols, b.Len, b.Sel = r.out, n, nil
	return true, nil
}

// block reads the next block and reports false behind the last.
func (r *reader) block(ctx context.Context) (bool, error) {
	count, data, more, err := r.blocks.next(ctx)
	if err != nil || !more {
		return false, err
	}
	if err := checkCount(count, r.schema.least(), len(data)); err != nil {
		return false, r.blocks.damaged(fmt.Errorf("it claims %d records in %d bytes", count, len(data)))
	}
	if count == 0 && len(data) > 0 {
		return false, r.blocks.damaged(fmt.Errorf("%d bytes are left behind its last record", len(data)))
	}
	r.in, r.left, r.row = input{data}, count, 0
	return true, nil
}

func (r *reader) record() error {
	for i, f := range r.schema.fields {
		var err error
		if s := r.to[i]; s != nil {
			err = decode(&r.in, f.typ, s)
		} else {
			err = r.in.skip(f.typ)
		}
		if err != nil {
			return r.failed(err, f.name)
		}
	}
	return nil
}

func (r *reader) failed(err error, field string) error {
	if fault.CodeOf(err) == fault.OutOfMemory {
		return err
	}
	if errors.Is(err, errElements) {
		return fault.Wrap(fault.ConfigurationLimit, err, "cannot read field %q", field).In("%s", r.blocks.url)
	}
	return r.blocks.damaged(fmt.Errorf("record %d, field %q: %w", r.row+1, field, err))
}

// Exact reports whether there are no filters: none are applied here.
func (r *reader) Exact() bool { return len(r.scan.Filters) == 0 }

func (r *reader) end() error {
	if r.blocks != nil {
		r.blocks.close()
		r.blocks = nil
	}
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}

// Close gives all memory back.
func (r *reader) Close() error {
	err := r.end()
	r.arena.Free()
	return err
}
