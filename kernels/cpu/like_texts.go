package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

// likeRows is how many strings a pattern is looked for in at once: what is known of them meanwhile stays in the first-level cache.
const likeRows = 512

// literal reports whether the pattern's pieces are all bytes to be found as they are.
func (p *LikePattern) literal() bool {
	if p.fold || len(p.pieces) == 0 {
		return false
	}
	for i := range p.pieces {
		if p.pieces[i].runes != nil {
			return false
		}
	}
	return true
}

// matchAll writes the answers for the rows of sel, or for the first n where it is nil.
func (p *LikePattern) matchAll(dst []uint8, views []column.View, sel []uint32, n int) {
	switch {
	case !p.literal() && sel == nil:
		for i := range views[:n] {
			dst[i] = bit(p.Match(views[i].Bytes()))
		}
	case !p.literal():
		for _, i := range sel {
			dst[i] = bit(p.Match(views[i].Bytes()))
		}
	default:
		inTexts(dst, views, sel, n, p.matchTexts)
	}
}

// inTexts calls f with up to likeRows of the strings of the rows of sel at a time, or of the first n where it is nil, and brings the flags that it writes to dst.
func inTexts(dst []uint8, views []column.View, sel []uint32, n int, f func(dst []uint8, texts []uint64)) {
	if sel == nil {
		texts := column.SliceOf[uint64](column.BytesOf(views[:n]))
		for lo := 0; lo < n; lo += likeRows {
			hi := min(lo+likeRows, n)
			f(dst[lo:hi], texts[2*lo:2*hi])
		}
		return
	}
	var chosen [likeRows]column.View
	var flags [likeRows]uint8
	for len(sel) > 0 {
		part := sel[:min(len(sel), likeRows)]
		sel = sel[len(part):]
		for k, i := range part {
			chosen[k] = views[i]
		}
		f(flags[:len(part)], column.SliceOf[uint64](column.BytesOf(chosen[:len(part)])))
		for k, i := range part {
			dst[i] = flags[k]
		}
	}
}

// matchTexts flags which of up to likeRows strings match a literal pattern: the piece at the front, then those between percent signs, each behind the one before,
// then the one at the end.
func (p *LikePattern) matchTexts(dst []uint8, texts []uint64) {
	pieces := p.pieces
	if len(pieces) == 1 {
		switch text := pieces[0].text; {
		case p.anchored && p.open:
			simd.PrefixText(dst, texts, text)
			return
		case p.anchored:
			simd.EqualText(dst, texts, text)
			return
		case !p.open:
			simd.SuffixText(dst, texts, text)
			return
		}
	}
	var places [likeRows]uint32
	at := places[:len(dst)] // where what was found ends
	if p.anchored {
		simd.PrefixText(dst, texts, pieces[0].text)
		n := uint32(len(pieces[0].text))
		for i, found := range dst {
			at[i] = n | (uint32(found) - 1) // simd.NotFound for 0
		}
		pieces = pieces[1:]
	}
	var last []byte
	if !p.open {
		last, pieces = pieces[len(pieces)-1].text, pieces[:len(pieces)-1]
	}
	for i := range pieces {
		simd.FindText(at, texts, pieces[i].text)
	}
	if last == nil {
		for i, end := range at {
			dst[i] = bit(end != simd.NotFound)
		}
		return
	}
	simd.SuffixText(dst, texts, last)
	for i, end := range at {
		// The end is not part of what was found before.
		length := uint64(uint32(texts[2*i]))
		dst[i] &= bit(uint64(end)+uint64(len(last)) <= length)
	}
}

// equalLong compares strings with one of more than 12 bytes.
func equalLong(d []uint8, a []column.View, c column.View, sel []uint32, n int) {
	text := c.Bytes()
	inTexts(d, a, sel, n, func(dst []uint8, texts []uint64) { simd.EqualText(dst, texts, text) })
}
