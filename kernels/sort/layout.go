package sort

import (
	"bytes"
	"encoding/binary"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// Layout says where in a row's key bytes each key column lies.
type Layout struct {
	parts    []part
	segments []segment
	width    int // bytes, a multiple of 8
}

// part is a key column: a byte for NULL, then value bytes (none for the null type).
type part struct {
	column int
	typ    column.Type
	phys   column.Physical
	off    int // of the NULL byte
	width  int // of the value's bytes
	desc   bool
	null   byte // the NULL byte of a NULL; a value's is 1-null
}

// segment is key bytes that compare as they are, up to a string whose rest has to be compared when they are equal.
type segment struct {
	from, to int // multiples of 8
	part     int // of the string, or -1
}

// prefixLen bytes of a string are part of the key; with the NULL byte before and the length behind they fill two words.
const prefixLen = 14

// NewLayout makes the layout of keys over columns of the given types; nested types have no order (0A000).
func NewLayout(types []column.Type, keys []kernels.SortKey) (*Layout, error) {
	l := &Layout{}
	off, from := 0, 0
	for i, k := range keys {
		t := types[k.Column]
		p := part{column: k.Column, typ: t, phys: t.Physical(), desc: k.Descending, null: 1}
		if k.NullsFirst {
			p.null = 0
		}
		switch p.phys {
		case column.PhysNested:
			return nil, fault.New(fault.FeatureNotSupported, "rows cannot be ordered by a value of type %s", t)
		case column.PhysInterval:
			p.width = 16
		case column.PhysView:
			off = (off + 7) &^ 7
			p.width = prefixLen + 1
		default:
			p.width = p.phys.Width()
		}
		p.off = off
		off += 1 + p.width
		l.parts = append(l.parts, p)
		if p.phys == column.PhysView {
			l.segments = append(l.segments, segment{from: from, to: off, part: i})
			from = off
		}
	}
	l.width = (off + 7) &^ 7
	if from < l.width {
		l.segments = append(l.segments, segment{from: from, to: l.width, part: -1})
	}
	return l, nil
}

// Width is the number of bytes of a row's key.
func (l *Layout) Width() int { return l.width }

// decisive is how many leading bytes of two keys say that one is greater when they differ, whatever follows.
func (l *Layout) decisive() int {
	if len(l.segments) == 0 {
		return 0
	}
	return l.segments[0].to
}

// truncated reports whether the string of part p goes on behind what key holds of it. Two keys that agree on the part agree in this too.
func (l *Layout) truncated(p int, key []byte) bool {
	mark := key[l.parts[p].off+1+prefixLen]
	if mark == 0 {
		return false // NULL, or an empty string in ascending order
	}
	if l.parts[p].desc {
		mark = ^mark
	}
	return mark > prefixLen
}

// compare orders two rows by their keys, from the given segment on.
func (l *Layout) compare(a, b ref, segment int) int {
	ka, kb := a.key(), b.key()
	for i := segment; i < len(l.segments); i++ {
		s := l.segments[i]
		if c := bytes.Compare(ka[s.from:s.to], kb[s.from:s.to]); c != 0 {
			return c
		}
		if s.part >= 0 && l.truncated(s.part, ka) {
			c := column.CompareViews(a.text(s.part), b.text(s.part))
			if l.parts[s.part].desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
	}
	return 0
}

// word is the w-th eight bytes of a key as a number of the same order.
func word(key []byte, w int) uint64 { return binary.BigEndian.Uint64(key[8*w:]) }
