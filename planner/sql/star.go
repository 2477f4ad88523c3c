package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// structStar expands (s).*, and s.* where s is a column and no table; nil for anything else.
func (s *selection) structStar(t *pg.ResTarget) ([]item, error) {
	var arg *pg.Node
	steps := t.Val.GetAIndirection().GetIndirection()
	fields := t.Val.GetColumnRef().GetFields()
	switch {
	case len(steps) > 0 && steps[len(steps)-1].GetAStar() != nil:
		arg = t.Val.GetAIndirection().Arg
		if len(steps) > 1 {
			arg = indirect(arg, steps[:len(steps)-1])
		}
	case len(fields) > 1 && fields[len(fields)-1].GetAStar() != nil:
		if rel, _, err := s.scope.relation("", lastString(fields[:len(fields)-1]), s.at(t.Location)); rel != nil || err != nil {
			return nil, err
		}
		if !s.scope.has(fields[0].GetString_().GetSval()) && len(fields) == 2 {
			return nil, nil
		}
		arg = &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: fields[:len(fields)-1], Location: t.Val.GetColumnRef().Location}}}
	default:
		return nil, nil
	}
	e, err := s.expr(arg, s.scope)
	if err != nil {
		return nil, err
	}
	if e.Type().Kind != column.Struct {
		return nil, fault.New(fault.WrongObjectType, "type %s is not composite", e.Type()).At(s.at(t.Location))
	}
	var items []item
	for _, f := range e.Type().Nested.Fields {
		node := indirect(arg, []*pg.Node{pg.MakeStrNode(f.Name)})
		items = append(items, item{name: f.Name, node: node, at: s.at(t.Location)})
	}
	return items, nil
}

// star expands * or table.*.
func (s *selection) star(t *pg.ResTarget, qualifier []*pg.Node) ([]item, error) {
	position := s.at(t.Location)
	cols := s.scope.visible
	if len(qualifier) > 0 {
		schema, alias := "", lastString(qualifier)
		if len(qualifier) > 1 {
			schema = lastString(qualifier[:len(qualifier)-1])
		}
		rel, owner, err := s.scope.relation(schema, alias, position)
		if err != nil {
			return nil, err
		}
		if rel == nil || owner != s.scope {
			return nil, undefinedRelation(alias, s.scope).At(position)
		}
		cols = rel.cols
	} else if len(s.scope.rels) == 0 {
		return nil, fault.New(fault.SyntaxError, "SELECT * with no tables specified is not valid").At(position)
	}
	items := make([]item, len(cols))
	for i := range cols {
		items[i] = item{name: cols[i].Name, col: &cols[i], at: position}
	}
	return items, nil
}

// exclude drops the named columns of a star.
func (s *selection) exclude(items []item, f *pg.FuncCall) ([]item, error) {
	for _, n := range f.Args {
		name := lastString(n.GetColumnRef().GetFields())
		var kept []item
		for _, it := range items {
			if it.name != name {
				kept = append(kept, it)
			}
		}
		if len(kept) == len(items) {
			return nil, notInStar("EXCLUDE", name, items).At(s.at(locationOf(n)))
		}
		items = kept
	}
	return items, nil
}

// replace puts expressions in place of a star's columns; arguments are pairs of expression and name.
func (s *selection) replace(items []item, f *pg.FuncCall) error {
	if len(f.Args)%2 != 0 {
		return fault.New(fault.SyntaxError, "REPLACE takes a list of expression AS column").At(s.at(f.Location))
	}
	for i := 0; i+1 < len(f.Args); i += 2 {
		name := simpleName(f.Args[i+1])
		found := false
		for j := range items {
			if items[j].name == name {
				items[j].col, items[j].node, found = nil, f.Args[i], true
			}
		}
		if !found {
			return notInStar("REPLACE", name, items).At(s.at(locationOf(f.Args[i+1])))
		}
	}
	return nil
}

// rename gives a star's columns other names; arguments are pairs of old and new.
func (s *selection) rename(items []item, f *pg.FuncCall) error {
	if len(f.Args)%2 != 0 {
		return fault.New(fault.SyntaxError, "RENAME takes a list of column AS name").At(s.at(f.Location))
	}
	renamed := map[int]bool{}
	for i := 0; i+1 < len(f.Args); i += 2 {
		from, to := simpleName(f.Args[i]), simpleName(f.Args[i+1])
		if from == "" || to == "" {
			return fault.New(fault.SyntaxError, "RENAME takes a list of column AS name").At(s.at(locationOf(f.Args[i])))
		}
		found := false
		for j := range items {
			if items[j].name == from && !renamed[j] {
				items[j].name, renamed[j], found = to, true, true
			}
		}
		if !found {
			return notInStar("RENAME", from, items).At(s.at(locationOf(f.Args[i])))
		}
	}
	return nil
}

func notInStar(what, name string, items []item) *fault.Error {
	names := make([]string, len(items))
	for i, it := range items {
		names[i] = it.name
	}
	return withSuggestion(fault.New(fault.UndefinedColumn, "column %q of %s does not exist", name, what), name, names)
}
