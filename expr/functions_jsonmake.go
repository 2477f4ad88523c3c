package expr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// jsonMakers are the functions whose result is JSON, which other makers take in as it is. Everything else that is text becomes a string.
var jsonMakers = map[string]bool{
	"to_json": true, "json_quote": true, "array_to_json": true, "row_to_json": true, "json_array": true, "json_object": true, "json_build_array": true,
	"json_build_object": true, "json": true, "json_merge_patch": true, "json_pretty": true, "json_strip_nulls": true, "json_extract": true, "->": true,
	"$json_pairs": true, "$json_zipped": true, "json_structure": true,
	"$json_list": true, "$json_members": true, "$json_descend": true, "$json": true,
}

// asJSON brings arguments to JSON: those that no maker made are wrapped, here and not later, so that folding a part to a text cannot change its meaning.
func asJSON(args []Expr) (_ []Expr, err error) {
	for i, a := range args {
		if c, ok := a.(*Call); ok && jsonMakers[c.Fn.Name] {
			continue
		}
		if args[i], err = NewCall("to_json", []Expr{a}); err != nil {
			return nil, err
		}
	}
	return args, nil
}

// jsonMakingFunctions make JSON of values and of other JSON.
func jsonMakingFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	add(strict("to_json", "The value as JSON: lists as arrays, structs and maps as objects.", params(anyType), tText, func(c *kernels.Call) error {
		w := c.WriteBytes()
		var buf []byte
		return c.Rows(func(i int) error {
			buf = appendJSON(buf[:0], c.Args[0].ValueAt(i))
			return w.Set(i, buf)
		})
	}), "json_quote", "array_to_json", "row_to_json")
	for _, style := range []struct {
		prefix, comma, colon string
	}{{"json_", ",", ":"}, {"json_build_", ", ", " : "}} {
		array := nestedFunction{
			name: style.prefix + "array", doc: "The JSON array of the arguments.", params: params(anyType), variadic: true, nulls: true, prepare: asJSON, result: fixed(tText),
			eval: func(c *kernels.Call) error {
				w := c.WriteBytes()
				var buf []byte
				return c.Rows(func(i int) error {
					buf = append(buf[:0], '[')
					for k, a := range c.Args {
						if k > 0 {
							buf = append(buf, style.comma...)
						}
						buf = append(buf, orNull(a.ValueAt(i))...)
					}
					buf = append(buf, ']')
					return w.Set(i, buf)
				})
			},
		}
		add(array.function())
		object := nestedFunction{
			name: style.prefix + "object", doc: "The JSON object of keys and values in turn.", params: params(anyType), variadic: true, nulls: true, result: fixed(tText),
			prepare: func(args []Expr) ([]Expr, error) {
				if len(args)%2 != 0 {
					return nil, fault.New(fault.InvalidParameterValue, "argument list must have even number of elements").WithHint("The arguments are keys and values in turn.")
				}
				for i := 0; i < len(args); i += 2 {
					key, err := NewCast(args[i], tText, false)
					if err != nil {
						return nil, err
					}
					value, err := asJSON([]Expr{args[i+1]})
					if err != nil {
						return nil, err
					}
					args[i], args[i+1] = key, value[0]
				}
				return args, nil
			},
			eval: func(c *kernels.Call) error {
				w := c.WriteBytes()
				var buf []byte
				return c.Rows(func(i int) error {
					buf = append(buf[:0], '{')
					for k := 0; k < len(c.Args); k += 2 {
						key := c.Args[k].ValueAt(i)
						if key.Null {
							return fault.New(fault.InvalidParameterValue, "argument %d: key must not be null", k+1)
						}
						if k > 0 {
							buf = append(buf, style.comma...)
						}
						buf = append(appendQuoted(buf, key.Str), style.colon...)
						buf = append(buf, orNull(c.Args[k+1].ValueAt(i))...)
					}
					buf = append(buf, '}')
					return w.Set(i, buf)
				})
			},
		}
		add(object.function())
	}
	rewrite := func(name, doc string, f func(dst *bytes.Buffer, s []byte) error) {
		add(strict(name, doc, params(tText), tText, func(c *kernels.Call) error {
			s, w := kernels.ReadBytes(c.Args[0]), c.WriteBytes()
			var buf bytes.Buffer
			return c.Rows(func(i int) error {
				buf.Reset()
				if err := f(&buf, s.At(i)); err != nil {
					return invalidJSON(s.At(i))
				}
				return w.Set(i, buf.Bytes())
			})
		}))
	}
	rewrite("json", "The JSON without blanks.", json.Compact)
	rewrite("json_pretty", "The JSON over several lines.", func(dst *bytes.Buffer, s []byte) error { return json.Indent(dst, bytes.TrimSpace(s), "", "    ") })
	rewrite("json_strip_nulls", "The JSON without the members of objects that are null.", func(dst *bytes.Buffer, s []byte) error {
		v, err := parseJSON(s)
		if err == nil {
			dst.Write(v.strip().append(nil))
		}
		return err
	})
	merge := nestedFunction{
		name: "json_merge_patch", doc: "The first JSON changed by the others: members of objects replaced, added, or taken away where they are null (RFC 7396).",
		params: params(tText, tText), variadic: true, nulls: true, result: fixed(tText),
		eval: func(c *kernels.Call) error {
			w := c.WriteBytes()
			return c.Rows(func(i int) error {
				var v jsonTree
				for k, a := range c.Args {
					if a.IsNull(i) {
						c.SetNull(i)
						return w.Set(i, nil)
					}
					part, err := parseJSON([]byte(a.ValueAt(i).Str))
					if err != nil {
						return err
					}
					if v = v.patched(part); k == 0 {
						v = part
					}
				}
				return w.Set(i, v.append(nil))
			})
		},
	}
	add(merge.function())
	add(strict("json_contains", "Whether the second JSON is the first one or a part of it, objects with some of the members and arrays with some of the elements.",
		params(tText, tText), tBool, fromTexts(func(s, t []byte) (uint8, error) {
			a, err := parseJSON(s)
			if err != nil {
				return 0, err
			}
			b, err := parseJSON(t)
			return bools(err == nil && a.contains(b)), err
		})))
	add(strict("json_exists", "Whether JSON has a part at a path.", params(tText, tText), tBool, func(c *kernels.Call) error {
		docs, path := kernels.ReadBytes(c.Args[0]), pathReader(c, tText)
		return c.Rows(func(i int) error {
			doc := docs.At(i)
			if !json.Valid(doc) {
				return invalidJSON(doc)
			}
			steps, err := path(i)
			c.Out.Data[i] = bools(err == nil && jsonAt(doc, steps) != nil)
			return err
		})
	}))
	return out
}

func orNull(v column.Value) string {
	if v.Null {
		return "null"
	}
	return v.Str
}

// appendQuoted writes a string of JSON as PostgreSQL does: only what must be escaped is.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < 0x20:
			if k := bytes.IndexByte([]byte("\b\f\n\r\t"), b); k >= 0 {
				dst = append(dst, '\\', "bfnrt"[k])
			} else {
				dst = fmt.Appendf(dst, "\\u%04x", b)
			}
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}

// appendJSON writes a value.
func appendJSON(dst []byte, v column.Value) []byte {
	if v.Null {
		return append(dst, "null"...)
	}
	object := func(n int, member func(i int) (string, column.Value)) []byte {
		dst = append(dst, '{')
		for i := range n {
			if i > 0 {
				dst = append(dst, ',')
			}
			key, e := member(i)
			dst = appendJSON(append(appendQuoted(dst, key), ':'), e)
		}
		return append(dst, '}')
	}
	switch k := v.Type.Kind; {
	case k == column.Bool || k.IsNumeric() && !(k.IsFloat() && (math.IsNaN(v.Float) || math.IsInf(v.Float, 0))):
		return append(dst, v.String()...)
	case k == column.Timestamp || k == column.TimestampTZ:
		return appendQuoted(dst, string(bytes.Replace([]byte(isoZone(v)), []byte(" "), []byte("T"), 1)))
	case k == column.List:
		dst = append(dst, '[')
		for i, e := range v.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case k == column.Struct:
		return object(len(v.List), func(i int) (string, column.Value) { return v.Type.Nested.Fields[i].Name, v.List[i] })
	case k == column.Map:
		return object(len(v.List)/2, func(i int) (string, column.Value) { return v.List[2*i].String(), v.List[2*i+1] })
	}
	return appendQuoted(dst, v.String())
}

// isoZone writes a time; one with a zone gets the minutes of its offset, which ISO 8601 wants.
func isoZone(v column.Value) string {
	s := v.String()
	if v.Type.Kind == column.TimestampTZ && len(s) > 3 && (s[len(s)-3] == '+' || s[len(s)-3] == '-') {
		return s + ":00"
	}
	return s
}

// jsonTree is JSON taken apart, the members of objects in their order.
type jsonTree struct {
	kind   byte // '{', '[' or 0 of anything else
	scalar string
	keys   []string
	parts  []jsonTree // elements, or the values of keys
}

func parseJSON(s []byte) (jsonTree, error) {
	if !json.Valid(s) {
		return jsonTree{}, invalidJSON(s)
	}
	d := json.NewDecoder(bytes.NewReader(s))
	d.UseNumber()
	v, err := readTree(d)
	if err != nil {
		return v, invalidJSON(s)
	}
	return v, nil
}

func readTree(d *json.Decoder) (jsonTree, error) {
	token, err := d.Token()
	if err != nil {
		return jsonTree{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		v := jsonTree{kind: byte(t)}
		for d.More() {
			if v.kind == '{' {
				key, err := d.Token()
				if err != nil {
					return v, err
				}
				name, _ := key.(string)
				v.keys = append(v.keys, name)
			}
			part, err := readTree(d)
			if err != nil {
				return v, err
			}
			v.parts = append(v.parts, part)
		}
		_, err = d.Token()
		return v, err
	case string:
		return jsonTree{scalar: string(appendQuoted(nil, t))}, nil
	case nil:
		return jsonTree{scalar: "null"}, nil
	}
	return jsonTree{scalar: fmt.Sprint(token)}, nil
}

func (v jsonTree) append(dst []byte) []byte {
	if v.kind == 0 {
		return append(dst, v.scalar...)
	}
	dst = append(dst, v.kind)
	for i, p := range v.parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.kind == '{' {
			dst = append(appendQuoted(dst, v.keys[i]), ':')
		}
		dst = p.append(dst)
	}
	// The closing signs lie two behind the opening ones.
	return append(dst, v.kind+2)
}

func (v jsonTree) null() bool { return v.kind == 0 && v.scalar == "null" }

// strip is the tree without members that are null.
func (v jsonTree) strip() jsonTree {
	out := jsonTree{kind: v.kind, scalar: v.scalar}
	for i, p := range v.parts {
		if v.kind == '{' {
			if p.null() {
				continue
			}
			out.keys = append(out.keys, v.keys[i])
		}
		out.parts = append(out.parts, p.strip())
	}
	return out
}

// patched is the tree with a merge patch applied.
func (v jsonTree) patched(patch jsonTree) jsonTree {
	if patch.kind != '{' {
		return patch
	}
	out := jsonTree{kind: '{'}
	if v.kind == '{' {
		out.keys, out.parts = slices.Clone(v.keys), slices.Clone(v.parts)
	}
	for i, key := range patch.keys {
		at := slices.Index(out.keys, key)
		switch {
		case patch.parts[i].null() && at >= 0:
			out.keys, out.parts = slices.Delete(out.keys, at, at+1), slices.Delete(out.parts, at, at+1)
		case patch.parts[i].null():
		case at >= 0:
			out.parts[at] = out.parts[at].patched(patch.parts[i])
		default:
			out.keys, out.parts = append(out.keys, key), append(out.parts, jsonTree{}.patched(patch.parts[i]))
		}
	}
	return out
}

// covers reports whether what is a part of the same shape: members of an object, elements of an array, or an equal scalar.
func (v jsonTree) covers(what jsonTree) bool {
	if v.kind != what.kind {
		return false
	}
	if v.kind == 0 {
		return v.scalar == what.scalar
	}
	for i, p := range what.parts {
		if v.kind == '{' {
			at := slices.Index(v.keys, what.keys[i])
			if at < 0 || !v.parts[at].covers(p) {
				return false
			}
		} else if !slices.ContainsFunc(v.parts, func(e jsonTree) bool { return e.covers(p) }) {
			return false
		}
	}
	return true
}

// contains reports whether the tree, or a part of it, covers what.
func (v jsonTree) contains(what jsonTree) bool {
	return v.covers(what) || slices.ContainsFunc(v.parts, func(p jsonTree) bool { return p.contains(what) })
}
