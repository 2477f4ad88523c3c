package agg

import (
	"errors"
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

func floatFrom(bits uint64) float64 { return math.Float64frombits(bits) }

// wide keeps tuples of any keys, a column a key. Rows are looked up together: each finds a slot whose salt is its own, then all are compared
// with what they found column by column, and the rare ones that differ look further.
type wide struct {
	cols   []wideColumn
	hashes []uint64
	slots  []uint64 // where the row's search stands
	rest   []uint32 // positions still searching
	check  []uint32 // positions with a candidate in out
	added  []uint32 // rows of new tuples
	same   []bool   // by position
	known  []uint64 // the rows' hashes, where another table has made them; nil: find makes them
}

// wideColumn is one key of all groups.
type wideColumn interface {
	// prepare takes the vector of a batch and returns a word for each selected row to be hashed.
	prepare(v *column.Vector, sel []uint32, n int) []uint64
	// append adds the keys at positions of the prepared vector.
	append(positions []uint32) error
	// reserve makes room for n more keys, their strings apart.
	reserve(n int) error
	// equal clears same[p] where the key at position p differs from that of group out[p].
	equal(positions, out []uint32, same []bool)
	emit(out *output, of groups) (*column.Vector, error)
	free()
}

func newWide(b *mem.Budget, types []column.Type) *wide {
	w := &wide{}
	for _, t := range types {
		var c wideColumn
		switch t.Physical() {
		case column.PhysView:
			c = &textColumn{base: newBase(b, t), vals: hash.Slice[column.View]{Budget: b}, heap: hash.NewStrings(b)}
		case column.PhysInterval:
			c = &valueColumn[column.IntervalValue]{base: newBase(b, t), vals: hash.Slice[column.IntervalValue]{Budget: b},
				same: func(x, y *column.IntervalValue) bool { return x.Span() == y.Span() }}
		case column.PhysInt128:
			c = &valueColumn[column.Int128]{base: newBase(b, t), vals: hash.Slice[column.Int128]{Budget: b},
				same: func(x, y *column.Int128) bool { return *x == *y }}
		default:
			c = &wordColumn{base: newBase(b, t), vals: hash.Slice[uint64]{Budget: b}}
		}
		w.cols = append(w.cols, c)
	}
	return w
}

func (w *wide) free() {
	for _, c := range w.cols {
		c.free()
	}
}

func (w *wide) reserve(n int) error {
	for _, c := range w.cols {
		if err := c.reserve(n); err != nil {
			return err
		}
	}
	return nil
}

func (w *wide) pressed() error {
	for _, c := range w.cols {
		if c, ok := c.(*textColumn); ok {
			if err := c.heap.Pressed(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *wide) emit(out *output, i int, of groups) (*column.Vector, error) {
	return w.cols[i].emit(out, of)
}

func (w *wide) find(t *Table, b *column.Batch, cols []int, out []uint32) error {
	n := b.Rows()
	w.hashes, w.slots, w.same = sized(w.hashes, n), sized(w.slots, n), sized(w.same, n)
	known := len(w.known) == n
	copy(w.hashes, w.known)
	for i, c := range w.cols {
		if text, ok := c.(*textColumn); ok && known {
			text.v, text.sel = b.Cols[cols[i]], b.Sel
			continue
		}
		words := c.prepare(b.Cols[cols[i]], b.Sel, n)
		if known {
			continue
		}
		if i == 0 {
			simd.MixWords(w.hashes, words)
			continue
		}
		simd.CombineWords(w.hashes, words)
	}
	for k, h := range w.hashes {
		w.hashes[k] = settled(h)
	}
	w.lookUp(t, out[:n])
	for len(w.rest) > 0 {
		if err := w.step(t, out); err != nil {
			return err
		}
	}
	return nil
}

// lookUp gives every row the first group of its salt and leaves those searching, from the beginning, that are not equal to theirs or have none.
func (w *wide) lookUp(t *Table, out []uint32) {
	n := len(out)
	w.rest, w.check = sized(w.rest, n), sized(w.check, n)
	simd.ProbeSalts(out, w.rest, t.slots.S, w.hashes, t.shift)
	rest, check := w.rest[:0], w.check[:0]
	for k, e := range out {
		w.slots[k] = w.hashes[k] >> t.shift
		w.same[k] = true
		out[k] = e - 1
		if e == 0 {
			rest = append(rest, uint32(k))
		} else {
			check = append(check, uint32(k))
		}
	}
	for _, c := range w.cols {
		c.equal(check, out, w.same)
	}
	for _, p := range check {
		if !w.same[p] {
			rest = append(rest, p)
		}
	}
	w.rest, w.check = rest, check
}

// step gives every searching row a candidate and keeps those searching that are not equal to theirs.
func (w *wide) step(t *Table, out []uint32) error {
	slots := t.slots.S
	mask := uint64(len(slots) - 1)
	w.check, w.added = w.check[:0], w.added[:0]
	var refused error
	for _, p := range w.rest {
		h, i := w.hashes[p], w.slots[p]
		salt := uint64(hash.Salt(h))
		for slots[i] != 0 && slots[i]>>32 != salt {
			i = (i + 1) & mask
		}
		if e := slots[i]; e != 0 {
			w.slots[p], out[p] = i, uint32(e)-1
			w.check = append(w.check, p)
			continue
		}
		g, _, moved, err := t.add(h, i)
		if err != nil {
			// The keys of the tuples that were added belong to them.
			refused = err
			break
		}
		out[p] = g
		w.added = append(w.added, p)
		if moved {
			slots = t.slots.S
			mask = uint64(len(slots) - 1)
			// Searches start anew; they pass slots that they know to differ once more.
			for _, q := range w.rest {
				w.slots[q] = w.hashes[q] >> t.shift
			}
		}
	}
	for _, c := range w.cols {
		if err := c.append(w.added); err != nil {
			return mem.Final(err)
		}
	}
	if refused != nil {
		return refused
	}
	for _, p := range w.check {
		w.same[p] = true
	}
	for _, c := range w.cols {
		c.equal(w.check, out, w.same)
	}
	w.rest = w.rest[:0]
	mask = uint64(len(t.slots.S) - 1)
	for _, p := range w.check {
		if !w.same[p] {
			// The slot looked at may have moved: searching on from it is right only where it still holds the candidate.
			if i := w.slots[p]; uint32(t.slots.S[i]) == out[p]+1 {
				w.slots[p] = (i + 1) & mask
			}
			w.rest = append(w.rest, p)
		}
	}
	return nil
}

// base is what all kinds of columns have: the type, NULLs by group, the vector at hand.
type base struct {
	typ    column.Type
	nulls  hash.Slice[uint8] // by group
	hasher *hash.Hasher
	v      *column.Vector
	sel    []uint32
}

func newBase(b *mem.Budget, t column.Type) base {
	return base{typ: t, nulls: hash.Slice[uint8]{Budget: b}, hasher: hash.NewWidener()}
}

func (c *base) row(p uint32) int {
	if c.sel != nil {
		return int(c.sel[p])
	}
	return int(p)
}

func (c *base) set(v *column.Vector, sel []uint32, n int) []uint64 {
	c.v, c.sel = v, sel
	return c.hasher.Words(0, v, sel, n)
}

func (c *base) markNull(out *output, v *column.Vector, of groups) error {
	return out.null(v, func(k int) bool { return c.nulls.S[of.at(k)] != 0 })
}

func (c *base) appendNull(r int) (null bool, err error) {
	if c.v.IsNull(r) {
		return true, c.nulls.Append(1)
	}
	return false, c.nulls.Append(0)
}

// wordColumn holds values of up to 64 bits as the words that they are hashed by.
type wordColumn struct {
	base
	vals  hash.Slice[uint64]
	words []uint64
}

func (c *wordColumn) reserve(n int) error { return errors.Join(c.nulls.Reserve(n), c.vals.Reserve(n)) }

func (c *wordColumn) free() {
	c.nulls.Free()
	c.vals.Free()
}

func (c *wordColumn) prepare(v *column.Vector, sel []uint32, n int) []uint64 {
	c.words = c.set(v, sel, n)
	return c.words
}

func (c *wordColumn) append(positions []uint32) error {
	for _, p := range positions {
		null, err := c.appendNull(c.row(p))
		if err != nil {
			return err
		}
		word := c.words[p]
		if null {
			word = 0
		}
		if err := c.vals.Append(word); err != nil {
			return err
		}
	}
	return nil
}

func (c *wordColumn) equal(positions, out []uint32, same []bool) {
	nullable := c.v.Valid != nil
	for _, p := range positions {
		g := out[p]
		if nullable && c.v.IsNull(c.row(p)) {
			same[p] = same[p] && c.nulls.S[g] != 0
			continue
		}
		same[p] = same[p] && c.vals.S[g] == c.words[p] && c.nulls.S[g] == 0
	}
}

func (c *wordColumn) emit(out *output, of groups) (*column.Vector, error) {
	v, err := column.NewFlat(out.arena, c.typ, of.len())
	if err != nil || c.typ.Kind == column.Null {
		return v, err
	}
	n := of.len()
	switch {
	case c.typ.Physical() == column.PhysFloat32:
		for k := range n {
			column.Values[float32](v)[k] = float32(floatFrom(c.vals.S[of.at(k)]))
		}
	case c.typ.Width() == 1:
		for k := range n {
			v.Data[k] = uint8(c.vals.S[of.at(k)])
		}
	case c.typ.Width() == 2:
		for k := range n {
			column.Values[uint16](v)[k] = uint16(c.vals.S[of.at(k)])
		}
	case c.typ.Width() == 4:
		for k := range n {
			column.Values[uint32](v)[k] = uint32(c.vals.S[of.at(k)])
		}
	default:
		copy(column.Values[uint64](v), pickGroups(c.vals.S, of))
	}
	return v, c.markNull(out, v, of)
}

// valueColumn holds 128-bit values and intervals, which are told equal by a function.
type valueColumn[T any] struct {
	base
	vals hash.Slice[T]
	same func(x, y *T) bool
}

func (c *valueColumn[T]) reserve(n int) error {
	return errors.Join(c.nulls.Reserve(n), c.vals.Reserve(n))
}

func (c *valueColumn[T]) free() {
	c.nulls.Free()
	c.vals.Free()
}

func (c *valueColumn[T]) prepare(v *column.Vector, sel []uint32, n int) []uint64 {
	return c.set(v, sel, n)
}

func (c *valueColumn[T]) append(positions []uint32) error {
	vals := column.Values[T](c.v.Target())
	for _, p := range positions {
		r := c.row(p)
		null, err := c.appendNull(r)
		if err != nil {
			return err
		}
		var x T
		if !null {
			x = vals[c.v.Index(r)]
		}
		if err := c.vals.Append(x); err != nil {
			return err
		}
	}
	return nil
}

func (c *valueColumn[T]) equal(positions, out []uint32, same []bool) {
	vals := column.Values[T](c.v.Target())
	for _, p := range positions {
		r, g := c.row(p), out[p]
		switch null := c.v.IsNull(r); {
		case !same[p]:
		case null || c.nulls.S[g] != 0:
			same[p] = null == (c.nulls.S[g] != 0)
		default:
			same[p] = c.same(&vals[c.v.Index(r)], &c.vals.S[g])
		}
	}
}

func (c *valueColumn[T]) emit(out *output, of groups) (*column.Vector, error) {
	v, err := flat(out, c.typ, pickGroups(c.vals.S, of))
	if err != nil {
		return nil, err
	}
	return v, c.markNull(out, v, of)
}

// textColumn holds strings.
type textColumn struct {
	base
	vals hash.Slice[column.View]
	heap *hash.Strings
	lent bool // strings stay where they are
}

func (c *textColumn) reserve(n int) error { return errors.Join(c.nulls.Reserve(n), c.vals.Reserve(n)) }

func (c *textColumn) free() {
	c.nulls.Free()
	c.vals.Free()
	c.heap.Free()
}

func (c *textColumn) prepare(v *column.Vector, sel []uint32, n int) []uint64 { return c.set(v, sel, n) }

func (c *textColumn) append(positions []uint32) error {
	vals := column.Values[column.View](c.v.Target())
	for _, p := range positions {
		r := c.row(p)
		null, err := c.appendNull(r)
		if err != nil {
			return err
		}
		var x column.View
		switch {
		case null:
		case c.lent:
			x = vals[c.v.Index(r)]
		default:
			if x, err = c.heap.Copy(&vals[c.v.Index(r)]); err != nil {
				return err
			}
		}
		if err := c.vals.Append(x); err != nil {
			return err
		}
	}
	return nil
}

func (c *textColumn) equal(positions, out []uint32, same []bool) {
	vals := column.Values[column.View](c.v.Target())
	for _, p := range positions {
		r, g := c.row(p), out[p]
		switch null := c.v.Valid != nil && c.v.IsNull(r); {
		case !same[p]:
		case null || c.nulls.S[g] != 0:
			same[p] = null == (c.nulls.S[g] != 0)
		default:
			same[p] = column.EqualViews(&vals[c.v.Index(r)], &c.vals.S[g])
		}
	}
}

func (c *textColumn) emit(out *output, of groups) (*column.Vector, error) {
	v, err := flat(out, c.typ, pickGroups(c.vals.S, of))
	if err != nil {
		return nil, err
	}
	return v, c.markNull(out, v, of)
}
