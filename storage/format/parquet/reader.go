package parquet

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// NewReader makes a reader whose page and batch buffers are charged to budget.
func (Format) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	r := &reader{store: store, scan: scan, pool: &pool{arena: mem.NewArena(budget)}}
	r.cols = make([]*columnReader, len(scan.Columns))
	r.fresh = make([]bool, len(scan.Columns))
	r.vectors = make([]*column.Vector, len(scan.Columns))
	var err error
	if r.filters, err = newFilters(scan, budget); err != nil {
		return nil, err
	}
	return r, nil
}

type reader struct {
	store storage.Store
	scan  *storage.Scan
	pool  *pool

	file   plan.File // the open one
	open   storage.ReadFile
	footer *footer
	leaves []*leaf

	group, end int // row groups left of the split
	left       int // rows left of the current row group; 0 before the first
	cols       []*columnReader
	fresh      []bool // columns read for the current batch
	vectors    []*column.Vector
	filters    *filters
	nested     *nestedFile // the open file, where it has nested columns that are read
}

// openNested opens the file for nested columns, once.
func (r *reader) openNested() (err error) {
	if r.nested == nil {
		r.nested, err = openNested(r.open, r.file.Size)
	}
	return err
}

// place says where in the file an error belongs.
func (r *reader) place(err error, group, col int) error {
	name := r.scan.Schema[r.scan.Columns[col]].Name
	if e, ok := fault.As(err); ok {
		if e.Where == "" {
			e.In("%s, row group %d, column %q", r.file.URL, group, name)
		}
		return err
	}
	return fault.Wrap(fault.DataCorrupted, err, "the file is damaged").In("%s, row group %d, column %q", r.file.URL, group, name)
}

// Start begins a split; the batch before is invalid.
func (r *reader) Start(ctx context.Context, split plan.Split) error {
	if r.open == nil || r.file.URL != split.File.URL || r.file.Size != split.File.Size || !r.file.ModTime.Equal(split.File.ModTime) {
		if err := r.openFile(ctx, split.File); err != nil {
			return err
		}
	}
	if split.Start < 0 || split.Start > split.End || split.End > int64(len(r.footer.groups)) {
		return fault.New(fault.Internal, "row groups %d to %d of a file that has %d", split.Start, split.End, len(r.footer.groups)).
			In("%s", split.File.URL)
	}
	r.group, r.end, r.left = int(split.Start)-1, int(split.End), 0
	return nil
}

func (r *reader) openFile(ctx context.Context, file plan.File) error {
	if err := r.closeFile(); err != nil {
		return err
	}
	f, err := footerOf(ctx, r.store, file)
	if err != nil {
		return err
	}
	leaves, err := f.resolve(file.URL, r.scan.Schema, r.scan.Columns)
	if err != nil {
		return err
	}
	// Readers of columns live on with their buffers where the next file's column is alike.
	for i, l := range leaves {
		if c := r.cols[i]; c != nil && sameLeaf(c.leaf, l) {
			c.leaf = l
			continue
		}
		if c := r.cols[i]; c != nil {
			r.cols[i] = nil
			c.close()
		}
		if r.cols[i], err = newColumnReader(r.pool, l, r.scan.Schema[r.scan.Columns[i]]); err != nil {
			return err
		}
	}
	if r.open, err = r.store.Open(ctx, file); err != nil {
		return err
	}
	r.file, r.footer, r.leaves = file, f, leaves
	return nil
}

func sameLeaf(a, b *leaf) bool {
	return a.nested == b.nested && a.physical == b.physical && a.length == b.length && a.means == b.means && a.optional == b.optional && a.typ.Equal(b.typ)
}

func (r *reader) closeFile() error {
	for _, c := range r.cols {
		if c != nil {
			c.finish()
		}
	}
	r.nested = nil
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	if err != nil {
		return fault.Wrap(fault.IOError, err, "cannot close the file").In("%s", r.file.URL)
	}
	return nil
}

// nextGroup begins the next row group of the split that has rows; false at the end.
func (r *reader) nextGroup() (bool, error) {
	for r.group+1 < r.end {
		r.group++
		g := &r.footer.groups[r.group]
		if g.rows == 0 {
			continue
		}
		for i, c := range r.cols {
			if c.nested != nil {
				if err := r.openNested(); err != nil {
					return false, r.place(err, r.group, i)
				}
				c.nested.open(r.nested, r.group, r.leaves[i].root)
				continue
			}
			if err := c.open(r.open, &g.chunks[r.leaves[i].index], g.rows); err != nil {
				return false, r.place(err, r.group, i)
			}
		}
		r.left = int(g.rows)
		return true, nil
	}
	return false, nil
}

// column reads column i of the current batch of n rows, once.
func (r *reader) column(i, n int) (*column.Vector, error) {
	if r.fresh[i] {
		return r.vectors[i], nil
	}
	v, err := r.cols[i].read(n)
	if err != nil {
		return nil, r.place(err, r.group, i)
	}
	r.vectors[i], r.fresh[i] = v, true
	return v, nil
}

// Next fills b. Batches in which no row satisfies the filters are passed over.
func (r *reader) Next(ctx context.Context, b *column.Batch) (bool, error) {
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if r.left == 0 {
			if more, err := r.nextGroup(); err != nil || !more {
				return false, err
			}
		}
		n := min(r.left, column.BatchRows)
		r.left -= n
		clear(r.fresh)
		sel, err := r.filters.selection(r, n)
		if err != nil {
			return false, err
		}
		if sel != nil && len(sel) == 0 {
			for i, c := range r.cols {
				if !r.fresh[i] {
					c.skip(n)
				}
			}
			continue
		}
		for i := range r.cols {
			if _, err := r.column(i, n); err != nil {
				return false, err
			}
		}
		b.Cols, b.Len, b.Sel = r.vectors, n, sel
		return true, nil
	}
}

// Exact reports whether all filters are applied here.
func (r *reader) Exact() bool { return r.filters.exact }

// Close gives all memory back.
func (r *reader) Close() error {
	err := r.closeFile()
	for _, c := range r.cols {
		if c != nil && c.nested != nil {
			c.close()
		}
	}
	r.filters.close()
	r.pool.arena.Free()
	return err
}
