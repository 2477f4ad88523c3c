package json

import (
	"regexp"
	"strconv"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// shape is what the values seen so far of a column, a member or an element have in common.
type shape struct {
	kind   kind
	depth  int              // how much deeper types may nest; values below are text
	elem   *shape           // of lists
	names  []string         // of objects, in the order of their first appearance
	fields map[string]shape // of objects
}

type kind uint8

// The kinds, as far as values have shown them.
const (
	unseen kind = iota
	boolean
	integer
	float
	date
	timestamp
	text
	list
	object
	mixed // text that holds JSON
)

// see takes a value in.
func (s *shape) see(v any) {
	switch x := v.(type) {
	case nil:
	case bool:
		s.meet(boolean)
	case number:
		if _, err := strconv.ParseInt(string(x), 10, 64); err == nil {
			s.meet(integer)
		} else {
			s.meet(float)
		}
	case string:
		s.meet(textKind(x))
	case []any:
		if s.depth <= 1 {
			s.meet(mixed)
			return
		}
		s.meet(list)
		if s.kind == list {
			if s.elem == nil {
				s.elem = &shape{depth: s.depth - 1}
			}
			for _, e := range x {
				s.elem.see(e)
			}
		}
	case members:
		if s.depth <= 1 {
			s.meet(mixed)
			return
		}
		s.meet(object)
		if s.kind == object {
			s.seeMembers(x)
		}
	}
}

func (s *shape) seeMembers(m members) {
	if s.fields == nil {
		s.fields = map[string]shape{}
	}
	for _, e := range m {
		f, known := s.fields[e.name]
		if !known {
			f.depth = s.depth - 1
			s.names = append(s.names, e.name)
		}
		f.see(e.value)
		s.fields[e.name] = f
	}
}

func (s *shape) meet(k kind) {
	switch {
	case s.kind == k || s.kind == mixed:
	case s.kind == unseen:
		s.kind = k
	case numeric(s.kind) && numeric(k):
		s.kind = float
	case textual(s.kind) && textual(k):
		if (s.kind == date || s.kind == timestamp) && (k == date || k == timestamp) {
			s.kind = timestamp
		} else {
			s.kind = text
		}
	default:
		s.kind = mixed
	}
}

func numeric(k kind) bool { return k == integer || k == float }
func textual(k kind) bool { return k == date || k == timestamp || k == text }

var (
	dateLike      = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	timestampLike = regexp.MustCompile(`^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?$`)
)

func textKind(s string) kind {
	switch {
	case len(s) > 32:
	case dateLike.MatchString(s):
		if _, err := convert.ParseDate([]byte(s)); err == nil {
			return date
		}
	case timestampLike.MatchString(s):
		if _, err := convert.ParseTimestamp([]byte(s), false); err == nil {
			return timestamp
		}
	}
	return text
}

// typ is the narrowest type that takes all values seen.
func (s *shape) typ() column.Type {
	switch s.kind {
	case boolean:
		return column.T(column.Bool)
	case integer:
		return column.T(column.Int64)
	case float:
		return column.T(column.Float64)
	case date:
		return column.T(column.Date)
	case timestamp:
		return column.T(column.Timestamp)
	case list:
		return column.ListType(s.elem.typ())
	case object:
		if len(s.names) == 0 {
			return column.T(column.Text)
		}
		return column.StructType(s.columns())
	}
	return column.T(column.Text)
}

func (s *shape) columns() []column.Field {
	out := make([]column.Field, len(s.names))
	for i, n := range s.names {
		f := s.fields[n]
		out[i] = column.Field{Name: n, Type: f.typ()}
	}
	return out
}
