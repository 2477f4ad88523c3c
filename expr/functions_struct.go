package expr

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// structFunctions make structs and take their fields.
func structFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction, more ...string) { out = append(out, alias(f.function(), more...)...) }
	add(nestedFunction{
		name: "row", doc: "The struct of the arguments, its fields named f1, f2 and so on.", params: params(anyType), variadic: true, nulls: true,
		result: func(args []Expr) (column.Type, error) {
			fields := make([]column.Field, len(args))
			for i, a := range args {
				fields[i] = column.Field{Name: fmt.Sprintf("f%d", i+1), Type: a.Type()}
			}
			if len(fields) == 0 {
				return column.Type{}, fault.New(fault.FeatureNotSupported, "an empty row is not supported")
			}
			return column.StructType(fields), nil
		},
		eval: func(c *kernels.Call) error { return packStruct(c, c.Args) },
	})
	add(nestedFunction{
		name: "struct_pack", doc: "The struct of named fields: struct_pack(name := value, ...).", params: params(anyType), variadic: true, nulls: true,
		result: packedType,
		eval: func(c *kernels.Call) error {
			var vals []*column.Vector
			for i := 1; i < len(c.Args); i += 2 {
				vals = append(vals, c.Args[i])
			}
			return packStruct(c, vals)
		},
	})
	out = append(out, structExtract())
	return out
}

// packedType is the struct of name and value in turn; names are literals.
func packedType(args []Expr) (column.Type, error) {
	if len(args) == 0 || len(args)%2 != 0 {
		return column.Type{}, fault.New(fault.SyntaxError, "struct_pack takes named arguments: struct_pack(name := value)")
	}
	var fields []column.Field
	for i := 0; i < len(args); i += 2 {
		name, ok := literalArg(args[i])
		if !ok {
			return column.Type{}, fault.New(fault.SyntaxError, "the name of a field must be a constant")
		}
		for _, f := range fields {
			if strings.EqualFold(f.Name, name.Str) {
				return column.Type{}, fault.New(fault.DuplicateColumn, "field %q specified more than once", name.Str)
			}
		}
		fields = append(fields, column.Field{Name: name.Str, Type: args[i+1].Type()})
	}
	return column.StructType(fields), nil
}

// packStruct puts vectors side by side.
func packStruct(c *kernels.Call, vals []*column.Vector) error {
	c.Out.Children = nil
	for _, v := range vals {
		f := *v
		f.Len = c.Len
		c.Out.Children = append(c.Out.Children, &f)
	}
	return nil
}

// structExtract is the field of a struct by its name or its number.
func structExtract() *Function {
	f := &Function{
		Name: "struct_extract", Params: params(tStruct, anyType), Result: anyType, Op: kernels.OpCall,
		Doc: "A struct's field by its name, or by its number from 1. (struct).name means this.",
	}
	f.Bind = func(args []Expr) (Bound, error) {
		v, ok := literalArg(args[1])
		if !ok {
			return Bound{}, fault.New(fault.SyntaxError, "the field of a struct must be named by a constant")
		}
		at := -1
		fields := args[0].Type().Nested.Fields
		for i, field := range fields {
			if v.Type.Kind == column.Text && strings.EqualFold(field.Name, v.Str) || v.Type.Kind.IsInteger() && v.Int64() == int64(i)+1 {
				at = i
			}
		}
		if at < 0 {
			return Bound{}, fault.New(fault.UndefinedColumn, "field %q not found in type %s", v.String(), args[0].Type())
		}
		impl := &kernels.Function{Name: f.Name, Strict: true, Eval: func(c *kernels.Call) error {
			s := c.Args[0]
			target := s.Target()
			if len(target.Children) == 0 {
				return c.Replace(column.NewNull(c.Out.Type, c.Len))
			}
			return c.Pick(target.Children[at], func(i int) uint32 { return uint32(s.Index(i)) })
		}}
		return Bound{Result: fields[at].Type, Op: kernels.OpCall, Impl: impl}, nil
	}
	return f
}
