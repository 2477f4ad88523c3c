package sql

import (
	"path"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// scan reads all columns of a table; the optimizer drops those that nobody uses.
func (b *binder) scan(t catalog.Table, schema, alias string) *fromItem {
	fields := t.Schema()
	scan := &logical.Scan{Table: t, Alias: alias, Limit: -1, Cols: make([]logical.Col, len(fields)), Source: make([]int, len(fields))}
	for i, f := range fields {
		scan.Cols[i] = logical.Col{ID: b.ids.Next(), Name: f.Name, Type: f.Type, Nullable: !f.NotNull}
		scan.Source[i] = i
	}
	return tableItem(scan, schema, alias, scan.Cols)
}

// tableFunction binds a function in FROM. Its arguments may read what stands before it.
func (b *binder) tableFunction(r *pg.RangeFunction, s *scope) (*fromItem, error) {
	items := r.Functions[0].GetList().GetItems()
	f := items[0].GetFuncCall()
	if r.IsRowsfrom && len(r.Functions) > 1 || f == nil {
		return nil, b.unsupported(locationOf(items[0]), "this function in FROM")
	}
	if r.Ordinality && lastString(f.Funcname) != unnestName {
		return nil, b.unsupported(f.Location, "WITH ORDINALITY")
	}
	if len(r.Coldeflist) > 0 {
		return nil, b.unsupported(f.Location, "a column definition list")
	}
	sc := newScope(s, nil, nil, "functions in FROM")
	name := lastString(f.Funcname)
	var item *fromItem
	var err error
	switch {
	case name == unnestName:
		item, err = b.unnestTable(f, sc, r.Alias.GetAliasname(), r.Ordinality)
	case name == "generate_series":
		item, err = b.series(f, sc, r.Alias.GetAliasname())
	case name == ast.FileFunction:
		item, err = b.file(f, "", sc)
	case strings.HasPrefix(name, "read_"):
		item, err = b.file(f, strings.TrimPrefix(name, "read_"), sc)
	case listRows[strings.Replace(name, "jsonb_", "json_", 1)] != "":
		item, err = b.rowsOfList(f, strings.Replace(name, "jsonb_", "json_", 1), sc, r.Alias.GetAliasname())
	default:
		e := fault.New(fault.UndefinedFunction, "table function %s does not exist", name).At(b.at(f.Location))
		if name == "range" {
			return nil, e.WithHint("generate_series(first, last) makes rows of numbers, the last included")
		}
		return nil, withSuggestion(e, name, []string{"generate_series", "unnest", "read_parquet", "read_csv", "read_json", "read_arrow", "read_avro"})
	}
	if err != nil {
		return nil, fault.At(err, b.at(f.Location))
	}
	return b.aliased(item, r.Alias, b.at(f.Location))
}

// listRows are the functions in FROM that give a row for each element of the list that a function makes.
var listRows = map[string]string{
	"json_array_elements": "json_array_elements", "json_array_elements_text": "json_array_elements_text", "json_each": "json_each", "json_each_text": "json_each_text",
	"json_object_keys": "json_object_keys", "regexp_split_to_table": "regexp_split_to_array", "string_to_table": "string_to_array",
}

// rowsOfList binds a function of listRows. A list of structs has their fields as columns.
func (b *binder) rowsOfList(f *pg.FuncCall, name string, s *scope, alias string) (*fromItem, error) {
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	list, err := expr.NewCall(listRows[name], args)
	if err != nil {
		return nil, b.blame(err, f.Args, args)
	}
	column1 := name
	switch {
	case strings.HasPrefix(name, "json_array_elements"):
		column1 = "value"
	case alias != "":
		column1 = alias
	}
	col := logical.Col{ID: b.ids.Next(), Name: column1, Type: list.Type().Elem(), Nullable: true}
	node := &logical.Unnest{Input: &logical.Values{Rows: [][]expr.Expr{{}}}, Lists: []expr.Expr{list}, Cols: []logical.Col{col}}
	if alias == "" {
		alias = name
	}
	if col.Type.Kind != column.Struct {
		return tableItem(node, "", alias, node.Columns()), nil
	}
	p := &logical.Project{Input: node}
	for _, fd := range col.Type.Nested.Fields {
		e, err := field(col.Expr(), fd.Name)
		if err != nil {
			return nil, err
		}
		p.Exprs = append(p.Exprs, e)
		p.Cols = append(p.Cols, logical.Col{ID: b.ids.Next(), Name: fd.Name, Type: fd.Type, Nullable: true})
	}
	return tableItem(p, "", alias, p.Cols), nil
}

// file opens the files of a path. Further arguments are options of the format: name => value or name = value.
func (b *binder) file(f *pg.FuncCall, format string, s *scope) (*fromItem, error) {
	if len(f.Args) == 0 {
		return nil, fault.New(fault.UndefinedFunction, "read_%s needs a path", format)
	}
	where, err := b.paths(f.Args[0], s)
	if err != nil {
		return nil, err
	}
	options := map[string]string{}
	for _, n := range f.Args[1:] {
		name, value := n.GetNamedArgExpr().GetName(), n.GetNamedArgExpr().GetArg()
		if e := n.GetAExpr(); e != nil && lastString(e.Name) == "=" {
			name, value = simpleName(e.Lexpr), e.Rexpr
		}
		if name == "" || value == nil {
			return nil, fault.New(fault.SyntaxError, "options are written name => value").At(b.at(locationOf(n)))
		}
		if options[name], err = b.optionText(value, s); err != nil {
			return nil, err
		}
	}
	if b.resolver == nil {
		return nil, fault.New(fault.UndefinedFile, "no file %q", where)
	}
	t, err := b.resolver.OpenPath(b.ctx, where, format, options)
	if err != nil {
		return nil, fault.At(err, b.at(locationOf(f.Args[0])))
	}
	return b.scan(t, "", fileAlias(where)), nil
}

// paths is a path, or those of a list with line ends between.
func (b *binder) paths(n *pg.Node, s *scope) (string, error) {
	v, err := b.constantValue(n, s)
	if err != nil || v.Type.Kind != column.List {
		return v.String(), err
	}
	list := make([]string, len(v.List))
	for i, e := range v.List {
		if e.Null || strings.Contains(e.Str, "\n") {
			return "", fault.New(fault.InvalidParameterValue, "%s is no path", e).At(b.at(locationOf(n)))
		}
		list[i] = e.String()
	}
	if len(list) == 0 {
		return "", fault.New(fault.InvalidParameterValue, "the list of paths is empty").At(b.at(locationOf(n)))
	}
	return strings.Join(list, "\n"), nil
}

// fileAlias is the name that a file has in a query without AS: its base name without suffixes.
func fileAlias(where string) string {
	base := path.Base(strings.TrimRight(where, "/"))
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	return base
}

// constantText is the text of a constant expression.
func (b *binder) constantText(n *pg.Node, s *scope) (string, error) {
	v, err := b.constantValue(n, s)
	return v.String(), err
}

// constantValue is the value of a constant expression, which is not NULL.
func (b *binder) constantValue(n *pg.Node, s *scope) (column.Value, error) {
	position := b.at(locationOf(n))
	e, err := b.expr(n, s)
	if err != nil {
		return column.Value{}, err
	}
	if logical.HasSubquery(e) {
		return column.Value{}, fault.New(fault.FeatureNotSupported, "a constant is needed here").At(position)
	}
	constant := true
	expr.Columns(e, func(*expr.Column) { constant = false })
	if !constant {
		return column.Value{}, fault.New(fault.FeatureNotSupported, "a constant is needed here, not a column").At(position)
	}
	v, err := expr.Evaluate(e)
	if err != nil {
		return column.Value{}, fault.At(err, position)
	}
	if v.Null {
		return column.Value{}, fault.New(fault.InvalidParameterValue, "NULL is not allowed here").At(position)
	}
	return v, nil
}

// series binds generate_series(start, stop[, step]) of integers or timestamps.
func (b *binder) series(f *pg.FuncCall, s *scope, alias string) (*fromItem, error) {
	if len(f.Args) < 2 || len(f.Args) > 3 {
		return nil, fault.New(fault.UndefinedFunction, "generate_series takes a start, a stop and perhaps a step")
	}
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	t, err := expr.CommonType("generate_series", args[:2])
	if err != nil {
		return nil, err
	}
	if t.Kind == column.Date {
		t = column.T(column.Timestamp)
	}
	stepType := t
	switch {
	case t.Kind == column.Timestamp || t.Kind == column.TimestampTZ:
		stepType = column.T(column.Interval)
		if len(args) == 2 {
			return nil, fault.New(fault.UndefinedFunction, "generate_series of timestamps needs a step")
		}
	case t.Kind == column.Int64:
	case t.Kind.IsInteger() && t.Kind.IsSigned():
		t = column.T(column.Int32)
		if len(args) == 3 && args[2].Type().Kind == column.Int64 {
			t = column.T(column.Int64)
		}
		stepType = t
	default:
		return nil, fault.New(fault.UndefinedFunction, "generate_series does not exist for type %s", t).
			WithHint("It makes integers and timestamps.")
	}
	if len(args) == 2 {
		args = append(args, &expr.Literal{Value: column.IntValue(stepType, 1)})
	}
	for i, to := range []column.Type{t, t, stepType} {
		if args[i], err = expr.Coerce(args[i], to); err != nil {
			n := f.Args[min(i, len(f.Args)-1)]
			return nil, fault.At(err, b.at(locationOf(n)))
		}
	}
	name := "generate_series"
	if alias != "" {
		name = alias
	}
	for _, a := range args {
		if len(logical.Used(a)) > 0 || logical.HasSubquery(a) || b.byClocks(t, args[2]) {
			return b.seriesOfRow(args, name, t)
		}
	}
	node := &logical.Series{Col: logical.Col{ID: b.ids.Next(), Name: name, Type: t}, Start: args[0], Stop: args[1], Step: args[2]}
	return tableItem(node, "", name, node.Columns()), nil
}

// byClocks reports whether a series of times goes by the clocks of the session's zone: its step has months or days.
func (b *binder) byClocks(t column.Type, step expr.Expr) bool {
	if t.Kind != column.TimestampTZ || b.options.Zone == nil {
		return false
	}
	l, ok := step.(*expr.Literal)
	return !ok || l.Value.Interval.Months != 0 || l.Value.Interval.Days != 0
}

// seriesOfRow is generate_series whose bounds depend on a row: the elements of the list of its values.
func (b *binder) seriesOfRow(args []expr.Expr, name string, t column.Type) (*fromItem, error) {
	list, err := expr.NewCall("generate_series", args)
	if err != nil {
		return nil, err
	}
	if list, err = expr.NewCast(list, column.ListType(t), false); err != nil {
		return nil, err
	}
	col := logical.Col{ID: b.ids.Next(), Name: name, Type: list.Type().Elem(), Nullable: true}
	node := &logical.Unnest{Input: &logical.Values{Rows: [][]expr.Expr{{}}}, Lists: []expr.Expr{list}, Cols: []logical.Col{col}}
	return tableItem(node, "", name, node.Columns()), nil
}
