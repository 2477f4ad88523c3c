package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

// listTests are x op ANY (list) and x op ALL (list), which the binder calls by these names.
func listTests() []*Function {
	var out []*Function
	for _, t := range []struct {
		name, symbol string
		holds        func(c int) bool
	}{
		{"eq", "=", func(c int) bool { return c == 0 }}, {"ne", "<>", func(c int) bool { return c != 0 }},
		{"lt", "<", func(c int) bool { return c < 0 }}, {"le", "<=", func(c int) bool { return c <= 0 }},
		{"gt", ">", func(c int) bool { return c > 0 }}, {"ge", ">=", func(c int) bool { return c >= 0 }},
	} {
		for _, all := range []bool{false, true} {
			name, doc := "list_any_"+t.name, "Whether x "+t.symbol+" e for an element e of the list. x "+t.symbol+" ANY (list) means this."
			if all {
				name, doc = "list_all_"+t.name, "Whether x "+t.symbol+" e for all elements e of the list. x "+t.symbol+" ALL (list) means this."
			}
			out = append(out, nestedFunction{
				name: name, doc: doc, params: params(anyType, tList), nulls: true, prepare: withElements(name, []int{1}, []int{0}), result: fixed(tBool),
				eval: byValue(func(_ column.Type, args row) (column.Value, error) {
					unknown := args[0].Null && len(args[1].List) > 0 || args[1].Null
					for _, e := range args[1].List {
						switch {
						case e.Null || args[0].Null:
							unknown = true
						case t.holds(column.CompareValues(args[0], e)) != all:
							return column.BoolValue(!all), nil
						}
					}
					if unknown {
						return column.NullValue(tBool), nil
					}
					return column.BoolValue(all), nil
				}),
			}.function())
		}
	}
	return append(out, listPatterns()...)
}

// listPatterns are x LIKE ANY (list) and its like, for lists whose patterns differ from row to row.
func listPatterns() []*Function {
	texts := column.ListType(tText)
	var out []*Function
	for _, t := range []struct {
		name, doc, not string
		matches        func(text, pattern string) (bool, error)
	}{
		{"like", "is LIKE", "is not LIKE", func(s, p string) (bool, error) { return matchesLike(s, p, false) }},
		{"ilike", "is ILIKE", "is not ILIKE", func(s, p string) (bool, error) { return matchesLike(s, p, true) }},
		{"match", "matches the regular expression", "does not match the regular expression", func(s, p string) (bool, error) { return matchesExpression(s, p, "") }},
		{"imatch", "matches in any case the regular expression", "does not match in any case the regular expression",
			func(s, p string) (bool, error) { return matchesExpression(s, p, "i") }},
	} {
		for _, not := range []bool{false, true} {
			for _, all := range []bool{false, true} {
				name, doc, quantity, kind := t.name, t.doc, "an element", "any"
				if not {
					name, doc = "not_"+name, t.not
				}
				if all {
					quantity, kind = "every element", "all"
				}
				name = "list_" + kind + "_" + name
				out = append(out, nestedFunction{
					name: name, doc: "Whether the text " + doc + " " + quantity + " of the list.", params: params(tText, texts), nulls: true,
					result: func(args []Expr) (column.Type, error) {
						if args[1].Type().Elem().Kind != column.Text {
							return tBool, undefinedFunction(name, args)
						}
						return tBool, nil
					},
					eval: byValue(func(_ column.Type, args row) (column.Value, error) {
						unknown := args[0].Null && len(args[1].List) > 0 || args[1].Null
						for _, e := range args[1].List {
							if e.Null || args[0].Null {
								unknown = true
								continue
							}
							hit, err := t.matches(args[0].Str, e.Str)
							if err != nil {
								return column.Value{}, err
							}
							if (hit != not) != all {
								return column.BoolValue(!all), nil
							}
						}
						if unknown {
							return column.NullValue(tBool), nil
						}
						return column.BoolValue(all), nil
					}),
				}.function())
			}
		}
	}
	return out
}

func matchesLike(text, pattern string, fold bool) (bool, error) {
	p, err := cpu.CompileLike([]byte(pattern), fold)
	return err == nil && p.Match([]byte(text)), err
}

func matchesExpression(text, pattern, flags string) (bool, error) {
	r, err := compileRegexp([]byte(pattern), flags)
	return err == nil && r.MatchString(text), err
}
