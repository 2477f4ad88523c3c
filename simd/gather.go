package simd

// Up to so many entries lie in registers, and looking up is a permutation. From memory, the processor's gathering instructions were no faster than a loop
// in Go (measured on Zen 5; on others they are slowed down against data leaks).
const (
	mostHeld32 = 128
	mostHeld64 = 64
)

// Gather32 writes entries[code] for each code to dst, which has their number. A code without an entry panics, as an index does.
func Gather32(dst, entries, codes []uint32) {
	codes = codes[:len(dst)]
	if level >= AVX512 && len(entries) <= mostHeld32 && len(dst) > 0 && MaxUint32(codes) < uint32(len(entries)) {
		gather32Fast(dst, entries, codes)
		return
	}
	for i, c := range codes {
		dst[i] = entries[c]
	}
}

// Gather64 is Gather32 for entries of 64 bits.
func Gather64(dst, entries []uint64, codes []uint32) {
	codes = codes[:len(dst)]
	if level >= AVX512 && len(entries) <= mostHeld64 && len(dst) > 0 && MaxUint32(codes) < uint32(len(entries)) {
		gather64Fast(dst, entries, codes)
		return
	}
	for i, c := range codes {
		dst[i] = entries[c]
	}
}
