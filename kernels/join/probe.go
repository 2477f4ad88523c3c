package join

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

// Prober looks up batches in a table. It belongs to one worker.
type Prober struct {
	t       *Table
	words   *words
	heads   []uint32
	pending []uint32
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

// hashed looks up the words that have been read and hashed.
func (p *Prober) hashed(b *column.Batch, cols []int, heads []uint32) {
	t, w := p.t, p.words
	p.pending = sized(p.pending, len(heads))
	if t.step == 2 {
		simd.ProbeWords(heads, p.pending, t.slots.S, w.hashes[:len(heads)], w.cols[0][:len(heads)], t.shift)
		p.dropDead(heads)
		return
	}
	simd.ProbeSalts(heads, p.pending, t.slots.S, w.hashes[:len(heads)], t.shift)
	p.dropDead(heads)
	if t.stride == 2 && t.exact {
		own := t.words.S
		first, second := w.cols[0][:len(heads)], w.cols[1][:len(heads)]
		for k, e := range heads {
			if at := 2 * (int(e) - 1); e != 0 && (own[at] != first[k] || own[at+1] != second[k]) {
				heads[k] = p.search(b, cols, k)
			}
		}
		return
	}
	for k, e := range heads {
		if e != 0 && !p.same(b, cols, k, e-1) {
			heads[k] = p.search(b, cols, k)
		}
	}
}

// dropDead clears the heads of rows that cannot match: their NULLs have been looked up by the word that stands for them.
func (p *Prober) dropDead(heads []uint32) {
	if p.words.live == nil {
		return
	}
	alive := p.words.live
	for k := range heads {
		if len(alive) > 0 && alive[0] == uint32(k) {
			alive = alive[1:]
		} else {
			heads[k] = 0
		}
	}
}

// search is the head of the k-th row's chain plus one, 0 when there is none, slot by slot.
func (p *Prober) search(b *column.Batch, cols []int, k int) uint32 {
	t := p.t
	h := p.words.hashes[k]
	at, salt := h>>t.shift, uint64(hash.Salt(h))
	for {
		e := t.slots.S[at]
		if e == 0 || e>>32 == salt && p.same(b, cols, k, uint32(e)-1) {
			return uint32(e)
		}
		at = (at + 1) & t.mask
	}
}

// same reports whether the k-th row's keys are those of row.
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
