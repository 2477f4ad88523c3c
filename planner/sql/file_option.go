package sql

import (
	"encoding/json"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
)

// optionText is the text of an option of a file: a list or a struct of texts is JSON, so that each text keeps its bounds.
func (b *binder) optionText(n *pg.Node, s *scope) (string, error) {
	v, err := b.constantValue(n, s)
	if err != nil || !v.Type.Kind.IsNested() {
		return v.String(), err
	}
	text, err := json.Marshal(optionTree(v))
	if err != nil {
		return "", err
	}
	return string(text), nil
}

// pair keeps the order of an object's members, which a map would lose.
type pair struct {
	key   string
	value any
}

type pairs []pair

// MarshalJSON writes an object.
func (p pairs) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range p {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}

func optionTree(v column.Value) any {
	switch {
	case v.Null:
		return nil
	case v.Type.Kind == column.List:
		out := make([]any, len(v.List))
		for i, e := range v.List {
			out[i] = optionTree(e)
		}
		return out
	case v.Type.Kind == column.Struct:
		out := pairs{}
		for i, f := range v.Type.Nested.Fields {
			out = append(out, pair{f.Name, optionTree(v.List[i])})
		}
		return out
	case v.Type.Kind == column.Map:
		out := pairs{}
		for i := 0; i+1 < len(v.List); i += 2 {
			out = append(out, pair{v.List[i].String(), optionTree(v.List[i+1])})
		}
		return out
	}
	return v.String()
}
