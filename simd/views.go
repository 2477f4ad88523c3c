package simd

import (
	"encoding/binary"
	"unsafe"
)

// View is a string as package column lays it out: its length in the lower half of the first word, its first four bytes in the upper, and the rest of up to
// inlineBytes bytes, zero-padded, in the second word; of longer strings that is the address of all bytes.
type View = [2]uint64

const inlineBytes = 12

// Constants of the hash of strings, as fixed as those of words.
const (
	hashS1 = 0xD6E8FEB86659FD93
	hashS2 = 0xA0761D6478BD642F
	hashS3 = 0xE7037ED1A0B428DB
)

// HashBytes is the hash of p. Short strings in views have another one.
func HashBytes(p []byte) uint64 {
	n := len(p)
	h := uint64(n) * hashS2
	switch {
	case n > 16:
		// The last 16 bytes overlap what was read before: cheaper than a tail of odd length.
		last := p[n-16:]
		for ; len(p) > 16; p = p[16:] {
			h = fold(binary.LittleEndian.Uint64(p)^hashS3^h, binary.LittleEndian.Uint64(p[8:])^hashS1)
		}
		return fold(binary.LittleEndian.Uint64(last)^hashS3^h, binary.LittleEndian.Uint64(last[8:])^hashS1)
	case n >= 8:
		return fold(binary.LittleEndian.Uint64(p)^hashS3^h, binary.LittleEndian.Uint64(p[n-8:])^hashS1)
	case n >= 4:
		return fold(uint64(binary.LittleEndian.Uint32(p))^hashS3^h, uint64(binary.LittleEndian.Uint32(p[n-4:]))^hashS1)
	}
	var x uint64
	for i, c := range p {
		x |= uint64(c) << (8 * uint(i))
	}
	return fold(x^hashS3^h, hashS1)
}

// HashView is the hash of a string. Inline strings are two words; the length decides which way is taken, so that equal strings agree.
func HashView(v *View) uint64 {
	n := uint32(v[0])
	if n <= inlineBytes {
		return fold((v[0]>>32|v[0]<<32)^hashS3, v[1]^hashS1)
	}
	return HashBytes(unsafe.Slice(*(**byte)(unsafe.Pointer(&v[1])), int(n)))
}

// HashViews writes the hash of each string to dst. There are as many views, whose addresses must be readable.
func HashViews(dst []uint64, views []View) {
	views = views[:len(dst)]
	if level >= AVX2 && len(dst) > 0 {
		hashViews(dst, views)
		return
	}
	for k := range views {
		dst[k] = HashView(&views[k])
	}
}

// HashViewsOf writes the hash of views[row] to dst for each of rows, of which there are as many. A row beyond the views panics.
func HashViewsOf(dst []uint64, views []View, rows []uint32) {
	rows = rows[:len(dst)]
	if level >= AVX2 && len(dst) > 0 && uint64(MaxUint32(rows)) < uint64(len(views)) {
		hashViewsOf(dst, views, rows)
		return
	}
	for k, r := range rows {
		dst[k] = HashView(&views[r])
	}
}
