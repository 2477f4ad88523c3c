package expr

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// unicodeFunctions are Unicode's escapes and normal forms.
func unicodeFunctions() []*Function {
	forms := map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}
	form := func(name []byte) (norm.Form, error) {
		f, ok := forms[upperASCII(string(name))]
		if !ok {
			return 0, fault.New(fault.InvalidParameterValue, "invalid normalization form: %s", name)
		}
		return f, nil
	}
	normalize := func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s := kernels.ReadBytes(c.Args[0])
		if len(c.Args) == 1 {
			return func(dst []byte, i int) ([]byte, error) { return norm.NFC.Append(dst, s.At(i)...), nil }
		}
		names := kernels.ReadBytes(c.Args[1])
		return func(dst []byte, i int) ([]byte, error) {
			f, err := form(names.At(i))
			if err != nil {
				return nil, err
			}
			return f.Append(dst, s.At(i)...), nil
		}
	}
	doc := "The text in a Unicode normal form: NFC, NFD, NFKC or NFKD."
	test := "Whether the text is in a Unicode normal form; x IS NFC NORMALIZED means this."
	return []*Function{
		strict("normalize", doc, params(tText), tText, toText(normalize)),
		strict("normalize", doc, params(tText, tText), tText, toText(normalize)),
		strict("is_normalized", test, params(tText), tBool, fromText(func(s []byte) (uint8, error) { return bools(norm.NFC.IsNormal(s)), nil })),
		strict("is_normalized", test, params(tText, tText), tBool, fromTexts(func(s, name []byte) (uint8, error) {
			f, err := form(name)
			return bools(err == nil && f.IsNormal(s)), err
		})),
		strict("unistr", `The text with the escapes \XXXX, \+XXXXXX, \uXXXX and \UXXXXXXXX, hexadecimal numbers of characters, in their place; \\ is a backslash.`,
			params(tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
				s := kernels.ReadBytes(c.Args[0])
				return func(dst []byte, i int) ([]byte, error) { return unescaped(dst, s.At(i)) }
			})),
	}
}

// unescaped appends s with Unicode's escapes replaced. Two escapes may be the halves of one character in UTF-16.
func unescaped(dst, s []byte) ([]byte, error) {
	half := rune(0)
	for len(s) > 0 {
		if s[0] != '\\' || len(s) > 1 && s[1] == '\\' {
			if half != 0 {
				return nil, invalidPair()
			}
			dst = append(dst, s[0])
			s = s[min(len(s), 1+int(bools(s[0] == '\\'))):]
			continue
		}
		skip, digits := 1, 4
		if len(s) > 1 {
			switch s[1] {
			case 'u':
				skip = 2
			case '+':
				skip, digits = 2, 6
			case 'U':
				skip, digits = 2, 8
			}
		}
		if len(s) < skip+digits {
			return nil, invalidEscape()
		}
		n, err := strconv.ParseUint(string(s[skip:skip+digits]), 16, 32)
		if err != nil {
			return nil, invalidEscape()
		}
		s = s[skip+digits:]
		r := rune(n)
		switch {
		case n == 0 || n > utf8.MaxRune:
			return nil, fault.New(fault.InvalidParameterValue, "invalid Unicode code point: %04X", n)
		case half != 0:
			if r = utf16.DecodeRune(half, r); r == utf8.RuneError {
				return nil, invalidPair()
			}
			half = 0
		case r >= 0xD800 && r < 0xDC00:
			half = r
			continue
		case utf16.IsSurrogate(r):
			return nil, invalidPair()
		}
		dst = utf8.AppendRune(dst, r)
	}
	if half != 0 {
		return nil, invalidPair()
	}
	return dst, nil
}

func invalidPair() error { return fault.New(fault.SyntaxError, "invalid Unicode surrogate pair") }

func invalidEscape() error {
	return fault.New(fault.SyntaxError, "invalid Unicode escape").WithHint(`Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`)
}
