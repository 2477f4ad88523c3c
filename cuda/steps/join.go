package steps

import (
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

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
	w, err := s.counting(count, count)
	if err != nil {
		return left, right, 0, err
	}
	if err = s.runOf("join", "pb_join_count", count, threads, uint64(heads), uint64(rows), uint64(t.next.Ptr), uint64(kind), uint64(w.tiles), uint64(w.states), uint64(w.starts),
		uint64(w.total)); err != nil {
		return left, right, 0, err
	}
	if n, err = s.count(w); err != nil {
		return left, right, 0, err
	}
	if left, err = s.alloc(&made, 4*n); err != nil {
		return left, right, 0, err
	}
	if right, err = s.alloc(&made, 4*n); err != nil {
		return left, right, 0, err
	}
	if err = s.Run("join", "pb_join_pairs", count, 1, uint64(heads), uint64(rows), uint64(t.next.Ptr), uint64(kind), uint64(w.starts), uint64(left.Ptr), uint64(right.Ptr)); err != nil {
		return left, right, 0, err
	}
	err = s.D.Note(s.D.Synchronize(s.S))
	return left, right, n, err
}
