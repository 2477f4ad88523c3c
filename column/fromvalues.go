package column

import "github.com/polybolos-db/polybolos/column/mem"

// FromValues makes a flat vector of n rows of type t in a; at gives row i's value, which has type t. Strings and nested values are copied.
func FromValues(a *mem.Arena, t Type, n int, at func(i int) *Value) (*Vector, error) {
	v, err := NewFlat(a, t, n)
	if err != nil || t.Kind == Null {
		return v, err
	}
	var parts [][]*Value // of nested types: the children's values
	if t.Nested != nil {
		parts = make([][]*Value, len(t.Nested.Fields))
	}
	for i := range n {
		val := at(i)
		if val.Null {
			if v.Valid == nil {
				if v.Valid, err = AllocBitmap(a, n); err != nil {
					return nil, err
				}
			}
			v.Valid.Clear(i)
		}
		switch {
		case t.Kind == Struct:
			for k := range parts {
				field := &Value{Type: t.Nested.Fields[k].Type, Null: true}
				if !val.Null {
					field = &val.List[k]
				}
				parts[k] = append(parts[k], field)
			}
		case t.Kind.IsNested():
			Values[Span](v)[i] = Span{Offset: uint32(len(parts[0])), Length: uint32(len(val.List) / len(parts))}
			for k := range val.List {
				parts[k%len(parts)] = append(parts[k%len(parts)], &val.List[k])
			}
		case !val.Null:
			if err := SetValue(a, v, i, *val); err != nil {
				return nil, err
			}
		}
	}
	for k, p := range parts {
		c, err := FromValues(a, t.Nested.Fields[k].Type, len(p), func(i int) *Value { return p[i] })
		if err != nil {
			return nil, err
		}
		v.Children = append(v.Children, c)
	}
	return v, nil
}
