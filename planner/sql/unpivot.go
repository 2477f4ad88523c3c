package sql

import (
	"regexp"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// unpivotEntry is a row that UNPIVOT makes of each row: its name and its values.
type unpivotEntry struct {
	name   string
	values []*pg.Node
}

// unpivot binds
//
//	t UNPIVOT (v FOR n IN (a, b))   →   Filter v is not null
//	                                      Unnest [n, v] of ['a', 'b'], [a, b]
//	                                        t
func (b *binder) unpivot(j *pg.JoinExpr, f *pg.FuncCall, outer *scope, before *fromItem) (*fromItem, error) {
	position := b.at(f.Location)
	item, err := b.fromItem(j.Larg, outer, before)
	if err != nil {
		return nil, err
	}
	var entries []unpivotEntry
	name, values := "name", []string{"value"}
	nulls := false
	for _, n := range f.Args {
		part := n.GetFuncCall()
		switch lastString(part.GetFuncname()) {
		case ast.PivotOn:
			if entries, err = b.unpivotEntries(part.Args[0].GetSubLink().GetSubselect().GetSelectStmt().GetTargetList(), item); err != nil {
				return nil, err
			}
		case ast.PivotName:
			if len(part.Args) != 1 || simpleName(part.Args[0]) == "" {
				return nil, fault.New(fault.SyntaxError, "UNPIVOT takes one name for the column of names").At(b.at(part.Location))
			}
			name = simpleName(part.Args[0])
		case ast.PivotValue:
			args := part.Args
			if len(args) == 1 && args[0].GetRowExpr() != nil {
				args = args[0].GetRowExpr().Args
			}
			values = nil
			for _, a := range args {
				if simpleName(a) == "" {
					return nil, fault.New(fault.SyntaxError, "UNPIVOT takes names for the columns of values").At(b.at(locationOf(a)))
				}
				values = append(values, simpleName(a))
			}
		case ast.PivotNulls:
			nulls = true
		default:
			return nil, fault.New(fault.SyntaxError, "this is no part of UNPIVOT").At(b.at(locationOf(n)))
		}
	}
	if len(entries) == 0 {
		return nil, fault.New(fault.SyntaxError, "UNPIVOT needs columns").At(position)
	}
	u, err := b.unpivotLists(item, outer, entries, name, values)
	if err != nil {
		return nil, fault.At(err, position)
	}
	named := map[string]bool{}
	for _, e := range entries {
		for _, v := range e.values {
			columnNames(v, named)
		}
	}
	var cols []logical.Col
	for _, c := range item.visible {
		if !named[c.Name] {
			cols = append(cols, c)
		}
	}
	var conds []expr.Expr
	for _, c := range u.Cols[1:] {
		if !nulls {
			conds = append(conds, &expr.IsNull{Arg: c.Expr(), Negated: true})
		}
	}
	node := logical.Where(u, conds...)
	return tableItem(node, "", "unpivot", append(cols, u.Cols...)), nil
}

// unpivotLists makes a list of the names and, for each column of values, one of the entries' values.
func (b *binder) unpivotLists(item *fromItem, outer *scope, entries []unpivotEntry, name string, values []string) (*logical.Unnest, error) {
	text := column.T(column.Text)
	names := column.Value{Type: column.ListType(text)}
	sc := newScope(outer, item.rels, item.visible, "UNPIVOT")
	lists := make([][]expr.Expr, len(values))
	for _, e := range entries {
		names.List = append(names.List, column.TextValue(e.name))
		if len(e.values) != len(values) {
			return nil, fault.New(fault.SyntaxError, "UNPIVOT has %d columns of values and %q has %d", len(values), e.name, len(e.values)).
				At(b.at(locationOf(e.values[0])))
		}
		for i, n := range e.values {
			v, err := b.expr(n, sc)
			if err != nil {
				return nil, err
			}
			lists[i] = append(lists[i], v)
		}
	}
	u := &logical.Unnest{Input: item.node, Lists: []expr.Expr{&expr.Literal{Value: names}}}
	u.Cols = append(u.Cols, logical.Col{ID: b.ids.Next(), Name: name, Type: text, Nullable: true})
	for i, l := range lists {
		e, err := expr.NewCall("list_value", l)
		if err != nil {
			return nil, err
		}
		u.Lists = append(u.Lists, e)
		u.Cols = append(u.Cols, logical.Col{ID: b.ids.Next(), Name: values[i], Type: e.Type().Elem(), Nullable: true})
	}
	return u, nil
}

// unpivotEntries reads the list of columns, with COLUMNS(…) expanded.
func (b *binder) unpivotEntries(list []*pg.Node, item *fromItem) ([]unpivotEntry, error) {
	var out []unpivotEntry
	for _, n := range list {
		t := n.GetResTarget()
		if f := t.Val.GetFuncCall(); lastString(f.GetFuncname()) == ast.ColumnsFunction {
			names, err := b.columnsCall(f, item)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				out = append(out, unpivotEntry{name, []*pg.Node{pg.MakeColumnRefNode([]*pg.Node{pg.MakeStrNode(name)}, f.Location)}})
			}
			continue
		}
		e := unpivotEntry{name: t.Name, values: []*pg.Node{t.Val}}
		if row := t.Val.GetRowExpr(); row != nil && len(row.Args) > 0 {
			e.values = row.Args
		}
		if e.name == "" {
			parts := make([]string, len(e.values))
			for i, v := range e.values {
				if parts[i] = simpleName(v); parts[i] == "" {
					parts[i] = written(v)
				}
			}
			e.name = strings.Join(parts, "_")
		}
		out = append(out, e)
	}
	return out, nil
}

// columnsCall is the names of the columns that COLUMNS(* EXCLUDE (a)) or COLUMNS('pattern') stands for.
func (b *binder) columnsCall(f *pg.FuncCall, item *fromItem) ([]string, error) {
	if len(f.Args) == 0 {
		return nil, fault.New(fault.SyntaxError, "COLUMNS takes * or a pattern").At(b.at(f.Location))
	}
	keep := func(string) bool { return true }
	if !isAll(f.Args[0]) {
		pattern, err := b.constantText(f.Args[0], newScope(nil, nil, nil, "COLUMNS"))
		if err != nil {
			return nil, err
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, fault.New(fault.InvalidRegularExpression, "invalid regular expression: %s", err).At(b.at(locationOf(f.Args[0])))
		}
		keep = re.MatchString
	}
	excluded := map[string]bool{}
	for _, a := range f.Args[1:] {
		for _, n := range a.GetFuncCall().GetArgs() {
			name := simpleName(n)
			if !(&scope{visible: item.visible}).has(name) {
				names := make([]string, len(item.visible))
				for i, c := range item.visible {
					names[i] = c.Name
				}
				return nil, withSuggestion(fault.New(fault.UndefinedColumn, "column %q of EXCLUDE does not exist", name), name, names).At(b.at(locationOf(n)))
			}
			excluded[name] = true
		}
	}
	var out []string
	for _, c := range item.visible {
		if !excluded[c.Name] && keep(c.Name) {
			out = append(out, c.Name)
		}
	}
	return out, nil
}
