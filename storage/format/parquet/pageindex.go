package parquet

import (
	"errors"
	"fmt"
	"math"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// region is a place in a file; size 0 stands for none.
type region struct {
	offset int64
	size   int
}

// pageIndex says where the data pages of a column chunk lie and, where the file tells, what is in them. It is immutable and shared.
type pageIndex struct {
	offsets []int64 // of each page's header
	sizes   []int   // of header and body, compressed
	rows    []int64 // number of each page's first row
	zones   []zone  // of each page; nil when the file does not tell
	bytes   int     // estimated memory
}

// zone is what metadata tells about some rows of a column.
type zone struct {
	min, max []byte // encoded bounds, nil when unknown; shortened text is below and above the values
	nulls    int64  // -1 unknown
	rows     int64
}

// maxPageIndex bounds the two structures of a column chunk, in bytes: an index of a million pages stays below.
const maxPageIndex = 64 << 20

// maxIndexCache bounds what is kept of page indexes in the process, in bytes.
const maxIndexCache = 64 << 20

// indexKey is a column chunk of a file at one moment.
type indexKey struct {
	file          footerKey
	group, column int
}

// indexes are the page indexes used last. A nil one stands for none that can be used.
var indexes = newLRU[indexKey, *pageIndex](maxIndexCache)

// pageIndexOf reads the page index of a column chunk; nil when the file has none, or one that does not fit the chunk: pages are then found one by one.
func (f *footer) pageIndexOf(file storage.ReadFile, key footerKey, group, leaf int) (*pageIndex, error) {
	g := &f.groups[group]
	c := &g.chunks[leaf]
	if c.offsetIndex.size == 0 || c.encrypted {
		return nil, nil
	}
	k := indexKey{key, group, leaf}
	if x, ok := indexes.get(k); ok {
		return x, nil
	}
	x, err := readPageIndex(file, c, g.rows)
	if err != nil {
		return nil, err
	}
	size := 64
	if x != nil {
		size += x.bytes
	}
	indexes.put(k, x, size)
	return x, nil
}

func readPageIndex(file storage.ReadFile, c *chunk, rows int64) (*pageIndex, error) {
	b, err := readRegion(file, c.offsetIndex)
	if err != nil {
		return nil, err
	}
	x := &pageIndex{}
	if !x.places(b, c, rows) {
		return nil, nil
	}
	x.bytes = 32 * len(x.offsets)
	if c.columnIndex.size == 0 {
		return x, nil
	}
	if b, err = readRegion(file, c.columnIndex); err != nil {
		return nil, err
	}
	x.bytes += len(b)
	if x.parseZones(b, rows) != nil {
		x.zones = nil
	}
	x.bytes += 64 * len(x.zones)
	return x, nil
}

// places takes the places of the pages from an OffsetIndex, and reports whether they can be those of the chunk.
func (x *pageIndex) places(b []byte, c *chunk, rows int64) bool {
	return x.parseOffsets(b) == nil && x.fits(c, rows)
}

// readRegion reads a region that lies within the file.
func readRegion(file storage.ReadFile, r region) ([]byte, error) {
	b := make([]byte, r.size)
	if n, err := file.ReadAt(b, r.offset); n < len(b) {
		return nil, fault.Wrap(fault.IOError, err, "cannot read %d bytes at %d", r.size, r.offset)
	}
	return b, nil
}

// fits reports whether the pages are those of a chunk of that many rows: in order and within it.
func (x *pageIndex) fits(c *chunk, rows int64) bool {
	if len(x.offsets) == 0 || x.rows[0] != 0 {
		return false
	}
	end := c.offset
	for i, at := range x.offsets {
		if at < end || x.sizes[i] <= 0 || int64(x.sizes[i]) > c.offset+c.size-at || x.rows[i] >= rows {
			return false
		}
		if i > 0 && x.rows[i] <= x.rows[i-1] {
			return false
		}
		end = at + int64(x.sizes[i])
	}
	return true
}

// page is the page that holds a row.
func (x *pageIndex) page(row int64) int {
	low, high := 0, len(x.rows)
	for high-low > 1 {
		if mid := (low + high) / 2; x.rows[mid] <= row {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// end is the number of the row after page k's last one, in a chunk of that many rows.
func (x *pageIndex) end(k int, rows int64) int64 {
	if k+1 < len(x.rows) {
		return x.rows[k+1]
	}
	return rows
}

var errIndex = errors.New("the page index is malformed")

// Thrift's numbers of the types that lists here have.
const (
	thriftInt64  = 6
	thriftBinary = 8
	thriftStruct = 12
)

// list reads the head of a list whose elements must be of one of the kinds, of at least one byte each.
func (t *compact) list(kinds ...byte) (int, error) {
	c, err := t.byte()
	if err != nil {
		return 0, err
	}
	n := uint64(c >> 4)
	if n == 15 {
		if n, err = t.uvarint(); err != nil {
			return 0, err
		}
	}
	if n > uint64(len(t.b)-t.p) {
		return 0, errIndex
	}
	for _, k := range kinds {
		if c&15 == k {
			return int(n), nil
		}
	}
	if n == 0 {
		return 0, nil
	}
	return 0, errIndex
}

func (t *compact) binary() ([]byte, error) {
	n, err := t.uvarint()
	if err != nil {
		return nil, err
	}
	if n > uint64(len(t.b)-t.p) {
		return nil, errShort
	}
	p := t.b[t.p : t.p+int(n) : t.p+int(n)]
	t.p += int(n)
	return p, nil
}

// parseOffsets reads Thrift's OffsetIndex.
func (x *pageIndex) parseOffsets(b []byte) error {
	t := &compact{b: b}
	return t.structure(0, func(id int16, kind byte) (bool, error) {
		if id != 1 || kind != 9 {
			return false, nil
		}
		n, err := t.list(thriftStruct)
		if err != nil {
			return true, err
		}
		x.offsets, x.sizes, x.rows = make([]int64, n), make([]int, n), make([]int64, n)
		for i := range n {
			x.rows[i] = -1
			err := t.structure(1, func(id int16, kind byte) (_ bool, err error) {
				switch {
				case id == 1 && kind == 6:
					x.offsets[i], err = t.varint()
				case id == 2 && kind == 5:
					x.sizes[i], err = t.int32()
				case id == 3 && kind == 6:
					x.rows[i], err = t.varint()
				default:
					return false, nil
				}
				return true, err
			})
			if err != nil {
				return true, err
			}
		}
		return true, nil
	})
}

// parseZones reads Thrift's ColumnIndex of a chunk of that many rows.
func (x *pageIndex) parseZones(b []byte, rows int64) error {
	n := len(x.offsets)
	x.zones = make([]zone, n)
	for i := range x.zones {
		x.zones[i] = zone{nulls: -1, rows: x.end(i, rows) - x.rows[i]}
	}
	t := &compact{b: b}
	var empty []bool
	bounds := func(set func(i int, p []byte)) (bool, error) {
		k, err := t.list(thriftBinary)
		if err == nil && k != n {
			err = errIndex
		}
		for i := 0; i < k && err == nil; i++ {
			var p []byte
			p, err = t.binary()
			set(i, p)
		}
		return true, err
	}
	seen := 0
	err := t.structure(0, func(id int16, kind byte) (bool, error) {
		switch {
		case id == 1 && kind == 9:
			k, err := t.list(1, 2)
			if err == nil && k != n {
				err = errIndex
			}
			for i := 0; i < k && err == nil; i++ {
				var v byte
				v, err = t.byte()
				empty = append(empty, v == 1)
			}
			seen |= 1
			return true, err
		case id == 2 && kind == 9:
			seen |= 2
			return bounds(func(i int, p []byte) { x.zones[i].min = p })
		case id == 3 && kind == 9:
			seen |= 4
			return bounds(func(i int, p []byte) { x.zones[i].max = p })
		case id == 5 && kind == 9:
			k, err := t.list(thriftInt64)
			if err == nil && k != n {
				err = errIndex
			}
			for i := 0; i < k && err == nil; i++ {
				x.zones[i].nulls, err = t.varint()
				if v := x.zones[i].nulls; v < 0 || v > math.MaxInt32 {
					x.zones[i].nulls = -1
				}
			}
			return true, err
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	if seen != 7 {
		return fmt.Errorf("%w: it lacks a part", errIndex)
	}
	for i := range x.zones {
		z := &x.zones[i]
		if empty[i] {
			z.min, z.max, z.nulls = nil, nil, z.rows
		} else if z.min == nil || z.max == nil {
			z.min, z.max = nil, nil
		}
	}
	return nil
}
