package parquet

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

// gather writes the entries that codes name, width bytes each.
func gather(dst, entries []byte, codes []uint32, width int) {
	switch width {
	case 1:
		gatherT[uint8](dst, entries, codes)
	case 2:
		gatherT[uint16](dst, entries, codes)
	case 4:
		gatherT[uint32](dst, entries, codes)
	case 8:
		gatherT[uint64](dst, entries, codes)
	case 16:
		gatherT[[2]uint64](dst, entries, codes)
	}
}

func gatherT[T any](dst, entries []byte, codes []uint32) {
	simd.Gather(column.SliceOf[T](dst)[:len(codes)], column.SliceOf[T](entries), codes)
}

// spreadFlat moves dense values of width bytes to the rows that have one, and zeroes the others.
func spreadFlat(data []byte, valid column.Bitmap, at, k, values, width int) {
	switch width {
	case 1:
		spreadRows(column.SliceOf[uint8](data), valid, at, k, values)
	case 2:
		spreadRows(column.SliceOf[uint16](data), valid, at, k, values)
	case 4:
		spreadRows(column.SliceOf[uint32](data), valid, at, k, values)
	case 8:
		spreadRows(column.SliceOf[uint64](data), valid, at, k, values)
	case 16:
		spreadRows(column.SliceOf[[2]uint64](data), valid, at, k, values)
	}
}

// spreadRows moves the values that stand dense from row at on to those of the k rows from at on that are valid, the last first.
func spreadRows[T any](rows []T, valid column.Bitmap, at, k, values int) {
	var zero T
	from, to := at+values-1, at+k-1
	for to > from {
		// Whole words of rows with values move without testing each.
		if to&63 == 63 && to-63 >= at && valid[to>>6] == ^uint64(0) {
			copy(rows[to-63:to+1], rows[from-63:from+1])
			to, from = to-64, from-64
			continue
		}
		if valid[to>>6]>>(uint(to)&63)&1 != 0 {
			rows[to] = rows[from]
			from--
		} else {
			rows[to] = zero
		}
		to--
	}
}
