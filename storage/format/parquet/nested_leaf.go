package parquet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// leafReader reads the levels and values of one primitive of a nested column, row by row in pieces. Its pages are read as a flat column's are; the levels are
// unfolded to a byte each.
type leafReader struct {
	columnReader
	node *nestedNode

	reps, defs []byte // levels of the current page that are left; reps nil where the node is in no list
	row        int64  // number of the next row
	begun      bool   // the chunk's first level was seen

	// What was read for the batch: a level of each kind for each entry, and the values of those that have one, one after the other.
	outReps, outDefs []byte
	entries          int
	data             []byte
	count            int
}

func newLeafReader(p *pool, n *nestedNode) (*leafReader, error) {
	c, err := newColumnReader(p, n.leaf, column.Field{Name: n.leaf.name, Type: n.typ})
	if err != nil {
		return nil, err
	}
	return &leafReader{columnReader: *c, node: n}, nil
}

// open begins a column chunk of a row group.
func (r *leafReader) open(ctx context.Context, file storage.ReadFile, ch *chunk, index *pageIndex) error {
	r.finish()
	if ch.physical != r.leaf.physical && !ch.encrypted {
		return fmt.Errorf("its chunk holds %s, the schema says %s", ch.physical, r.leaf.physical)
	}
	r.ctx, r.index = ctx, index
	r.total, r.left = int(ch.values), int(ch.values)
	r.reps, r.defs, r.row, r.begun = nil, nil, 0, false
	return r.source.open(file, r.pool, ch)
}

// nextEntries has the next page's levels in hand; false at the end of the chunk.
func (r *leafReader) nextEntries() (bool, error) {
	for len(r.defs) == 0 {
		if r.source.next >= r.source.end {
			r.retire()
			return false, nil
		}
		// A row may end with the chunk's last page.
		if err := r.nextPage(); err != nil {
			return false, err
		}
		if err := r.unpackLevels(); err != nil {
			return false, err
		}
	}
	return true, nil
}

var errLevel = errors.New("a level is beyond the column's")

// unpackLevels decompresses the current page, unfolds its levels and prepares its values.
func (r *leafReader) unpackLevels() error {
	p := &r.page
	h := &p.header
	b, err := r.source.load(h, p.body, r.pool)
	if err != nil {
		return err
	}
	p.buffers = append(p.buffers, b)
	n := h.values
	reps, defs := []byte(nil), []byte(nil)
	if h.kind == pageDataV2 {
		reps, defs, b = b[:h.repBytes], b[h.repBytes:h.repBytes+h.defBytes], b[h.repBytes+h.defBytes:]
	} else {
		if r.node.maxRep > 0 {
			if reps, b, err = levelRuns(b, h.repEncoding); err != nil {
				return err
			}
		}
		if r.node.maxDef > 0 {
			if defs, b, err = levelRuns(b, h.defEncoding); err != nil {
				return err
			}
		}
	}
	r.reps = nil
	if r.node.maxRep > 0 {
		if r.reps, _, err = r.unpack(reps, n, r.node.maxRep); err != nil {
			return err
		}
		if !r.begun && n > 0 && r.reps[0] != 0 {
			return errors.New("the first value does not begin a row")
		}
	}
	r.begun = true
	var present int
	if r.defs, present, err = r.unpack(defs, n, r.node.maxDef); err != nil {
		return err
	}
	// What follows is a page of that many values without levels.
	h.values, p.left, p.all, p.loaded = present, present, true, true
	return r.prepare(b)
}

// levelRuns takes the runs of levels that a page of version 1 begins with.
func levelRuns(b []byte, encoding int) (runs, rest []byte, err error) {
	if encoding != encRLE {
		return nil, nil, fault.New(fault.FeatureNotSupported, "levels in encoding %d cannot be read", encoding)
	}
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return nil, nil, errRunsEnd
	}
	n := 4 + binary.LittleEndian.Uint32(b)
	return b[4:n], b[n:], nil
}

// unpack makes a byte of each of n levels, which are most at most, and counts those that are.
func (r *leafReader) unpack(runs []byte, n, most int) (levels []byte, full int, err error) {
	if n > maxUnfolded {
		return nil, 0, fmt.Errorf("a page has %d values, more than can be read at once", n)
	}
	if levels, err = r.hold(n); err != nil {
		return nil, 0, err
	}
	if most == 0 {
		clear(levels)
		return levels, n, nil
	}
	var h hybrid
	h.reset(runs, uint(bits.Len(uint(most))))
	for at := 0; at < n; {
		k := min(n-at, len(r.codes))
		if err := h.next(r.codes[:k]); err != nil {
			return nil, 0, err
		}
		for i, v := range r.codes[:k] {
			if v > uint32(most) {
				return nil, 0, errLevel
			}
			levels[at+i] = byte(v)
			if v == uint32(most) {
				full++
			}
		}
		at += k
	}
	return levels, full, nil
}

// rowsIn is how many entries of the levels in hand belong to the next rows rows at most, how many rows begin among them, and how many have a value.
// Entries before the first row are the end of the row before.
func (r *leafReader) rowsIn(rows int) (entries, began, values int) {
	full := byte(r.node.maxDef)
	if r.reps == nil {
		entries = min(rows, len(r.defs))
		for _, d := range r.defs[:entries] {
			if d == full {
				values++
			}
		}
		return entries, entries, values
	}
	for i, rep := range r.reps {
		if rep == 0 {
			if began == rows {
				return i, began, values
			}
			began++
		}
		if r.defs[i] == full {
			values++
		}
	}
	return len(r.reps), began, values
}

// consume passes entries of the levels in hand.
func (r *leafReader) consume(entries int) {
	r.defs = r.defs[entries:]
	if r.reps != nil {
		r.reps = r.reps[entries:]
	}
}

// passRows passes over n rows.
func (r *leafReader) passRows(n int) error {
	if n == 0 {
		return nil
	}
	r.release()
	if r.index != nil {
		to := r.row + int64(n)
		// Pages of files with a page index begin with a row.
		if k := r.index.page(to); r.index.rows[k] > r.row && r.index.offsets[k] >= r.source.next {
			if err := r.jumpTo(k); err != nil {
				return err
			}
			r.row = r.index.rows[k]
			n = int(to - r.row)
		}
	}
	return r.rows(n, false)
}

// jumpTo goes to the beginning of a page that the page index tells, reading the dictionary on the way.
func (r *leafReader) jumpTo(k int) error {
	r.retire()
	r.release()
	if r.dict.DictID == 0 && r.index.offsets[0] > r.source.chunk.offset {
		r.source.next = r.source.chunk.offset
		h, body, err := r.source.header(false)
		if err != nil {
			return err
		}
		if h.kind == pageDictionary {
			if err := r.readDictionary(&h, body); err != nil {
				return err
			}
		}
	}
	r.source.next = r.index.offsets[k]
	r.reps, r.defs, r.begun = nil, nil, false
	r.left = r.total // how many values lie before the page is not told
	return nil
}

// readRows reads the levels and values of n rows; what was read before is invalid then.
func (r *leafReader) readRows(n int) error {
	r.release()
	r.entries, r.count = 0, 0
	return r.rows(n, true)
}

// rows takes n rows, to keep them or not.
func (r *leafReader) rows(n int, keep bool) error {
	r.row += int64(n)
	for began := 0; ; {
		more, err := r.nextEntries()
		if err != nil {
			return err
		}
		if !more {
			if began < n {
				return errors.New("the column has fewer rows than its row group")
			}
			return nil
		}
		entries, k, values := r.rowsIn(n - began)
		if keep {
			err = r.keepEntries(entries, values)
		} else {
			err = r.skipRows(values)
		}
		if err != nil {
			return err
		}
		r.page.left -= values
		r.consume(entries)
		if began += k; len(r.defs) > 0 || r.reps == nil && began == n {
			return nil
		}
	}
}

// keepEntries adds entries of the levels in hand and their values to what was read.
func (r *leafReader) keepEntries(entries, values int) (err error) {
	if r.outDefs, err = r.grow(r.outDefs, r.entries, r.entries+entries); err != nil {
		return err
	}
	copy(r.outDefs[r.entries:], r.defs[:entries])
	if r.reps != nil {
		if r.outReps, err = r.grow(r.outReps, r.entries, r.entries+entries); err != nil {
			return err
		}
		copy(r.outReps[r.entries:], r.reps[:entries])
	}
	r.entries += entries
	// A row without a value takes the room of one when the values are moved to their rows.
	if r.data, err = r.grow(r.data, r.count*r.width, r.entries*r.width); err != nil {
		return err
	}
	own := r.columnReader.data
	defer func() { r.columnReader.data = own }()
	for values > 0 {
		k := min(values, column.BatchRows)
		r.columnReader.data = r.data[r.count*r.width:]
		if err := r.readFlat(0, k); err != nil {
			return err
		}
		r.count += k
		values -= k
	}
	return nil
}

// grow is b with room for size bytes, of which the first used keep their content.
func (r *leafReader) grow(b []byte, used, size int) ([]byte, error) {
	if cap(b) >= size+slack {
		return b[:size], nil
	}
	more, err := r.pool.get(max(size, 2*used))
	if err != nil {
		return nil, err
	}
	copy(more, b[:used])
	r.pool.put(b)
	return more[:size], nil
}

func (r *leafReader) close() {
	r.finish()
	for _, b := range [][]byte{r.outReps, r.outDefs, r.data} {
		r.pool.put(b)
	}
	r.outReps, r.outDefs, r.data = nil, nil, nil
	for _, b := range r.own {
		r.pool.put(b)
	}
	r.pool.put(r.scratch)
}
