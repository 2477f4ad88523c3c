package join

import (
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// Marks says which rows of a table have found a partner. It is safe for concurrent use.
type Marks struct{ bits hash.Slice[uint32] }

// NewMarks makes marks for rows 0 to n-1, all unset, charged to b.
func NewMarks(b *mem.Budget, n int) (*Marks, error) {
	m := &Marks{bits: hash.Slice[uint32]{Budget: b}}
	return m, m.bits.Reset((n + 31) / 32)
}

// Free gives the memory back.
func (m *Marks) Free() { m.bits.Free() }

// Set marks a row.
func (m *Marks) Set(row uint32) {
	// Most rows that are met often are marked already, and a read is cheaper than a locked write.
	if p, bit := &m.bits.S[row/32], uint32(1)<<(row%32); atomic.LoadUint32(p)&bit == 0 {
		atomic.OrUint32(p, bit)
	}
}

// Get reports whether a row is marked.
func (m *Marks) Get(row uint32) bool {
	return atomic.LoadUint32(&m.bits.S[row/32])>>(row%32)&1 != 0
}

// Spread marks all rows of the chains whose first row is marked, when only first rows have been: all of a chain's rows have the same partners.
func (m *Marks) Spread(t *Table) {
	if t.Unique() {
		return
	}
	for i, w := range m.bits.S {
		if w == 0 {
			continue
		}
		for bit := range uint32(32) {
			if row := uint32(i)*32 + bit; w>>bit&1 != 0 {
				// Rows behind a marked one that is not a first row are marked already.
				for at := t.Next(row + 1); at != 0 && !m.Get(at-1); at = t.Next(at) {
					m.Set(at - 1)
				}
			}
		}
	}
}
