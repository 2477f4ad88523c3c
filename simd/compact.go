package simd

// Compact writes the first n values of src whose bits in words are set, lowest first, to dst, in order, and returns how many. dst has room for n and may be
// src. Values of 4 and 8 bytes are moved by assembly; none may hold pointers.
func Compact[T any](dst, src []T, words []uint64, n int) int {
	dst, src, words = dst[:n], src[:n], words[:(n+63)/64]
	done, k := 0, 0
	if level >= AVX2 && n >= 16 {
		switch sizeOf(src) {
		case 4:
			done = n &^ 15
			k = compact32(viewedAs[uint32](dst), viewedAs[uint32](src), words, done)
		case 8:
			done = n &^ 15
			k = compact64(viewedAs[uint64](dst), viewedAs[uint64](src), words, done)
		}
	}
	for i := done; i < n; i++ {
		// Every value is written, and overwritten by the next unless it counts: that spares a branch.
		dst[k] = src[i]
		k += int(words[i>>6] >> (uint(i) & 63) & 1)
	}
	return k
}
