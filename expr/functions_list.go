package expr

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// maxListLength bounds lists that a function makes of numbers.
const maxListLength = 1 << 24

// listFunctions make lists and look into them.
func listFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction, more ...string) { out = append(out, alias(f.function(), more...)...) }
	out = append(out, sortKeyFunction)
	add(nestedFunction{
		name: "list_value", doc: "The list of the arguments.", params: params(anyType), variadic: true, nulls: true,
		prepare: func(args []Expr) ([]Expr, error) {
			if len(args) == 0 {
				return args, nil
			}
			args, _, err := unify("ARRAY", args)
			return args, err
		},
		result: func(args []Expr) (column.Type, error) {
			if len(args) == 0 {
				return column.ListType(column.T(column.Null)), nil
			}
			return column.ListType(args[0].Type()), nil
		},
		eval: listValue,
	}, "list_pack")
	length := func(name, doc string, t column.Type, empty bool) nestedFunction {
		return nestedFunction{name: name, doc: doc, params: params(tList), result: fixed(t), eval: func(c *kernels.Call) error {
			wide := c.Out.Type.Width() == 8
			return c.Rows(func(i int) error {
				n := int64(kernels.SpanOf(c.Args[0], i).Length)
				if wide {
					column.Values[int64](c.Out)[i] = n
				} else {
					column.Values[int32](c.Out)[i] = int32(n)
				}
				if n == 0 && !empty {
					c.SetNull(i)
				}
				return nil
			})
		}}
	}
	add(length("cardinality", "The number of a list's elements.", tInt32, true))
	add(length("length", "The number of a list's elements.", tInt64, true), "len")
	add(nestedFunction{
		name: "array_length", doc: "The number of a list's elements in a dimension (1); NULL of an empty list.", params: params(tList, tInt32), result: fixed(tInt32),
		eval: dimension(false),
	})
	add(length("array_length", "The number of a list's elements in a dimension (1); NULL of an empty list.", tInt32, false))
	add(nestedFunction{
		name: "array_upper", doc: "The last index in a dimension of a list; NULL of an empty list.", params: params(tList, tInt32), result: fixed(tInt32), eval: dimension(false),
	})
	add(nestedFunction{
		name: "array_lower", doc: "The first index in a dimension of a list, which is 1; NULL of an empty list.", params: params(tList, tInt32), result: fixed(tInt32),
		eval: dimension(true),
	})
	add(nestedFunction{
		name: "array_subscript", doc: "The element at an index, from 1; NULL outside of the list. list[i] means this.", params: params(tList, tInt64), result: elementOf(0),
		eval: element(false),
	})
	add(nestedFunction{
		name: "list_extract", doc: "The element at an index, from 1, or from the end where it is negative; NULL outside of the list.", params: params(tList, tInt64),
		result: elementOf(0), eval: element(true),
	}, "list_element", "array_extract")
	add(nestedFunction{
		name: "array_section", doc: "The elements from one index to another, as far as they exist. list[i:j] means this.", params: params(tList, tInt64, tInt64),
		result: sameAs(0), eval: section(false),
	})
	add(nestedFunction{
		name: "list_slice", doc: "The elements from one index to another, counted from the end where negative.", params: params(tList, tInt64, tInt64),
		result: sameAs(0), eval: section(true),
	}, "array_slice")
	contains := func(t column.Type, args row) (column.Value, error) {
		return column.BoolValue(find(args[0], args[1], 0) >= 0), nil
	}
	add(nestedFunction{
		name: "list_contains", doc: "Whether a list has an element.", params: params(tList, anyType), prepare: withElements("list_contains", []int{0}, []int{1}),
		result: fixed(tBool), eval: byValue(contains),
	}, "array_contains", "list_has", "array_has")
	add(nestedFunction{
		name: "array_position", doc: "The index of an element's first occurrence in a list (from a place on); NULL without one.", params: params(tList, anyType), nulls: true,
		prepare: withElements("array_position", []int{0}, []int{1}), result: fixed(tInt32), eval: byValue(position),
	}, "list_position", "list_indexof", "array_indexof")
	add(nestedFunction{
		name: "array_position", doc: "The index of an element's first occurrence in a list (from a place on); NULL without one.", params: params(tList, anyType, tInt32), nulls: true,
		prepare: withElements("array_position", []int{0}, []int{1}), result: fixed(tInt32), eval: byValue(position),
	})
	add(nestedFunction{
		name: "array_positions", doc: "The indexes of an element's occurrences in a list.", params: params(tList, anyType), nulls: true,
		prepare: withElements("array_positions", []int{0}, []int{1}), result: fixed(column.ListType(tInt32)),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			if args[0].Null {
				return column.NullValue(t), nil
			}
			v := column.Value{Type: t}
			for i := find(args[0], args[1], 0); i >= 0; i = find(args[0], args[1], i+1) {
				v.List = append(v.List, column.IntValue(tInt32, int64(i)+1))
			}
			return v, nil
		}),
	})
	for _, f := range []struct {
		name, doc string
		test      func(a, b column.Value) bool
	}{
		{"list_has_any", "Whether the lists have an element in common. a && b means this.", func(a, b column.Value) bool {
			return slices.ContainsFunc(b.List, func(e column.Value) bool { return !e.Null && find(a, e, 0) >= 0 })
		}},
		{"list_has_all", "Whether the first list has all elements of the second. a @> b means this.", contained},
		{"list_contained", "Whether the second list has all elements of the first. a <@ b means this.", func(a, b column.Value) bool { return contained(b, a) }},
	} {
		add(nestedFunction{
			name: f.name, doc: f.doc, params: params(tList, tList), prepare: withElements(f.name, []int{0, 1}, nil), result: fixed(tBool),
			eval: byValue(func(_ column.Type, args row) (column.Value, error) {
				return column.BoolValue(f.test(args[0], args[1])), nil
			}),
		})
	}
	for _, k := range []column.Type{tInt32, tInt64} {
		for n := 1; n <= 3; n++ {
			ps := slices.Repeat([]column.Type{k}, n)
			add(nestedFunction{name: "range", doc: "The list of the numbers from a start (0) up to but not including a stop, by a step (1).", params: ps,
				result: fixed(column.ListType(tInt64)), eval: byValue(numbers(false))})
			add(nestedFunction{name: "generate_series", doc: "The list of the numbers from a start (0) to a stop, by a step (1); in FROM, rows.", params: ps,
				result: fixed(column.ListType(tInt64)), eval: byValue(numbers(true))})
		}
	}
	for _, f := range timeSeries() {
		add(f)
	}
	return out
}

// find is the place of e in the list v at or after from, -1 without one; NULL is found too.
func find(v, e column.Value, from int) int {
	for i := max(from, 0); i < len(v.List); i++ {
		if column.CompareValues(v.List[i], e) == 0 {
			return i
		}
	}
	return -1
}

func contained(a, b column.Value) bool {
	return !slices.ContainsFunc(b.List, func(e column.Value) bool { return e.Null || find(a, e, 0) < 0 })
}

func position(t column.Type, args row) (column.Value, error) {
	if args[0].Null || len(args) > 2 && args[2].Null {
		return column.NullValue(t), nil
	}
	from := 0
	if len(args) > 2 {
		from = int(args[2].Int64()) - 1
	}
	if i := find(args[0], args[1], from); i >= 0 {
		return column.IntValue(t, int64(i)+1), nil
	}
	return column.NullValue(t), nil
}

// listValue makes a list of the arguments in each row.
func listValue(c *kernels.Call) error {
	elems := column.NewCollector(c.Arena, c.Out.Type.Elem())
	spans, err := column.AllocSlice[column.Span](c.Arena, c.Len)
	if err != nil {
		return err
	}
	clear(spans)
	err = c.Rows(func(i int) error {
		spans[i] = column.Span{Offset: uint32(elems.Len()), Length: uint32(len(c.Args))}
		for _, a := range c.Args {
			if err := elems.Add(a, i); err != nil {
				return err
			}
		}
		return nil
	})
	c.Out.Data, c.Out.Children = column.BytesOf(spans), []*column.Vector{elems.Vector()}
	return err
}

// dimension is the length of a list, or with lower its first index, in dimension args[1].
func dimension(lower bool) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		dim := kernels.Read[int32](c.Args[1])
		out := column.Values[int32](c.Out)
		return c.Rows(func(i int) error {
			v, at, d := c.Args[0], i, dim.At(i)
			for ; d > 1 && v.Type.Elem().Kind == column.List; d-- {
				s := kernels.SpanOf(v, at)
				if s.Length == 0 {
					break
				}
				v, at = v.Target().Children[0], int(s.Offset)
				if v.IsNull(at) {
					c.SetNull(i)
					return nil
				}
			}
			n := kernels.SpanOf(v, at).Length
			if d != 1 || n == 0 {
				c.SetNull(i)
				return nil
			}
			out[i] = int32(n)
			if lower {
				out[i] = 1
			}
			return nil
		})
	}
}

// element takes one element of each row's list.
func element(fromEnd bool) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		at := kernels.Read[int64](c.Args[1])
		target := c.Args[0].Target()
		if len(target.Children) == 0 {
			return c.Replace(column.NewNull(c.Out.Type, c.Len))
		}
		return c.Pick(target.Children[0], func(i int) uint32 {
			s, k := kernels.SpanOf(c.Args[0], i), at.At(i)
			if fromEnd && k < 0 {
				k += int64(s.Length) + 1
			}
			if k < 1 || k > int64(s.Length) {
				return column.NoRow
			}
			return s.Offset + uint32(k) - 1
		})
	}
}

// section narrows each row's list; the elements stay where they are.
func section(fromEnd bool) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		from, to := kernels.Read[int64](c.Args[1]), kernels.Read[int64](c.Args[2])
		spans, err := column.AllocSlice[column.Span](c.Arena, c.Len)
		if err != nil {
			return err
		}
		clear(spans)
		err = c.Rows(func(i int) error {
			s, lo, hi := kernels.SpanOf(c.Args[0], i), from.At(i), to.At(i)
			n := int64(s.Length)
			if fromEnd && lo < 0 {
				lo += n + 1
			}
			if fromEnd && hi < 0 {
				hi += n + 1
			}
			lo, hi = max(lo, 1), min(hi, n)
			if lo <= hi {
				spans[i] = column.Span{Offset: s.Offset + uint32(lo-1), Length: uint32(hi - lo + 1)}
			}
			return nil
		})
		c.Out.Data, c.Out.Children = column.BytesOf(spans), c.Args[0].Target().Children
		return err
	}
}

// numbers makes an arithmetic progression.
func numbers(inclusive bool) func(t column.Type, args row) (column.Value, error) {
	return func(t column.Type, args row) (column.Value, error) {
		start, stop, step := int64(0), args[0].Int64(), int64(1)
		if len(args) > 1 {
			start, stop = args[0].Int64(), args[1].Int64()
		}
		if len(args) > 2 {
			step = args[2].Int64()
		}
		v := column.Value{Type: t}
		if step == 0 {
			return v, fault.New(fault.InvalidParameterValue, "step size cannot equal zero")
		}
		for x := column.Int128FromInt64(start); ; x = x.Add(column.Int128FromInt64(step)) {
			c := x.Cmp(column.Int128FromInt64(stop))
			if step < 0 {
				c = -c
			}
			if c > 0 || c == 0 && !inclusive {
				return v, nil
			}
			if len(v.List) == maxListLength {
				return v, fault.New(programLimit, "a list of more than %d numbers", maxListLength)
			}
			v.List = append(v.List, column.Value{Type: tInt64, Int: x})
		}
	}
}
