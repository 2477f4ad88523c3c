package ops

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// outRows is up to how many slots one launch of pb_groups looks at: what it may copy must fit the buffer it is given.
const outRows = 256 << 10

// fit makes sure that the table has room for the groups that rows more rows may bring, and that its layout has a code for every key.
func (r *run) fit(rows uint64) error {
	lay, slots := r.layout()
	switch {
	case r.table == nil:
	case r.table.dense && lay.dense && r.covers(lay):
		return nil
	case !r.table.dense && !lay.dense:
		return r.room(rows)
	default:
		if err := r.flush(); err != nil {
			return err
		}
	}
	if !lay.dense {
		slots = r.hashSlots(rows)
	}
	t, err := newTable(r.d, r.computes, lay, slots, r.p)
	for driver.OutOfMemory(err) && !lay.dense && rows <= full(slots/2) {
		slots /= 2
		t, err = newTable(r.d, r.computes, lay, slots, r.p)
	}
	if err != nil {
		return err
	}
	r.table = t
	r.most = max(r.most, slots)
	return nil
}

// layout is how groups should be found with the texts known now, and for a direct one the number of slots.
func (r *run) layout() (layout, uint64) {
	lay := layout{dense: true}
	slots := uint64(1)
	for _, k := range r.p.keys {
		codes := max(2, k.codes)
		if k.text >= 0 {
			n := r.texts[k.text].len()
			// Some room, so that the next few texts do not change the layout.
			codes = 1 << bits.Len64(uint64(max(3, n+n/2)))
		}
		lay.strides = append(lay.strides, uint32(slots))
		lay.nulls = append(lay.nulls, uint32(codes))
		slots *= codes + 1
		if slots > denseGroups {
			return layout{}, 0
		}
	}
	if !r.p.small || r.table != nil && !r.table.dense {
		return layout{}, 0
	}
	return lay, slots
}

// covers reports whether the table's layout has all codes that lay has.
func (r *run) covers(lay layout) bool {
	for i, k := range r.p.keys {
		if k.text >= 0 && r.texts[k.text].len() > int(r.table.nulls[i]) {
			return false
		}
	}
	return len(lay.strides) == len(r.table.strides)
}

// hashSlots is how many slots a hash table begins with.
func (r *run) hashSlots(rows uint64) uint64 {
	want := uint64(max(0, min(r.p.pipeline.Groups, 1<<28)))
	want = max(want, min(rows, 1<<16))
	slots := uint64(firstSlots)
	for slots < 2*want {
		slots *= 2
	}
	return slots
}

// full is the share of slots that may be taken: beyond it, probes become long.
func full(slots uint64) uint64 { return slots - slots/4 }

// room makes sure that a hash table has slots for rows more groups.
func (r *run) room(rows uint64) error {
	t := r.table
	if t.known+t.unseen+rows <= full(t.slots) {
		return nil
	}
	if err := r.look(); err != nil {
		return err
	}
	if t.known+rows <= full(t.slots) {
		return nil
	}
	slots := t.slots
	for t.known+rows > slots/2 {
		slots *= 2
	}
	bigger, err := newTable(r.d, r.computes, layout{}, slots, r.p)
	if driver.OutOfMemory(err) {
		// What is there goes to the host, and the table is empty again.
		if err := r.flush(); err != nil {
			return err
		}
		slots = t.slots
		for rows > full(slots) {
			slots *= 2
		}
		r.table, err = newTable(r.d, r.computes, layout{}, slots, r.p)
		return err
	}
	if err != nil {
		return err
	}
	bigger.known = t.known
	if err := r.d.Run(r.computes, "groups", "pb_regroup", r.d.Blocks(int64(t.slots), 256), 256, 0,
		uint64(t.buffer.Ptr), t.slots, uint64(t.stride), uint64(bigger.buffer.Ptr), bigger.shift(), slots-1); err != nil {
		bigger.buffer.Free()
		return err
	}
	if err := r.d.Note(r.d.Synchronize(r.computes)); err != nil {
		bigger.buffer.Free()
		return err
	}
	t.buffer.Free()
	r.table = bigger
	r.most = max(r.most, slots)
	return nil
}

// look waits for the launches so far and reads the flags.
func (r *run) look() error {
	if err := r.d.CopyOut(r.status, r.flags.Ptr, r.computes); err != nil {
		return r.d.Note(err)
	}
	if err := r.d.Synchronize(r.computes); err != nil {
		return r.d.Note(err)
	}
	if r.table != nil {
		r.table.known, r.table.unseen = binary.LittleEndian.Uint64(r.status[8:]), 0
	}
	switch trouble := binary.LittleEndian.Uint32(r.status); {
	case trouble&opcode.TroubleFull != 0:
		return errors.Join(errTrouble, errors.New("a table of groups has no room"))
	case trouble != 0:
		return errTrouble
	}
	return nil
}

// flush brings all groups to the host and drops the table and its programs.
func (r *run) flush() error {
	if r.table == nil {
		return nil
	}
	if err := r.look(); err != nil {
		return err
	}
	if err := r.fetch(); err != nil {
		return err
	}
	r.flushes++
	r.table.buffer.Free()
	r.table = nil
	for _, p := range r.programs {
		p.free(r.cache)
	}
	clear(r.programs)
	return r.d.Note(r.d.Fill(r.flags.Ptr, 0, flagBytes, r.computes))
}

// fetch copies the groups into the results, a range of slots at a time.
func (r *run) fetch() error {
	t := r.table
	words := t.stride
	if t.dense {
		words++ // the slot's number
	} else {
		words-- // without the tag
	}
	room := min(t.slots, outRows)
	buffer, err := r.d.Pool.Alloc(int64(room) * int64(words) * 8)
	if err != nil {
		return err
	}
	defer buffer.Free()
	dense := uint64(btoi(t.dense))
	for from := uint64(0); from < t.slots; from += room {
		to := min(t.slots, from+room)
		if err := r.d.Fill(r.flags.Ptr+4, 0, 4, r.computes); err != nil {
			return r.d.Note(err)
		}
		if err := r.d.Run(r.computes, "groups", "pb_groups", r.d.Blocks(int64(to-from), 256), 256, 0,
			uint64(t.buffer.Ptr), uint64(t.stride), dense, uint64(r.p.states.rows), from, to, uint64(buffer.Ptr), room, uint64(r.flags.Ptr)+4); err != nil {
			return err
		}
		if err := r.look(); err != nil {
			return err
		}
		n := int(binary.LittleEndian.Uint32(r.status[4:]))
		if n == 0 {
			continue
		}
		b := block{rows: n, words: make([][]uint64, words), layout: t.layout}
		for w := range words {
			if b.words[w], err = column.AllocSlice[uint64](r.out.arena, n); err != nil {
				return err
			}
			if err := r.d.CopyOut(column.BytesOf(b.words[w]), buffer.Ptr+driver.Ptr(uint64(w)*room*8), r.computes); err != nil {
				return r.d.Note(err)
			}
		}
		if err := r.d.Synchronize(r.computes); err != nil {
			return r.d.Note(err)
		}
		r.out.blocks = append(r.out.blocks, b)
	}
	return nil
}
