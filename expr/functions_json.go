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

// jsonFunctions read JSON that is text. A text that is no JSON is an error (22P02), but for json_valid.
func jsonFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	add(strict("json_valid", "Whether the text is JSON.", params(tText), tBool, fromText(func(s []byte) (uint8, error) { return bools(json.Valid(s)), nil })))
	for _, key := range []column.Type{tText, tInt32, tInt64} {
		for _, f := range []struct {
			name, doc string
			operator  string
			unquoted  bool
			alias     []string
		}{
			{"json_extract", "The part of JSON at a key, an index from 0 or a path such as $.a[0]; NULL without it. json -> key means this.", "->", false, nil},
			{"json_extract_string", "The part of JSON at a key, an index or a path, texts without their quotes. json ->> key means this.", "->>", true, nil},
		} {
			eval := jsonExtract(key, f.unquoted)
			add(operator(strict(f.operator, f.doc, params(tText, key), tText, eval)))
			add(strict(f.name, f.doc, params(tText, key), tText, eval), f.alias...)
		}
	}
	for n := 1; n <= 2; n++ {
		ps := params(tText, tText)[:n]
		length := func(c *kernels.Call) error {
			d := column.Values[int64](c.Out)
			return eachJSON(c, func(i int, part json.RawMessage) error {
				var list []json.RawMessage
				if json.Unmarshal(part, &list) != nil {
					list = nil
				}
				d[i] = int64(len(list))
				return nil
			})
		}
		add(strict("json_array_length", "The number of elements of a JSON array (at a path); 0 of anything else.", ps, tInt64, length))
		kind := func(c *kernels.Call) error {
			w := c.WriteBytes()
			return eachJSON(c, func(i int, part json.RawMessage) error { return w.Set(i, []byte(jsonType(part))) })
		}
		add(strict("json_typeof", "The type of JSON (at a path): object, array, string, number, boolean or null.", ps, tText, kind))
		upper := func(c *kernels.Call) error {
			w := c.WriteBytes()
			return eachJSON(c, func(i int, part json.RawMessage) error { return w.Set(i, []byte(jsonName(part))) })
		}
		add(strict("json_type", "The type of JSON (at a path): OBJECT, ARRAY, VARCHAR, BIGINT, UBIGINT, DOUBLE, BOOLEAN or NULL.", ps, tText, upper))
		keys := nestedFunction{
			name: "json_object_keys", doc: "The list of the keys of a JSON object (at a path); empty of anything else.", params: ps, result: fixed(column.ListType(tText)),
			eval: func(c *kernels.Call) error {
				parts := make([]json.RawMessage, c.Len)
				if err := eachJSON(c, func(i int, part json.RawMessage) error { parts[i] = part; return nil }); err != nil {
					return err
				}
				return c.Values(func(i int) (column.Value, error) {
					if parts[i] == nil {
						return column.NullValue(c.Out.Type), nil
					}
					return jsonKeys(c.Out.Type, parts[i]), nil
				})
			},
		}
		add(keys.function(), "json_keys")
	}
	return out
}

func invalidJSON(s []byte) error {
	const shown = 40
	if len(s) > shown {
		s = s[:shown]
	}
	return fault.New(fault.InvalidTextRepresentation, "invalid input syntax for type json: %q", s)
}

// step is a member's key, or an element's index counted from the end where negative.
type step struct {
	key   string
	index int
	array bool
}

// jsonPath reads $.a.b[0]."c d", or takes a text without a dollar as one key.
func jsonPath(p []byte) ([]step, error) {
	s := string(p)
	bad := func() ([]step, error) { return nil, fault.New(fault.InvalidParameterValue, "invalid JSON path: %q", p) }
	if strings.HasPrefix(s, "/") {
		var out []step
		for _, k := range strings.Split(s[1:], "/") {
			k = strings.NewReplacer("~1", "/", "~0", "~").Replace(k)
			n, err := strconv.Atoi(k)
			out = append(out, step{key: k, index: n, array: err == nil})
		}
		return out, nil
	}
	if !strings.HasPrefix(s, "$") {
		return []step{{key: s}}, nil
	}
	var out []step
	for s = s[1:]; s != ""; {
		switch {
		case s[0] == '[':
			end := strings.IndexByte(s, ']')
			if end < 0 {
				return bad()
			}
			n, err := strconv.Atoi(strings.TrimPrefix(s[1:end], "#"))
			if err != nil {
				return bad()
			}
			out, s = append(out, step{index: n, array: true}), s[end+1:]
		case strings.HasPrefix(s, `."`):
			end := strings.IndexByte(s[2:], '"')
			if end < 0 {
				return bad()
			}
			out, s = append(out, step{key: s[2 : 2+end]}), s[3+end:]
		case s[0] == '.' && len(s) > 1:
			end := strings.IndexAny(s[1:], ".[")
			if end < 0 {
				end = len(s) - 1
			}
			if end == 0 {
				return bad()
			}
			out, s = append(out, step{key: s[1 : 1+end]}), s[1+end:]
		default:
			return bad()
		}
	}
	return out, nil
}

// jsonAt follows a path; nil where it leads nowhere.
func jsonAt(doc json.RawMessage, path []step) json.RawMessage {
	for _, p := range path {
		doc = bytes.TrimSpace(doc)
		switch {
		case len(doc) == 0:
			return nil
		case doc[0] == '[' && p.array:
			var list []json.RawMessage
			if json.Unmarshal(doc, &list) != nil {
				return nil
			}
			i := p.index
			if i < 0 {
				i += len(list)
			}
			if i < 0 || i >= len(list) {
				return nil
			}
			doc = list[i]
		case doc[0] == '{' && p.key != "":
			var members map[string]json.RawMessage
			if json.Unmarshal(doc, &members) != nil {
				return nil
			}
			doc = members[p.key]
		default:
			return nil
		}
	}
	return bytes.TrimSpace(doc)
}

func jsonExtract(key column.Type, unquoted bool) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		docs, out := kernels.ReadBytes(c.Args[0]), c.WriteBytes()
		path := pathReader(c, key)
		return c.Rows(func(i int) error {
			doc := docs.At(i)
			if !json.Valid(doc) {
				return invalidJSON(doc)
			}
			steps, err := path(i)
			if err != nil {
				return err
			}
			part := []byte(jsonAt(doc, steps))
			if part == nil || unquoted && string(part) == "null" {
				c.SetNull(i)
				return out.Set(i, nil)
			}
			if unquoted && part[0] == '"' {
				var s string
				if err := json.Unmarshal(part, &s); err != nil {
					return invalidJSON(doc)
				}
				part = []byte(s)
			}
			return out.Set(i, part)
		})
	}
}

// pathReader gives the path that the second argument means in each row.
func pathReader(c *kernels.Call, key column.Type) func(i int) ([]step, error) {
	if key.Kind == column.Text {
		text := kernels.ReadBytes(c.Args[1])
		var last []byte
		var steps []step
		return func(i int) ([]step, error) {
			p := text.At(i)
			if steps != nil && bytes.Equal(p, last) {
				return steps, nil
			}
			s, err := jsonPath(p)
			steps, last = s, append(last[:0], p...)
			return s, err
		}
	}
	return func(i int) ([]step, error) {
		return []step{{index: int(c.Args[1].ValueAt(i).Int64()), array: true}}, nil
	}
}

// eachJSON calls f with each row's JSON, or the part of it at the path that a second argument holds; rows without that become NULL.
func eachJSON(c *kernels.Call, f func(i int, part json.RawMessage) error) error {
	docs := kernels.ReadBytes(c.Args[0])
	path := func(int) ([]step, error) { return nil, nil }
	if len(c.Args) > 1 {
		path = pathReader(c, tText)
	}
	return c.Rows(func(i int) error {
		doc := docs.At(i)
		if !json.Valid(doc) {
			return invalidJSON(doc)
		}
		steps, err := path(i)
		if err != nil {
			return err
		}
		part := jsonAt(doc, steps)
		if part == nil {
			c.SetNull(i)
			if c.Out.Type.Physical() == column.PhysView {
				column.Values[column.View](c.Out)[i] = column.View{}
			}
			return nil
		}
		return f(i, part)
	})
}

func jsonType(part json.RawMessage) string {
	switch part[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

func jsonName(part json.RawMessage) string {
	switch t := jsonType(part); t {
	case "string":
		return "VARCHAR"
	case "number":
		switch {
		case bytes.ContainsAny(part, ".eE"):
			return "DOUBLE"
		case part[0] == '-':
			return "BIGINT"
		}
		return "UBIGINT"
	default:
		return strings.ToUpper(t)
	}
}

// jsonKeys lists an object's keys in their order.
func jsonKeys(t column.Type, part json.RawMessage) column.Value {
	v := column.Value{Type: t}
	d := json.NewDecoder(bytes.NewReader(part))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return v
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return v
		}
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return v
		}
		if s, ok := key.(string); ok {
			v.List = append(v.List, column.TextValue(s))
		}
	}
	return v
}
