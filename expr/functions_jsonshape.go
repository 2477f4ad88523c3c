package expr

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// jsonShapeFunctions are the types that JSON has, and objects made of lists of texts.
func jsonShapeFunctions() []*Function {
	pairs := nestedFunction{
		name: "$json_pairs", doc: "The JSON object of a list of keys and texts in turn, or of a list of pairs.", params: params(tList), result: fixed(tText),
		eval: byValue(func(_ column.Type, args row) (column.Value, error) { return jsonPairs(args[0].List) }),
	}
	zipped := nestedFunction{
		name: "$json_zipped", doc: "The JSON object of a list of keys and a list of texts.", params: params(tList, tList), result: fixed(tText),
		eval: byValue(func(_ column.Type, args row) (column.Value, error) {
			if len(args[0].List) != len(args[1].List) {
				return column.Value{}, fault.New(arraySubscript, "mismatched array dimensions")
			}
			return jsonOfTexts(len(args[0].List), func(i int) (key, value column.Value) { return args[0].List[i], args[1].List[i] })
		}),
	}
	return []*Function{
		pairs.function(), zipped.function(),
		strict("json_structure", "The JSON with the names of types (as of json_type) in the place of values; an array has the type that all of its elements fit.",
			params(tText), tText, func(c *kernels.Call) error {
				s, w := kernels.ReadBytes(c.Args[0]), c.WriteBytes()
				return c.Rows(func(i int) error {
					v, err := parseJSON(s.At(i))
					if err != nil {
						return err
					}
					return w.Set(i, v.structure().append(nil))
				})
			}),
	}
}

// arraySubscript is the code of lists whose dimensions do not fit.
const arraySubscript = fault.Code("2202E")

// objectOfLists is json_object of lists of texts, as PostgreSQL has it: of one list of keys and values in turn, of one list of pairs, or of a list of
// keys and one of values. Lists may be written as texts such as '{a,1}'. It is nil for other arguments, which are keys and values.
func objectOfLists(args []Expr) (Expr, error) {
	if len(args) != 1 && len(args) != 2 {
		return nil, nil
	}
	lists := make([]Expr, len(args))
	for i, a := range args {
		t := column.ListType(tText)
		switch {
		case a.Type().Kind == column.List && len(args) == 1 && a.Type().Elem().Kind == column.List:
			t = column.ListType(t)
		case a.Type().Kind == column.List:
		case !isUntyped(a):
			return nil, nil
		default:
			l, ok := a.(*Literal)
			if !ok || l.Value.Null || !strings.HasPrefix(strings.TrimSpace(l.Value.Str), "{") {
				return nil, nil
			}
			if len(args) == 1 && strings.HasPrefix(strings.TrimSpace(strings.TrimSpace(l.Value.Str)[1:]), "{") {
				t = column.ListType(t)
			}
		}
		var err error
		if lists[i], err = NewCast(a, t, false); err != nil {
			return nil, err
		}
	}
	return NewCall(map[int]string{1: "$json_pairs", 2: "$json_zipped"}[len(args)], lists)
}

func jsonPairs(list []column.Value) (column.Value, error) {
	if len(list) > 0 && list[0].Type.Kind == column.List {
		for _, pair := range list {
			if pair.Null || len(pair.List) != 2 {
				return column.Value{}, fault.New(arraySubscript, "array must have two columns")
			}
		}
		return jsonOfTexts(len(list), func(i int) (key, value column.Value) { return list[i].List[0], list[i].List[1] })
	}
	if len(list)%2 != 0 {
		return column.Value{}, fault.New(arraySubscript, "array must have even number of elements")
	}
	return jsonOfTexts(len(list)/2, func(i int) (key, value column.Value) { return list[2*i], list[2*i+1] })
}

func jsonOfTexts(n int, member func(i int) (key, value column.Value)) (column.Value, error) {
	buf := []byte{'{'}
	for i := range n {
		key, value := member(i)
		if key.Null {
			return column.Value{}, fault.New(fault.Code("22004"), "null value not allowed for object key")
		}
		if i > 0 {
			buf = append(buf, ", "...)
		}
		buf = append(appendQuoted(buf, key.Str), " : "...)
		if value.Null {
			buf = append(buf, "null"...)
		} else {
			buf = appendQuoted(buf, value.Str)
		}
	}
	return column.TextValue(string(append(buf, '}'))), nil
}

// structure is the tree with the names of types in the place of scalars. An array keeps one element, the structure that all of its elements fit.
func (v jsonTree) structure() jsonTree {
	switch v.kind {
	case '{':
		out := jsonTree{kind: '{'}
		at := make(map[string]int, len(v.keys))
		for i, key := range v.keys {
			s := v.parts[i].structure()
			if k, ok := at[key]; ok {
				out.parts[k] = commonStructure(out.parts[k], s)
				continue
			}
			at[key] = len(out.keys)
			out.keys, out.parts = append(out.keys, key), append(out.parts, s)
		}
		return out.named()
	case '[':
		element := jsonTypeTree("NULL")
		for _, p := range v.parts {
			// Objects without members are JSON by themselves, and nothing beside others.
			if p.kind == '{' && len(p.keys) == 0 {
				element = commonStructure(element, jsonTree{kind: '{'})
				continue
			}
			element = commonStructure(element, p.structure())
		}
		return jsonTree{kind: '[', parts: []jsonTree{element.named()}}
	}
	name := jsonScalarType(v.scalar)
	return jsonTypeTree(name)
}

// named is the structure with objects without members called JSON.
func (v jsonTree) named() jsonTree {
	if v.kind == '{' && len(v.keys) == 0 {
		return jsonTypeTree("JSON")
	}
	return v
}

func jsonTypeTree(name string) jsonTree { return jsonTree{scalar: `"` + name + `"`} }

// jsonScalarType is the name of a scalar's type: whole numbers are UBIGINT, or BIGINT where they are negative, as far as these reach.
func jsonScalarType(s string) string {
	switch s[0] {
	case '"':
		return "VARCHAR"
	case 't', 'f':
		return "BOOLEAN"
	case 'n':
		return "NULL"
	}
	n := json.Number(s)
	if _, err := n.Int64(); err == nil && s[0] == '-' {
		return "BIGINT"
	}
	digits := strings.TrimLeft(s, "0123456789") == ""
	if digits && (len(s) < 20 || len(s) == 20 && s <= "18446744073709551615") {
		return "UBIGINT"
	}
	return "DOUBLE"
}

// commonStructure is the structure that values of both fit.
func commonStructure(a, b jsonTree) jsonTree {
	null := jsonTypeTree("NULL").scalar
	switch {
	case a.kind == 0 && a.scalar == null:
		return b
	case b.kind == 0 && b.scalar == null:
		return a
	case a.kind != b.kind:
		return jsonTypeTree("JSON")
	case a.kind == '[':
		return jsonTree{kind: '[', parts: []jsonTree{commonStructure(a.parts[0], b.parts[0])}}
	case a.kind == '{':
		out := jsonTree{kind: '{', keys: slices.Clone(a.keys), parts: slices.Clone(a.parts)}
		at := make(map[string]int, len(a.keys))
		for i, key := range a.keys {
			at[key] = i
		}
		for i, key := range b.keys {
			if k, ok := at[key]; ok {
				out.parts[k] = commonStructure(out.parts[k], b.parts[i])
				continue
			}
			out.keys, out.parts = append(out.keys, key), append(out.parts, b.parts[i])
		}
		return out
	case a.scalar == b.scalar:
		return a
	}
	// Numbers have a type that takes all of them.
	rank := []string{`"UBIGINT"`, `"BIGINT"`, `"HUGEINT"`, `"DOUBLE"`}
	i, j := slices.Index(rank, a.scalar), slices.Index(rank, b.scalar)
	switch {
	case i < 0 || j < 0:
		return jsonTypeTree("JSON")
	case max(i, j) == 3:
		return jsonTree{scalar: rank[3]}
	}
	return jsonTree{scalar: rank[2]}
}
