package steps

import (
	"fmt"
	"math"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// counting is the room of kernels that count tile by tile: the sum of all, the number of the next tile, what tiles tell each other, where the counted things begin.
type counting struct {
	total, tiles, states, starts driver.Ptr
}

func (s *Steps) counting(tiles, starts int) (counting, error) {
	zeros := 16 + 8*tiles
	p, err := s.zeros(zeros, 4*starts)
	return counting{p, p + 8, p + 16, p + driver.Ptr(zeros)}, err
}

// count waits for the sum of all.
func (s *Steps) count(w counting) (int, error) {
	total, err := Down[uint64](s, w.total, 1)
	if err != nil {
		return 0, err
	}
	if total[0] >= math.MaxUint32 {
		return 0, fmt.Errorf("steps: more than %d rows", uint32(math.MaxUint32)-1)
	}
	return int(total[0]), nil
}

// Rows of a chunk of a bitmap, chunks of a block of pb_marks_count, and rows that a block of a kernel that walks them takes at a time.
const (
	chunkRows   = 32 * 32
	countChunks = threads / 32 * 8
	marksRows   = threads / 32 * chunkRows
)

// mark counts the set bits before each chunk of rows.
func (s *Steps) mark(bits driver.Ptr, rows int) (counting, error) {
	chunks := tiles(rows, chunkRows)
	blocks := tiles(chunks, countChunks)
	w, err := s.counting(blocks, chunks)
	if err != nil {
		return w, err
	}
	return w, s.runOf("compact", "pb_marks_count", blocks, threads, uint64(bits), uint64(tiles(rows, 32)), uint64(w.tiles), uint64(w.states), uint64(w.starts), uint64(w.total))
}

// Compact gives the numbers of the rows whose bit is set, ascending.
func (s *Steps) Compact(bits driver.Ptr, rows int) (list cuda.Buffer, n int, err error) {
	w, err := s.mark(bits, rows)
	if err != nil {
		return list, 0, err
	}
	if n, err = s.count(w); err != nil {
		return list, 0, err
	}
	if list, err = s.D.Pool.Alloc(int64(4 * n)); err != nil {
		return list, 0, err
	}
	if err = s.Run("compact", "pb_compact_rows", rows, marksRows, uint64(bits), uint64(tiles(rows, 32)), uint64(w.starts), uint64(list.Ptr)); err != nil {
		list.Free()
		return cuda.Buffer{}, 0, err
	}
	return list, n, nil
}

// CompactValues copies the values, of width bytes (1, 2, 4, 8 or 16), of the rows whose bit is set: columns[i] has widths[i]. With half of
// 100 M rows left it took 0.37 ms on an H200, and a list and Gather 0.48 ms.
func (s *Steps) CompactValues(bits driver.Ptr, rows int, columns []driver.Ptr, widths []int) (out []cuda.Buffer, n int, err error) {
	var made buffers
	defer func() {
		if err != nil {
			made.free()
		}
	}()
	w, err := s.mark(bits, rows)
	if err != nil {
		return nil, 0, err
	}
	if n, err = s.count(w); err != nil {
		return nil, 0, err
	}
	for i, c := range columns {
		x, err := s.alloc(&made, widths[i]*n)
		if err != nil {
			return nil, 0, err
		}
		if err = s.Run("compact", "pb_compact_values", rows, marksRows, uint64(bits), uint64(tiles(rows, 32)), uint64(w.starts), uint64(c), uint64(widths[i]), uint64(x.Ptr)); err != nil {
			return nil, 0, err
		}
		out = append(out, x)
	}
	return out, n, nil
}

// Gather copies the values, of width bytes, of the n listed rows.
func (s *Steps) Gather(values driver.Ptr, width int, rows driver.Ptr, n int) (cuda.Buffer, error) {
	out, err := s.D.Pool.Alloc(int64(width * n))
	if err != nil {
		return out, err
	}
	return out, s.Run("compact", "pb_gather", n, 4*threads, uint64(values), uint64(width), uint64(rows), uint64(n), uint64(out.Ptr))
}

// GatherBits copies the bits of the n listed rows.
func (s *Steps) GatherBits(bits, rows driver.Ptr, n int) (cuda.Buffer, error) {
	out, err := s.D.Pool.Alloc(int64(8 * tiles(n, 64)))
	if err != nil {
		return out, err
	}
	return out, s.Run("compact", "pb_gather_bits", n, threads, uint64(bits), uint64(rows), uint64(n), uint64(out.Ptr))
}
