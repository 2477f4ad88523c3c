package expr

import (
	"bytes"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// programLimit is SQLSTATE program_limit_exceeded.
const programLimit fault.Code = "54000"

// substringError is SQLSTATE substring_error.
const substringError fault.Code = "22011"

// maxText is the greatest length in bytes that a function makes a text of.
const maxText = 256 << 20

func textTooLong() error { return fault.New(programLimit, "requested length too large") }

// skip is the byte offset of the n-th character of s, at most len(s).
func skip(s []byte, n int) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

// substring is n characters of s from the start-th (counted from 1; it may lie before the text, which uses up characters).
func substring(s []byte, start, n int64) []byte {
	// 64-bit sums of 32-bit arguments cannot overflow.
	end := start + n
	start = max(start, 1)
	if end <= start {
		return nil
	}
	from := skip(s, int(min(start-1, int64(len(s)))))
	return s[from : from+skip(s[from:], int(min(end-start, int64(len(s)))))]
}

// text1 makes a function of one text with a text as result.
func text1(name, doc string, f func(dst, s []byte) []byte) *Function {
	return strict(name, doc, params(tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s := kernels.ReadBytes(c.Args[0])
		return func(dst []byte, i int) ([]byte, error) { return f(dst, s.At(i)), nil }
	}))
}

// text2 makes a function of two texts with a text as result.
func text2(name, doc string, f func(dst, s, t []byte) ([]byte, error)) *Function {
	return strict(name, doc, params(tText, tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s, t := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1])
		return func(dst []byte, i int) ([]byte, error) { return f(dst, s.At(i), t.At(i)) }
	}))
}

// text3 makes a function of three texts with a text as result.
func text3(name, doc string, f func(dst, s, t, u []byte) ([]byte, error)) *Function {
	return strict(name, doc, params(tText, tText, tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s, t, u := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1]), kernels.ReadBytes(c.Args[2])
		return func(dst []byte, i int) ([]byte, error) { return f(dst, s.At(i), t.At(i), u.At(i)) }
	}))
}

// textN makes a function of a text and integers with a text as result.
func textN(name, doc string, ints int, f func(dst, s []byte, n, m int64) ([]byte, error)) *Function {
	ps := params(tText, tInt32, tInt32)[:1+ints]
	return strict(name, doc, ps, tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s, n := kernels.ReadBytes(c.Args[0]), kernels.Read[int32](c.Args[1])
		m := n
		if ints == 2 {
			m = kernels.Read[int32](c.Args[2])
		}
		return func(dst []byte, i int) ([]byte, error) { return f(dst, s.At(i), int64(n.At(i)), int64(m.At(i))) }
	}))
}

func int32Of[T ~int](f func(s []byte) T) func(s []byte) (int32, error) {
	return func(s []byte) (int32, error) { return int32(f(s)), nil }
}

func trimChars(s, chars []byte, left, right bool) []byte {
	set := string(chars)
	if set == "" {
		return s
	}
	if left {
		s = bytes.TrimLeft(s, set)
	}
	if right {
		s = bytes.TrimRight(s, set)
	}
	return s
}

// textFunctions work on characters.
func textFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	add(strict("length", "The number of characters.", params(tText), tInt32, fromText(int32Of(utf8.RuneCount))), "char_length", "character_length", "len")
	add(strict("length", "The number of bytes.", params(tBinary), tInt32, fromText(int32Of(func(s []byte) int { return len(s) }))))
	add(strict("octet_length", "The number of bytes.", params(tText), tInt32, fromText(int32Of(func(s []byte) int { return len(s) }))))
	add(strict("octet_length", "The number of bytes.", params(tBinary), tInt32, fromText(int32Of(func(s []byte) int { return len(s) }))))
	add(strict("bit_length", "The number of bits.", params(tText), tInt32, fromText(int32Of(func(s []byte) int { return 8 * len(s) }))))
	add(text1("upper", "In upper case.", func(dst, s []byte) []byte { return mapCase(dst, s, unicode.ToUpper) }), "ucase")
	add(text1("lower", "In lower case.", func(dst, s []byte) []byte { return mapCase(dst, s, unicode.ToLower) }), "lcase")
	add(text1("initcap", "The first letter of each word in upper case, the others in lower case.", initcap))
	add(text1("reverse", "The characters backwards.", func(dst, s []byte) []byte {
		for len(s) > 0 {
			_, size := utf8.DecodeLastRune(s)
			dst = append(dst, s[len(s)-size:]...)
			s = s[:len(s)-size]
		}
		return dst
	}))
	for _, t := range []struct {
		name, doc   string
		left, right bool
		alias       []string
	}{
		{"btrim", "Without the given characters (blanks) at both ends.", true, true, []string{"trim"}},
		{"ltrim", "Without the given characters (blanks) at the front.", true, false, nil},
		{"rtrim", "Without the given characters (blanks) at the end.", false, true, nil},
	} {
		add(text1(t.name, t.doc, func(dst, s []byte) []byte { return append(dst, trimChars(s, []byte(" "), t.left, t.right)...) }), t.alias...)
		add(text2(t.name, t.doc, func(dst, s, chars []byte) ([]byte, error) {
			return append(dst, trimChars(s, chars, t.left, t.right)...), nil
		}), t.alias...)
	}
	add(textN("substring", "The characters from the start-th on.", 1, func(dst, s []byte, start, _ int64) ([]byte, error) {
		return append(dst, substring(s, start, math.MaxInt32+int64(math.MaxInt32))...), nil
	}), "substr")
	add(textN("substring", "So many characters from the start-th on.", 2, func(dst, s []byte, start, n int64) ([]byte, error) {
		if n < 0 {
			return nil, fault.New(substringError, "negative substring length not allowed")
		}
		return append(dst, substring(s, start, n)...), nil
	}), "substr")
	add(textN("left", "The first n characters; all but the last -n where n is negative.", 1, func(dst, s []byte, n, _ int64) ([]byte, error) {
		if n < 0 {
			n = max(0, int64(utf8.RuneCount(s))+n)
		}
		return append(dst, s[:skip(s, int(n))]...), nil
	}))
	add(textN("right", "The last n characters; all but the first -n where n is negative.", 1, func(dst, s []byte, n, _ int64) ([]byte, error) {
		drop := -n
		if n >= 0 {
			drop = max(0, int64(utf8.RuneCount(s))-n)
		}
		return append(dst, s[skip(s, int(drop)):]...), nil
	}))
	add(textN("repeat", "The text so many times.", 1, func(dst, s []byte, n, _ int64) ([]byte, error) {
		n = max(n, 0)
		if n*int64(len(s)) > maxText {
			return nil, textTooLong()
		}
		if len(s) == 0 {
			return dst, nil
		}
		for range n {
			dst = append(dst, s...)
		}
		return dst, nil
	}))
	add(pad("lpad", "Filled up at the front to a length with a text (blanks), or cut to it.", true, false))
	add(pad("lpad", "Filled up at the front to a length with a text (blanks), or cut to it.", true, true))
	add(pad("rpad", "Filled up at the end to a length with a text (blanks), or cut to it.", false, false))
	add(pad("rpad", "Filled up at the end to a length with a text (blanks), or cut to it.", false, true))
	add(text3("replace", "Every occurrence of the second text replaced by the third.", func(dst, s, from, to []byte) ([]byte, error) {
		if len(from) == 0 {
			return append(dst, s...), nil
		}
		for {
			i := bytes.Index(s, from)
			if i < 0 {
				return append(dst, s...), nil
			}
			dst = append(append(dst, s[:i]...), to...)
			s = s[i+len(from):]
			if len(dst) > maxText {
				return nil, textTooLong()
			}
		}
	}))
	add(text3("translate", "Each character of the second text replaced by the one at its place in the third, or removed.", translate))
	add(strict("strpos", "The place of the second text's first occurrence in the first, 0 when there is none.", params(tText, tText), tInt32,
		fromTexts(func(s, t []byte) (int32, error) {
			i := bytes.Index(s, t)
			if i < 0 {
				return 0, nil
			}
			return int32(utf8.RuneCount(s[:i])) + 1, nil
		})), "instr")
	// position(a in b) comes with b first, as PostgreSQL's grammar gives it.
	add(strict("position", "The place of the second text's first occurrence in the first, 0 when there is none.", params(tText, tText), tInt32,
		fromTexts(func(s, t []byte) (int32, error) {
			i := bytes.Index(s, t)
			if i < 0 {
				return 0, nil
			}
			return int32(utf8.RuneCount(s[:i])) + 1, nil
		})))
	for _, p := range []struct {
		names []string
		doc   string
		f     func(s, t []byte) bool
	}{
		{[]string{"starts_with", "^@"}, "Whether the first text begins with the second.", bytes.HasPrefix},
		{[]string{"ends_with", "suffix"}, "Whether the first text ends with the second.", bytes.HasSuffix},
		{[]string{"contains"}, "Whether the second text occurs in the first.", bytes.Contains},
	} {
		add(strict(p.names[0], p.doc, params(tText, tText), tBool, fromTexts(func(s, t []byte) (uint8, error) { return bools(p.f(s, t)), nil })), p.names[1:]...)
	}
	add(strict("split_part", "The n-th part of a text between separators, counted from the end where n is negative.",
		params(tText, tText, tInt32), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s, sep, n := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1]), kernels.Read[int32](c.Args[2])
			return func(dst []byte, i int) ([]byte, error) { return splitPart(dst, s.At(i), sep.At(i), int(n.At(i))) }
		})))
	add(strict("ascii", "The first character's code point.", params(tText), tInt32, fromText(func(s []byte) (int32, error) {
		if len(s) == 0 {
			return 0, nil
		}
		r, _ := utf8.DecodeRune(s)
		return r, nil
	})), "unicode")
	add(strict("chr", "The character of a code point.", params(tInt32), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		n := kernels.Read[int32](c.Args[0])
		return func(dst []byte, i int) ([]byte, error) {
			r := n.At(i)
			if r == 0 {
				return nil, fault.New(programLimit, "null character not permitted")
			}
			if r < 0 {
				return nil, fault.New(fault.InvalidParameterValue, "character number must be positive")
			}
			if !utf8.ValidRune(r) {
				return nil, fault.New(programLimit, "requested character not valid for encoding: %d", r)
			}
			return utf8.AppendRune(dst, r), nil
		}
	})))
	add(overlay(false))
	add(overlay(true))
	add(operator(text2("||", "One text after the other.", func(dst, s, t []byte) ([]byte, error) { return append(append(dst, s...), t...), nil })))
	add(operator(strict("||", "One after the other.", params(tBinary, tBinary), tBinary, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s, t := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1])
		return func(dst []byte, i int) ([]byte, error) { return append(append(dst, s.At(i)...), t.At(i)...), nil }
	}))))
	for _, ps := range [][]column.Type{params(tText, anyType), params(anyType, tText)} {
		// Anything with a text is text: both sides are printed.
		f := operator(text2("||", "One text after the other.", func(dst, s, t []byte) ([]byte, error) { return append(append(dst, s...), t...), nil }))
		f.Params = ps
		f.Prepare = allText
		out = append(out, f)
	}
	concat := &Function{Name: "concat", Params: params(anyType), Variadic: true, Op: kernels.OpCall, Result: tText, Prepare: allPrinted,
		Doc: "The arguments' texts one after the other; NULLs are left out.", Impl: &kernels.Function{Name: "concat", Eval: concatenate}}
	concatWS := &Function{Name: "concat_ws", Params: params(tText, anyType), Variadic: true, Op: kernels.OpCall, Result: tText, Prepare: allPrinted,
		Doc: "The arguments' texts with the first one between them; NULLs are left out.", Impl: &kernels.Function{Name: "concat_ws", Eval: concatenateWithSeparator}}
	return append(out, concat, concatWS)
}

// allText prints every argument.
func allText(args []Expr) ([]Expr, error) {
	out := make([]Expr, len(args))
	for i, a := range args {
		var err error
		if out[i], err = NewCast(a, tText, false); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// allPrinted prints every argument as results are printed, which for booleans is t and f where a cast gives true and false.
func allPrinted(args []Expr) ([]Expr, error) {
	out := slices.Clone(args)
	for i, a := range args {
		if a.Type().Kind == column.Bool {
			letter := func(s string) Expr { return &Literal{Value: column.TextValue(s)} }
			out[i] = &Case{Whens: []When{{Cond: a, Then: letter("t")}, {Cond: &Not{Arg: a}, Then: letter("f")}},
				Else: &Literal{Value: column.NullValue(tText)}, Typ: tText}
		}
	}
	return allText(out)
}

func concatenate(c *kernels.Call) error {
	rs, out := readAll(c.Args), c.WriteBytes()
	var buf []byte
	return c.Rows(func(i int) error {
		buf = buf[:0]
		for k := range rs {
			if !c.Args[k].IsNull(i) {
				buf = append(buf, rs[k].At(i)...)
			}
		}
		return out.Set(i, buf)
	})
}

func concatenateWithSeparator(c *kernels.Call) error {
	rs, out := readAll(c.Args), c.WriteBytes()
	var buf []byte
	return c.Rows(func(i int) error {
		buf = buf[:0]
		if c.Args[0].IsNull(i) {
			c.SetNull(i)
			return out.Set(i, nil)
		}
		first := true
		for k := 1; k < len(rs); k++ {
			if c.Args[k].IsNull(i) {
				continue
			}
			if !first {
				buf = append(buf, rs[0].At(i)...)
			}
			buf, first = append(buf, rs[k].At(i)...), false
		}
		return out.Set(i, buf)
	})
}

func readAll(vs []*column.Vector) []kernels.BytesReader {
	out := make([]kernels.BytesReader, len(vs))
	for i, v := range vs {
		out[i] = kernels.ReadBytes(v)
	}
	return out
}

func mapCase(dst, s []byte, f func(rune) rune) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = append(dst, byte(f(rune(c))))
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		dst = utf8.AppendRune(dst, f(r))
		i += size
	}
	return dst
}

func initcap(dst, s []byte) []byte {
	inside := false
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		s = s[size:]
		if inside {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		} else {
			dst = utf8.AppendRune(dst, unicode.ToUpper(r))
		}
		inside = unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	return dst
}

func pad(name, doc string, left, filled bool) *Function {
	ps := params(tText, tInt32, tText)
	if !filled {
		ps = ps[:2]
	}
	return strict(name, doc, ps, tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s, n := kernels.ReadBytes(c.Args[0]), kernels.Read[int32](c.Args[1])
		fill := func(int) []byte { return []byte(" ") }
		if filled {
			r := kernels.ReadBytes(c.Args[2])
			fill = func(i int) []byte { return r.At(i) }
		}
		return func(dst []byte, i int) ([]byte, error) {
			text, f, want := s.At(i), fill(i), max(int(n.At(i)), 0)
			have := utf8.RuneCount(text)
			if have >= want || len(f) == 0 {
				return append(dst, text[:skip(text, want)]...), nil
			}
			if want > maxText/utf8.UTFMax {
				return nil, textTooLong()
			}
			if !left {
				dst = append(dst, text...)
			}
			for rest := f; have < want; have++ {
				if len(rest) == 0 {
					rest = f
				}
				_, size := utf8.DecodeRune(rest)
				dst, rest = append(dst, rest[:size]...), rest[size:]
			}
			if left {
				dst = append(dst, text...)
			}
			return dst, nil
		}
	}))
}

func translate(dst, s, from, to []byte) ([]byte, error) {
	f, t := []rune(string(from)), []rune(string(to))
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		s = s[size:]
		at := -1
		for k, c := range f {
			if c == r {
				at = k
				break
			}
		}
		switch {
		case at < 0:
			dst = utf8.AppendRune(dst, r)
		case at < len(t):
			dst = utf8.AppendRune(dst, t[at])
		}
	}
	return dst, nil
}

func splitPart(dst, s, sep []byte, n int) ([]byte, error) {
	if n == 0 {
		return nil, fault.New(fault.InvalidParameterValue, "field position must not be zero")
	}
	if len(sep) == 0 {
		if n == 1 || n == -1 {
			return append(dst, s...), nil
		}
		return dst, nil
	}
	if n < 0 {
		n = bytes.Count(s, sep) + 2 + n
		if n <= 0 {
			return dst, nil
		}
	}
	for ; n > 1; n-- {
		i := bytes.Index(s, sep)
		if i < 0 {
			return dst, nil
		}
		s = s[i+len(sep):]
	}
	if i := bytes.Index(s, sep); i >= 0 {
		s = s[:i]
	}
	return append(dst, s...), nil
}

func overlay(counted bool) *Function {
	ps := params(tText, tText, tInt32, tInt32)
	if !counted {
		ps = ps[:3]
	}
	return strict("overlay", "The second text put over the first from the start-th character on, over so many characters (its own length).", ps, tText,
		toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s, t, at := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1]), kernels.Read[int32](c.Args[2])
			return func(dst []byte, i int) ([]byte, error) {
				text, over, start := s.At(i), t.At(i), int64(at.At(i))
				n := int64(utf8.RuneCount(over))
				if counted {
					r := kernels.Read[int32](c.Args[3])
					n = int64(r.At(i))
				}
				if start <= 0 {
					return nil, fault.New(substringError, "negative substring length not allowed")
				}
				dst = append(dst, substring(text, 1, start-1)...)
				dst = append(dst, over...)
				return append(dst, substring(text, start+n, math.MaxInt32)...), nil
			}
		}))
}
