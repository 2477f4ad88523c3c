package convert

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// CastableType reports whether an explicit cast leads from one type to another, nested types included: lists by their elements, structs field by
// field in order, maps by keys and values, and texts to lists.
func CastableType(from, to column.Type) bool {
	if from.Kind == column.Null || from.Equal(to) {
		return true
	}
	if !from.Kind.IsNested() && !to.Kind.IsNested() {
		return Castable(from.Kind, to.Kind)
	}
	switch {
	case to.Kind == column.Text:
		return true
	case from.Kind == column.Text:
		return to.Kind == column.List && to.Nested != nil && CastableType(from, to.Elem())
	case from.Kind != to.Kind || from.Nested == nil || to.Nested == nil || len(from.Nested.Fields) != len(to.Nested.Fields):
		return false
	}
	for i, f := range from.Nested.Fields {
		if !CastableType(f.Type, to.Nested.Fields[i].Type) {
			return false
		}
	}
	return true
}

// nested converts lists, structs and maps part by part.
func nested(v column.Value, t column.Type) (column.Value, error) {
	if !CastableType(v.Type, t) {
		return column.Value{}, cannot(v.Type, t)
	}
	out := column.Value{Type: t, List: make([]column.Value, len(v.List))}
	fields := t.Nested.Fields
	for i, e := range v.List {
		var err error
		if out.List[i], err = Value(e, fields[i%len(fields)].Type); err != nil {
			return column.Value{}, err
		}
		if e.Null {
			out.List[i] = column.NullValue(fields[i%len(fields)].Type)
		}
	}
	return out, nil
}

// maxArrayDepth bounds how deep the braces of an array's text may go.
const maxArrayDepth = 16

// listText reads a list as PostgreSQL writes it, {1,2,NULL,"a b"}, or with brackets in place of braces.
func listText(s []byte, t column.Type, depth int) (column.Value, error) {
	p := strings.TrimSpace(string(s))
	bad := func() (column.Value, error) {
		return column.Value{}, fault.New(fault.InvalidTextRepresentation, "malformed array literal: %q", shorten(s))
	}
	if depth > maxArrayDepth || len(p) < 2 || !(p[0] == '{' && p[len(p)-1] == '}' || p[0] == '[' && p[len(p)-1] == ']') {
		return bad()
	}
	out := column.Value{Type: t}
	if p = strings.TrimSpace(p[1 : len(p)-1]); p == "" {
		return out, nil
	}
	for {
		part, quoted, rest, ok := arrayElement(p)
		if !ok {
			return bad()
		}
		e := column.NullValue(t.Elem())
		if quoted || !strings.EqualFold(part, "null") {
			if part == "" && !quoted {
				return bad()
			}
			var err error
			if t.Elem().Kind == column.List {
				e, err = listText([]byte(part), t.Elem(), depth+1)
			} else {
				e, err = Text([]byte(part), t.Elem())
			}
			if err != nil {
				return column.Value{}, err
			}
		}
		out.List = append(out.List, e)
		if rest == "" {
			return out, nil
		}
		p = rest[1:]
	}
}

// arrayElement cuts the first element off; rest begins with the comma behind it or is empty.
func arrayElement(p string) (part string, quoted bool, rest string, ok bool) {
	p = strings.TrimLeft(p, " \t\n")
	var b strings.Builder
	if p != "" && p[0] == '"' {
		i := 1
		for ; i < len(p) && p[i] != '"'; i++ {
			if p[i] == '\\' && i+1 < len(p) {
				i++
			}
			b.WriteByte(p[i])
		}
		if i >= len(p) {
			return "", false, "", false
		}
		rest = strings.TrimLeft(p[i+1:], " \t\n")
		return b.String(), true, rest, rest == "" || rest[0] == ','
	}
	depth, inside := 0, false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\' && depth == 0 && i+1 < len(p):
			i++
			b.WriteByte(p[i])
			continue
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 0:
			return strings.TrimSpace(b.String()), false, p[i:], true
		}
		b.WriteByte(p[i])
	}
	return strings.TrimSpace(b.String()), false, "", depth == 0 && !inside
}
