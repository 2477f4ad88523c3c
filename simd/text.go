package simd

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// Strings are given as views, two words each, as column.View has them: the length in the lower half of the first word, and the first four bytes in its upper half; a
// string of up to 12 bytes has the others, followed by zeros, in the second word, a longer one its address. The addresses must be those of memory that
// does not move, of which length bytes may be read.

// NotFound is what FindText writes for a string in which there is no needle.
const NotFound = ^uint32(0)

// FindText looks in each of len(at) strings, from byte at[i] on, for the first needle, and writes to at[i] where it ends, or NotFound. Where at[i] is
// NotFound it stays so; elsewhere it must not be greater than the string's length. The needle must not be empty.
func FindText(at []uint32, texts []uint64, needle []byte) {
	texts = texts[:2*len(at)]
	if len(at) == 0 {
		return
	}
	if len(needle) <= widestNeedle() {
		findFast(at, texts, needle)
		return
	}
	findGo(at, texts, needle)
}

// PrefixText flags, with 1 or 0, which of len(dst) strings begin with the needle, which must not be empty.
func PrefixText(dst []uint8, texts []uint64, needle []byte) {
	texts = texts[:2*len(dst)]
	if len(dst) == 0 {
		return
	}
	if len(needle) <= widestNeedle() {
		head, mask := headOf(needle)
		prefixFast(dst, texts, needle, head, mask)
		return
	}
	matchGo(dst, texts, needle, bytes.HasPrefix)
}

// SuffixText flags which of len(dst) strings end with the needle, which must not be empty.
func SuffixText(dst []uint8, texts []uint64, needle []byte) {
	texts = texts[:2*len(dst)]
	if len(dst) == 0 {
		return
	}
	if len(needle) <= widestNeedle() {
		suffixFast(dst, texts, needle)
		return
	}
	matchGo(dst, texts, needle, bytes.HasSuffix)
}

// EqualText flags which of len(dst) strings are the needle, which must not be empty.
func EqualText(dst []uint8, texts []uint64, needle []byte) {
	texts = texts[:2*len(dst)]
	if len(dst) == 0 {
		return
	}
	if len(needle) <= widestNeedle() {
		head, mask := headOf(needle)
		equalFast(dst, texts, needle, head, mask)
		return
	}
	matchGo(dst, texts, needle, bytes.Equal)
}

// widestNeedle is the length of the longest needle that assembly looks for: what a register holds, or two that overlap. 0 means that there is none.
func widestNeedle() int {
	switch level {
	case AVX512:
		return 64
	case AVX2:
		return 32
	}
	return 0
}

// headOf is the first four bytes of a needle as a view has them, and a mask of those that there are.
func headOf(needle []byte) (head, mask uint32) {
	var word, ones [4]byte
	n := copy(word[:], needle)
	for i := range n {
		ones[i] = 0xFF
	}
	return binary.LittleEndian.Uint32(word[:]), binary.LittleEndian.Uint32(ones[:])
}

// inlineText is the length of the longest string that a view holds itself.
const inlineText = 12

// textAt is the string of view i.
func textAt(texts []uint64, i int) []byte {
	n := int(uint32(texts[2*i]))
	if n <= inlineText {
		return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&texts[2*i]), 4)), n)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&texts[2*i+1])), n)
}

func findGo(at []uint32, texts []uint64, needle []byte) {
	for i, from := range at {
		if from == NotFound {
			continue
		}
		if k := bytes.Index(textAt(texts, i)[from:], needle); k >= 0 {
			at[i] = from + uint32(k+len(needle))
		} else {
			at[i] = NotFound
		}
	}
}

func matchGo(dst []uint8, texts []uint64, needle []byte, match func(s, needle []byte) bool) {
	for i := range dst {
		dst[i] = 0
		if match(textAt(texts, i), needle) {
			dst[i] = 1
		}
	}
}

// ASCII reports whether no byte of p is above 0x7F.
func ASCII(p []byte) bool {
	if level >= AVX2 {
		ok, done := asciiFast(p)
		if !ok {
			return false
		}
		p = p[done:]
	}
	return asciiGo(p)
}

// highBits has the highest bit of each byte of a word.
const highBits = 0x8080808080808080

func asciiGo(p []byte) bool {
	for ; len(p) >= 32; p = p[32:] {
		w := binary.LittleEndian.Uint64(p) | binary.LittleEndian.Uint64(p[8:]) | binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[24:])
		if w&highBits != 0 {
			return false
		}
	}
	for _, b := range p {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
