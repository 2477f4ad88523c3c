package sort

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// item is a row while it is sorted: one word of its key beside its number, so that comparing touches no other memory.
type item struct {
	word uint64
	row  uint32
	_    uint32
}

const (
	// deepest is how many bytes of strings are distributed by; strings that agree in more are compared, which needs no level of recursion for
	// every eight bytes.
	deepest = 256
	// fewTies are compared in full where words are the same.
	fewTies = 16
)

// sort makes r.order.
func (r *Run) sort(check func() error) error {
	if err := r.complete(); err != nil {
		return err
	}
	tmp := r.newArena()
	defer tmp.Free()
	order, err := r.sorted(r.rowArena, tmp, 0, r.rows.Rows(), check)
	r.order = order
	return err
}

// sorted is rows lo to hi-1 in order, in a; what sorting takes is in tmp.
func (r *Run) sorted(a, tmp *mem.Arena, lo, hi int, check func() error) ([]uint32, error) {
	n := hi - lo
	order, err := column.AllocSlice[uint32](a, n)
	if err != nil {
		return nil, err
	}
	if r.s.layout.width == 0 || n < 2 {
		for i := range order {
			order[i] = uint32(lo + i)
		}
		return order, nil
	}
	items, err := column.AllocSlice[item](tmp, n)
	if err != nil {
		return nil, err
	}
	spare, err := column.AllocSlice[item](tmp, n)
	if err != nil {
		return nil, err
	}
	s := sorting{run: r, check: check}
	if err := s.byCode(items, spare, lo, hi, tmp); err != nil {
		return nil, err
	}
	for i := range items {
		order[i] = items[i].row
	}
	return order, nil
}

type sorting struct {
	run   *Run
	check func() error
}

// byWord sorts items, whose keys agree before word w, which is in the given segment.
func (s *sorting) byWord(items, spare []item, w, segment int) error {
	l := s.run.s.layout
	for i := range items {
		items[i].word = word(s.run.key(items[i].row), w)
	}
	if err := s.distribute(items, spare); err != nil {
		return err
	}
	if segment >= len(l.segments) {
		return nil
	}
	end := l.segments[segment].to == 8*(w+1)
	if end && segment == len(l.segments)-1 && l.segments[segment].part < 0 {
		return nil
	}
	return s.ties(items, func(from, to int) error { return s.equal(items[from:to], spare[from:to], w, segment, end) })
}

// equal sorts items that agree up to word w, included.
func (s *sorting) equal(items, spare []item, w, segment int, end bool) error {
	l := s.run.s.layout
	if len(items) <= fewTies {
		return s.compare(items, segment)
	}
	if end {
		if p := l.segments[segment].part; p >= 0 && l.truncated(p, s.run.key(items[0].row)) {
			return s.byText(items, spare, segment, prefixLen)
		}
		segment++
	}
	if 8*(w+1) >= l.width {
		return nil
	}
	return s.byWord(items, spare, w+1, segment)
}

// byText sorts items whose keys agree up to the end of the given segment, and whose strings agree in their first depth bytes and are longer.
func (s *sorting) byText(items, spare []item, segment, depth int) error {
	l := s.run.s.layout
	part := l.segments[segment].part
	for i := range items {
		items[i].word = textWord(ref{s.run, items[i].row}.text(part), depth)
		if l.parts[part].desc {
			items[i].word = ^items[i].word
		}
	}
	if err := s.distribute(items, spare); err != nil {
		return err
	}
	return s.ties(items, func(from, to int) error { return s.equalText(items[from:to], spare[from:to], segment, depth+8) })
}

// equalText sorts items whose strings agree in their first depth bytes, those behind a string's end being zero.
func (s *sorting) equalText(items, spare []item, segment, depth int) error {
	if len(items) <= fewTies {
		return s.compare(items, segment)
	}
	l := s.run.s.layout
	shortest, longest := math.MaxInt, 0
	for i := range items {
		n := int(ref{s.run, items[i].row}.text(l.segments[segment].part).Len)
		shortest, longest = min(shortest, n), max(longest, n)
	}
	switch {
	case shortest > depth && depth < deepest:
		return s.byText(items, spare, segment, depth)
	case shortest > depth || shortest < longest:
		return s.compare(items, segment)
	case segment+1 == len(l.segments):
		return nil
	}
	return s.byWord(items, spare, l.segments[segment+1].from/8, segment+1)
}

// textWord is the eight bytes of a string from depth on, zero behind its end, as a number of the same order.
func textWord(v *column.View, depth int) uint64 {
	p := v.Bytes()
	if len(p) >= depth+8 {
		return binary.BigEndian.Uint64(p[depth:])
	}
	var buf [8]byte
	if depth < len(p) {
		copy(buf[:], p[depth:])
	}
	return binary.BigEndian.Uint64(buf[:])
}

// compare sorts items by comparing their keys from segment on.
func (s *sorting) compare(items []item, segment int) error {
	asked := 0
	var failed error
	slices.SortFunc(items, func(a, b item) int {
		if asked++; asked%4096 == 0 && failed == nil {
			failed = s.check()
		}
		if failed != nil {
			return 0
		}
		return s.run.s.layout.compare(ref{s.run, a.row}, ref{s.run, b.row}, segment)
	})
	return failed
}

// distribute sorts items by their words.
func (s *sorting) distribute(items, spare []item) error {
	first, differ := items[0].word, uint64(0)
	for i := range items {
		differ |= items[i].word ^ first
	}
	return s.radix(items, spare, bits.Len64(differ), false)
}
