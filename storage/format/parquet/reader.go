package parquet

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

// NewReader makes a reader whose page and batch buffers are charged to budget.
func (Format) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	r := &reader{store: store, scan: scan, pool: &pool{arena: mem.NewArena(budget)}, shared: sharedOf(scan, budget)}
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
	key    footerKey
	open   storage.ReadFile
	footer *footer
	leaves []*leaf

	split      plan.Split
	group, end int        // row groups left of the split
	row        int64      // number of the next row in the current row group
	ranges     []rowRange // what is left to read of it; empty before the first
	batch      int        // rows that are read at once
	shared     *sharedGroups
	part       groupKey // the row group that others read parts of, too
	partRows   int64    // how much of it is this reader's; 0: all
	cols       []*columnReader
	fresh      []bool // columns read for the current batch
	vectors    []*column.Vector
	filters    *filters
}

// place says where in the file an error belongs.
func (r *reader) place(err error, group, col int) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	where := fmt.Sprintf("%s, row group %d, column %q", r.file.URL, group, r.scan.Schema[r.scan.Columns[col]].Name)
	if at := r.cols[col].pageAt(); at > 0 {
		where += fmt.Sprintf(", page at byte %d", at)
	}
	if e, ok := fault.As(err); ok {
		if e.Where == "" {
			e.In("%s", where)
		}
		return err
	}
	return fault.Wrap(fault.DataCorrupted, err, "the file is damaged").In("%s", where)
}

// Start begins a split; the batch before is invalid.
func (r *reader) Start(ctx context.Context, split plan.Split) error {
	r.leave()
	if r.open == nil || r.file.URL != split.File.URL || r.file.Size != split.File.Size || !r.file.ModTime.Equal(split.File.ModTime) {
		if err := r.openFile(ctx, split.File); err != nil {
			return err
		}
	}
	if split.Start < 0 || split.Start > split.End || split.End > int64(len(r.footer.groups)) {
		return fault.New(fault.Internal, "row groups %d to %d of a file that has %d", split.Start, split.End, len(r.footer.groups)).
			In("%s", split.File.URL)
	}
	if split.To != 0 {
		if split.End != split.Start+1 || split.From < 0 || split.From >= split.To || split.To > r.footer.groups[split.Start].rows {
			return fault.New(fault.Internal, "rows %d to %d of row groups %d to %d", split.From, split.To, split.Start, split.End).In("%s", split.File.URL)
		}
	}
	r.split = split
	r.group, r.end, r.row, r.ranges = int(split.Start)-1, int(split.End), 0, nil
	return nil
}

// leave says that what is shared of the current row group is needed no more.
func (r *reader) leave() {
	if r.partRows == 0 {
		return
	}
	for _, c := range r.cols {
		if c != nil {
			c.finish()
		}
	}
	r.shared.done(r.part, r.partRows)
	r.partRows = 0
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
	if remote, ok := r.open.(storage.RemoteFile); ok {
		r.open = newRemoteFile(remote, r.pool)
	}
	r.file, r.key, r.footer, r.leaves = file, keyOf(file), f, leaves
	return nil
}

func sameLeaf(a, b *leaf) bool {
	return !a.nested && !b.nested && a.physical == b.physical && a.length == b.length && a.means == b.means && a.optional == b.optional && a.typ.Equal(b.typ)
}

func (r *reader) closeFile() error {
	r.leave()
	for _, c := range r.cols {
		if c != nil {
			c.finish()
		}
	}
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

// nextGroup begins the next row group of the split that has rows which count; false at the end.
func (r *reader) nextGroup(ctx context.Context) (bool, error) {
	for r.group+1 < r.end {
		r.group++
		g := &r.footer.groups[r.group]
		if g.rows == 0 {
			continue
		}
		from, to := int64(0), g.rows
		if r.split.To != 0 {
			from, to = r.split.From, r.split.To
		}
		if err := r.primeIndexes(ctx, r.group); err != nil {
			return false, r.place(err, r.group, 0)
		}
		var err error
		if r.ranges, err = r.surviving(r.group, from, to); err != nil {
			return false, err
		}
		if len(r.ranges) == 0 {
			continue
		}
		if err := r.readAhead(ctx, r.group); err != nil {
			return false, err
		}
		var shared *sharedGroup
		if r.shared != nil && r.split.To != 0 {
			r.part, r.partRows = groupKey{r.key, r.group}, to-from
			shared = r.shared.group(r.part, g.rows, len(g.chunks))
		}
		// Where rows will be passed over, it helps to know where pages lie.
		index := func(leaf int) (*pageIndex, error) {
			if countRows(r.ranges) == g.rows && len(r.filters.conjuncts) == 0 && len(r.filters.probes) == 0 {
				return nil, nil
			}
			return r.footer.pageIndexOf(r.open, r.key, r.group, leaf)
		}
		r.batch = r.batchRows(g)
		for i, c := range r.cols {
			if c.nested != nil {
				if err := c.nested.open(ctx, r, g, index); err != nil {
					return false, r.place(err, r.group, i)
				}
				continue
			}
			leaf := r.leaves[i].index
			x, err := index(leaf)
			if x == nil && err == nil && r.split.To != 0 {
				// Several readers go to their parts: one walk finds the way for all.
				x, err = r.footer.pagesOf(ctx, r.open, r.key, r.group, leaf)
			}
			if err != nil {
				return false, r.place(err, r.group, i)
			}
			var dictionary *sharedChunk
			if shared != nil {
				dictionary = &shared.chunks[leaf]
			}
			if err := c.open(ctx, r.open, &g.chunks[leaf], g.rows, x, dictionary); err != nil {
				return false, r.place(err, r.group, i)
			}
		}
		r.row = 0
		return true, nil
	}
	return false, nil
}

// batchElements is how many values of a nested column a batch should have, about: long lists make batches of few rows.
const batchElements = 32 * column.BatchRows

// batchRows is how many rows of a row group are read at once.
func (r *reader) batchRows(g *rowGroup) int {
	n := int64(column.BatchRows)
	for _, c := range r.cols {
		if c.nested == nil {
			continue
		}
		for _, l := range c.nested.leaves {
			if perRow := g.chunks[l.leaf.index].values / g.rows; perRow > 0 {
				n = min(n, max(batchElements/perRow, 1))
			}
		}
	}
	return int(n)
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
		if len(r.ranges) == 0 {
			if more, err := r.nextGroup(ctx); err != nil || !more {
				return false, err
			}
		}
		next := &r.ranges[0]
		if gap := next.from - r.row; gap > 0 {
			for _, c := range r.cols {
				c.skip(int(gap))
			}
			r.row = next.from
		}
		n := int(min(next.to-next.from, int64(r.batch)))
		next.from += int64(n)
		r.row = next.from
		if next.from == next.to {
			r.ranges = r.ranges[1:]
		}
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
