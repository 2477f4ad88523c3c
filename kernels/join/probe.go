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
		p.words.touch(t)
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
	slots, mask, shift := t.slots.S, t.mask, t.shift
	if t.step == 2 {
		p.inline(heads)
		return
	}
	if w.live == nil && t.stride == 2 && t.exact {
		own, hashes := t.words.S, w.hashes[:len(heads)]
		first, second := w.cols[0][:len(heads)], w.cols[1][:len(heads)]
		for k, h := range hashes {
			at, salt := h>>shift, uint64(hash.Salt(h))
			e := slots[at]
			for e != 0 && (e>>32 != salt || own[2*int(uint32(e)-1)] != first[k] || own[2*int(uint32(e)-1)+1] != second[k]) {
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

// inline looks up keys of one word, which the slots hold.
func (p *Prober) inline(heads []uint32) {
	t, w := p.t, p.words
	slots, mask, shift := t.slots.S, t.mask, t.shift
	hashes, keys := w.hashes[:len(heads)], w.cols[0][:len(heads)]
	for k, h := range hashes {
		at := h >> shift
		e := slots[at*2]
		// An empty slot's key is zero, as a key may be: look at the entry first.
		for e != 0 && slots[at*2+1] != keys[k] {
			at = (at + 1) & mask
			e = slots[at*2]
		}
		heads[k] = uint32(e)
	}
	if w.live == nil {
		return
	}
	// NULLs have been looked up by the word that stands for them.
	alive := w.live
	for k := range heads {
		if len(alive) > 0 && alive[0] == uint32(k) {
			alive = alive[1:]
		} else {
			heads[k] = 0
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
