package cpu

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/fault"
)

// LikePattern is a LIKE pattern made ready: the literal pieces between the percent signs, each matched at its earliest place after the one before.
type LikePattern struct {
	fold     bool
	anchored bool // does not begin with %
	open     bool // ends with %
	pieces   []likePiece
}

// likePiece is a run of characters without %; the holes (underscores) match any one character.
type likePiece struct {
	text  []byte // without holes: all of it
	runes []rune // with holes: the characters, hole for an underscore
}

const hole = -1

// CompileLike reads a pattern with % for any string, _ for any character and \ before a character that stands for itself. With fold it matches without
// regard to case. A pattern that ends in a lone \ fails with 22025.
func CompileLike(pattern []byte, fold bool) (*LikePattern, error) {
	p := &LikePattern{fold: fold, anchored: true, open: true}
	var runes []rune
	holes := false
	flush := func() {
		if len(runes) == 0 {
			return
		}
		piece := likePiece{}
		if holes {
			piece.runes = runes
		} else {
			piece.text = []byte(string(runes))
		}
		p.pieces = append(p.pieces, piece)
		runes, holes = nil, false
	}
	first := true
	for len(pattern) > 0 {
		r, size := utf8.DecodeRune(pattern)
		pattern = pattern[size:]
		switch r {
		case '%':
			if first {
				p.anchored = false
			}
			flush()
			p.open = true
		case '_':
			runes, holes = append(runes, hole), true
			p.open = false
		case '\\':
			if len(pattern) == 0 {
				return nil, fault.New(fault.InvalidEscape, "LIKE pattern must not end with escape character")
			}
			r, size = utf8.DecodeRune(pattern)
			pattern = pattern[size:]
			fallthrough
		default:
			if fold {
				r = unicode.ToLower(r)
			}
			runes = append(runes, r)
			p.open = false
		}
		first = false
	}
	if first {
		p.open = false
	}
	flush()
	return p, nil
}

// Match reports whether all of s matches.
func (p *LikePattern) Match(s []byte) bool {
	if p.fold {
		s = bytes.ToLower(s)
	}
	pieces := p.pieces
	if len(pieces) == 0 {
		return p.open || len(s) == 0
	}
	if p.anchored {
		n := pieces[0].prefix(s)
		if n < 0 {
			return false
		}
		s, pieces = s[n:], pieces[1:]
		if len(pieces) == 0 {
			return p.open || len(s) == 0
		}
	}
	for k := range pieces {
		if k == len(pieces)-1 && !p.open {
			return pieces[k].suffix(s)
		}
		at, n := pieces[k].find(s)
		if at < 0 {
			return false
		}
		s = s[at+n:]
	}
	return true
}

// prefix is the length of the piece at the front of s, -1 when it is not there.
func (p *likePiece) prefix(s []byte) int {
	if p.runes == nil {
		if bytes.HasPrefix(s, p.text) {
			return len(p.text)
		}
		return -1
	}
	n := 0
	for _, want := range p.runes {
		if n == len(s) {
			return -1
		}
		r, size := rune(s[n]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(s[n:])
		}
		if want != hole && r != want {
			return -1
		}
		n += size
	}
	return n
}

func (p *likePiece) suffix(s []byte) bool {
	if p.runes == nil {
		return bytes.HasSuffix(s, p.text)
	}
	at := len(s)
	for range p.runes {
		if at == 0 {
			return false
		}
		_, size := utf8.DecodeLastRune(s[:at])
		at -= size
	}
	return p.prefix(s[at:]) == len(s)-at
}

func (p *likePiece) find(s []byte) (at, n int) {
	if p.runes == nil {
		return bytes.Index(s, p.text), len(p.text)
	}
	for at = 0; at <= len(s); {
		if n := p.prefix(s[at:]); n >= 0 {
			return at, n
		}
		if at == len(s) {
			break
		}
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return -1, 0
}

// bit is 1 for true.
func bit(b bool) uint8 {
	var v uint8
	if b {
		v = 1
	}
	return v
}
