package steps

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// layout is how a table keeps its rows.
type layout int

const (
	chained layout = iota // slots of a row and half a hash, whose keys are read where they lie
	whole                 // slots of a row and its key, for keys of one word
	narrow                // slots of a row and half a key, for keys of one word in a range that is not too large
	dense                 // a row for each key of a small range
)

// JoinTable is a table of build rows by their keys on the device.
type JoinTable struct {
	s      *Steps
	layout layout
	keys   driver.Ptr
	count  int
	rows   int
	slots  cuda.Buffer
	next   cuda.Buffer
	shift  int
	mask   uint64
	near   nearKeys
}

// slotsFor is the number of slots for that many rows, at most half of them taken.
func slotsFor(rows int) int {
	n := 64
	for n < 2*rows {
		n *= 2
	}
	return n
}

// nearKeys are keys of one word in a range: see narrow.cu.
type nearKeys struct {
	least, span uint64 // span: the greatest less the least
	bits, log   int
	limit       uint64
}

const (
	// denseSpan is how many times as many values as rows the range of a dense table has at most: at 4 bytes each, it is no larger than a narrow one.
	denseSpan = 4
	// narrowTag is how many more bits than home pairs keys may have, so that a key may lie a thousand pairs behind its home.
	narrowTag = 22
)

// layoutOf is the layout for rows keys of that range.
func layoutOf(rows int, least, span uint64) (layout, nearKeys) {
	k := nearKeys{least: least, span: span, bits: max(bits.Len64(span), 1)}
	if span < denseSpan*uint64(rows) {
		return dense, k
	}
	// Up to five of eight slots are taken.
	for 5<<k.log < 4*rows {
		k.log++
	}
	if k.bits-k.log > narrowTag {
		return whole, k
	}
	// Keys whose lower 32 bits are the same belong so many pairs from each other; where all bits are there, all pairs do.
	k.limit = 1 << min(k.log, 32-k.bits+k.log)
	return narrow, k
}

// nearest finds the range of rows keys and what table it allows.
func (s *Steps) nearest(keys driver.Ptr, rows int, valid driver.Ptr) (layout, nearKeys, error) {
	const sign = 1 << 63
	w, err := s.zeros(16, 0)
	if err != nil {
		return whole, nearKeys{}, err
	}
	if err := s.D.Note(s.D.Fill(w, 0xff, 8, s.S)); err != nil {
		return whole, nearKeys{}, err
	}
	if err := s.Run("narrow", "pb_range", rows, 8*threads, uint64(keys), uint64(rows), uint64(valid), uint64(w)); err != nil {
		return whole, nearKeys{}, err
	}
	found, err := Down[uint64](s, w, 2)
	if err != nil {
		return whole, nearKeys{}, err
	}
	least, greatest := found[0]^sign, found[1]^sign
	if found[0] > found[1] { // no row has a key
		least, greatest = 0, 0
	}
	l, k := layoutOf(rows, least, greatest-least)
	return l, k, nil
}

// BuildJoin makes a table of rows rows by count words each, which lie word by word and must stay; rows whose bit in valid (0: none) is clear are left out.
func (s *Steps) BuildJoin(keys driver.Ptr, count, rows int, valid driver.Ptr) (t *JoinTable, err error) {
	t = &JoinTable{s: s, keys: keys, count: count, rows: rows}
	var made buffers
	defer func() {
		if err != nil {
			made.free()
		}
	}()
	if t.next, err = s.alloc(&made, 4*rows); err != nil {
		return nil, err
	}
	if count == 1 {
		return t, t.buildWord(&made, valid)
	}
	n := slotsFor(rows)
	t.shift, t.mask = 65-bits.Len(uint(n)), uint64(n-1)
	if t.slots, err = s.zeroed(&made, 8*n); err != nil {
		return nil, err
	}
	return t, s.Run("join", "pb_join_build", rows, threads, uint64(keys), uint64(count), uint64(rows), uint64(valid), uint64(t.slots.Ptr), uint64(t.shift), t.mask,
		uint64(t.next.Ptr))
}

// BuildUnique makes a table of rows rows by one word each, all different.
func (s *Steps) BuildUnique(keys driver.Ptr, rows int) (t *JoinTable, err error) {
	t = &JoinTable{s: s, keys: keys, count: 1, rows: rows}
	var made buffers
	if err := t.buildWord(&made, 0); err != nil {
		made.free()
		return nil, err
	}
	return t, nil
}

// buildWord makes a table by one word, with the layout that its range allows.
func (t *JoinTable) buildWord(made *buffers, valid driver.Ptr) (err error) {
	s := t.s
	if t.layout, t.near, err = s.nearest(t.keys, t.rows, valid); err != nil {
		return err
	}
	switch k := t.near; t.layout {
	case dense:
		if t.slots, err = s.zeroed(made, 4*int(k.span+1)); err != nil {
			return err
		}
		return s.Run("narrow", "pb_dense_build", t.rows, threads, uint64(t.keys), uint64(t.rows), uint64(valid), k.least, uint64(t.slots.Ptr), uint64(t.next.Ptr))
	case narrow:
		slots, err := s.zeroed(made, 16<<k.log)
		if err != nil {
			return err
		}
		trouble, err := s.zeros(4, 0)
		if err != nil {
			return err
		}
		if err := s.Run("narrow", "pb_narrow_build", t.rows, threads, uint64(t.keys), uint64(t.rows), uint64(valid), k.least, k.span, uint64(k.bits), uint64(k.log), k.limit,
			uint64(slots.Ptr), uint64(t.next.Ptr), uint64(trouble)); err != nil {
			return err
		}
		far, err := Down[uint32](s, trouble, 1)
		if err != nil {
			return err
		}
		if far[0] == 0 {
			t.slots = slots
			return nil
		}
		// Keys that crowd so get slots that have all of them.
		slots.Free()
		*made = (*made)[:len(*made)-1]
		t.layout = whole
	}
	n := slotsFor(t.rows)
	t.shift, t.mask = 65-bits.Len(uint(n)), uint64(n-1)
	if t.slots, err = s.zeroed(made, 16*(n+1)); err != nil {
		return err
	}
	return s.Run("whole", "pb_whole_build", t.rows, threads, uint64(t.keys), uint64(t.rows), uint64(valid), uint64(t.shift), t.mask, uint64(t.slots.Ptr), uint64(t.next.Ptr))
}

// Free gives the table back.
func (t *JoinTable) Free() {
	t.slots.Free()
	t.next.Free()
}

// Probe writes, for each of rows probe rows, the first build row with its key plus one, or 0, to heads (4 bytes a row). Rows whose bit in valid (0: all) is clear find none.
func (t *JoinTable) Probe(probe driver.Ptr, rows int, valid, heads driver.Ptr) error {
	k := t.near
	switch t.layout {
	case dense:
		return t.s.Run("narrow", "pb_dense_probe", rows, 4*threads, uint64(probe), uint64(rows), uint64(valid), k.least, k.span, uint64(t.slots.Ptr), uint64(heads))
	case narrow:
		return t.s.Run("narrow", "pb_narrow_probe", rows, 4*threads, uint64(probe), uint64(rows), uint64(valid), k.least, k.span, uint64(k.bits), uint64(k.log), k.limit,
			uint64(t.slots.Ptr), uint64(heads))
	case whole:
		return t.s.Run("whole", "pb_whole_probe", rows, 4*threads, uint64(probe), uint64(rows), uint64(valid), uint64(t.shift), t.mask, uint64(t.slots.Ptr), uint64(heads))
	}
	return t.s.Run("join", "pb_join_probe", rows, threads, uint64(probe), uint64(t.count), uint64(rows), uint64(valid), uint64(t.slots.Ptr), uint64(t.shift), t.mask,
		uint64(t.keys), uint64(t.rows), uint64(heads))
}
