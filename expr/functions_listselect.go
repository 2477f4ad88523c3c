package expr

import (
	"math"
	"regexp"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// furtherNames are names of functions that other families define.
var furtherNames = map[string]string{
	"split": "string_split", "str_split_regex": "string_split_regex", "array_has_any": "list_has_any", "array_has_all": "list_has_all",
	"array_value": "list_value", "prefix": "starts_with",
}

func addFurtherNames() {
	for name, of := range furtherNames {
		for _, f := range overloads[of] {
			g := *f
			g.Name = name
			overloads[name] = append(overloads[name], &g)
		}
	}
}

// listSelectFunctions choose elements of lists and bring lists to a length.
func listSelectFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction, more ...string) { out = append(out, alias(f.function(), more...)...) }
	resize := func(t column.Type, args row) (column.Value, error) {
		if args[0].Null {
			return args[0], nil
		}
		n := int64(0)
		if !args[1].Null {
			n = args[1].Int64()
		}
		if n < 0 || n > maxListLength {
			return args[0], fault.New(fault.InvalidParameterValue, "a list cannot have %d elements", n)
		}
		fill := column.NullValue(t.Elem())
		if len(args) > 2 {
			fill = args[2]
		}
		v := column.Value{Type: t, List: slices.Clone(args[0].List[:min(int(n), len(args[0].List))])}
		for len(v.List) < int(n) {
			v.List = append(v.List, fill)
		}
		return v, nil
	}
	doc := "The list cut or filled up to a length, with NULLs or a third argument."
	add(nestedFunction{name: "list_resize", doc: doc, params: params(tList, tInt64), nulls: true, result: sameAs(0), eval: byValue(resize)}, "array_resize")
	add(nestedFunction{name: "list_resize", doc: doc, params: params(tList, tInt64, anyType), nulls: true, prepare: withElements("list_resize", []int{0}, []int{2}),
		result: sameAs(0), eval: byValue(resize)}, "array_resize")
	add(nestedFunction{
		name: "list_select", doc: "The elements at the indexes, from 1, that a second list holds; NULL outside of the list.", params: params(tList, tList),
		prepare: secondList(tInt64), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for _, k := range args[1].List {
				e := column.NullValue(t.Elem())
				if n := k.Int64(); !k.Null && n >= 1 && n <= int64(len(args[0].List)) {
					e = args[0].List[n-1]
				}
				v.List = append(v.List, e)
			}
			return v, nil
		}),
	}, "array_select")
	add(nestedFunction{
		name: "list_where", doc: "The elements at whose places a second list holds true.", params: params(tList, tList), prepare: secondList(tBool), result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for i, k := range args[1].List {
				switch {
				case k.Null:
					return v, fault.New(fault.Code("22004"), "the second list of list_where has a NULL")
				case k.Bool() && i < len(args[0].List):
					v.List = append(v.List, args[0].List[i])
				case k.Bool():
					v.List = append(v.List, column.NullValue(t.Elem()))
				}
			}
			return v, nil
		}),
	}, "array_where")
	add(nestedFunction{
		name: "list_grade_up", doc: "The indexes, from 1, of the elements in their order, NULLs last.", params: params(tList), result: fixed(column.ListType(tInt64)),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			in := args[0].List
			order := make([]int, len(in))
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(a, b int) int {
				switch {
				case in[a].Null && in[b].Null:
					return 0
				case in[a].Null:
					return 1
				case in[b].Null:
					return -1
				}
				return column.CompareValues(in[a], in[b])
			})
			v := column.Value{Type: t}
			for _, i := range order {
				v.List = append(v.List, column.IntValue(tInt64, int64(i)+1))
			}
			return v, nil
		}),
	}, "array_grade_up", "grade_up")
	fill := nestedFunction{
		name: "array_fill", doc: "The list of so many times a value; the second argument is a list of one length. Several lengths, which are written as ARRAY[…] or constant, make lists of lists.",
		params: params(anyType, tList), nulls: true, prepare: secondList(tInt32),
		result: func(args []Expr) (column.Type, error) {
			t := column.ListType(args[0].Type())
			if n := listedLengths(args[1]); n <= maxDimensions {
				for range n - 1 {
					t = column.ListType(t)
				}
			}
			return t, nil
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			switch dims := args[1]; {
			case dims.Null || slices.ContainsFunc(dims.List, func(d column.Value) bool { return d.Null }):
				return v, fault.New(fault.Code("22004"), "dimension array or low bound array cannot be null")
			case len(dims.List) == 0:
				return v, nil
			case len(dims.List) > maxDimensions:
				return v, fault.New(programLimit, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims.List), maxDimensions)
			default:
				return filled(t, args[0], dims.List)
			}
		}),
	}
	add(fill)
	zip := nestedFunction{
		name: "list_zip", doc: "The list of structs of the elements at the same places of lists, as long as the longest, with NULLs for what is missing.",
		params: params(tList), variadic: true, nulls: true,
		result: func(args []Expr) (column.Type, error) {
			fields := make([]column.Field, len(args))
			for i, a := range args {
				fields[i] = column.Field{Name: "f" + column.IntValue(tInt64, int64(i)+1).String(), Type: a.Type().Elem()}
			}
			if len(fields) == 0 {
				return column.Type{}, undefinedFunction("list_zip", args)
			}
			return column.ListType(column.StructType(fields)), nil
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v, n := column.Value{Type: t}, 0
			for _, a := range args {
				n = max(n, len(a.List))
			}
			for i := range n {
				s := column.Value{Type: t.Elem()}
				for k, a := range args {
					e := column.NullValue(t.Elem().Nested.Fields[k].Type)
					if i < len(a.List) {
						e = a.List[i]
					}
					s.List = append(s.List, e)
				}
				v.List = append(v.List, s)
			}
			return v, nil
		}),
	}
	add(zip, "array_zip")
	return out
}

// listedLengths is how many lengths an expression for a list of them has, as far as it tells: 0 where only its values do.
func listedLengths(e Expr) int {
	if v, ok := literalArg(e); ok {
		return len(v.List)
	}
	for {
		c, ok := e.(*Cast)
		if !ok {
			break
		}
		e = c.Arg
	}
	if c, ok := e.(*Call); ok && c.Fn.Name == "list_value" {
		return len(c.Args)
	}
	return 0
}

// maxDimensions is how deep array_fill nests lists.
const maxDimensions = 6

// filled is the list, of type t, of as many times a value as lengths say, from the outermost list to the innermost.
func filled(t column.Type, value column.Value, lengths []column.Value) (column.Value, error) {
	total := int64(1)
	for _, n := range lengths {
		if n.Int64() < 0 || n.Int64() > maxListLength {
			return column.Value{}, fault.New(programLimit, "array size exceeds the maximum allowed (%d)", maxListLength)
		}
		if total *= n.Int64(); total > maxListLength {
			return column.Value{}, fault.New(programLimit, "array size exceeds the maximum allowed (%d)", maxListLength)
		}
	}
	if total == 0 {
		return column.Value{Type: t}, nil
	}
	types := []column.Type{t}
	for range lengths[1:] {
		inner := types[len(types)-1].Elem()
		if inner.Kind != column.List {
			return column.Value{}, fault.New(fault.FeatureNotSupported, "array_fill makes a list of %d dimensions only where their lengths are constant or written as ARRAY[…]", len(lengths))
		}
		types = append(types, inner)
	}
	for k := len(lengths) - 1; k >= 0; k-- {
		value = column.Value{Type: types[k], List: slices.Repeat([]column.Value{value}, int(lengths[k].Int64()))}
	}
	return value, nil
}

// secondList casts the second argument to a list of t.
func secondList(t column.Type) func(args []Expr) ([]Expr, error) {
	return func(args []Expr) (_ []Expr, err error) {
		if isUntyped(args[0]) {
			if args[0], err = NewCast(args[0], tText, false); err != nil {
				return nil, err
			}
		}
		args[1], err = NewCast(args[1], column.ListType(t), false)
		return args, err
	}
}

// listDistanceFunctions take lists of numbers as vectors.
func listDistanceFunctions() []*Function {
	var out []*Function
	floats := func(args []Expr) (_ []Expr, err error) {
		for i := range args {
			if e := args[i].Type().Elem(); !e.Kind.IsNumeric() && e.Kind != column.Null {
				return nil, undefinedFunction("list_distance", args)
			}
			if args[i], err = NewCast(args[i], column.ListType(tFloat64), false); err != nil {
				return nil, err
			}
		}
		return args, nil
	}
	for _, f := range []struct {
		name, doc string
		alias     []string
		of        func(square, dot, aa, bb float64) float64
		empty     bool // of empty lists it is NULL
	}{
		{"list_distance", "The Euclidean distance of two lists of numbers.", []string{"array_distance"}, func(square, _, _, _ float64) float64 { return math.Sqrt(square) }, false},
		{"list_inner_product", "The inner product of two lists of numbers.", []string{"list_dot_product", "array_inner_product", "array_dot_product"},
			func(_, dot, _, _ float64) float64 { return dot }, false},
		{"list_negative_inner_product", "The inner product of two lists of numbers, negated.",
			[]string{"list_negative_dot_product", "array_negative_inner_product", "array_negative_dot_product"}, func(_, dot, _, _ float64) float64 { return -dot }, false},
		{"list_cosine_similarity", "The cosine of the angle between two lists of numbers.", []string{"array_cosine_similarity"}, cosine, true},
		{"list_cosine_distance", "One less the cosine of the angle between two lists of numbers.", []string{"array_cosine_distance"},
			func(square, dot, aa, bb float64) float64 { return 1 - cosine(square, dot, aa, bb) }, true},
	} {
		g := nestedFunction{
			name: f.name, doc: f.doc, params: params(tList, tList), prepare: floats, result: fixed(tFloat64),
			eval: byValue(func(t column.Type, args row) (column.Value, error) {
				a, b := args[0].List, args[1].List
				if len(a) != len(b) {
					return column.Value{}, fault.New(fault.InvalidParameterValue, "%s needs lists of one length, got %d and %d", f.name, len(a), len(b))
				}
				if len(a) == 0 && f.empty {
					return column.NullValue(t), nil
				}
				var square, dot, aa, bb float64
				for i := range a {
					if a[i].Null || b[i].Null {
						return column.Value{}, fault.New(fault.Code("22004"), "a list of %s has a NULL", f.name)
					}
					x, y := a[i].Float, b[i].Float
					square, dot, aa, bb = square+(x-y)*(x-y), dot+x*y, aa+x*x, bb+y*y
				}
				return column.FloatValue(f.of(square, dot, aa, bb)), nil
			}),
		}
		out = append(out, alias(g.function(), f.alias...)...)
	}
	return out
}

func cosine(_, dot, aa, bb float64) float64 {
	return max(-1, min(1, dot/(math.Sqrt(aa)*math.Sqrt(bb))))
}

// mapEntryFunctions turn maps into lists of entries and back.
func mapEntryFunctions() []*Function {
	entry := func(m column.Type) column.Type {
		f := m.Nested.Fields
		return column.StructType([]column.Field{{Name: "key", Type: f[0].Type}, {Name: "value", Type: f[1].Type}})
	}
	entries := nestedFunction{
		name: "map_entries", doc: "The list of a map's entries as structs of key and value.", params: params(tMap),
		result: func(args []Expr) (column.Type, error) { return column.ListType(entry(args[0].Type())), nil },
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for i := 0; i+1 < len(args[0].List); i += 2 {
				v.List = append(v.List, column.Value{Type: t.Elem(), List: args[0].List[i : i+2 : i+2]})
			}
			return v, nil
		}),
	}
	put := func(v *column.Value, key, value column.Value, replace bool) error {
		if key.Null {
			return fault.New(fault.InvalidParameterValue, "a key of a map is NULL")
		}
		for i := 0; i < len(v.List); i += 2 {
			if column.CompareValues(v.List[i], key) != 0 {
				continue
			}
			if !replace {
				return fault.New(fault.InvalidParameterValue, "map has key %s twice", key)
			}
			v.List[i+1] = value
			return nil
		}
		v.List = append(v.List, key, value)
		return nil
	}
	from := nestedFunction{
		name: "map_from_entries", doc: "The map of a list of structs of key and value.", params: params(tList),
		result: func(args []Expr) (column.Type, error) {
			e := args[0].Type().Elem()
			if e.Kind != column.Struct || len(e.Nested.Fields) != 2 {
				return column.Type{}, undefinedFunction("map_from_entries", args)
			}
			return column.MapType(e.Nested.Fields[0].Type, e.Nested.Fields[1].Type), nil
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for _, e := range args[0].List {
				if e.Null {
					return v, fault.New(fault.InvalidParameterValue, "an entry of a map is NULL")
				}
				if err := put(&v, e.List[0], e.List[1], false); err != nil {
					return v, err
				}
			}
			return v, nil
		}),
	}
	concat := nestedFunction{
		name: "map_concat", doc: "The entries of all maps; of a key that several have, the last one's value.", params: params(tMap), variadic: true, nulls: true,
		prepare: func(args []Expr) ([]Expr, error) {
			if len(args) == 0 {
				return nil, undefinedFunction("map_concat", args)
			}
			args, _, err := unify("map_concat", args)
			return args, err
		},
		result: sameAs(0),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v, absent := column.Value{Type: t}, true
			for _, a := range args {
				absent = absent && a.Null
				for i := 0; i+1 < len(a.List); i += 2 {
					if err := put(&v, a.List[i], a.List[i+1], true); err != nil {
						return v, err
					}
				}
			}
			if absent {
				return column.NullValue(t), nil
			}
			return v, nil
		}),
	}
	return []*Function{entries.function(), from.function(), concat.function()}
}

// expressionTestFunctions are what is left of regular expressions.
func expressionTestFunctions() []*Function {
	full := func(c *kernels.Call) error {
		s, re := kernels.ReadBytes(c.Args[0]), expressionArg(c, 1, 2, "")
		last, whole := (*regexp.Regexp)(nil), (*regexp.Regexp)(nil)
		return c.Rows(func(i int) error {
			r, _, err := re(i)
			if err != nil {
				return err
			}
			if r != last {
				if whole, err = regexp.Compile(`\A(?:` + r.String() + `)\z`); err != nil {
					return fault.New(fault.InvalidRegularExpression, "invalid regular expression: %s", err.Error())
				}
				last = r
			}
			c.Out.Data[i] = bools(whole.Match(s.At(i)))
			return nil
		})
	}
	doc := "Whether a regular expression matches the whole text; the third argument holds flags (i: in any case)."
	return []*Function{
		strict("regexp_full_match", doc, params(tText, tText), tBool, full),
		strict("regexp_full_match", doc, params(tText, tText, tText), tBool, full),
		text1("regexp_escape", "The text as a regular expression that matches it alone.", func(dst, s []byte) []byte {
			for _, b := range s {
				if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b >= 0x80) {
					dst = append(dst, '\\')
				}
				dst = append(dst, b)
			}
			return dst
		}),
		{Name: "quote_nullable", Params: params(anyType), Op: kernels.OpCall, Result: tText, Doc: "The value as a literal of SQL; NULL as a text of that name.",
			Impl: &kernels.Function{Name: "quote_nullable", Eval: func(c *kernels.Call) error {
				w := c.WriteBytes()
				return c.Rows(func(i int) error {
					if c.Args[0].IsNull(i) {
						return w.Set(i, []byte("NULL"))
					}
					v, err := convert.Value(c.Args[0].ValueAt(i), tText)
					if err != nil {
						return err
					}
					return w.Set(i, appendLiteral(nil, v.Str))
				})
			}}},
	}
}
