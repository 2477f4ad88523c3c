package simd

import "unsafe"

// plainFast and cutFast read some strings, perhaps none; there is one at least, and as many bytes as are read of one.

func plainFast(dst []View, src []byte) (done, read int) {
	return plainStringsAVX2(&dst[0][0], unsafe.SliceData(src), len(dst), len(src), &viewMasks[0][0])
}

func cutFast(dst []View, src []byte, lengths []int64) (done, read int) {
	return cutStringsAVX2(&dst[0][0], unsafe.SliceData(src), unsafe.SliceData(lengths), len(dst), len(src), &viewMasks[0][0])
}

// steadyFast is for at least one string, at level AVX2 or above.
func steadyFast(dst []View, src []byte, n int) int {
	d, s := &dst[0][0], unsafe.SliceData(src)
	if n > inlineBytes {
		return steadyLongAVX2(d, s, len(dst), n)
	}
	m := &viewMasks[n]
	return steadyShortAVX2(d, s, len(dst), n, m[0], m[1])
}

// longStrings is from how many bytes on average strings are put together in registers of 512 bits, which hold up to 63 of them but whose stores always cross a line: 1.1 ns
// a string against 0.77 ns with half as long ones.
const longStrings = 20

// unprefixFast puts some strings together, perhaps none, at level AVX2 or above. The string before has size bytes, and there are registerBytes in front of src[from].
func unprefixFast(dst []byte, at, size int, src []byte, from int, prefixes, suffixes []int64) (done, written, read int) {
	if at >= len(dst) || from >= len(src) {
		return 0, 0, 0
	}
	p, q := unsafe.SliceData(prefixes), unsafe.SliceData(suffixes)
	if level >= AVX512 && len(dst)-at > longStrings*len(prefixes) {
		return unprefixAVX512(&dst[at], &src[from], p, q, len(prefixes), size, len(dst)-at, len(src)-from)
	}
	return unprefixAVX2(&dst[at], &src[from], p, q, len(prefixes), size, len(dst)-at, len(src)-from)
}
