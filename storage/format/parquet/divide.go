package parquet

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

var _ storage.Divider = Format{}

// largeGroup is the number of rows beyond which a row group makes several splits from the start, so that the tasks of a cluster share it. Writers that
// people use make row groups of 100 thousand to a million rows. The parts of half as many rows do not begin where pages do, so that a page of each column is read twice.
const largeGroup = 1 << 22

// divideRows makes splits of about rows rows each of one, at whole batches.
func divideRows(s plan.Split, total, rows int64) []plan.Split {
	n := max(1, (total+rows/2)/rows)
	var cuts []int64
	for i := int64(1); i < n; i++ {
		cuts = append(cuts, total*i/n/column.BatchRows*column.BatchRows)
	}
	return cut(s, 0, total, cuts)
}

// cut makes splits of the rows from one to another of s's row group, between the cuts, which ascend.
func cut(s plan.Split, from, to int64, cuts []int64) []plan.Split {
	var out []plan.Split
	total := to - from
	for _, end := range append(cuts, to) {
		if end <= from {
			continue
		}
		p := s
		p.From, p.To, p.Rows = from, end, end-from
		p.Bytes = int64(float64(s.Bytes) * float64(end-from) / float64(total))
		out = append(out, p)
		from = end
	}
	if len(out) == 1 && s.To == 0 {
		return []plan.Split{s}
	}
	return out
}

// Divide cuts a split of one row group where pages of its largest wanted column begin, so that few pages are read twice. A page is never cut there.
func (Format) Divide(ctx context.Context, store storage.Store, split plan.Split, scan *storage.Scan, rows int64) ([]plan.Split, error) {
	f, err := footerOf(ctx, store, split.File)
	if err != nil {
		return nil, err
	}
	whole := []plan.Split{split}
	if split.End != split.Start+1 || split.Start < 0 || split.End > int64(len(f.groups)) || rows < 1 {
		return whole, nil
	}
	g := &f.groups[split.Start]
	from, to := int64(0), g.rows
	if split.To != 0 {
		from, to = split.From, split.To
	}
	largest := -1
	for _, c := range scan.Columns {
		l := f.leaf(scan.Schema[c].Name)
		switch {
		case l == nil:
			return whole, nil // an error of the reader's
		case l.nested:
			continue
		case g.chunks[l.index].encrypted:
			return whole, nil
		case largest < 0 || g.chunks[l.index].size > g.chunks[largest].size:
			largest = l.index
		}
	}
	if largest < 0 || to-from < 2*rows {
		return whole, nil
	}
	begins, err := f.pageBegins(ctx, store, split.File, int(split.Start), largest)
	if err != nil {
		return nil, err
	}
	// Of the pages' beginnings, those nearest to equal parts.
	n := (to - from) / rows
	var cuts []int64
	k := 0
	for i := int64(1); i < n; i++ {
		at := from + (to-from)*i/n
		for k+1 < len(begins) && begins[k+1] <= at {
			k++
		}
		if k < len(begins) && begins[k] > from && (len(cuts) == 0 || begins[k] > cuts[len(cuts)-1]) {
			cuts = append(cuts, begins[k])
		}
	}
	return cut(split, from, to, cuts), nil
}

// pageBegins are the numbers of the first rows of a column chunk's pages, as pagesOf finds them; only 0 where it does not.
func (f *footer) pageBegins(ctx context.Context, store storage.Store, file plan.File, group, leaf int) (begins []int64, err error) {
	open, err := store.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := open.Close(); cerr != nil && err == nil {
			err = fault.Wrap(fault.IOError, cerr, "cannot close the file").In("%s", file.URL)
		}
	}()
	x, err := f.pagesOf(ctx, open, keyOf(file), group, leaf)
	if x == nil || err != nil {
		return []int64{0}, err
	}
	return x.rows, nil
}

// pagesOf is where the pages of a flat column's chunk are: by the page index or else by a walk from header to header, which a remote file is spared; nil
// where neither tells.
func (f *footer) pagesOf(ctx context.Context, file storage.ReadFile, key footerKey, group, leaf int) (*pageIndex, error) {
	x, err := f.pageIndexOf(file, key, group, leaf)
	if x != nil || err != nil {
		return x, err
	}
	if _, remote := file.(storage.RemoteFile); remote {
		return nil, nil
	}
	k := indexKey{key, group, leaf}
	if found, ok := walked.get(k); ok {
		return found, nil
	}
	g := &f.groups[group]
	x = walkPages(ctx, file, &g.chunks[leaf], g.rows)
	size := 64
	if x != nil {
		size += 32 * len(x.rows)
	}
	if ctx.Err() == nil {
		walked.put(k, x, size)
	}
	return x, nil
}

// walked keeps what walks over pages have found.
var walked = newLRU[indexKey, *pageIndex](16 << 20)

// walkPages finds a chunk's pages by their headers; nil when that fails: the reader will complain of it.
func walkPages(ctx context.Context, file storage.ReadFile, c *chunk, rows int64) *pageIndex {
	if c.encrypted {
		return nil
	}
	x := &pageIndex{}
	src := chunkSource{file: file, chunk: c, next: c.offset, start: c.offset, end: c.offset + c.size, heap: true}
	row := int64(0)
	for row < rows {
		if ctx.Err() != nil {
			return nil
		}
		h, _, err := src.header(true)
		if err != nil {
			return nil
		}
		if h.kind != pageData && h.kind != pageDataV2 || h.values == 0 {
			continue
		}
		x.offsets, x.sizes, x.rows = append(x.offsets, src.page), append(x.sizes, int(src.next-src.page)), append(x.rows, row)
		row += int64(h.values)
	}
	if row != rows || !x.fits(c, rows) {
		return nil
	}
	return x
}
