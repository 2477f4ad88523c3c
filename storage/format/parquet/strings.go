package parquet

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// plainStrings reads len(dst) strings with their lengths in front and returns what follows them. The views point into src.
func plainStrings(dst []column.View, src []byte) (rest []byte, err error) {
	for i := range dst {
		if len(src) < 4 {
			return nil, errTooShort
		}
		n := int(binary.LittleEndian.Uint32(src))
		if n > len(src)-4 {
			return nil, errTooShort
		}
		s := src[4 : 4+n]
		if n <= column.InlineLen && len(src) >= 16 {
			// Both words are read whole and what follows the string is masked away.
			lo, hi := binary.LittleEndian.Uint64(src[4:]), uint64(binary.LittleEndian.Uint32(src[12:]))
			if n < 8 {
				lo &= 1<<(uint(n)*8) - 1
				hi = 0
			} else {
				hi &= 1<<(uint(n-8)*8) - 1
			}
			dst[i] = column.View{Len: uint32(n), Prefix: uint32(lo), Tail: lo>>32 | hi<<32}
		} else {
			dst[i] = column.MakeView(s)
		}
		src = src[4+n:]
	}
	return src, nil
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

// highBits has the top bit of each byte of a word.
const highBits = 0x8080808080808080

// isASCII reports whether a page of strings, their lengths included, has no byte above 0x7F: then they are valid UTF-8 without a look at each.
func isASCII(p []byte) bool {
	for len(p) >= 32 {
		w := binary.LittleEndian.Uint64(p) | binary.LittleEndian.Uint64(p[8:]) | binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[24:])
		if w&highBits != 0 {
			return false
		}
		p = p[32:]
	}
	for _, b := range p {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
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
