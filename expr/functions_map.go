package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// mapFunctions make maps and look into them.
func mapFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction, more ...string) { out = append(out, alias(f.function(), more...)...) }
	add(nestedFunction{
		name: "map", doc: "The map of a list of keys and a list of values.", params: params(tList, tList),
		result: func(args []Expr) (column.Type, error) {
			return column.MapType(args[0].Type().Elem(), args[1].Type().Elem()), nil
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			keys, vals := args[0].List, args[1].List
			if len(keys) != len(vals) {
				return column.Value{}, fault.New(fault.InvalidParameterValue, "map has %d keys but %d values", len(keys), len(vals))
			}
			v := column.Value{Type: t}
			seen := map[string]bool{}
			for i, k := range keys {
				if k.Null {
					return column.Value{}, fault.New(fault.InvalidParameterValue, "a key of a map is NULL")
				}
				id := string(column.AppendSortKey(nil, k))
				if seen[id] {
					return column.Value{}, fault.New(fault.InvalidParameterValue, "map has key %s twice", k)
				}
				seen[id] = true
				v.List = append(v.List, k, vals[i])
			}
			return v, nil
		}),
	})
	part := func(name, doc string, at int) {
		add(nestedFunction{
			name: name, doc: doc, params: params(tMap),
			result: func(args []Expr) (column.Type, error) {
				return column.ListType(args[0].Type().Nested.Fields[at].Type), nil
			},
			eval: byValue(func(t column.Type, args row) (column.Value, error) {
				v := column.Value{Type: t}
				for i := at; i < len(args[0].List); i += 2 {
					v.List = append(v.List, args[0].List[i])
				}
				return v, nil
			}),
		})
	}
	part("map_keys", "The list of a map's keys.", 0)
	part("map_values", "The list of a map's values.", 1)
	add(nestedFunction{
		name: "cardinality", doc: "The number of a map's entries.", params: params(tMap), result: fixed(tInt32), eval: func(c *kernels.Call) error {
			n := column.Values[int32](c.Out)
			return c.Rows(func(i int) error {
				n[i] = int32(kernels.SpanOf(c.Args[0], i).Length)
				return nil
			})
		},
	})
	withKey := func(args []Expr) ([]Expr, error) {
		var err error
		args[1], err = Coerce(args[1], args[0].Type().Nested.Fields[0].Type)
		return args, err
	}
	at := func(v, key column.Value) int {
		for i := 0; i < len(v.List); i += 2 {
			if column.CompareValues(v.List[i], key) == 0 {
				return i + 1
			}
		}
		return -1
	}
	add(nestedFunction{
		name: "map_extract_value", doc: "The value of a key; NULL without it. map[key] means this.", params: params(tMap, anyType), prepare: withKey,
		result: func(args []Expr) (column.Type, error) { return args[0].Type().Nested.Fields[1].Type, nil },
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			if i := at(args[0], args[1]); i >= 0 {
				return args[0].List[i], nil
			}
			return column.NullValue(t), nil
		}),
	})
	add(nestedFunction{
		name: "map_extract", doc: "The list of the value of a key; empty without it.", params: params(tMap, anyType), prepare: withKey,
		result: func(args []Expr) (column.Type, error) {
			return column.ListType(args[0].Type().Nested.Fields[1].Type), nil
		},
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			if i := at(args[0], args[1]); i >= 0 {
				v.List = []column.Value{args[0].List[i]}
			}
			return v, nil
		}),
	}, "element_at")
	add(nestedFunction{
		name: "map_contains", doc: "Whether a map has a key.", params: params(tMap, anyType), prepare: withKey, result: fixed(tBool),
		eval: byValue(func(_ column.Type, args row) (column.Value, error) {
			return column.BoolValue(at(args[0], args[1]) >= 0), nil
		}),
	})
	return out
}
