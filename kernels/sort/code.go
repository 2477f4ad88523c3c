package sort

import (
	"encoding/binary"
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/simd"
)

// A code is the bits in which the keys of a run differ, brought together: up to 64 of them, in the order of the keys. Numbers as they are in tables, and the
// digits and letters of strings, have few such bits, so that a code mostly decides an order that takes several words of the key, and is sorted by fewer
// passes than any of them.

// code says which bits those are.
type code struct {
	keys  []uint64 // of the key's words, by word
	texts []uint64 // of the words of the string that ends the last of them, from prefixLen bytes on
	bits  int      // of the code
	drop  int      // how many bits of the last mask have no room

	// Where what is not in the code begins.
	whole   bool // nowhere: keys of the same code are equal
	segment int
	word    int // of the key, or
	depth   int // of the segment's string, when not 0
}

// maxTexts bounds how many words of a string are looked at for a code.
const maxTexts = 8

// take adds a mask to a list, or the part of it that there is room for, and reports whether that is all of it.
func (c *code) take(list *[]uint64, mask uint64) bool {
	n, room := bits.OnesCount64(mask), 64-c.bits
	if room == 0 && n > 0 {
		return false
	}
	*list = append(*list, mask)
	c.drop = max(0, n-room)
	c.bits += n - c.drop
	return c.drop == 0
}

// differences collects in which bits the keys of a run differ.
type differences struct {
	first, words []uint64 // as memory has them, by word of the key
}

func (d *differences) add(keys []byte, width int) {
	if len(keys) == 0 {
		return
	}
	if d.first == nil {
		d.first, d.words = make([]uint64, width/8), make([]uint64, width/8)
		for w := range d.first {
			d.first[w] = binary.LittleEndian.Uint64(keys[8*w:])
		}
	}
	for w, first := range d.first {
		var or uint64
		for at := 8 * w; at+8 <= len(keys); at += width {
			or |= binary.LittleEndian.Uint64(keys[at:]) ^ first
		}
		d.words[w] |= or
	}
}

// plan chooses the code of rows lo to hi-1.
func (r *Run) plan(lo, hi int) code {
	l, c := r.s.layout, code{}
	for c.segment = range l.segments {
		s := l.segments[c.segment]
		for c.word = s.from / 8; c.word < s.to/8; c.word++ {
			if !c.take(&c.keys, bits.ReverseBytes64(r.differ.words[c.word])) {
				return c
			}
		}
		if s.part < 0 {
			continue
		}
		shortest, longest := r.lengths(s.part, lo, hi)
		if longest == 0 {
			continue // all strings are in the keys
		}
		for c.depth = prefixLen; c.depth < longest && len(c.texts) < maxTexts; c.depth += 8 {
			if c.bits == 64 || !c.take(&c.texts, r.textDiffers(s.part, lo, hi, c.depth)) {
				return c
			}
		}
		if shortest < longest || c.depth < longest || c.segment+1 < len(l.segments) {
			// Of equal codes, one may go on, or have zero bytes where another has ended; and the words of only one string are in a code.
			return c
		}
	}
	c.whole = true
	return c
}

// lengths are the least and the greatest length of the strings of part p that go on behind their prefix; 0 and 0 where none does.
func (r *Run) lengths(p, lo, hi int) (shortest, longest int) {
	shortest = int(^uint(0) >> 1)
	r.chunks(lo, hi, func(_ int, keys []byte, views []column.View) {
		width := r.s.layout.width
		for i := range views {
			if r.s.layout.truncated(p, keys[i*width:]) {
				n := int(views[i].Len)
				shortest, longest = min(shortest, n), max(longest, n)
			}
		}
	}, p)
	if longest == 0 {
		return 0, 0
	}
	return shortest, longest
}

// textDiffers is in which bits the words of strings from depth on differ. A string that is whole in the key, and a NULL, counts as zero.
func (r *Run) textDiffers(p, lo, hi, depth int) uint64 {
	var first, or uint64
	begun := false
	r.chunks(lo, hi, func(_ int, keys []byte, views []column.View) {
		width := r.s.layout.width
		for i := range views {
			var w uint64
			if r.s.layout.truncated(p, keys[i*width:]) {
				w = textWord(&views[i], depth)
			}
			if !begun {
				first, begun = w, true
			}
			or |= w ^ first
		}
	}, p)
	return or
}

// chunks calls f for the rows lo to hi-1, chunk by chunk, with the place of the first row among them, their keys, and the strings of part p if p >= 0.
func (r *Run) chunks(lo, hi int, f func(at int, keys []byte, views []column.View), p int) {
	width := r.s.layout.width
	for row := lo; row < hi; {
		chunk, from := row/column.ChunkRows, row%column.ChunkRows
		n := min(hi-row, column.ChunkRows-from)
		var views []column.View
		if p >= 0 {
			views = r.views[p][chunk][from : from+n]
		}
		f(row-lo, r.keys[chunk][from*width:(from+n)*width], views)
		row += n
	}
}

// encode writes the codes of rows lo to hi-1 to items. What it takes comes from tmp.
func (r *Run) encode(items []item, c *code, lo, hi int, tmp *mem.Arena) error {
	l, n := r.s.layout, min(hi-lo, column.ChunkRows)
	codes, err := column.AllocSlice[uint64](tmp, n)
	if err != nil {
		return err
	}
	var words []byte
	p := -1
	if len(c.texts) > 0 {
		p = l.segments[c.segment].part
		if words, err = tmp.Alloc(8 * n); err != nil {
			return err
		}
	}
	r.chunks(lo, hi, func(at int, keys []byte, views []column.View) {
		codes := codes[:len(keys)/l.width]
		clear(codes)
		dropped := func(last bool) uint {
			if last {
				return uint(c.drop)
			}
			return 0
		}
		for w, mask := range c.keys {
			simd.ExtractKeys(codes, keys[8*w:], l.width, mask, dropped(len(c.texts) == 0 && w == len(c.keys)-1))
		}
		for k, mask := range c.texts {
			for i := range views {
				var w uint64
				if l.truncated(p, keys[i*l.width:]) {
					w = textWord(&views[i], prefixLen+8*k)
					if l.parts[p].desc {
						w = ^w
					}
				}
				binary.BigEndian.PutUint64(words[8*i:], w)
			}
			simd.ExtractKeys(codes, words[:8*len(views)], 8, mask, dropped(k == len(c.texts)-1))
		}
		for i, word := range codes {
			items[at+i] = item{word: word, row: uint32(lo + at + i)}
		}
	}, p)
	return nil
}

// byCode sorts rows lo to hi-1, which items gets.
func (s *sorting) byCode(items, spare []item, lo, hi int, tmp *mem.Arena) error {
	if err := s.check(); err != nil {
		return err
	}
	c := s.run.plan(lo, hi)
	if err := s.run.encode(items, &c, lo, hi, tmp); err != nil {
		return err
	}
	if err := s.radix(items, spare, c.bits, false); err != nil {
		return err
	}
	if c.whole {
		return nil
	}
	return s.ties(items, func(from, to int) error { return s.sameCode(items[from:to], spare[from:to], &c) })
}

// ties calls f with the bounds of all items of the same word.
func (s *sorting) ties(items []item, f func(from, to int) error) error {
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && items[to].word == items[from].word {
			to++
		}
		if to-from > 1 {
			if err := f(from, to); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// sameCode sorts items of one code, by what is not in it.
func (s *sorting) sameCode(items, spare []item, c *code) error {
	l := s.run.s.layout
	seg := l.segments[c.segment]
	if c.depth == 0 {
		if len(items) <= fewTies {
			return s.compare(items, c.segment)
		}
		return s.byWord(items, spare, c.word, c.segment)
	}
	if l.truncated(seg.part, s.run.key(items[0].row)) {
		return s.equalText(items, spare, c.segment, c.depth)
	}
	if c.segment+1 == len(l.segments) {
		return nil
	}
	if len(items) <= fewTies {
		return s.compare(items, c.segment+1)
	}
	return s.byWord(items, spare, seg.to/8, c.segment+1)
}
