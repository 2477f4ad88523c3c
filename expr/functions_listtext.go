package expr

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// listTextFunctions lead from lists to texts and back.
func listTextFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction, more ...string) { out = append(out, alias(f.function(), more...)...) }
	texts := column.ListType(tText)
	join := func(t column.Type, args row) (column.Value, error) {
		if args[0].Null || args[1].Null {
			return column.NullValue(t), nil
		}
		var parts []string
		for _, e := range args[0].List {
			switch {
			case !e.Null:
				parts = append(parts, e.String())
			case len(args) > 2 && !args[2].Null:
				parts = append(parts, args[2].Str)
			}
		}
		return column.TextValue(strings.Join(parts, args[1].Str)), nil
	}
	doc := "The elements as texts with a separator between them; the third argument stands for NULLs, which are left out otherwise."
	add(nestedFunction{name: "array_to_string", doc: doc, params: params(tList, tText), nulls: true, result: fixed(tText), eval: byValue(join)}, "list_to_string")
	add(nestedFunction{name: "array_to_string", doc: doc, params: params(tList, tText, tText), nulls: true, result: fixed(tText), eval: byValue(join)}, "list_to_string")
	split := func(t column.Type, args row) (column.Value, error) {
		if args[0].Null {
			return column.NullValue(t), nil
		}
		v := column.Value{Type: t}
		if args[0].Str == "" {
			return v, nil
		}
		for _, s := range splitText(args[0], args[1]) {
			e := column.TextValue(s)
			if len(args) > 2 && !args[2].Null && s == args[2].Str {
				e = column.NullValue(tText)
			}
			v.List = append(v.List, e)
		}
		return v, nil
	}
	doc = "The parts of a text between separators, its characters where that is NULL; parts equal to the third argument become NULL."
	add(nestedFunction{name: "string_to_array", doc: doc, params: params(tText, tText), nulls: true, result: fixed(texts), eval: byValue(split)})
	add(nestedFunction{name: "string_to_array", doc: doc, params: params(tText, tText, tText), nulls: true, result: fixed(texts), eval: byValue(split)})
	add(nestedFunction{
		name: "string_split", doc: "The parts of a text between separators, its characters where that is empty.", params: params(tText, tText), result: fixed(texts),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for _, s := range strings.Split(args[0].Str, args[1].Str) {
				v.List = append(v.List, column.TextValue(s))
			}
			return v, nil
		}),
	}, "str_split")
	for n := 2; n <= 3; n++ {
		ps := params(tText, tText, tText)[:n]
		add(nestedFunction{
			name: "regexp_split_to_array", doc: "The parts of a text between the matches of a regular expression; the third argument holds flags (i: in any case).",
			params: ps, result: fixed(texts), eval: splitByPattern,
		}, "string_split_regex", "regexp_split")
	}
	add(nestedFunction{
		name: "regexp_extract_all", doc: "All matches of a regular expression, or of its given group (0: all of it).", params: params(tText, tText), result: fixed(texts), eval: extractAll,
	})
	add(nestedFunction{
		name: "regexp_extract_all", doc: "All matches of a regular expression, or of its given group (0: all of it).", params: params(tText, tText, tInt32), result: fixed(texts),
		eval: extractAll,
	})
	return out
}

// splitText splits as string_to_array does: a separator of NULL into characters, an empty one not at all.
func splitText(s, separator column.Value) []string {
	switch {
	case separator.Null:
		return strings.Split(s.Str, "")
	case separator.Str == "":
		return []string{s.Str}
	}
	return strings.Split(s.Str, separator.Str)
}

func splitByPattern(c *kernels.Call) error {
	text := kernels.ReadBytes(c.Args[0])
	flags := -1
	if len(c.Args) > 2 {
		flags = 2
	}
	pattern := expressionArg(c, 1, flags, "")
	return c.Values(func(i int) (column.Value, error) {
		re, _, err := pattern(i)
		if err != nil {
			return column.Value{}, err
		}
		v, s, last := column.Value{Type: c.Out.Type}, string(text.At(i)), 0
		for _, m := range re.FindAllStringIndex(s, -1) {
			if m[1] == 0 || m[0] == m[1] && m[0] == len(s) {
				continue
			}
			v.List = append(v.List, column.TextValue(s[last:m[0]]))
			last = m[1]
		}
		v.List = append(v.List, column.TextValue(s[last:]))
		return v, nil
	})
}

func extractAll(c *kernels.Call) error {
	text := kernels.ReadBytes(c.Args[0])
	pattern := expressionArg(c, 1, -1, "")
	return c.Values(func(i int) (column.Value, error) {
		re, _, err := pattern(i)
		if err != nil {
			return column.Value{}, err
		}
		group := 0
		if len(c.Args) > 2 {
			group = int(c.Args[2].ValueAt(i).Int64())
		}
		if group < 0 || group > re.NumSubexp() {
			return column.Value{}, fault.New(fault.InvalidParameterValue, "regular expression has no group %d", group)
		}
		v := column.Value{Type: c.Out.Type}
		for _, m := range re.FindAllStringSubmatch(string(text.At(i)), -1) {
			v.List = append(v.List, column.TextValue(m[group]))
		}
		return v, nil
	})
}
