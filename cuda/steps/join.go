package steps

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// JoinTable is a hash table of build rows on the device.
type JoinTable struct {
	s      *Steps
	keys   driver.Ptr
	count  int
	rows   int
	slots  cuda.Buffer
	next   cuda.Buffer
	shift  int
	mask   uint64
	unique bool // slots hold the key beside the row
}

// slotsFor is the number of slots for that many rows, at most half of them taken.
func slotsFor(rows int) int {
	n := 64
	for n < 2*rows {
		n *= 2
	}
	return n
}

// BuildJoin makes a table of rows rows by count words each, which lie word by word and must stay; rows whose bit in valid (0: none) is clear are left out.
func (s *Steps) BuildJoin(keys driver.Ptr, count, rows int, valid driver.Ptr) (t *JoinTable, err error) {
	n := slotsFor(rows)
	t = &JoinTable{s: s, keys: keys, count: count, rows: rows, shift: 65 - bits.Len(uint(n)), mask: uint64(n - 1)}
	var made buffers
	defer func() {
		if err != nil {
			made.free()
		}
	}()
	if t.slots, err = s.zeroed(&made, 8*n); err != nil {
		return nil, err
	}
	if t.next, err = s.alloc(&made, 4*rows); err != nil {
		return nil, err
	}
	linked, err := s.zeroed(&made, 4)
	if err != nil {
		return nil, err
	}
	if err = s.Run("join", "pb_join_build", rows, threads, uint64(keys), uint64(count), uint64(rows), uint64(valid), uint64(t.slots.Ptr), uint64(t.shift), t.mask,
		uint64(t.next.Ptr), uint64(linked.Ptr)); err != nil {
		return nil, err
	}
	if err = s.D.Note(s.D.Synchronize(s.S)); err != nil {
		return nil, err
	}
	linked.Free()
	return t, nil
}

// BuildUnique makes a table of rows rows by one word each, all different.
func (s *Steps) BuildUnique(keys driver.Ptr, rows int) (t *JoinTable, err error) {
	n := slotsFor(rows)
	t = &JoinTable{s: s, keys: keys, count: 1, rows: rows, shift: 65 - bits.Len(uint(n)), mask: uint64(n - 1), unique: true}
	var made buffers
	if t.slots, err = s.zeroed(&made, 16*n); err != nil {
		return nil, err
	}
	if err = s.Run("join", "pb_join_unique", rows, threads, uint64(keys), uint64(rows), uint64(t.slots.Ptr), uint64(t.shift), t.mask); err != nil {
		made.free()
		return nil, err
	}
	return t, nil
}

// Free gives the table back.
func (t *JoinTable) Free() {
	t.slots.Free()
	t.next.Free()
}

// Probe writes, for each of rows probe rows, the first build row with its key plus one, or 0, to heads (4 bytes a row).
func (t *JoinTable) Probe(probe driver.Ptr, rows int, valid, heads driver.Ptr) error {
	if t.unique {
		return t.s.Run("join", "pb_join_unique_probe", rows, 4*threads, uint64(probe), uint64(rows), uint64(t.slots.Ptr), uint64(t.shift), t.mask, uint64(heads))
	}
	return t.s.Run("join", "pb_join_probe", rows, threads, uint64(probe), uint64(t.count), uint64(rows), uint64(valid), uint64(t.slots.Ptr), uint64(t.shift), t.mask,
		uint64(t.keys), uint64(t.rows), uint64(heads))
}

// JoinKind is which pairs a join gives.
type JoinKind int

// The kinds: all pairs; also probe rows without a partner; probe rows with one; those without.
const (
	Inner JoinKind = iota
	Left
	Semi
	Anti
)

const joinTile = 1024

// Pairs lists the pairs of probe rows, in their order, and build rows; ^0 stands for no build row.
func (t *JoinTable) Pairs(heads driver.Ptr, rows int, kind JoinKind) (left, right cuda.Buffer, n int, err error) {
	s := t.s
	var made buffers
	defer func() {
		if err != nil {
			made.free()
		}
	}()
	count := tiles(rows, joinTile)
	counts, err := s.D.Pool.Alloc(int64(4 * (count + 1)))
	if err != nil {
		return left, right, 0, err
	}
	defer counts.Free()
	if err = s.Run("join", "pb_join_count", count, 1, uint64(heads), uint64(rows), uint64(t.next.Ptr), uint64(kind), uint64(counts.Ptr)); err != nil {
		return left, right, 0, err
	}
	if n, err = s.scan(counts.Ptr, count, true); err != nil {
		return left, right, 0, err
	}
	if left, err = s.alloc(&made, 4*n); err != nil {
		return left, right, 0, err
	}
	if right, err = s.alloc(&made, 4*n); err != nil {
		return left, right, 0, err
	}
	if err = s.Run("join", "pb_join_pairs", count, 1, uint64(heads), uint64(rows), uint64(t.next.Ptr), uint64(kind), uint64(counts.Ptr), uint64(left.Ptr), uint64(right.Ptr)); err != nil {
		return left, right, 0, err
	}
	err = s.D.Note(s.D.Synchronize(s.S))
	return left, right, n, err
}
