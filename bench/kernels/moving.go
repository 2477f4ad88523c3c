package kernels

import (
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/simd"
)

// streamRows is a number of rows whose columns no cache holds.
const streamRows = 1 << 22

// moving is the looking up of codes in dictionaries, the moving together of chosen values, sums by codes of one byte and the spreading of rows over partitions, on
// columns of one batch, which a cache holds, and on long ones.
func moving() []Kernel {
	var out []Kernel
	for _, size := range []struct {
		name string
		rows int
	}{{"", column.BatchRows}, {", in memory", streamRows}} {
		for _, entries := range []int{50, 2500} {
			out = append(out,
				gathering[uint8](1, entries, size.rows, size.name), gathering[uint16](2, entries, size.rows, size.name),
				gathering[uint32](4, entries, size.rows, size.name), gathering[uint64](8, entries, size.rows, size.name),
				gathering[simd.Wide](16, entries, size.rows, size.name))
		}
		out = append(out, compacting[uint32](4, size.rows, size.name), compacting[uint64](8, size.rows, size.name))
		for _, groups := range []int{4, 256} {
			out = append(out, summing(groups, size.rows, size.name))
		}
		out = append(out, hashingWords(size.rows, size.name), partitioning(size.rows, size.name), splitting(size.rows, size.name))
	}
	return out
}

// inBatches calls f for the rows of each batch.
func inBatches(rows int, f func(lo, hi int)) func() error {
	return func() error {
		for lo := 0; lo < rows; lo += column.BatchRows {
			f(lo, min(lo+column.BatchRows, rows))
		}
		return nil
	}
}

// randoms is n numbers below limit.
func randoms[T uint8 | uint32 | uint64 | int64](a *mem.Arena, n int, limit uint64) ([]T, error) {
	out, err := column.AllocSlice[T](a, n)
	if err != nil {
		return nil, err
	}
	random := newRandom()
	for i := range out {
		out[i] = T(random.Uint64N(limit))
	}
	return out, nil
}

func gathering[T any](bytes, entries, rows int, where string) Kernel {
	return Kernel{Name: fmt.Sprintf("gather/%d bytes of %d%s", bytes, entries, where), Prepare: func(a *mem.Arena) (Loop, error) {
		codes, err := randoms[uint32](a, rows, uint64(entries))
		if err != nil {
			return Loop{}, err
		}
		from, err := column.AllocSlice[T](a, entries)
		if err != nil {
			return Loop{}, err
		}
		to, err := column.AllocSlice[T](a, rows)
		if err != nil {
			return Loop{}, err
		}
		return Loop{Rows: rows, Traffic: Traffic{Read: int64(4 * rows), Written: int64(bytes * rows)},
			Pass: inBatches(rows, func(lo, hi int) { simd.Gather(to[lo:hi], from, codes[lo:hi]) })}, nil
	}}
}

// compacting keeps every second value, at random.
func compacting[T any](bytes, rows int, where string) Kernel {
	return Kernel{Name: fmt.Sprintf("compact/half of %d bytes%s", bytes, where), Prepare: func(a *mem.Arena) (Loop, error) {
		from, err := column.AllocSlice[T](a, rows)
		if err != nil {
			return Loop{}, err
		}
		to, err := column.AllocSlice[T](a, rows)
		if err != nil {
			return Loop{}, err
		}
		words, err := column.AllocSlice[uint64](a, rows/64)
		if err != nil {
			return Loop{}, err
		}
		random := newRandom()
		for i := range words {
			words[i] = random.Uint64()
		}
		return Loop{Rows: rows, Traffic: Traffic{Read: int64(bytes*rows + rows/8), Written: int64(bytes * rows / 2)},
			Pass: func() error {
				n := 0
				return inBatches(rows, func(lo, hi int) { n += simd.Compact(to[n:n+hi-lo], from[lo:hi], words[lo/64:hi/64], hi-lo) })()
			}}, nil
	}}
}

// summing is the sum and the count of bigints by codes of one byte.
func summing(groups, rows int, where string) Kernel {
	return Kernel{Name: fmt.Sprintf("sum and count/%d codes of one byte%s", groups, where), Prepare: func(a *mem.Arena) (Loop, error) {
		codes, err := randoms[uint8](a, rows, uint64(groups))
		if err != nil {
			return Loop{}, err
		}
		values, err := randoms[int64](a, rows, 10_000)
		if err != nil {
			return Loop{}, err
		}
		acc := make([]int64, 256*simd.GroupWords)
		return Loop{Rows: rows, Traffic: Traffic{Read: int64(9 * rows)},
			Pass: inBatches(rows, func(lo, hi int) { simd.SumCountCodes(acc, codes[lo:hi], values[lo:hi]) })}, nil
	}}
}

func hashingWords(rows int, where string) Kernel {
	return Kernel{Name: "hash/words" + where, Prepare: func(a *mem.Arena) (Loop, error) {
		words, err := randoms[uint64](a, rows, 1_500_000)
		if err != nil {
			return Loop{}, err
		}
		hashes, err := column.AllocSlice[uint64](a, rows)
		if err != nil {
			return Loop{}, err
		}
		return Loop{Rows: rows, Traffic: Traffic{Read: int64(8 * rows), Written: int64(8 * rows)},
			Pass: inBatches(rows, func(lo, hi int) { simd.MixWords(hashes[lo:hi], words[lo:hi]) })}, nil
	}}
}

// partitioning is which of 64 partitions hashes belong to.
func partitioning(rows int, where string) Kernel {
	return Kernel{Name: "partition/hashes" + where, Prepare: func(a *mem.Arena) (Loop, error) {
		hashes, err := randoms[uint64](a, rows, 1<<63)
		if err != nil {
			return Loop{}, err
		}
		parts, err := column.AllocSlice[uint32](a, rows)
		if err != nil {
			return Loop{}, err
		}
		return Loop{Rows: rows, Traffic: Traffic{Read: int64(8 * rows), Written: int64(4 * rows)},
			Pass: inBatches(rows, func(lo, hi int) { simd.Partitions(parts[lo:hi], hashes[lo:hi], 64) })}, nil
	}}
}

// splitting sorts rows by 64 partitions: the parts are read twice.
func splitting(rows int, where string) Kernel {
	return Kernel{Name: "partition/rows" + where, Prepare: func(a *mem.Arena) (Loop, error) {
		parts, err := randoms[uint32](a, rows, 64)
		if err != nil {
			return Loop{}, err
		}
		sorted, err := column.AllocSlice[uint32](a, rows)
		if err != nil {
			return Loop{}, err
		}
		starts := make([]uint32, 65)
		return Loop{Rows: rows, Traffic: Traffic{Read: int64(8 * rows), Written: int64(4 * rows)},
			Pass: func() error { simd.SplitRows(sorted, starts, parts); return nil }}, nil
	}}
}
