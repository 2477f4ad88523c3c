package join

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// Prober looks up batches in a table. It belongs to one worker.
type Prober struct {
	t     *Table
	words *words
	heads []uint32
}

// NewProber makes a prober of t.
func NewProber(t *Table) *Prober { return &Prober{t: t, words: newWords(t)} }

// Heads returns, for each selected row of b in order, the first row of the chain of its key plus one, or 0 when no row has the key. cols[i] is the
// column of key i and has the key's type. The result is valid until the next call.
func (p *Prober) Heads(b *column.Batch, cols []int) []uint32 {
	n := b.Rows()
	p.heads = sized(p.heads, n)
	heads := p.heads
	t := p.t
	switch {
	case len(t.keys) == 0:
		for k := range heads {
			heads[k] = t.first
		}
	case t.rows.Rows() == 0 || t.slots.S == nil && t.direct.S == nil:
		clear(heads)
	case t.isDirect:
		p.words.read(b, cols)
		p.direct(heads)
	default:
		p.words.read(b, cols)
		p.words.hash()
		p.words.touch(t.slots.S, t.shift)
		p.hashed(b, cols, heads)
	}
	return heads
}

func (p *Prober) direct(heads []uint32) {
	t := p.t
	direct, least, flip := t.direct.S, t.least, t.flip
	keys := p.words.cols[0][:len(heads)]
	if p.words.live == nil {
		for k, x := range keys {
			heads[k] = 0
			if at := (x ^ flip) - least; at < uint64(len(direct)) {
				heads[k] = direct[at]
			}
		}
		return
	}
	clear(heads)
	for _, k := range p.words.live {
		if at := (keys[k] ^ flip) - least; at < uint64(len(direct)) {
			heads[k] = direct[at]
		}
	}
}

func (p *Prober) hashed(b *column.Batch, cols []int, heads []uint32) {
	t, w := p.t, p.words
	slots, mask, shift := t.slots.S, uint64(len(t.slots.S)-1), t.shift
	if w.live == nil && t.stride == 1 && t.exact {
		// The common case by itself: one word decides.
		own, hashes := t.words.S, w.hashes[:len(heads)]
		keys := w.cols[0][:len(heads)]
		for k, h := range hashes {
			at, salt := h>>shift, uint64(hash.Salt(h))
			e := slots[at]
			for e != 0 && (e>>32 != salt || own[uint32(e)-1] != keys[k]) {
				at = (at + 1) & mask
				e = slots[at]
			}
			heads[k] = uint32(e)
		}
		return
	}
	clear(heads)
	for i := range w.count() {
		k := w.at(i)
		h := w.hashes[k]
		at, salt := h>>shift, uint64(hash.Salt(h))
		for {
			e := slots[at]
			if e == 0 {
				break
			}
			if e>>32 == salt && p.same(b, cols, k, uint32(e)-1) {
				heads[k] = uint32(e)
				break
			}
			at = (at + 1) & mask
		}
	}
}

func (p *Prober) same(b *column.Batch, cols []int, k int, row uint32) bool {
	t := p.t
	own := t.words.S[int(row)*t.stride:]
	for j, col := range p.words.cols {
		if own[j] != col[k] {
			return false
		}
	}
	return t.exact || t.sameValues(b, cols, b.Row(k), row)
}
