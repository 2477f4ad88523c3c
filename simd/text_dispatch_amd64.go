package simd

import "unsafe"

// These are called at level AVX2 and above, with at least one string and a needle that is neither empty nor too long.

func findFast(at []uint32, texts []uint64, needle []byte) {
	a, t, p := unsafe.SliceData(at), unsafe.SliceData(texts), unsafe.SliceData(needle)
	if level >= AVX512 {
		findTextAVX512(a, t, len(at), p, len(needle))
		return
	}
	findTextAVX2(a, t, len(at), p, len(needle))
}

func prefixFast(dst []uint8, texts []uint64, needle []byte, head, mask uint32) {
	d, t, p := unsafe.SliceData(dst), unsafe.SliceData(texts), unsafe.SliceData(needle)
	if level >= AVX512 {
		prefixTextAVX512(d, t, len(dst), p, len(needle), head, mask)
		return
	}
	prefixTextAVX2(d, t, len(dst), p, len(needle), head, mask)
}

func suffixFast(dst []uint8, texts []uint64, needle []byte) {
	d, t, p := unsafe.SliceData(dst), unsafe.SliceData(texts), unsafe.SliceData(needle)
	if level >= AVX512 {
		suffixTextAVX512(d, t, len(dst), p, len(needle), 0, 0)
		return
	}
	suffixTextAVX2(d, t, len(dst), p, len(needle), 0, 0)
}

func equalFast(dst []uint8, texts []uint64, needle []byte, head, mask uint32) {
	d, t, p := unsafe.SliceData(dst), unsafe.SliceData(texts), unsafe.SliceData(needle)
	if level >= AVX512 {
		equalTextAVX512(d, t, len(dst), p, len(needle), head, mask)
		return
	}
	equalTextAVX2(d, t, len(dst), p, len(needle), head, mask)
}

// asciiFast looks at whole blocks and says how many bytes those were.
func asciiFast(p []byte) (ok bool, done int) {
	if level >= AVX512 {
		return asciiAVX512(unsafe.SliceData(p), len(p)/256), len(p) &^ 255
	}
	return asciiAVX2(unsafe.SliceData(p), len(p)/128), len(p) &^ 127
}

func extractFast(codes []uint64, keys []byte, stride int, mask uint64, width, drop uint) {
	extractBMI2(unsafe.SliceData(codes), unsafe.SliceData(keys), len(codes), stride, mask, int(width), int(drop))
}
