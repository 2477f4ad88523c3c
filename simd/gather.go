package simd

import "unsafe"

// Up to so many entries lie in registers, and looking up is a permutation. From memory, the processor's gathering instructions were no faster than one load a row
// (measured on Zen 5; on others they are slowed down against data leaks).
const (
	mostHeld32 = 128
	mostHeld64 = 64
)

// Wide is an entry of 16 bytes.
type Wide = [2]uint64

// Gather8 writes entries[code] for each code to dst, which has their number. A code without an entry panics, as an index does.
func Gather8(dst, entries []uint8, codes []uint32) {
	done := 0
	if codes = codes[:len(dst)]; mayGather(codes, len(entries)) {
		done = gather8(dst, entries, codes)
	}
	gatherGo(dst[done:], entries, codes[done:])
}

// Gather16 is Gather8 for entries of 16 bits.
func Gather16(dst, entries []uint16, codes []uint32) {
	done := 0
	if codes = codes[:len(dst)]; mayGather(codes, len(entries)) {
		done = gather16(dst, entries, codes)
	}
	gatherGo(dst[done:], entries, codes[done:])
}

// Gather32 is Gather8 for entries of 32 bits.
func Gather32(dst, entries, codes []uint32) {
	done := 0
	if codes = codes[:len(dst)]; mayGather(codes, len(entries)) {
		done = gather32(dst, entries, codes)
	}
	gatherGo(dst[done:], entries, codes[done:])
}

// Gather64 is Gather8 for entries of 64 bits.
func Gather64(dst, entries []uint64, codes []uint32) {
	done := 0
	if codes = codes[:len(dst)]; mayGather(codes, len(entries)) {
		done = gather64(dst, entries, codes)
	}
	gatherGo(dst[done:], entries, codes[done:])
}

// Gather128 is Gather8 for entries of 128 bits.
func Gather128(dst, entries []Wide, codes []uint32) {
	done := 0
	if codes = codes[:len(dst)]; mayGather(codes, len(entries)) {
		done = gather128(dst, entries, codes)
	}
	gatherGo(dst[done:], entries, codes[done:])
}

// mayGather reports whether assembly may look up codes among so many entries.
func mayGather(codes []uint32, entries int) bool {
	return level >= AVX2 && len(codes) >= 8 && uint64(MaxUint32(codes)) < uint64(entries)
}

func gatherGo[T any](dst, entries []T, codes []uint32) {
	codes = codes[:len(dst)]
	for i, c := range codes {
		dst[i] = entries[c]
	}
}

// Gather is Gather8 for entries of any type without pointers.
func Gather[T any](dst, entries []T, codes []uint32) {
	if len(dst) == 0 || len(entries) == 0 {
		gatherGo(dst, entries, codes)
		return
	}
	switch sizeOf(dst) {
	case 1:
		Gather8(viewedAs[uint8](dst), viewedAs[uint8](entries), codes)
	case 2:
		Gather16(viewedAs[uint16](dst), viewedAs[uint16](entries), codes)
	case 4:
		Gather32(viewedAs[uint32](dst), viewedAs[uint32](entries), codes)
	case 8:
		Gather64(viewedAs[uint64](dst), viewedAs[uint64](entries), codes)
	case 16:
		Gather128(viewedAs[Wide](dst), viewedAs[Wide](entries), codes)
	default:
		gatherGo(dst, entries, codes)
	}
}

// viewedAs is s as values of another type of the same size.
func viewedAs[T, F any](s []F) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// sizeOf is the number of bytes of an element.
func sizeOf[T any](_ []T) int {
	var v T
	return int(unsafe.Sizeof(v))
}
