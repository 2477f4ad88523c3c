package expr

import (
	"github.com/polybolos-db/polybolos/column"
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
	return out
}
