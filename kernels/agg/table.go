package agg

import (
	"math"
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

const (
	firstSlots = 256
	// maxGroups is bounded by slots that hold a group's number plus one in 32 bits.
	maxGroups = math.MaxUint32 - 1
	// hugeSlots slots, 16 MB, are only doubled: zeroing what stays empty would cost more than moving groups once more.
	hugeSlots = 1 << 20
)

// Table gives each distinct tuple of keys a dense number, the group: 0 for the first tuple met, and so on. NULLs are equal to each other.
//
// Slots are a power of two, at most half of them taken, probed linearly from a hash's high bits on. A slot is 0 or a group's number plus one under
// the low 32 bits of its hash, so that tuples are compared only where they are almost surely equal.
type Table struct {
	types  []column.Type
	budget *mem.Budget
	slots  hash.Slice[uint64] // step words each
	step   int                // 2 where tuples are one word, which then follows the slot: a look-up reads one cache line; otherwise 1
	shift  uint
	hashes hash.Slice[uint64] // by group
	n      int
	keys   keys
	codes  codeCache
	joint  jointKeys
	ident  []int
}

// keys is how a table keeps its tuples.
type keys interface {
	// find writes the group of each selected row to out and adds those that are new.
	find(t *Table, b *column.Batch, cols []int, out []uint32) error
	// emit makes key i of the given groups.
	emit(out *output, i int, of groups) (*column.Vector, error)
	// reserve makes room for n more tuples, their strings apart.
	reserve(n int) error
	// pressed returns the refusal of memory that strings did not heed.
	pressed() error
	free()
}

// groups is groups lo to hi-1, or those listed.
type groups struct {
	lo, hi int
	list   []uint32
}

func (g groups) len() int {
	if g.list != nil {
		return len(g.list)
	}
	return g.hi - g.lo
}

func (g groups) at(k int) int {
	if g.list != nil {
		return int(g.list[k])
	}
	return g.lo + k
}

// pickGroups is vals of the groups of.
func pickGroups[T any](vals []T, of groups) []T {
	if of.list == nil {
		return vals[of.lo:of.hi]
	}
	out := make([]T, len(of.list))
	for k, g := range of.list {
		out[k] = vals[g]
	}
	return out
}

// NewTable makes an empty table of keys of the given types, charged to b. It fails with 0A000 for types that cannot be keys.
func NewTable(b *mem.Budget, types []column.Type) (*Table, error) {
	t := &Table{types: types, budget: b, slots: hash.Slice[uint64]{Budget: b}, hashes: hash.Slice[uint64]{Budget: b}}
	for i, typ := range types {
		if err := hash.Supported(typ); err != nil {
			return nil, err
		}
		t.ident = append(t.ident, i)
	}
	t.keys, t.step = newKeys(b, types), 1
	if _, ok := t.keys.(*packed[uint64]); ok {
		t.step = 2
	}
	return t, t.setSlots(firstSlots)
}

// Len is the number of groups.
func (t *Table) Len() int { return t.n }

// Free gives all memory back.
func (t *Table) Free() {
	t.slots.Free()
	t.hashes.Free()
	t.keys.free()
}

func (t *Table) setSlots(n int) error {
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	return t.slots.Reset(n * t.step)
}

// Reserve makes room for n groups in a table that has none, so that it need not grow on the way.
func (t *Table) Reserve(n int) error {
	slots := t.slotsFor(n)
	if t.n > 0 || slots == firstSlots {
		return nil
	}
	return t.setSlots(slots)
}

// slotsFor is how many slots n groups take.
func (t *Table) slotsFor(n int) int {
	slots := firstSlots
	for slots < 2*n {
		slots *= 2
	}
	return slots
}

// Room makes room for n more groups, so that Find of so many rows cannot be refused memory.
func (t *Table) Room(n int) error {
	if err := t.keys.pressed(); err != nil {
		return err
	}
	if err := t.hashes.Reserve(n); err != nil {
		return err
	}
	if err := t.keys.reserve(n); err != nil {
		return err
	}
	if slots := t.slotsFor(t.n + n); slots*t.step > len(t.slots.S) {
		return t.fill(slots)
	}
	return nil
}

// Find writes the group of each selected row of b to out, densely, and adds groups for tuples not seen before. cols[i] is the column of key i.
func (t *Table) Find(b *column.Batch, cols []int, out []uint32) error {
	if len(cols) == 0 || b.Rows() == 0 {
		if t.n == 0 && b.Rows() > 0 {
			t.n = 1
		}
		clear(out[:b.Rows()])
		return nil
	}
	if err := t.keys.pressed(); err != nil {
		return err
	}
	if t.slots.S == nil {
		// Growing was refused before.
		if err := t.fill(t.slotsFor(t.n + 1)); err != nil {
			return err
		}
	}
	// Every row may bring a group.
	if err := t.hashes.Reserve(b.Rows()); err != nil {
		return err
	}
	if err := t.keys.reserve(b.Rows()); err != nil {
		return err
	}
	if done, err := t.findJoint(b, cols, out); done || err != nil {
		return err
	}
	if done, err := t.findByCodes(b, cols, out); done || err != nil {
		return err
	}
	return t.keys.find(t, b, cols, out)
}

// add makes a group in the empty slot at and returns its number and its slot. Its tuple is appended to the keys by the caller, and put behind the slot where
// it belongs there. slots may move: moved says so. When growing is refused memory nothing is added, and the table has no slots until the next Find.
func (t *Table) add(h uint64, at uint64) (group uint32, place uint64, moved bool, err error) {
	if t.n >= maxGroups {
		return 0, 0, false, fault.New(fault.InsufficientResources, "more than %d groups", uint32(maxGroups))
	}
	if (t.n+1)*2 > len(t.slots.S)/t.step {
		if err := t.grow(); err != nil {
			return 0, 0, false, err
		}
		moved, at = true, t.vacant(h)
	}
	group = uint32(t.n)
	t.hashes.S = append(t.hashes.S, h) // find has reserved room
	t.n++
	t.slots.S[at*uint64(t.step)] = uint64(hash.Salt(h))<<32 | uint64(group+1)
	return group, at, moved, nil
}

// vacant is the empty slot where a tuple that is not there belongs.
func (t *Table) vacant(h uint64) uint64 {
	step, mask := uint64(t.step), uint64(len(t.slots.S)/t.step-1)
	i := h >> t.shift
	for t.slots.S[i*step] != 0 {
		i = (i + 1) & mask
	}
	return i
}

// grow makes room for twice as many groups, four times as long as the slots are not huge: moving groups costs more than finding them.
func (t *Table) grow() error {
	n := len(t.slots.S) / t.step * 2
	if n < hugeSlots {
		n *= 2
	}
	return t.fill(n)
}

// fill makes n slots of the groups.
func (t *Table) fill(n int) error {
	if err := t.setSlots(n); err != nil {
		return err
	}
	slots, mask, shift := t.slots.S, uint64(n-1), t.shift
	if words, ok := t.keys.(*packed[uint64]); ok {
		for g, h := range t.hashes.S {
			if h == unslotted {
				continue
			}
			i := h >> shift
			for slots[i*2] != 0 {
				i = (i + 1) & mask
			}
			slots[i*2], slots[i*2+1] = uint64(hash.Salt(h))<<32|uint64(g+1), words.tuples.S[g]
		}
		return nil
	}
	for g, h := range t.hashes.S {
		if h == unslotted {
			continue
		}
		i := h >> shift
		for slots[i] != 0 {
			i = (i + 1) & mask
		}
		slots[i] = uint64(hash.Salt(h))<<32 | uint64(g+1)
	}
	return nil
}

// unslotted is the hash of a group that is found in another way than through a slot. Other groups never have it (see settled).
const unslotted = 0

// settled is h, or another hash where h has a meaning of its own.
func settled(h uint64) uint64 {
	if h == unslotted {
		return 1
	}
	return h
}

// Keys makes the key columns of groups lo to hi-1, as one dense batch whose values live in a and, strings, in the table.
func (t *Table) Keys(a *mem.Arena, lo, hi int) (*column.Batch, error) {
	return t.keysOf(&output{arena: a}, groups{lo: lo, hi: hi})
}

func (t *Table) keysOf(out *output, of groups) (*column.Batch, error) {
	b := &column.Batch{Len: of.len(), Cols: make([]*column.Vector, len(t.types))}
	for i := range t.types {
		v, err := t.keys.emit(out, i, of)
		if err != nil {
			return nil, err
		}
		b.Cols[i] = v
	}
	return b, nil
}

// Partition lists the table's groups by which of n partitions their keys belong to, ascending; equal keys belong to the same partition in all
// tables of the same key types.
func (t *Table) Partition(n int) [][]uint32 {
	parts, list, starts := make([]uint32, t.n), make([]uint32, t.n), make([]uint32, n+1)
	simd.Partitions(parts, t.hashes.S, n)
	simd.SplitRows(list, starts, parts)
	out := make([][]uint32, n)
	for p := range out {
		out[p] = list[starts[p]:starts[p+1]]
	}
	return out
}
