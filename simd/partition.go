package simd

import "math/bits"

// Partition is which of n partitions (n > 0) what has hash h belongs to. It depends on all bits of h in a way of its own, and is as fixed as the hashes are.
func Partition(h uint64, n int) int {
	hi, _ := bits.Mul64(bits.RotateLeft64(h, 29)*hashS2, uint64(n))
	return int(hi)
}

// Partitions writes the partition of each hash, out of n (0 < n < 2^32), to dst, which has their number.
func Partitions(dst []uint32, hashes []uint64, n int) {
	hashes = hashes[:len(dst)]
	if level >= AVX2 && len(dst) > 0 {
		partitions(dst, hashes, n)
		return
	}
	for k, h := range hashes {
		dst[k] = uint32(Partition(h, n))
	}
}

// SplitRows sorts the numbers of rows by their parts, ascending within a part: those of part p are rows[starts[p]:starts[p+1]]. parts has the part of each row,
// below len(starts)-1; another one panics. There are fewer than 2^32 rows.
func SplitRows(rows, starts, parts []uint32) {
	rows = rows[:len(parts)]
	clear(starts)
	next := starts[1:]
	for _, p := range parts {
		next[p]++
	}
	var sum uint32
	for p, n := range next {
		starts[p], sum = sum, sum+n
	}
	starts[len(next)] = sum
	// Each part's start moves to its end, the next one's start.
	next = starts[:len(next)]
	if level >= AVX2 && len(parts) > 0 {
		splitRows(rows, next, parts)
	} else {
		for r, p := range parts {
			rows[next[p]] = uint32(r)
			next[p]++
		}
	}
	copy(starts[1:], next)
	starts[0] = 0
}
