package agg

import (
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

// Tuples of two, three and four words; structs, since the compiler keeps these in registers.
type (
	words2 struct{ a, b uint64 }       //nolint:unused // compared whole
	words3 struct{ a, b, c uint64 }    //nolint:unused // compared whole
	words4 struct{ a, b, c, d uint64 } //nolint:unused // compared whole
)

// field is where a key lies in a packed tuple.
type field struct {
	word    int
	shift   uint
	bits    uint // 1 to 64; 128 for two whole words
	nullBit uint // in word nullWord; unused for the single key of 64 bits
}

// packed keeps tuples of fixed-width keys as a few words that are compared whole: fields one beside the other, then a bit for each key that says NULL.
// A single key of 64 bits leaves no room for that bit: its NULL is a group found without a slot.
type packed[K comparable] struct {
	types    []column.Type
	fields   []field
	nullWord int
	single   bool
	nullID   int // group of NULL when single, -1: none yet
	tuples   hash.Slice[K]
	hashers  *hash.Hasher
	scratch  []K
	hashes   []uint64
	rows     []uint32
	out      []uint32
	pending  []uint32
	growing  bool // most rows of the last batch brought groups
}

// keyBits is the width of a key in a packed tuple, 0 when it does not pack.
func keyBits(t column.Type) uint {
	switch t.Physical() {
	case column.PhysNone:
		return 1
	case column.PhysInt128:
		return 128
	case column.PhysInterval, column.PhysView, column.PhysNested:
		return 0
	case column.PhysBool:
		return 1
	case column.PhysFloat32:
		return 64 // hashed and kept as a double
	}
	return uint(t.Width()) * 8
}

// layout places the keys in words, first fit; ok is false when they take more than four.
func layout(types []column.Type) (fields []field, words, nullWord int, ok bool) {
	var free []uint
	place := func(bits uint) (int, uint) {
		for w, f := range free {
			if f >= bits {
				free[w] -= bits
				return w, 64 - f
			}
		}
		free = append(free, 64-bits)
		return len(free) - 1, 0
	}
	for _, t := range types {
		var f field
		f.bits = keyBits(t)
		switch f.bits {
		case 0:
			return nil, 0, 0, false
		case 128:
			free = append(free, 0, 0)
			f.word = len(free) - 2
		default:
			f.word, f.shift = place(f.bits)
		}
		fields = append(fields, f)
	}
	if len(types) == 1 && fields[0].bits == 64 {
		return fields, 1, 0, true
	}
	if len(types) > 64 {
		return nil, 0, 0, false
	}
	nullWord, shift := place(uint(len(types)))
	for i := range fields {
		fields[i].nullBit = shift + uint(i)
	}
	return fields, len(free), nullWord, len(free) <= 4
}

// newKeys chooses how a table of such keys keeps them.
func newKeys(b *mem.Budget, types []column.Type) keys {
	fields, words, nullWord, ok := layout(types)
	switch {
	case !ok || len(types) == 0:
		return newWide(b, types)
	case words == 1:
		return newPacked[uint64](b, types, fields, nullWord)
	case words == 2:
		return newPacked[words2](b, types, fields, nullWord)
	case words == 3:
		return newPacked[words3](b, types, fields, nullWord)
	}
	return newPacked[words4](b, types, fields, nullWord)
}

func newPacked[K comparable](b *mem.Budget, types []column.Type, fields []field, nullWord int) *packed[K] {
	// Types that pack are supported, so NewHasher cannot refuse them.
	h, _ := hash.NewHasher(types)
	return &packed[K]{types: types, fields: fields, nullWord: nullWord, single: len(types) == 1 && fields[0].bits == 64, nullID: -1,
		tuples: hash.Slice[K]{Budget: b}, hashers: h}
}

func (p *packed[K]) free()               { p.tuples.Free() }
func (p *packed[K]) reserve(n int) error { return p.tuples.Reserve(n) }
func (p *packed[K]) pressed() error      { return nil }

// stride is the number of words of a tuple.
func (p *packed[K]) stride() int {
	var k K
	return int(unsafe.Sizeof(k) / 8)
}

func (p *packed[K]) find(t *Table, b *column.Batch, cols []int, out []uint32) error {
	n := b.Rows()
	if p.single {
		v := b.Cols[cols[0]]
		if v.Valid != nil {
			return p.findNullable(t, v, b, out)
		}
		return p.findWords(t, p.hashers.Words(0, v, b.Sel, n), out)
	}
	p.pack(b, cols, b.Sel, n)
	p.hash(n)
	return p.probe(t, p.scratch[:n], p.hashes[:n], out)
}

// findWords is find for a single key of 64 bits, given its words.
func (p *packed[K]) findWords(t *Table, words []uint64, out []uint32) error {
	p.hashes = sized(p.hashes, len(words))
	simd.MixWords(p.hashes, words)
	return p.probe(t, column.SliceOf[K](column.BytesOf(words)), p.hashes, out)
}

// findNullable is find for a single key of 64 bits some of which are NULL.
func (p *packed[K]) findNullable(t *Table, v *column.Vector, b *column.Batch, out []uint32) error {
	n := b.Rows()
	p.rows = sized(p.rows, n)[:0]
	for k := range n {
		if r := b.Row(k); !v.IsNull(r) {
			p.rows = append(p.rows, uint32(r))
		}
	}
	m := len(p.rows)
	p.out = sized(p.out, m)
	if err := p.findWords(t, p.hashers.Words(0, v, p.rows, m), p.out); err != nil {
		return err
	}
	if m < n && p.nullID < 0 {
		p.nullID = t.n
		var zero K
		if err := p.tuples.Append(zero); err != nil {
			return err
		}
		t.hashes.S = append(t.hashes.S, unslotted)
		t.n++
	}
	at := 0
	for k := range n {
		if v.IsNull(b.Row(k)) {
			out[k] = uint32(p.nullID)
		} else {
			out[k] = p.out[at]
			at++
		}
	}
	return nil
}

// pack writes the tuples of the selected rows to scratch.
func (p *packed[K]) pack(b *column.Batch, cols []int, sel []uint32, n int) {
	p.scratch = sized(p.scratch, n)
	words, stride := column.SliceOf[uint64](column.BytesOf(p.scratch)), p.stride()
	clear(words)
	for i, c := range cols {
		v, f := b.Cols[c], p.fields[i]
		if f.bits == 128 {
			packWide(v, sel, n, words, stride, f.word)
		} else {
			mask := ^uint64(0) >> (64 - f.bits)
			at := f.word
			for _, w := range p.hashers.Words(i, v, sel, n) {
				words[at] |= (w & mask) << f.shift
				at += stride
			}
		}
		if v.Valid == nil && v.Type.Kind != column.Null {
			continue
		}
		keep := uint64(0)
		if f.bits < 64 {
			keep = ^(^uint64(0) >> (64 - f.bits) << f.shift)
		}
		for k := range n {
			r := k
			if sel != nil {
				r = int(sel[k])
			}
			if !v.IsNull(r) {
				continue
			}
			words[k*stride+f.word] &= keep
			if f.bits == 128 {
				words[k*stride+f.word+1] = 0
			}
			words[k*stride+p.nullWord] |= 1 << f.nullBit
		}
	}
}

func packWide(v *column.Vector, sel []uint32, n int, words []uint64, stride, word int) {
	vals := column.Values[column.Int128](v.Target())
	for k := range n {
		r := k
		if sel != nil {
			r = int(sel[k])
		}
		if v.IsNull(r) {
			continue
		}
		x := vals[v.Index(r)]
		words[k*stride+word], words[k*stride+word+1] = x.Lo, uint64(x.Hi)
	}
}

// hash fills hashes from the first n tuples in scratch; those of one word are settled only where a group is added.
func (p *packed[K]) hash(n int) {
	p.hashes = sized(p.hashes, n)
	words, stride := column.SliceOf[uint64](column.BytesOf(p.scratch[:n])), p.stride()
	if stride == 1 {
		simd.MixWords(p.hashes, words)
		return
	}
	at := 0
	for k := range p.hashes {
		h := hash.Mix(words[at])
		for j := 1; j < stride; j++ {
			h = hash.Combine(h, words[at+j])
		}
		p.hashes[k] = settled(h)
		at += stride
	}
}

// probe finds or adds the tuples: all are looked up first, step by step together; those that are not there are added one after the other.
func (p *packed[K]) probe(t *Table, tuples []K, hashes []uint64, out []uint32) error {
	hashes, out = hashes[:len(tuples)], out[:len(tuples)]
	p.pending = sized(p.pending, len(tuples))
	if words, ok := any(p).(*packed[uint64]); ok {
		return probeWords(words, t, column.SliceOf[uint64](column.BytesOf(tuples)), hashes, out)
	}
	simd.ProbeSalts(out, p.pending, t.slots.S, hashes, t.shift)
	known := p.tuples.S
	for k, e := range out {
		if e != 0 && known[e-1] == tuples[k] {
			out[k] = e - 1
			continue
		}
		g, err := p.place(t, tuples[k], hashes[k])
		if err != nil {
			return err
		}
		known = p.tuples.S
		out[k] = g
	}
	return nil
}

// place finds or adds a tuple.
func (p *packed[K]) place(t *Table, tuple K, h uint64) (uint32, error) {
	slots, mask, salt := t.slots.S, uint64(len(t.slots.S)-1), uint64(hash.Salt(h))
	i := h >> t.shift
	for e := slots[i]; e != 0; e = slots[i] {
		if e>>32 == salt && p.tuples.S[uint32(e)-1] == tuple {
			return uint32(e) - 1, nil
		}
		i = (i + 1) & mask
	}
	g, _, _, err := t.add(h, i)
	if err == nil {
		p.tuples.S = append(p.tuples.S, tuple)
	}
	return g, err
}

// probeWords is probe for tuples of one word, which the slots hold too.
func probeWords(p *packed[uint64], t *Table, tuples, hashes []uint64, out []uint32) error {
	before := t.n
	if p.growing {
		// Most will be added: looking up all first would do their search twice.
		clear(out)
	} else {
		simd.ProbeWords(out, p.pending, t.slots.S, hashes, tuples, t.shift)
	}
	for k, e := range out {
		if e != 0 {
			out[k] = e - 1
			continue
		}
		if p.growing && k%placeBlock == 0 {
			simd.PrefetchSlots(t.slots.S, hashes[k:min(k+placeBlock, len(hashes))], t.shift, 1)
		}
		g, err := placeWord(p, t, tuples[k], hashes[k])
		if err != nil {
			return err
		}
		out[k] = g
	}
	p.growing = (t.n-before)*2 > len(out)
	return nil
}

// placeBlock is how many tuples' slots are asked for at once.
const placeBlock = 256

func placeWord(p *packed[uint64], t *Table, word, h uint64) (uint32, error) {
	slots, mask := t.slots.S, uint64(len(t.slots.S)/2-1)
	i := h >> t.shift
	for e := slots[i*2]; e != 0; e = slots[i*2] {
		if slots[i*2+1] == word {
			return uint32(e) - 1, nil
		}
		i = (i + 1) & mask
	}
	g, place, _, err := t.add(settled(h), i) // which begins at the same slot
	if err == nil {
		t.slots.S[place*2+1] = word
		p.tuples.S = append(p.tuples.S, word)
	}
	return g, err
}

func (p *packed[K]) emit(out *output, i int, of groups) (*column.Vector, error) {
	t, f := p.types[i], p.fields[i]
	n := of.len()
	v, err := column.NewFlat(out.arena, t, n)
	if err != nil || t.Kind == column.Null {
		return v, err
	}
	words, stride := column.SliceOf[uint64](column.BytesOf(p.tuples.S)), p.stride()
	mask := ^uint64(0)
	if f.bits < 64 {
		mask >>= 64 - f.bits
	}
	word := func(k int) uint64 { return words[of.at(k)*stride+f.word] >> f.shift & mask }
	switch t.Physical() {
	case column.PhysInt128:
		vals := column.Values[column.Int128](v)
		for k := range vals {
			at := of.at(k)*stride + f.word
			vals[k] = column.Int128{Lo: words[at], Hi: int64(words[at+1])}
		}
	case column.PhysFloat32:
		vals := column.Values[float32](v)
		for k := range vals {
			vals[k] = float32(floatFrom(word(k)))
		}
	default:
		switch t.Width() {
		case 1:
			for k := range v.Data {
				v.Data[k] = uint8(word(k))
			}
		case 2:
			vals := column.Values[uint16](v)
			for k := range vals {
				vals[k] = uint16(word(k))
			}
		case 4:
			vals := column.Values[uint32](v)
			for k := range vals {
				vals[k] = uint32(word(k))
			}
		case 8:
			vals := column.Values[uint64](v)
			for k := range vals {
				vals[k] = word(k)
			}
		}
	}
	if p.single {
		return v, out.null(v, func(k int) bool { return of.at(k) == p.nullID })
	}
	return v, out.null(v, func(k int) bool { return words[of.at(k)*stride+p.nullWord]>>f.nullBit&1 != 0 })
}
