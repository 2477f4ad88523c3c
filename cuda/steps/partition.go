package steps

import (
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// The threads of a block of what spread.cuh does, and the most places that rows go to.
const (
	spreadThreads = 384
	spreadMost    = 256
)

// partitionTile is the rows of a block of pb_partition_rows.
const partitionTile = spreadThreads * 16

// spreading is the room of spread.cuh's kernels: counts of each place, the number of the next tile, for each pass, and what tiles tell each other.
type spreading struct {
	totals, tiles, states driver.Ptr
}

func (s *Steps) spread(tiles, passes int) (spreading, error) {
	counts, numbers := 4*spreadMost*passes, 64
	p, err := s.zeros(counts+numbers+8*spreadMost*tiles, 0)
	return spreading{p, p + driver.Ptr(counts), p + driver.Ptr(counts+numbers)}, err
}

// partitioned counts the rows of each partition, runs the kernel that tiles rows a block, and says where each partition begins.
func (s *Steps) partitioned(hashes driver.Ptr, rows, partitions, tile int, kernel string, more ...uint64) (starts []uint32, err error) {
	n := tiles(rows, tile)
	w, err := s.spread(n, 1)
	if err != nil {
		return nil, err
	}
	if err = s.runOf("partition", "pb_partition_count", s.D.BlocksOf(int64(rows), partitionTile, 4), 512, uint64(hashes), uint64(rows), uint64(partitions), uint64(w.totals)); err != nil {
		return nil, err
	}
	args := append([]uint64{uint64(hashes), uint64(rows), uint64(partitions), uint64(w.totals), uint64(w.tiles), uint64(w.states)}, more...)
	if err = s.runOf("partition", kernel, n, spreadThreads, args...); err != nil {
		return nil, err
	}
	totals, err := Down[uint32](s, w.totals, partitions)
	if err != nil {
		return nil, err
	}
	starts = make([]uint32, partitions+1)
	for p, n := range totals {
		starts[p+1] = starts[p] + n
	}
	return starts, nil
}

// Partition lists the rows' numbers partition by partition (up to 256), each ascending; starts are where each begins, and the end.
func (s *Steps) Partition(hashes driver.Ptr, rows, partitions int) (list cuda.Buffer, starts []uint32, err error) {
	if list, err = s.D.Pool.Alloc(int64(4 * rows)); err != nil {
		return list, nil, err
	}
	if starts, err = s.partitioned(hashes, rows, partitions, partitionTile, "pb_partition_rows", uint64(list.Ptr)); err != nil {
		list.Free()
		return cuda.Buffer{}, nil, err
	}
	return list, starts, nil
}

// moveTile is the rows of a block of pb_partition_move.
const moveTile = spreadThreads * 14

// PartitionColumns copies the values of columns, of widths[i] bytes (1, 2, 4, 8 or 16), partition by partition (up to 256), in the order of the rows; starts are where each begins,
// and the end. Values are read in their order, which Gather by the list of Partition does not do.
func (s *Steps) PartitionColumns(hashes driver.Ptr, rows, partitions int, columns []driver.Ptr, widths []int) (out []cuda.Buffer, starts []uint32, err error) {
	var made buffers
	defer func() {
		if err != nil {
			made.free()
		}
	}()
	var moved []uint64
	for i, c := range columns {
		x, err := s.alloc(&made, widths[i]*rows)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, x)
		moved = append(moved, uint64(c), uint64(x.Ptr), uint64(widths[i]))
	}
	list, err := Up(s, moved)
	if err != nil {
		return nil, nil, err
	}
	defer list.Free()
	starts, err = s.partitioned(hashes, rows, partitions, moveTile, "pb_partition_move", uint64(list.Ptr), uint64(len(columns)))
	return out, starts, err
}
