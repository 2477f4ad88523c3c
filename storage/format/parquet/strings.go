package parquet

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// steadyAfter is how many strings of the same length in a row make the next ones expected to have it, too.
const steadyAfter = 8

// plainStrings reads len(dst) strings with their lengths in front and returns what follows them. The views point into src.
func plainStrings(dst []column.View, src []byte) (rest []byte, err error) {
	at, before, steady := 0, -1, 0
	for i := 0; i < len(dst); {
		if len(src)-at < 4 {
			return nil, errTooShort
		}
		n := int(binary.LittleEndian.Uint32(src[at:]))
		if n > len(src)-at-4 {
			return nil, errTooShort
		}
		dst[i] = viewAt(src, at+4, n)
		at += 4 + n
		i++
		if n != before {
			before, steady = n, 0
		} else if steady++; steady >= steadyAfter {
			// Where each begins is then known before the length of the one before is read.
			k := steadyStrings(dst[i:], src[at:], n)
			i, at, steady = i+k, at+k*(4+n), 0
		}
	}
	return src[at:], nil
}

// steadyStrings reads strings as long as their length is n, and returns how many there were.
func steadyStrings(dst []column.View, src []byte, n int) int {
	step := 4 + n
	if len(src) < step {
		return 0
	}
	count := min(len(dst), len(src)/step)
	if n <= column.InlineLen {
		// As many as two words can be read of.
		count = min(count, (len(src)-min(len(src), 20-step))/step)
		first, second := inlineMasks(n)
		for i, at := 0, 0; i < count; i, at = i+1, at+step {
			if int(binary.LittleEndian.Uint32(src[at:])) != n {
				return i
			}
			lo, hi := binary.LittleEndian.Uint64(src[at+4:])&first, uint64(binary.LittleEndian.Uint32(src[at+12:]))&second
			dst[i] = column.View{Len: uint32(n), Prefix: uint32(lo), Tail: lo>>32 | hi<<32}
		}
		return max(count, 0)
	}
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(src))))
	for i, at := 0, 0; i < count; i, at = i+1, at+step {
		w := binary.LittleEndian.Uint64(src[at:])
		if int(uint32(w)) != n {
			return i
		}
		dst[i] = column.View{Len: uint32(n), Prefix: uint32(w >> 32), Tail: base + uint64(at+4)}
	}
	return count
}

// inlineMasks are those of the bytes of a string of up to column.InlineLen bytes in the word of its first 8 and the word of those behind.
func inlineMasks(n int) (first, second uint64) {
	if n < 8 {
		return 1<<(uint(n)*8&63) - 1, 0
	}
	return ^uint64(0), 1<<(uint(n-8)*8&63) - 1
}

// viewAt is the view of the n bytes of src from at on, which are there.
func viewAt(src []byte, at, n int) column.View {
	if n <= column.InlineLen {
		return shortView(src[at:], n)
	}
	p := (*[4]byte)(src[at:])
	return column.View{Len: uint32(n), Prefix: binary.LittleEndian.Uint32(p[:]), Tail: uint64(uintptr(unsafe.Pointer(p)))}
}

// shortView is the view of the first n bytes of src, which it holds itself.
func shortView(src []byte, n int) column.View {
	if len(src) < column.InlineLen {
		return column.MakeView(src[:n])
	}
	// Both words are read whole and what follows the string is masked away.
	first, second := inlineMasks(n)
	lo, hi := binary.LittleEndian.Uint64(src)&first, uint64(binary.LittleEndian.Uint32(src[8:]))&second
	return column.View{Len: uint32(n), Prefix: uint32(lo), Tail: lo>>32 | hi<<32}
}

// skipStrings passes over n strings.
func skipStrings(src []byte, n int) (rest []byte, err error) {
	for range n {
		if len(src) < 4 {
			return nil, errTooShort
		}
		size := int(binary.LittleEndian.Uint32(src))
		if size > len(src)-4 {
			return nil, errTooShort
		}
		src = src[4+size:]
	}
	return src, nil
}

// checkText tests that strings are what a text must be.
func checkText(views []column.View) error {
	for i := range views {
		if p := views[i].Bytes(); !utf8.Valid(p) {
			return fault.New(fault.CharacterNotInRepertoire, "invalid byte sequence for encoding UTF8: %q", p[:min(len(p), 40)])
		}
	}
	return nil
}
