package avro

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// shape is a type of Avro's.
type shape struct {
	name    string // null, boolean, int, long, float, double, bytes, string, record, enum, array, map, union, fixed
	logical string
	fields  []member // of a record
	symbols []string // of an enum
	items   *shape   // of an array or map
	types   []*shape // of a union
	size    int      // of a fixed

	precision, scale int // of a decimal
}

type member struct {
	name string
	typ  *shape
}

// maxDepth is how deep types nest, maxFields how many there may be in all.
const (
	maxDepth  = 100
	maxFields = 100_000
)

// schemaParser resolves the names that a schema defines on its way.
type schemaParser struct {
	named  map[string]*shape
	open   map[string]bool // named types being parsed
	fields int
}

// parseSchema reads a schema as the header of a file has it.
func parseSchema(text []byte) (*shape, error) {
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("the schema is not JSON: %w", err)
	}
	p := &schemaParser{named: map[string]*shape{}, open: map[string]bool{}}
	return p.parse(tree, "", 0)
}

var primitives = map[string]bool{
	"null": true, "boolean": true, "int": true, "long": true, "float": true, "double": true, "bytes": true, "string": true,
}

var errDeep = errors.New("the schema nests too deep, or has too many fields")

func (p *schemaParser) parse(tree any, space string, depth int) (*shape, error) {
	p.fields++
	if depth > maxDepth || p.fields > maxFields {
		return nil, errDeep
	}
	switch t := tree.(type) {
	case string:
		return p.byName(t, space)
	case []any:
		out := &shape{name: "union"}
		for _, branch := range t {
			s, err := p.parse(branch, space, depth+1)
			if err != nil {
				return nil, err
			}
			if s.name == "union" {
				return nil, errors.New("the schema has a union within a union")
			}
			out.types = append(out.types, s)
		}
		if len(out.types) == 0 {
			return nil, errors.New("the schema has an empty union")
		}
		return out, nil
	case map[string]any:
		return p.object(t, space, depth)
	}
	return nil, fmt.Errorf("the schema has a type that is neither a name, a list nor an object")
}

func (p *schemaParser) byName(name, space string) (*shape, error) {
	if primitives[name] {
		return &shape{name: name}, nil
	}
	full := fullName(name, space)
	if s := p.named[full]; s != nil {
		if p.open[full] {
			return nil, fmt.Errorf("the type %q contains itself, which no column can hold", name)
		}
		return s, nil
	}
	if s := p.named[name]; s != nil && !p.open[name] {
		return s, nil
	}
	return nil, fmt.Errorf("the schema does not define the type %q", name)
}

func fullName(name, space string) string {
	if space == "" || strings.Contains(name, ".") {
		return name
	}
	return space + "." + name
}

func (p *schemaParser) object(t map[string]any, space string, depth int) (*shape, error) {
	kind, isName := t["type"].(string)
	if !isName {
		if t["type"] == nil {
			return nil, errors.New("the schema has an object without a type")
		}
		return p.parse(t["type"], space, depth+1) // a type in braces
	}
	out := &shape{name: kind}
	out.logical, _ = t["logicalType"].(string)
	switch kind {
	case "array", "map":
		key := map[string]string{"array": "items", "map": "values"}[kind]
		var err error
		out.items, err = p.parse(t[key], space, depth+1)
		return out, err
	case "record", "error", "enum", "fixed":
		return p.define(out, t, space, depth)
	}
	if !primitives[kind] {
		return p.byName(kind, space)
	}
	return out, out.decimal(t)
}

// define reads a type that has a name of its own.
func (p *schemaParser) define(out *shape, t map[string]any, space string, depth int) (*shape, error) {
	name, _ := t["name"].(string)
	if name == "" {
		return nil, fmt.Errorf("the schema has a %s without a name", out.name)
	}
	if given, ok := t["namespace"].(string); ok && !strings.Contains(name, ".") {
		space = given
	} else if i := strings.LastIndexByte(name, '.'); i >= 0 {
		space = name[:i]
	}
	full := fullName(name, space)
	if p.named[full] != nil {
		return nil, fmt.Errorf("the schema defines the type %q twice", name)
	}
	p.named[full], p.open[full] = out, true
	defer delete(p.open, full)
	switch out.name {
	case "enum":
		list, _ := t["symbols"].([]any)
		for _, s := range list {
			text, ok := s.(string)
			if !ok {
				return nil, fmt.Errorf("the enum %q has a symbol that is no text", name)
			}
			out.symbols = append(out.symbols, text)
		}
		if len(out.symbols) == 0 {
			return nil, fmt.Errorf("the enum %q has no symbols", name)
		}
		return out, nil
	case "fixed":
		size, ok := t["size"].(float64)
		if !ok || size < 0 || size > maxBlock || size != float64(int(size)) {
			return nil, fmt.Errorf("the fixed %q has no proper size", name)
		}
		out.size = int(size)
		return out, out.decimal(t)
	}
	out.name = "record"
	list, ok := t["fields"].([]any)
	if !ok {
		return nil, fmt.Errorf("the record %q has no fields", name)
	}
	seen := map[string]bool{}
	for _, f := range list {
		object, _ := f.(map[string]any)
		field, _ := object["name"].(string)
		if field == "" || seen[field] {
			return nil, fmt.Errorf("the record %q has a field without a name, or two called %q", name, field)
		}
		seen[field] = true
		typ, err := p.parse(object["type"], space, depth+1)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", field, err)
		}
		out.fields = append(out.fields, member{field, typ})
	}
	return out, nil
}

// decimal reads the parameters of a decimal; a decimal without proper ones is what it is made of, as the specification says.
func (s *shape) decimal(t map[string]any) error {
	if s.logical != "decimal" {
		return nil
	}
	precision, ok := t["precision"].(float64)
	scale, _ := t["scale"].(float64)
	if !ok || precision < 1 || precision > 1e6 || scale < 0 || scale > precision || precision != float64(int(precision)) || scale != float64(int(scale)) {
		s.logical = ""
		return nil
	}
	s.precision, s.scale = int(precision), int(scale)
	return nil
}

// least is the fewest bytes that a value of the type takes.
func (s *shape) least() int {
	switch s.name {
	case "null":
		return 0
	case "float":
		return 4
	case "double":
		return 8
	case "fixed":
		return s.size
	case "record":
		n := 0
		for _, f := range s.fields {
			n = min(n+f.typ.least(), maxBlock)
		}
		return n
	}
	return 1 // a varint at least: a number, a length, a count, a branch
}
