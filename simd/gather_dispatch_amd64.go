package simd

import "unsafe"

// These look up codes that have been checked, at least eight, at level AVX2 or above, and return how many they did: all but a few.

func gather8(dst, entries []uint8, codes []uint32) int {
	d, c := unsafe.SliceData(dst), unsafe.SliceData(codes)
	if level < AVX512 || len(entries) > mostHeld32 {
		n := len(codes) &^ 3
		gather8AVX2(d, unsafe.SliceData(entries), c, n)
		return n
	}
	held := widened(entries)
	switch {
	case len(entries) <= 32:
		gather8Of32AVX512(d, &held[0], len(entries), c, len(codes))
	case len(entries) <= 64:
		gather8Of64AVX512(d, &held[0], len(entries), c, len(codes))
	default:
		gather8Of128AVX512(d, &held[0], len(entries), c, len(codes))
	}
	return len(codes)
}

func gather16(dst, entries []uint16, codes []uint32) int {
	d, c := unsafe.SliceData(dst), unsafe.SliceData(codes)
	if level < AVX512 || len(entries) > mostHeld32 {
		n := len(codes) &^ 3
		gather16AVX2(d, unsafe.SliceData(entries), c, n)
		return n
	}
	held := widened(entries)
	switch {
	case len(entries) <= 32:
		gather16Of32AVX512(d, &held[0], len(entries), c, len(codes))
	case len(entries) <= 64:
		gather16Of64AVX512(d, &held[0], len(entries), c, len(codes))
	default:
		gather16Of128AVX512(d, &held[0], len(entries), c, len(codes))
	}
	return len(codes)
}

// widened is entries with 32 bits each.
func widened[T uint8 | uint16](entries []T) (held [mostHeld32]uint32) {
	for i, e := range entries {
		held[i] = uint32(e)
	}
	return held
}

func gather32(dst, entries, codes []uint32) int {
	d, e, c := unsafe.SliceData(dst), unsafe.SliceData(entries), unsafe.SliceData(codes)
	n := len(codes)
	switch {
	case level >= AVX512 && len(entries) <= 32:
		gather32Of32AVX512(d, e, len(entries), c, n)
		return n
	case level >= AVX512 && len(entries) <= 64:
		gather32Of64AVX512(d, e, len(entries), c, n)
		return n
	case level >= AVX512 && len(entries) <= mostHeld32:
		gather32Of128AVX512(d, e, len(entries), c, n)
		return n
	case len(entries) > 32:
		n &^= 3
		gather32AVX2(d, e, c, n)
		return n
	}
	var held [32]uint32
	copy(held[:], entries)
	n &^= 7
	if len(entries) <= 8 {
		gather32Of8AVX2(d, &held[0], c, n)
	} else {
		gather32Of32AVX2(d, &held[0], c, n)
	}
	return n
}

func gather64(dst, entries []uint64, codes []uint32) int {
	d, e, c := unsafe.SliceData(dst), unsafe.SliceData(entries), unsafe.SliceData(codes)
	n := len(codes)
	switch {
	case level >= AVX512 && len(entries) <= 16:
		gather64Of16AVX512(d, e, len(entries), c, n)
		return n
	case level >= AVX512 && len(entries) <= 32:
		gather64Of32AVX512(d, e, len(entries), c, n)
		return n
	case level >= AVX512 && len(entries) <= mostHeld64:
		gather64Of64AVX512(d, e, len(entries), c, n)
		return n
	case len(entries) > 4:
		n &^= 3
		gather64AVX2(d, e, c, n)
		return n
	}
	var held [4]uint64
	copy(held[:], entries)
	n &^= 3
	gather64Of4AVX2(d, &held[0], c, n)
	return n
}

func gather128(dst, entries []Wide, codes []uint32) int {
	n := len(codes) &^ 3
	gather128AVX2(&dst[0][0], &entries[0][0], unsafe.SliceData(codes), n)
	return n
}
