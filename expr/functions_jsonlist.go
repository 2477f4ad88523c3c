package expr

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

func init() {
	special["$as_json"] = func(args []Expr) (Expr, error) {
		if len(args) != 1 {
			return nil, undefinedFunction("to_json", args)
		}
		args, err := asJSON(args)
		if err != nil {
			return nil, err
		}
		return args[0], nil
	}
	special["$json_member"] = jsonMember
	for name, unquoted := range map[string]bool{"json_extract_path": false, "json_extract_path_text": true, "#>": false, "#>>": true} {
		special[name] = func(args []Expr) (Expr, error) { return jsonDescent(name, unquoted, args) }
	}
}

// jsonMember is a member of a JSON object as text: its key and its value.
func jsonMember(args []Expr) (Expr, error) {
	if len(args) != 2 {
		return nil, undefinedFunction("json_object_agg", args)
	}
	key, err := NewCast(args[0], tText, false)
	if err != nil {
		return nil, err
	}
	value, err := asJSON(args[1:])
	if err != nil {
		return nil, err
	}
	return NewCall("$member", []Expr{key, value[0]})
}

// jsonDescent is json #> path and json_extract_path(json, key, …): one step for each key.
func jsonDescent(name string, unquoted bool, args []Expr) (Expr, error) {
	if len(args) < 2 {
		return nil, undefinedFunction(name, args)
	}
	keys := args[1]
	if strings.HasPrefix(name, "json") {
		parts := make([]Expr, len(args)-1)
		for i, a := range args[1:] {
			var err error
			if parts[i], err = Coerce(a, tText); err != nil {
				return nil, err
			}
		}
		var err error
		if keys, err = NewCall("list_value", parts); err != nil {
			return nil, err
		}
	}
	keys, err := Coerce(keys, column.ListType(tText))
	if err != nil {
		return nil, undefinedFunction(name, args)
	}
	if unquoted {
		return NewCall("$json_descend_text", []Expr{args[0], keys})
	}
	return NewCall("$json_descend", []Expr{args[0], keys})
}

// jsonListFunctions lead from JSON to lists and back, and follow paths that are lists of keys.
func jsonListFunctions() []*Function {
	texts := column.ListType(tText)
	member := column.ListType(column.StructType([]column.Field{{Name: "key", Type: tText}, {Name: "value", Type: tText}}))
	var out []*Function
	add := func(f nestedFunction) { out = append(out, f.function()) }
	for _, text := range []bool{false, true} {
		suffix, doc, descend := "", "", "$json_descend"
		if text {
			suffix, doc, descend = "_text", ", texts without their quotes", "$json_descend_text"
		}
		add(nestedFunction{
			name: "json_array_elements" + suffix, doc: "The list of the elements of a JSON array" + doc + "; in FROM, a row for each.", params: params(tText), result: fixed(texts),
			eval: byValue(func(t column.Type, args row) (column.Value, error) {
				var list []json.RawMessage
				if err := decodeJSON(args[0].Str, &list, "an array"); err != nil {
					return column.Value{}, err
				}
				v := column.Value{Type: t}
				for _, e := range list {
					v.List = append(v.List, jsonText(e, text))
				}
				return v, nil
			}),
		})
		add(nestedFunction{
			name: "json_each" + suffix, doc: "The list of the keys and values of a JSON object" + doc + "; in FROM, a row for each.", params: params(tText), result: fixed(member),
			eval: byValue(func(t column.Type, args row) (column.Value, error) {
				var members map[string]json.RawMessage
				if err := decodeJSON(args[0].Str, &members, "an object"); err != nil {
					return column.Value{}, err
				}
				v := column.Value{Type: t}
				for _, k := range jsonKeys(texts, json.RawMessage(args[0].Str)).List {
					v.List = append(v.List, column.Value{Type: t.Elem(), List: []column.Value{k, jsonText(members[k.Str], text)}})
				}
				return v, nil
			}),
		})
		add(nestedFunction{
			name: descend, doc: "The part of JSON at a list of keys and indexes" + doc + "; json #> keys and json #>> keys mean this.", params: params(tText, texts), result: fixed(tText),
			eval: byValue(func(_ column.Type, args row) (column.Value, error) {
				doc := json.RawMessage(args[0].Str)
				if !json.Valid(doc) {
					return column.Value{}, invalidJSON(doc)
				}
				var path []step
				for _, k := range args[1].List {
					n, err := strconv.Atoi(k.Str)
					path = append(path, step{key: k.Str, index: n, array: err == nil})
					if k.Null {
						return column.NullValue(tText), nil
					}
				}
				if doc = jsonAt(doc, path); doc == nil {
					return column.NullValue(tText), nil
				}
				return jsonText(doc, text), nil
			}),
		})
	}
	for _, f := range []struct{ name, doc, open, close string }{
		{"$json_list", "The JSON array of a list of JSON.", "[", "]"}, {"$json_members", "The JSON object of a list of members.", "{ ", " }"},
	} {
		add(nestedFunction{
			name: f.name, doc: f.doc, params: params(texts), result: fixed(tText),
			eval: byValue(func(_ column.Type, args row) (column.Value, error) {
				parts := make([]string, len(args[0].List))
				for i, e := range args[0].List {
					if parts[i] = e.Str; e.Null {
						parts[i] = "null"
					}
				}
				return column.TextValue(f.open + strings.Join(parts, ", ") + f.close), nil
			}),
		})
	}
	add(nestedFunction{
		name: "$member", doc: "A member of a JSON object.", params: params(tText, tText), nulls: true, result: fixed(tText),
		eval: scalars(func(args row) (column.Value, error) {
			if args[0].Null {
				return column.Value{}, fault.New(fault.InvalidParameterValue, "field name must not be null")
			}
			value := args[1].Str
			if args[1].Null {
				value = "null"
			}
			return column.TextValue(string(appendJSON(nil, args[0])) + " : " + value), nil
		}),
	})
	return append(out, strict("$json", "The text, which must be JSON.", params(tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s := kernels.ReadBytes(c.Args[0])
		return func(dst []byte, i int) ([]byte, error) {
			if doc := s.At(i); !json.Valid(doc) {
				return nil, invalidJSON(doc)
			}
			return append(dst, s.At(i)...), nil
		}
	})))
}

// jsonText is a part of JSON as a value: NULL for null and texts without their quotes where that is wanted.
func jsonText(part json.RawMessage, unquoted bool) column.Value {
	part = bytes.TrimSpace(part)
	if !unquoted || len(part) == 0 {
		return column.TextValue(string(part))
	}
	switch part[0] {
	case 'n':
		return column.NullValue(tText)
	case '"':
		var s string
		if json.Unmarshal(part, &s) == nil {
			return column.TextValue(s)
		}
	}
	return column.TextValue(string(part))
}

// decodeJSON reads JSON that must be of a kind.
func decodeJSON(text string, into any, kind string) error {
	if !json.Valid([]byte(text)) {
		return invalidJSON([]byte(text))
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fault.New(fault.InvalidParameterValue, "the JSON value is not %s", kind)
	}
	return nil
}
