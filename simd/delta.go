package simd

import "unsafe"

// DeltaSums reads len(dst) differences of width bits (0 to 32), packed as for Unpack, and writes the sums that they lead to: each is the one before, the first last,
// plus low plus the difference, modulo 2^64. It returns the last sum. src must hold the differences and may be longer: where it is, the end goes faster.
func DeltaSums(dst []int64, src []byte, width uint, low, last int64) int64 {
	if len(dst) == 0 {
		return last
	}
	done := 0
	if width > 0 {
		_ = src[(len(dst)*int(width)+7)/8-1]
		if level >= AVX2 && width <= widestNarrow {
			// What is left is less than a group, but for the last blocks of the input.
			if done, last = deltaFast(dst, src, width, low, last); done == len(dst) {
				return last
			}
		}
	}
	return deltaGo(dst, src, done, width, low, last)
}

// deltaGo is DeltaSums from value done on, which is a multiple of eight.
func deltaGo(dst []int64, src []byte, done int, width uint, low, last int64) int64 {
	if width == 0 {
		for i := range dst {
			last += low
			dst[i] = last
		}
		return last
	}
	var unpacked [64]uint32
	for done < len(dst) {
		part := dst[done:min(done+len(unpacked), len(dst))]
		Unpack(unpacked[:len(part)], src[done/8*int(width):], width)
		for i := range part {
			last += low + int64(unpacked[i])
			part[i] = last
		}
		done += len(part)
	}
	return last
}

// Unsplit undoes byte stream splitting of values of 4 or 8 bytes: src has the first bytes of all values, then the second ones, and so on; dst gets the values, of
// which there are len(dst)/width. src must be as long.
func Unsplit(dst, src []byte, width int) {
	n := len(dst) / width
	_ = src[:n*width]
	done := 0
	if level >= AVX2 {
		done = unsplitFast(dst, src, n, width)
	}
	unsplitGo(dst, src, n, width, done)
}

// unsplitGo is Unsplit from value done on.
func unsplitGo(dst, src []byte, n, width, done int) {
	// Values of 8 bytes in two halves: eight streams at once are more than the processor follows well.
	out := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(dst))), n*width/4)
	for half := range width / 4 {
		s := src[4*half*n:]
		a, b, c, d := s[:n], s[n:2*n], s[2*n:3*n], s[3*n:4*n]
		for i := done; i < n; i++ {
			out[i*(width/4)+half] = uint32(a[i]) | uint32(b[i])<<8 | uint32(c[i])<<16 | uint32(d[i])<<24
		}
	}
}
