package expr

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

func init() {
	not := func(name string) func(args []Expr) (Expr, error) {
		return func(args []Expr) (Expr, error) {
			e, err := NewCall(name, args)
			if err != nil {
				return nil, err
			}
			return &Not{Arg: e}, nil
		}
	}
	for name, positive := range map[string]string{
		"!~~": "like", "!~~*": "ilike", "not like": "like", "not ilike": "ilike", "!~": "~", "!~*": "~*",
	} {
		special[name] = not(positive)
	}
}

// likeFunctions are LIKE and ILIKE: an opcode where the pattern is constant, with or without an escape character of one's own.
func likeFunctions() []*Function {
	var out []*Function
	for _, o := range []struct {
		names []string
		op    kernels.Op
		fold  bool
		doc   string
	}{
		{[]string{"like", "~~"}, kernels.OpLike, false, "Whether the text matches a pattern of % (any text) and _ (any character)."},
		{[]string{"ilike", "~~*"}, kernels.OpILike, true, "Whether the text matches a pattern of % (any text) and _ (any character), in any case."},
	} {
		impl := &kernels.Function{Name: o.names[0], Strict: true, Eval: matchLike(o.fold, false)}
		f := operator(&Function{Name: o.names[0], Params: params(tText, tText), Op: o.op, Result: tBool, Doc: o.doc})
		f.Bind = func(args []Expr) (Bound, error) {
			if l, ok := args[1].(*Literal); ok {
				if !l.Value.Null {
					if _, err := cpu.CompileLike([]byte(l.Value.Str), o.fold); err != nil {
						return Bound{}, err
					}
				}
				return Bound{Result: tBool, Op: o.op}, nil
			}
			return Bound{Result: tBool, Op: kernels.OpCall, Impl: impl}, nil
		}
		for _, g := range alias(f, o.names[1:]...) {
			g.Operator = o.names[0]
			out = append(out, g)
		}
		out = append(out, alias(&Function{
			Name: o.names[0], Params: params(tText, tText, tText), Op: kernels.OpCall, Result: tBool, Doc: o.doc + " The third argument is the escape character.",
			Impl: &kernels.Function{Name: o.names[0], Strict: true, Eval: matchLike(o.fold, true)},
		}, o.names[1:]...)...)
	}
	return append(out, text2("like_escape", "A LIKE pattern with another escape character.", func(dst, p, esc []byte) ([]byte, error) {
		q, err := reescape(p, esc)
		return append(dst, q...), err
	}))
}

// reescape turns a pattern whose escape character is esc (empty: none) into one with a backslash.
func reescape(pattern, esc []byte) ([]byte, error) {
	if utf8.RuneCount(esc) > 1 {
		return nil, fault.New(fault.InvalidEscape, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	var out []byte
	for len(pattern) > 0 {
		if len(esc) > 0 && bytes.HasPrefix(pattern, esc) {
			pattern = pattern[len(esc):]
			if len(pattern) == 0 {
				return nil, fault.New(fault.InvalidEscape, "LIKE pattern must not end with escape character")
			}
			_, size := utf8.DecodeRune(pattern)
			out = append(append(out, '\\'), pattern[:size]...)
			pattern = pattern[size:]
			continue
		}
		if pattern[0] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, pattern[0])
		pattern = pattern[1:]
	}
	return out, nil
}

// matchLike matches patterns that differ from row to row; the last one is kept.
func matchLike(fold, escaped bool) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		var like *cpu.LikePattern
		var of, with []byte
		s, p := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1])
		esc := func(int) []byte { return []byte{'\\'} }
		if escaped {
			r := kernels.ReadBytes(c.Args[2])
			esc = func(i int) []byte { return r.At(i) }
		}
		return c.Rows(func(i int) error {
			pattern, escape := p.At(i), esc(i)
			if like == nil || !bytes.Equal(of, pattern) || !bytes.Equal(with, escape) {
				of, with = append(of[:0], pattern...), append(with[:0], escape...)
				var err error
				if escaped {
					if pattern, err = reescape(pattern, escape); err != nil {
						return err
					}
				}
				if like, err = cpu.CompileLike(pattern, fold); err != nil {
					return err
				}
			}
			c.Out.Data[i] = bools(like.Match(s.At(i)))
			return nil
		})
	}
}

// maxExpressions is the number of compiled regular expressions that are kept in the process.
const maxExpressions = 256

// expressions keeps compiled regular expressions by flags and text.
var expressions = struct {
	sync.Mutex
	m map[string]*regexp.Regexp
}{m: map[string]*regexp.Regexp{}}

// compileRegexp compiles PostgreSQL's form of a regular expression as far as the engine (RE2) has it: no back references and no looking around.
// The flags are those of regexp_replace but g: i, c, s, n, m.
func compileRegexp(pattern []byte, flags string) (*regexp.Regexp, error) {
	key := flags + "/" + string(pattern)
	expressions.Lock()
	defer expressions.Unlock()
	if r := expressions.m[key]; r != nil {
		return r, nil
	}
	// A dot matches a newline unless told otherwise.
	mode := "s"
	for _, f := range flags {
		switch f {
		case 'i':
			mode += "i"
		case 'c':
			mode = strings.ReplaceAll(mode, "i", "")
		case 'n', 'm':
			mode = strings.ReplaceAll(mode, "s", "") + "m"
		case 's':
		default:
			return nil, fault.New(fault.InvalidParameterValue, "invalid regular expression option: %q", string(f))
		}
	}
	text := strings.NewReplacer(`\m`, `\b`, `\M`, `\b`, `\y`, `\b`, `\Y`, `\B`, `\Z`, `\z`, `\\`, `\\`).Replace(string(pattern))
	prefix := ""
	if mode != "" {
		prefix = "(?" + mode + ")"
	}
	r, err := regexp.Compile(prefix + text)
	if err != nil {
		return nil, fault.New(fault.InvalidRegularExpression, "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if len(expressions.m) >= maxExpressions {
		clear(expressions.m)
	}
	expressions.m[key] = r
	return r, nil
}

// expressionArg gives the compiled expression of each row: argument at of the call, with the flags of argument flags (-1: fixed ones).
func expressionArg(c *kernels.Call, at, flags int, fixed string) func(i int) (*regexp.Regexp, string, error) {
	p := kernels.ReadBytes(c.Args[at])
	given := func(int) string { return fixed }
	if flags >= 0 && flags < len(c.Args) {
		f := kernels.ReadBytes(c.Args[flags])
		given = func(i int) string { return string(f.At(i)) }
	}
	var last *regexp.Regexp
	var lastP []byte
	var lastF string
	return func(i int) (*regexp.Regexp, string, error) {
		pattern, f := p.At(i), given(i)
		if last != nil && lastF == f && bytes.Equal(lastP, pattern) {
			return last, f, nil
		}
		r, err := compileRegexp(pattern, strings.ReplaceAll(f, "g", ""))
		if err != nil {
			return nil, f, err
		}
		last, lastP, lastF = r, append(lastP[:0], pattern...), f
		return r, f, nil
	}
}

// patternFunctions are LIKE and the regular expressions.
func patternFunctions() []*Function {
	out := append(likeFunctions(), similarFunctions()...)
	match := func(flags int, fixed string) func(c *kernels.Call) error {
		return func(c *kernels.Call) error {
			s, re := kernels.ReadBytes(c.Args[0]), expressionArg(c, 1, flags, fixed)
			return c.Rows(func(i int) error {
				r, _, err := re(i)
				if err != nil {
					return err
				}
				c.Out.Data[i] = bools(r.Match(s.At(i)))
				return nil
			})
		}
	}
	checked := func(f *Function, fixed string) *Function {
		// A constant expression is compiled when the call is made, so that a bad one is reported there.
		impl := f.Impl
		result := f.Result
		f.Bind = func(args []Expr) (Bound, error) {
			flags := fixed
			if last := len(args) - 1; last >= 2 && f.Params[last].Kind == column.Text && (f.Name != "regexp_replace" || last == 3) {
				l, ok := args[last].(*Literal)
				if !ok || l.Value.Null {
					return Bound{Result: result, Op: kernels.OpCall, Impl: impl}, nil
				}
				flags = strings.ReplaceAll(l.Value.Str, "g", "")
			}
			if l, ok := args[1].(*Literal); ok && !l.Value.Null {
				if _, err := compileRegexp([]byte(l.Value.Str), flags); err != nil {
					return Bound{}, err
				}
			}
			return Bound{Result: result, Op: kernels.OpCall, Impl: impl}, nil
		}
		return f
	}
	two, three := params(tText, tText), params(tText, tText, tText)
	out = append(out,
		checked(operator(strict("~", "Whether a regular expression matches somewhere in the text.", two, tBool, match(-1, ""))), ""),
		checked(operator(strict("~*", "Whether a regular expression matches somewhere in the text, in any case.", two, tBool, match(-1, "i"))), "i"))
	for _, name := range []string{"regexp_like", "regexp_matches"} {
		doc := "Whether a regular expression matches somewhere in the text; the third argument holds flags (i: in any case)."
		out = append(out, checked(strict(name, doc, two, tBool, match(-1, "")), ""), checked(strict(name, doc, three, tBool, match(2, "")), ""))
	}
	doc := "The text with the first match (all with flag g) of a regular expression replaced; \\1 to \\9 and \\& in the replacement stand for groups and the match."
	out = append(out, checked(strict("regexp_replace", doc, three, tText, regexpReplace), ""),
		checked(strict("regexp_replace", doc, params(tText, tText, tText, tText), tText, regexpReplace), ""))
	doc = "The first match of a regular expression, or of its given group (0: all of it); empty without a match."
	out = append(out, checked(strict("regexp_extract", doc, two, tText, regexpExtract), ""),
		checked(strict("regexp_extract", doc, params(tText, tText, tInt32), tText, regexpExtract), ""))
	doc = "The first match of a regular expression (its first group when it has one); NULL without a match."
	out = append(out, checked(strict("regexp_substr", doc, two, tText, regexpSubstr), ""), checked(strict("substring", doc, two, tText, regexpSubstr), ""))
	out = append(out, checked(strict("regexp_count", "The number of matches of a regular expression.", two, tInt32, func(c *kernels.Call) error {
		s, re, d := kernels.ReadBytes(c.Args[0]), expressionArg(c, 1, -1, ""), column.Values[int32](c.Out)
		return c.Rows(func(i int) error {
			r, _, err := re(i)
			if err == nil {
				d[i] = int32(len(r.FindAllIndex(s.At(i), -1)))
			}
			return err
		})
	}), ""))
	return out
}

func regexpReplace(c *kernels.Call) error {
	s, re, to, out := kernels.ReadBytes(c.Args[0]), expressionArg(c, 1, 3, ""), kernels.ReadBytes(c.Args[2]), c.WriteBytes()
	var buf []byte
	return c.Rows(func(i int) error {
		r, flags, err := re(i)
		if err != nil {
			return err
		}
		times := 1
		if strings.Contains(flags, "g") {
			times = -1
		}
		text, at := s.At(i), 0
		buf = buf[:0]
		for _, m := range r.FindAllSubmatchIndex(text, times) {
			buf = append(buf, text[at:m[0]]...)
			buf = expand(buf, to.At(i), text, m)
			at = m[1]
		}
		return out.Set(i, append(buf, text[at:]...))
	})
}

// expand appends a replacement with its \1 to \9, \& and \\ filled in.
func expand(dst, to, text []byte, m []int) []byte {
	for k := 0; k < len(to); k++ {
		if to[k] != '\\' || k+1 == len(to) {
			dst = append(dst, to[k])
			continue
		}
		k++
		var group int
		switch c := to[k]; {
		case c >= '0' && c <= '9':
			group = int(c - '0')
		case c == '&':
			group = 0
		case c == '\\':
			dst = append(dst, '\\')
			continue
		default:
			dst = append(dst, '\\', c)
			continue
		}
		if 2*group+1 < len(m) && m[2*group] >= 0 {
			dst = append(dst, text[m[2*group]:m[2*group+1]]...)
		}
	}
	return dst
}

func regexpExtract(c *kernels.Call) error {
	s, re, out := kernels.ReadBytes(c.Args[0]), expressionArg(c, 1, -1, ""), c.WriteBytes()
	group := func(int) int32 { return 0 }
	if len(c.Args) == 3 {
		g := kernels.Read[int32](c.Args[2])
		group = g.At
	}
	return c.Rows(func(i int) error {
		r, _, err := re(i)
		if err != nil {
			return err
		}
		m, g := r.FindSubmatch(s.At(i)), int(group(i))
		if g < 0 || g > r.NumSubexp() {
			return fault.New(fault.InvalidParameterValue, "regular expression has no group %d", g)
		}
		if m == nil {
			return out.Set(i, nil)
		}
		return out.Set(i, m[g])
	})
}

func regexpSubstr(c *kernels.Call) error {
	s, re, out := kernels.ReadBytes(c.Args[0]), expressionArg(c, 1, -1, ""), c.WriteBytes()
	return c.Rows(func(i int) error {
		r, _, err := re(i)
		if err != nil {
			return err
		}
		m := r.FindSubmatchIndex(s.At(i))
		g := 0
		if r.NumSubexp() > 0 {
			g = 1
		}
		if m == nil || m[2*g] < 0 {
			c.SetNull(i)
			return out.Set(i, nil)
		}
		return out.Set(i, s.At(i)[m[2*g]:m[2*g+1]])
	})
}
