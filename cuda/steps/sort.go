package steps

import (
	"fmt"
	"slices"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// sortTile is the rows of a block of pb_sort_pass.
const sortTile = spreadThreads * 14

// Sort sorts words, ascending and stably, by their bits from low to high-1; numbers (0: the rows' own) go with them. The results are new buffers.
func (s *Steps) Sort(keys, numbers driver.Ptr, rows, low, high int) (sorted, order cuda.Buffer, err error) {
	if low < 0 || high <= low || high > 64 {
		return sorted, order, fmt.Errorf("steps: sort by bits %d to %d", low, high)
	}
	var made buffers
	defer func() {
		if err != nil {
			made.free()
		}
	}()
	w, err := s.spread(tiles(rows, sortTile), tiles(high-low, 8))
	if err != nil {
		return sorted, order, err
	}
	if err = s.runOf("sort", "pb_sort_count", s.D.BlocksOf(int64(rows), 4*sortTile, 4), 512, uint64(keys), uint64(rows), uint64(low), uint64(high), uint64(w.totals)); err != nil {
		return sorted, order, err
	}
	passes, err := s.passes(w, rows, low, high)
	if err != nil {
		return sorted, order, err
	}
	var k, v [2]cuda.Buffer
	for i := range min(2, len(passes)) {
		if k[i], err = s.alloc(&made, 8*rows); err != nil {
			return sorted, order, err
		}
		if v[i], err = s.alloc(&made, 4*rows); err != nil {
			return sorted, order, err
		}
	}
	to := 0
	for i, pass := range passes {
		to = i % 2
		if rows == 0 {
			break
		}
		if err = s.runOf("sort", "pb_sort_pass", tiles(rows, sortTile), spreadThreads, uint64(keys), uint64(numbers), uint64(rows), uint64(low+8*pass), uint64(min(8, high-low-8*pass)),
			uint64(w.totals)+uint64(4*spreadMost*pass), uint64(w.tiles)+uint64(4*pass), uint64(w.states), uint64(pass+1), uint64(k[to].Ptr), uint64(v[to].Ptr)); err != nil {
			return sorted, order, err
		}
		keys, numbers = k[to].Ptr, v[to].Ptr
	}
	if err = s.D.Note(s.D.Synchronize(s.S)); err != nil {
		return sorted, order, err
	}
	k[1-to].Free()
	v[1-to].Free()
	return k[to], v[to], nil
}

// passes are the digits that a sort has to look at: those that are not the same in all rows, but at least one.
func (s *Steps) passes(w spreading, rows, low, high int) (list []int, err error) {
	digits := tiles(high-low, 8)
	if digits > 1 {
		totals, err := Down[uint32](s, w.totals, digits*spreadMost)
		if err != nil {
			return nil, err
		}
		for d := range digits {
			if !slices.Contains(totals[d*spreadMost:(d+1)*spreadMost], uint32(rows)) {
				list = append(list, d)
			}
		}
	}
	if len(list) == 0 {
		list = []int{0}
	}
	return list, nil
}

// topFew is how many rows may be sorted to find the least ones, instead of searching for where they end exactly.
const topFew = 1 << 16

// Top lists the rows of the least words in their order, ties in the order of the rows: n rows, of which there are that many, and maybe more behind them.
func (s *Steps) Top(keys driver.Ptr, rows, n int) (order cuda.Buffer, err error) {
	bound, err := s.bound(keys, rows, n)
	if err != nil {
		return order, err
	}
	bits, err := s.D.Pool.Alloc(int64(4 * tiles(rows, 32)))
	if err != nil {
		return order, err
	}
	defer bits.Free()
	if err := s.Run("sort", "pb_top_mask", rows, threads, uint64(keys), uint64(rows), bound, uint64(bits.Ptr)); err != nil {
		return order, err
	}
	list, left, err := s.Compact(bits.Ptr, rows)
	if err != nil {
		return order, err
	}
	defer list.Free()
	few, err := s.Gather(keys, 8, list.Ptr, left)
	if err != nil {
		return order, err
	}
	defer few.Free()
	sorted, order, err := s.Sort(few.Ptr, list.Ptr, left, 0, 64)
	if err != nil {
		return order, err
	}
	sorted.Free()
	return order, nil
}

// bound is the n-th least word, or a greater one that not many words lie below: its digits are found from the highest on, by counting.
func (s *Steps) bound(keys driver.Ptr, rows, n int) (uint64, error) {
	counts, err := s.D.Pool.Alloc(256 * 4)
	if err != nil {
		return 0, err
	}
	defer counts.Free()
	var prefix uint64
	left, below := uint32(n), 0
	for shift := 56; shift >= 0; shift -= 8 {
		if err := s.D.Note(s.D.Fill(counts.Ptr, 0, 256*4, s.S)); err != nil {
			return 0, err
		}
		if err := s.Run("sort", "pb_top_count", rows, threads, uint64(keys), uint64(rows), prefix, uint64(shift), uint64(counts.Ptr)); err != nil {
			return 0, err
		}
		digits, err := Down[uint32](s, counts.Ptr, 256)
		if err != nil {
			return 0, err
		}
		for d, c := range digits {
			if left <= c {
				prefix |= uint64(d) << shift
				if below+int(c) <= topFew {
					return prefix | (1<<shift - 1), nil
				}
				break
			}
			left -= c
			below += int(c)
		}
	}
	return prefix, nil
}
