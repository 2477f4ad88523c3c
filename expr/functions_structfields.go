package expr

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// structFieldFunctions put structs together and look through their fields.
func structFieldFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction, more ...string) { out = append(out, alias(f.function(), more...)...) }
	distinct := func(fields []column.Field) (column.Type, error) {
		seen := map[string]bool{}
		for _, f := range fields {
			name := strings.ToLower(f.Name)
			if seen[name] {
				return column.Type{}, fault.New(fault.DuplicateColumn, "field %q specified more than once", f.Name)
			}
			seen[name] = true
		}
		return column.StructType(fields), nil
	}
	add(nestedFunction{
		name: "struct_concat", doc: "The struct of the fields of all structs.", params: params(tStruct), variadic: true,
		result: func(args []Expr) (column.Type, error) {
			var fields []column.Field
			for _, a := range args {
				fields = append(fields, a.Type().Nested.Fields...)
			}
			if len(args) == 0 {
				return column.Type{}, undefinedFunction("struct_concat", args)
			}
			return distinct(fields)
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			for _, a := range args {
				v.List = append(v.List, a.List...)
			}
			return v, nil
		}),
	})
	add(nestedFunction{
		name: "struct_insert", doc: "The struct with further fields: struct_insert(s, name := value).", params: params(tStruct, anyType), variadic: true, nulls: true,
		result: func(args []Expr) (column.Type, error) {
			if len(args) < 3 {
				return column.Type{}, fault.New(fault.SyntaxError, "struct_insert takes a struct and named arguments: struct_insert(s, name := value)")
			}
			more, err := packedType(args[1:])
			if err != nil {
				return more, err
			}
			fields := append([]column.Field{}, args[0].Type().Nested.Fields...)
			return distinct(append(fields, more.Nested.Fields...))
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			if args[0].Null {
				return column.NullValue(t), nil
			}
			v := column.Value{Type: t, List: append([]column.Value{}, args[0].List...)}
			for i := 2; i < len(args); i += 2 {
				v.List = append(v.List, args[i])
			}
			return v, nil
		}),
	})
	add(nestedFunction{
		name: "struct_keys", doc: "The list of the names of a struct's fields.", params: params(tStruct),
		result: fixed(column.ListType(tText)),
		eval: func(c *kernels.Call) error {
			v := column.Value{Type: c.Out.Type}
			for _, f := range c.Args[0].Type.Nested.Fields {
				v.List = append(v.List, column.TextValue(f.Name))
			}
			return c.Values(func(int) (column.Value, error) { return v, nil })
		},
	})
	add(nestedFunction{
		name: "struct_values", doc: "The struct of another one's values, its fields named f1, f2 and so on.", params: params(tStruct),
		result: func(args []Expr) (column.Type, error) {
			fields := append([]column.Field{}, args[0].Type().Nested.Fields...)
			for i := range fields {
				fields[i].Name = "f" + column.IntValue(tInt64, int64(i)+1).String()
			}
			return column.StructType(fields), nil
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			return column.Value{Type: t, List: args[0].List}, nil
		}),
	})
	search := func(t column.Type, args row) int64 {
		if args[1].Null {
			return 0
		}
		for i, e := range args[0].List {
			if !e.Null && column.CompareValues(e, args[1]) == 0 {
				return int64(i) + 1
			}
		}
		return 0
	}
	same := func(args []Expr) (_ []Expr, err error) {
		if args[0].Type().Nested == nil {
			return nil, undefinedFunction("struct_contains", args)
		}
		for _, f := range args[0].Type().Nested.Fields {
			if f.Type.Kind != args[0].Type().Nested.Fields[0].Type.Kind {
				return nil, fault.New(fault.DatatypeMismatch, "the fields of %s are not of one type", args[0].Type())
			}
		}
		args[1], err = Coerce(args[1], args[0].Type().Nested.Fields[0].Type)
		return args, err
	}
	add(nestedFunction{
		name: "struct_contains", doc: "Whether a field of a struct, whose fields are of one type, has a value.", params: params(tStruct, anyType), prepare: same, result: fixed(tBool),
		eval: byValue(func(t column.Type, args row) (column.Value, error) { return column.BoolValue(search(t, args) > 0), nil }),
	}, "struct_has")
	add(nestedFunction{
		name: "struct_position", doc: "The number of the first field of a struct, whose fields are of one type, that has a value; NULL without one.",
		params: params(tStruct, anyType), prepare: same, result: fixed(tInt32),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			if at := search(t, args); at > 0 {
				return column.IntValue(t, at), nil
			}
			return column.NullValue(t), nil
		}),
	}, "struct_indexof")
	return out
}
