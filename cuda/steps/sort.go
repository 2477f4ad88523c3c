package steps

import (
	"fmt"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// Sort sorts words, ascending and stably, by their bits from low to high-1; numbers (0: the rows' own) go with them. The results are new buffers.
func (s *Steps) Sort(keys, numbers driver.Ptr, rows, low, high int) (sorted, order cuda.Buffer, err error) {
	if low%8 != 0 || high <= low || high > 64 {
		return sorted, order, fmt.Errorf("steps: sort by bits %d to %d", low, high)
	}
	var made buffers
	defer func() {
		if err != nil {
			made.free()
		}
	}()
	n := tiles(rows, spreadTile)
	counts, err := s.D.Pool.Alloc(int64(4 * (256*n + 1)))
	if err != nil {
		return sorted, order, err
	}
	defer counts.Free()
	var k, v [2]cuda.Buffer
	for i := range k {
		if k[i], err = s.alloc(&made, 8*rows); err != nil {
			return sorted, order, err
		}
		if v[i], err = s.alloc(&made, 4*rows); err != nil {
			return sorted, order, err
		}
	}
	from := 0
	for shift := low; shift < high; shift += 8 {
		if err = s.Run("sort", "pb_sort_count", n, 1, uint64(keys), uint64(rows), uint64(shift), uint64(n), uint64(counts.Ptr)); err != nil {
			return sorted, order, err
		}
		if _, err = s.scan(counts.Ptr, 256*n, false); err != nil {
			return sorted, order, err
		}
		if err = s.Run("sort", "pb_sort_pass", n, 1, uint64(keys), uint64(numbers), uint64(rows), uint64(shift), uint64(n), uint64(counts.Ptr),
			uint64(k[from].Ptr), uint64(v[from].Ptr)); err != nil {
			return sorted, order, err
		}
		keys, numbers = k[from].Ptr, v[from].Ptr
		from = 1 - from
	}
	if err = s.D.Note(s.D.Synchronize(s.S)); err != nil {
		return sorted, order, err
	}
	k[from].Free()
	v[from].Free()
	return k[1-from], v[1-from], nil
}

// Top lists the rows of the n least words in their order, ties in the order of the rows. There are at least n rows.
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

// bound is the n-th least word: its digits are found from the highest on, by counting.
func (s *Steps) bound(keys driver.Ptr, rows, n int) (uint64, error) {
	counts, err := s.D.Pool.Alloc(256 * 4)
	if err != nil {
		return 0, err
	}
	defer counts.Free()
	var prefix uint64
	left := uint32(n)
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
				break
			}
			left -= c
		}
	}
	return prefix, nil
}
