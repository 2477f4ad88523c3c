package expr

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// listChangeFunctions make a list of another one.
func listChangeFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction, more ...string) { out = append(out, alias(f.function(), more...)...) }
	// An absent list counts as an empty one where something is put to it.
	join := func(t column.Type, parts ...[]column.Value) column.Value {
		return column.Value{Type: t, List: slices.Concat(parts...)}
	}
	add(nestedFunction{
		name: "array_append", doc: "The list with an element put to its end; NULL counts as an empty list.", params: params(tList, anyType), nulls: true,
		prepare: withElements("array_append", []int{0}, []int{1}), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) { return join(t, args[0].List, args[1:2]), nil }),
	}, "list_append", "array_push_back")
	add(nestedFunction{
		name: "array_prepend", doc: "The list with an element put before it; NULL counts as an empty list.", params: params(anyType, tList), nulls: true,
		prepare: withElements("array_prepend", []int{1}, []int{0}), result: sameAs(1),
		eval: byValue(func(t column.Type, args row) (column.Value, error) { return join(t, args[:1], args[1].List), nil }),
	}, "list_prepend")
	add(nestedFunction{
		name: "array_cat", doc: "The elements of both lists; NULL counts as an empty list beside another.", params: params(tList, tList), nulls: true,
		prepare: withElements("array_cat", []int{0, 1}, nil), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			if args[0].Null && args[1].Null {
				return column.NullValue(t), nil
			}
			return join(t, args[0].List, args[1].List), nil
		}),
	}, "list_concat", "list_cat", "array_concat")
	add(nestedFunction{
		name: "array_remove", doc: "The list without the elements that are equal to a value.", params: params(tList, anyType), nulls: true,
		prepare: withElements("array_remove", []int{0}, []int{1}), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			if args[0].Null {
				return args[0], nil
			}
			v := column.Value{Type: t}
			for _, e := range args[0].List {
				if column.CompareValues(e, args[1]) != 0 {
					v.List = append(v.List, e)
				}
			}
			return v, nil
		}),
	})
	add(nestedFunction{
		name: "array_replace", doc: "The list with the elements that are equal to a value replaced by another.", params: params(tList, anyType, anyType), nulls: true,
		prepare: withElements("array_replace", []int{0}, []int{1, 2}), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			if args[0].Null {
				return args[0], nil
			}
			v := column.Value{Type: t, List: slices.Clone(args[0].List)}
			for i, e := range v.List {
				if column.CompareValues(e, args[1]) == 0 {
					v.List[i] = args[2]
				}
			}
			return v, nil
		}),
	})
	reverse := func(t column.Type, args row) (column.Value, error) {
		v := column.Value{Type: t, List: slices.Clone(args[0].List)}
		slices.Reverse(v.List)
		return v, nil
	}
	add(nestedFunction{name: "array_reverse", doc: "The elements backwards.", params: params(tList), result: sameAs(0), eval: byValue(reverse)}, "list_reverse")
	for _, s := range []struct {
		name, other, doc string
		sign             int
	}{
		{"list_sort", "array_sort", "The elements in order (ASC or DESC), NULLs last (or NULLS FIRST).", 1},
		{"list_reverse_sort", "array_reverse_sort", "The elements in descending order (ASC turns it round), NULLs last (or NULLS FIRST).", -1},
	} {
		for n := range 3 {
			add(nestedFunction{
				name: s.name, doc: s.doc, params: append(params(tList), slices.Repeat(params(tText), n)...), result: sameAs(0),
				eval: byValue(func(t column.Type, args row) (column.Value, error) { return sorted(t, args, s.sign) }),
			}, s.other)
		}
	}
	distinct := func(v column.Value) []column.Value {
		seen := map[string]bool{}
		var list []column.Value
		for _, e := range v.List {
			key := string(column.AppendSortKey(nil, e))
			if !e.Null && !seen[key] {
				seen[key] = true
				list = append(list, e)
			}
		}
		return list
	}
	add(nestedFunction{
		name: "list_distinct", doc: "The elements that are not NULL, each once.", params: params(tList), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			return column.Value{Type: t, List: distinct(args[0])}, nil
		}),
	}, "array_distinct")
	add(nestedFunction{
		name: "list_unique", doc: "The number of different elements that are not NULL.", params: params(tList), result: fixed(tInt64),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			return column.IntValue(t, int64(len(distinct(args[0])))), nil
		}),
	}, "array_unique")
	add(nestedFunction{
		name: "list_intersect", doc: "The elements of the first list that the second has too, each once.", params: params(tList, tList),
		prepare: withElements("list_intersect", []int{0, 1}, nil), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for _, e := range distinct(args[0]) {
				if find(args[1], e, 0) >= 0 {
					v.List = append(v.List, e)
				}
			}
			return v, nil
		}),
	}, "array_intersect")
	add(nestedFunction{
		name: "flatten", doc: "The elements of the lists that a list holds, one after the other.", params: params(tList),
		result: func(args []Expr) (column.Type, error) {
			if t := args[0].Type().Elem(); t.Kind == column.List {
				return t, nil
			}
			return column.Type{}, undefinedFunction("flatten", args)
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for _, e := range args[0].List {
				v.List = append(v.List, e.List...)
			}
			return v, nil
		}),
	})
	add(nestedFunction{
		name: "trim_array", doc: "The list without its last n elements.", params: params(tList, tInt32), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			n := args[1].Int64()
			if n < 0 || n > int64(len(args[0].List)) {
				return column.Value{}, fault.New(fault.Code("2202E"), "number of elements to trim must be between 0 and %d", len(args[0].List))
			}
			return column.Value{Type: t, List: args[0].List[:len(args[0].List)-int(n)]}, nil
		}),
	})
	return out
}

// sorted orders a list; args[1:] say ASC or DESC, NULLS FIRST or NULLS LAST. DESC turns the order that sign stands for.
func sorted(t column.Type, args row, sign int) (column.Value, error) {
	nulls := 1
	for k, a := range args[1:] {
		switch word := upperASCII(a.Str); {
		case k == 0 && word == "ASC":
		case k == 0 && word == "DESC":
			sign = -sign
		case k == 1 && word == "NULLS FIRST":
			nulls = -1
		case k == 1 && word == "NULLS LAST":
		default:
			return column.Value{}, fault.New(fault.InvalidParameterValue, "%q is not a sort order", a.Str)
		}
	}
	v := column.Value{Type: t, List: slices.Clone(args[0].List)}
	slices.SortStableFunc(v.List, func(a, b column.Value) int {
		if a.Null || b.Null {
			return nulls * column.CompareValues(a, b)
		}
		return sign * column.CompareValues(a, b)
	})
	return v, nil
}

func upperASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
