package simd

import (
	"encoding/binary"
	"unsafe"
)

// viewMasks are the bits of a view that are the length or bytes of the string, for each length up to inlineBytes, and at last for longer strings, whose second word is
// their address. A short string behind its length is its view, but for what follows it.
var viewMasks = func() (m [inlineBytes + 2]View) {
	for n := range inlineBytes + 1 {
		// A shift by as many bits as there are gives 0, and 1 less is all of them.
		m[n] = View{1<<(32+8*min(n, 4)) - 1, 1<<(8*max(n-4, 0)) - 1}
	}
	m[inlineBytes+1][0] = ^uint64(0)
	return m
}()

// viewAt is the view of the n bytes of src from at on, which are there: as two words, since an array would go through memory.
func viewAt(src []byte, at, n int) (first, second uint64) {
	if len(src)-at < inlineBytes {
		var b [inlineBytes]byte
		copy(b[:], src[at:at+n]) // all of it: less than a view holds
		return uint64(n) | uint64(binary.LittleEndian.Uint32(b[:]))<<32, binary.LittleEndian.Uint64(b[4:])
	}
	p := (*[inlineBytes]byte)(src[at:])
	first = uint64(n) | uint64(binary.LittleEndian.Uint32(p[:]))<<32
	if n > inlineBytes {
		return first, uint64(uintptr(unsafe.Pointer(p)))
	}
	m := &viewMasks[n]
	return first & m[0], binary.LittleEndian.Uint64(p[4:]) & m[1]
}

// PlainStrings writes the views of strings that src has one after another, each behind its length in four bytes, to all of dst, and returns where they end; ok is false
// when src has fewer. The views point into src, which must not move.
func PlainStrings(dst []View, src []byte) (end int, ok bool) {
	for i := 0; i < len(dst); {
		if level >= AVX2 && len(src)-end >= 16 {
			done, read := plainFast(dst[i:], src[end:])
			i, end = i+done, end+read
			if i == len(dst) {
				break
			}
			if done > 0 {
				// There may have been several of one length, or these are the last.
				n := int(uint32(dst[i-1][0]))
				done = steadyStrings(dst[i:], src[end:], n)
				i, end = i+done, end+done*(4+n)
				if i == len(dst) {
					break
				}
				if done > 0 {
					continue
				}
			}
		}
		if level < AVX2 && i == 0 {
			i, end = plainGo(dst, src)
			if i == len(dst) {
				break
			}
		}
		if len(src)-end < 4 {
			return end, false
		}
		n := int(binary.LittleEndian.Uint32(src[end:]))
		if n > len(src)-end-4 {
			return end, false
		}
		dst[i][0], dst[i][1] = viewAt(src, end+4, n)
		i, end = i+1, end+4+n
	}
	return end, true
}

// plainGo reads strings as long as 16 bytes can be read where they begin, and returns how many and how far it came.
func plainGo(dst []View, src []byte) (done, end int) {
	address := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(src))))
	for done < len(dst) && end <= len(src)-16 {
		p, d := (*[16]byte)(src[end:]), &dst[done]
		w := binary.LittleEndian.Uint64(p[:])
		n := int(uint32(w))
		if n > len(src)-end-4 {
			break
		}
		if n > inlineBytes {
			d[0], d[1] = w, address+uint64(end)+4
		} else {
			m := &viewMasks[n]
			d[0], d[1] = w&m[0], binary.LittleEndian.Uint64(p[8:])&m[1]
		}
		done++
		end += 4 + n
	}
	return done, end
}

// steadyStrings reads strings of n bytes as PlainStrings does until there is one of another length, and returns how many there were. It is for level AVX2 and above.
func steadyStrings(dst []View, src []byte, n int) int {
	step := 4 + n
	count := min(len(dst), len(src)/step)
	if n <= inlineBytes {
		// As many as 16 bytes can be read of.
		count = min(count, (len(src)-min(len(src), 16-step))/step)
	}
	if count == 0 {
		return 0
	}
	return steadyFast(dst[:count], src, n)
}

// CutStrings writes the views of strings that src has one after another, of as many bytes as lengths says, none of which is negative or beyond 32 bits. It returns where they
// end; ok is false when src is shorter. There are as many lengths as views, which point into src; that must not move.
func CutStrings(dst []View, src []byte, lengths []int64) (end int, ok bool) {
	lengths = lengths[:len(dst)]
	i := 0
	if level >= AVX2 && len(src) >= inlineBytes && len(dst) > 0 {
		i, end = cutFast(dst, src, lengths)
	}
	for ; i < len(dst); i++ {
		n := int(lengths[i])
		if n > len(src)-end {
			return end, false
		}
		dst[i][0], dst[i][1] = viewAt(src, end, n)
		end += n
	}
	return end, true
}

// unprefixTurn is how many strings are put together in Go where assembly stops before it is asked again.
const unprefixTurn = 8

// Unprefix writes strings to dst one after another, from byte at on: each is the first bytes of the one before, as many as prefixes says, and then those of src from byte
// from on, as many as suffixes says. The first has no prefix. There are as many suffixes as prefixes, no number is negative or beyond 32 bits, and dst has room for all. It returns where
// src goes on; ok is false when a prefix is longer than the string before, or src too short.
func Unprefix(dst []byte, at int, src []byte, from int, prefixes, suffixes []int64) (rest int, ok bool) {
	suffixes = suffixes[:len(prefixes)]
	before := at
	for len(prefixes) > 0 {
		if level >= AVX2 && from >= registerBytes {
			done, written, read := unprefixFast(dst, at, at-before, src, from, prefixes, suffixes)
			if done > 0 {
				at, from = at+written, from+read
				before = at - int(prefixes[done-1]+suffixes[done-1])
				prefixes, suffixes = prefixes[done:], suffixes[done:]
			}
		}
		turn := min(len(prefixes), unprefixTurn)
		for i, p := range prefixes[:turn] {
			p, n := int(p), int(suffixes[i])
			if p > at-before || n > len(src)-from {
				return from, false
			}
			copyShort(dst[at:], dst[before:], p)
			copyShort(dst[at+p:], src[from:], n)
			before, at, from = at, at+p+n, from+n
		}
		prefixes, suffixes = prefixes[turn:], suffixes[turn:]
	}
	return from, true
}

// copyShort copies n bytes, up to 16 of them with two instructions that may also write bytes behind, as far as dst and src go.
func copyShort(dst, src []byte, n int) {
	if n <= 16 && len(dst) >= 16 && len(src) >= 16 {
		*(*[16]byte)(dst) = *(*[16]byte)(src)
		return
	}
	copy(dst, src[:n])
}
