package parquet

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/simd"
)

// plainStrings reads len(dst) strings with their lengths in front and returns what follows them. The views point into src.
func plainStrings(dst []column.View, src []byte) (rest []byte, err error) {
	end, ok := simd.PlainStrings(viewsOf(dst), src)
	if !ok {
		return nil, errTooShort
	}
	return src[end:], nil
}

// viewsOf is views as package simd takes them.
func viewsOf(views []column.View) []simd.View {
	return column.SliceOf[simd.View](column.BytesOf(views))
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
