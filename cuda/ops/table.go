package ops

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/opcode"
)

const (
	// denseGroups is up to how many slots groups are addressed directly: a table of them stays in the second-level cache of any card.
	denseGroups = 1 << 14
	// firstSlots is a hash table's least size.
	firstSlots = 1 << 12
	// cellBytes is how much shared memory of a block is for states, so that five blocks fit a multiprocessor.
	cellBytes = 24 << 10
)

// table is the groups' states on the device.
type table struct {
	layout
	slots  uint64
	stride int // words of a slot
	first  int // its first state word
	buffer cuda.Buffer
	known  uint64 // groups at the last look
	unseen uint64 // rows since then, each of which may have brought one
}

// bytes is the table's size.
func (t *table) bytes() int64 { return int64(t.slots) * int64(t.stride) * 8 }

// shift is the number of low bits of a hash that do not choose the slot.
func (t *table) shift() uint64 { return uint64(64 - bits.Len64(t.slots-1)) }

// newTable makes an empty table in the order of stream s.
func newTable(d *cuda.Device, s driver.Stream, lay layout, slots uint64, p *plan) (*table, error) {
	t := &table{layout: lay, slots: slots, stride: p.states.words}
	if !lay.dense {
		t.first = 1 + p.words
		t.stride += t.first
	}
	var err error
	if t.buffer, err = d.Pool.Alloc(t.bytes()); err != nil {
		return nil, err
	}
	if err := d.Note(d.Fill(t.buffer.Ptr, 0, t.bytes(), s)); err != nil {
		t.buffer.Free()
		return nil, err
	}
	return t, nil
}

// cells is how a block keeps states in shared memory.
type cells struct {
	mode, count, copies uint64
	words               int // of shared memory
}

// cellsFor chooses. groups is how many groups are known, 0 when unknown.
func (t *table) cellsFor(states int, groups uint64) cells {
	each := uint64(states) * 8
	if t.dense {
		switch {
		case t.slots*each*tileThreads <= cellBytes:
			return cells{opcode.CellsOwn, t.slots, 1, int(t.slots) * states * tileThreads}
		case t.slots*each <= cellBytes:
			copies := uint64(1)
			for copies < 32 && t.slots*each*copies*2 <= cellBytes {
				copies *= 2
			}
			return cells{opcode.CellsCopies, t.slots, copies, int(t.slots*copies) * states}
		}
		return cells{mode: opcode.CellsNone}
	}
	n := uint64(1024)
	for n*(each+4) > cellBytes {
		n /= 2
	}
	// Where most rows find their cell taken by another group, looking is in vain.
	if n < 8 || groups > 8*n {
		return cells{mode: opcode.CellsNone}
	}
	return cells{opcode.CellsCache, n, 1, int(n)*states + int(n+1)/2}
}
