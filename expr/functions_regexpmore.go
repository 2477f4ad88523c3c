package expr

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// expressionFunctions are further functions of regular expressions: the groups of a match, and its place.
func expressionFunctions() []*Function {
	texts := column.ListType(tText)
	compiled := func(args row, flags int) (*regexp.Regexp, error) {
		f := ""
		if flags >= 0 && flags < len(args) {
			f = strings.ReplaceAll(args[flags].Str, "g", "")
		}
		return compileRegexp([]byte(args[1].Str), f)
	}
	groups := func(t column.Type, args row) (column.Value, error) {
		r, err := compiled(args, 2)
		if err != nil {
			return column.Value{}, err
		}
		m := r.FindStringSubmatchIndex(args[0].Str)
		if m == nil {
			return column.NullValue(t), nil
		}
		v := column.Value{Type: t}
		from := 2
		if len(m) == 2 {
			from = 0 // without groups, all of the match
		}
		for k := from; k < len(m); k += 2 {
			e := column.NullValue(tText)
			if m[k] >= 0 {
				e = column.TextValue(args[0].Str[m[k]:m[k+1]])
			}
			v.List = append(v.List, e)
		}
		return v, nil
	}
	place := func(args row) (column.Value, error) {
		r, err := compiled(args, 5)
		if err != nil {
			return column.Value{}, err
		}
		number := func(k int, otherwise int64) int64 {
			if k < len(args) {
				return args[k].Int64()
			}
			return otherwise
		}
		start, nth, end := number(2, 1), number(3, 1), number(4, 0)
		if start < 1 || nth < 1 || end < 0 || end > 1 {
			return column.Value{}, fault.New(fault.InvalidParameterValue, "invalid value for an argument of regexp_instr: start and occurrence begin with 1, the end is 0 or 1")
		}
		text := args[0].Str
		skipped := 0
		for range start - 1 {
			if skipped == len(text) {
				break
			}
			_, size := utf8.DecodeRuneInString(text[skipped:])
			skipped += size
		}
		all := r.FindAllStringIndex(text[skipped:], int(min(nth, int64(len(text)+1))))
		if int64(len(all)) < nth {
			return column.IntValue(tInt32, 0), nil
		}
		return column.IntValue(tInt32, int64(utf8.RuneCountInString(text[:skipped+all[nth-1][end]]))+1), nil
	}
	var out []*Function
	add := func(f nestedFunction) { out = append(out, f.function()) }
	doc := "The list of the groups of the first match of a regular expression, all of the match where it has no groups; NULL without a match."
	add(nestedFunction{name: "regexp_match", doc: doc, params: params(tText, tText), result: fixed(texts), eval: byValue(groups)})
	add(nestedFunction{name: "regexp_match", doc: doc + " The third argument holds flags.", params: params(tText, tText, tText), result: fixed(texts), eval: byValue(groups)})
	all := params(tText, tText, tInt32, tInt32, tInt32, tText)
	doc = "The place of a match of a regular expression, 0 without one: from a start (1), of the n-th match (1), its begin (0) or what follows it (1), with flags."
	for n := 2; n <= len(all); n++ {
		add(nestedFunction{name: "regexp_instr", doc: doc, params: all[:n], result: fixed(tInt32), eval: scalars(place)})
	}
	return out
}
