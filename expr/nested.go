package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// commonNested is the nested type that both types' values convert to: lists by their elements, structs of as many fields by those, maps by keys
// and values.
func commonNested(a, b column.Type) (column.Type, bool) {
	if a.Equal(b) {
		return a, true
	}
	if a.Nested == nil || b.Nested == nil || len(a.Nested.Fields) != len(b.Nested.Fields) {
		return a, false
	}
	fields := make([]column.Field, len(a.Nested.Fields))
	for i, f := range a.Nested.Fields {
		t, ok := common(&Ref{Typ: f.Type}, &Ref{Typ: b.Nested.Fields[i].Type})
		if !ok {
			return a, false
		}
		fields[i] = column.Field{Name: f.Name, Type: t, NotNull: f.NotNull && b.Nested.Fields[i].NotNull}
	}
	return column.Type{Kind: a.Kind, Nested: &column.Nested{Fields: fields}}, true
}

// assignableNested reports whether a nested value may be stored as another nested type: where each part may.
func assignableNested(from, to column.Type) bool {
	if from.Kind != to.Kind || from.Nested == nil || to.Nested == nil || len(from.Nested.Fields) != len(to.Nested.Fields) {
		return false
	}
	for i, f := range from.Nested.Fields {
		t := to.Nested.Fields[i].Type
		if !f.Type.Equal(t) && !(f.Type.Kind.IsNested() || t.Kind.IsNested()) && !assignable(f.Type.Kind, t.Kind) {
			return false
		}
		if f.Type.Kind.IsNested() && !f.Type.Equal(t) && !assignableNested(f.Type, t) {
			return false
		}
	}
	return true
}

// OrderingKey is e in a type that can be hashed, compared and sorted: e itself, or bytes that order as the nested values of e do and are equal where
// those are.
func OrderingKey(e Expr) Expr {
	if !e.Type().Kind.IsNested() {
		return e
	}
	return &Call{Fn: sortKeyFunction, Args: []Expr{e}, Typ: tBinary}
}

// compared is the comparison of two operands of one type.
func compared(op CompareOp, l, r Expr) *Comparison {
	return &Comparison{Op: op, Left: OrderingKey(l), Right: OrderingKey(r)}
}

var sortKeyFunction = strict("sort_key", "Bytes that order as the argument's values do, NULLs inside of it last.", params(anyType), tBinary,
	func(c *kernels.Call) error {
		out := c.WriteBytes()
		var buf []byte
		return c.Rows(func(i int) error {
			buf = column.AppendSortKey(buf[:0], c.Args[0].ValueAt(i))
			return out.Set(i, buf)
		})
	})

// nestedOperator is the function that an operator's symbol stands for among these arguments: itself but for lists.
func nestedOperator(name string, args []Expr) string {
	if len(args) != 2 {
		return name
	}
	l, r := args[0].Type().Kind == column.List, args[1].Type().Kind == column.List
	if !l && !r {
		return name
	}
	switch name {
	case "||":
		switch {
		case l && (r || isUntyped(args[1])):
			return "array_cat"
		case l:
			return "array_append"
		case isUntyped(args[0]):
			return "array_cat"
		}
		return "array_prepend"
	case "&&":
		return "list_has_any"
	case "@>":
		return "list_has_all"
	case "<@":
		return "list_contained"
	}
	return name
}

// row is the values of one row's arguments.
type row = []column.Value

// byValue makes an evaluation value by value on the Go heap, for functions of nested values whose work per row is large anyway.
func byValue(f func(t column.Type, args row) (column.Value, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		args := make(row, len(c.Args))
		return c.Values(func(i int) (column.Value, error) {
			for k, a := range c.Args {
				args[k] = a.ValueAt(i)
			}
			return f(c.Out.Type, args)
		})
	}
}

// scalars is byValue for functions whose arguments and result, a text or an integer, are no nested values.
func scalars(f func(args row) (column.Value, error)) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		args := make(row, len(c.Args))
		set := func(i int, v column.Value) error {
			column.Values[int32](c.Out)[i] = int32(v.Int64())
			return nil
		}
		if c.Out.Type.Kind == column.Text {
			w := c.WriteBytes()
			set = func(i int, v column.Value) error { return w.Set(i, []byte(v.Str)) }
		}
		return c.Rows(func(i int) error {
			for k, a := range c.Args {
				args[k] = a.ValueAt(i)
			}
			v, err := f(args)
			if err != nil {
				return err
			}
			if v.Null {
				c.SetNull(i)
			}
			return set(i, v)
		})
	}
}

var (
	tList   = column.T(column.List)
	tStruct = column.T(column.Struct)
	tMap    = column.T(column.Map)
)

// nestedFunction is an overload over nested values: prepare (may be nil) brings the arguments to fitting types, result gives the result's type.
type nestedFunction struct {
	name, doc string
	params    []column.Type
	variadic  bool
	nulls     bool // the function sees NULLs
	prepare   func(args []Expr) ([]Expr, error)
	result    func(args []Expr) (column.Type, error)
	eval      func(c *kernels.Call) error
}

func (f nestedFunction) function() *Function {
	impl := &kernels.Function{Name: f.name, Strict: !f.nulls, Eval: f.eval}
	return &Function{
		Name: f.name, Doc: f.doc, Params: f.params, Variadic: f.variadic, Op: kernels.OpCall, Prepare: f.prepare, Result: anyType,
		Bind: func(args []Expr) (Bound, error) {
			for _, a := range args {
				if t := a.Type(); t.Nested == nil && (t.Kind == column.Map || t.Kind == column.Struct) {
					// NULL became one for want of anything better: its parts are not known.
					return Bound{}, undefinedFunction(f.name, args)
				}
			}
			t, err := f.result(args)
			return Bound{Result: t, Op: kernels.OpCall, Impl: impl}, err
		},
	}
}

// fixed is the result function of one type.
func fixed(t column.Type) func([]Expr) (column.Type, error) {
	return func([]Expr) (column.Type, error) { return t, nil }
}

// sameAs gives the type of argument k.
func sameAs(k int) func([]Expr) (column.Type, error) {
	return func(args []Expr) (column.Type, error) { return args[k].Type(), nil }
}

// elementOf gives the element type of the list that argument k is.
func elementOf(k int) func([]Expr) (column.Type, error) {
	return func(args []Expr) (column.Type, error) { return args[k].Type().Elem(), nil }
}

// withElements prepares a call whose arguments at lists are lists and at elems elements: all get their common element type.
func withElements(name string, lists, elems []int) func(args []Expr) ([]Expr, error) {
	return func(args []Expr) ([]Expr, error) {
		var parts []Expr
		for _, k := range lists {
			if isUntyped(args[k]) {
				continue
			}
			if l, ok := args[k].(*Literal); ok && l.Value.Null && l.Value.Type.Elem().Kind == column.Text {
				// NULL became a list of texts for want of anything better.
				continue
			}
			parts = append(parts, &Ref{Typ: args[k].Type().Elem()})
		}
		for _, k := range elems {
			parts = append(parts, args[k])
		}
		t, err := CommonType(name, parts)
		if err != nil {
			return nil, undefinedFunction(name, args)
		}
		for _, k := range lists {
			if args[k], err = NewCast(args[k], column.ListType(t), false); err != nil {
				return nil, err
			}
		}
		for _, k := range elems {
			if args[k], err = NewCast(args[k], t, false); err != nil {
				return nil, err
			}
		}
		return args, nil
	}
}
