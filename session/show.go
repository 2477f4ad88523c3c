package session

import (
	"context"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

func (s *Session) reset(r *parse.Reset) (Result, error) {
	if r.Name == "" {
		clear(s.values)
		return done{"RESET"}, nil
	}
	name, _, err := lookupSetting(r.Name, r.Position)
	if err != nil {
		return nil, err
	}
	delete(s.values, name)
	return done{"RESET"}, nil
}

func (s *Session) showSetting(sh *parse.ShowSetting) (Result, error) {
	if sh.Name == "" {
		var rows [][]*string
		for _, n := range settingNames() {
			rows = append(rows, cells(n, s.mustSetting(n), settings[n].doc))
		}
		return newTable("SHOW", []string{"name", "setting", "description"}, rows)
	}
	name, _, err := lookupSetting(sh.Name, sh.Position)
	if err != nil {
		return nil, err
	}
	return newTable("SHOW", []string{name}, [][]*string{cells(s.mustSetting(name))})
}

func (s *Session) showList(sh *parse.ShowList) (Result, error) {
	if sh.What == parse.ShowFunctions {
		return s.showFunctions()
	}
	if sh.What == parse.ShowExecutors {
		return s.showExecutors()
	}
	schemas := s.searchPath()
	if sh.In != "" {
		if !s.config.Catalog.HasSchema(sh.In) {
			return nil, fault.New(fault.InvalidSchemaName, "schema %q does not exist", sh.In)
		}
		schemas = []string{sh.In}
	}
	var list []string
	if sh.What == parse.ShowDatabases {
		list = append(list, DatabaseName)
	}
	if sh.What == parse.ShowSchemas {
		list = append(s.config.Catalog.Schemas(), systemSchemas...)
	}
	for _, schema := range schemas {
		if sh.What == parse.ShowTables {
			for _, t := range s.config.Catalog.TablesIn(schema) {
				list = append(list, t.Name())
			}
		}
		if sh.What == parse.ShowTables || sh.What == parse.ShowViews {
			for _, v := range s.config.Catalog.ViewsIn(schema) {
				list = append(list, v.Name)
			}
		}
	}
	if sh.In == "" && sh.What == parse.ShowTables {
		for _, t := range s.temporary.Tables() {
			list = append(list, t.Name())
		}
	}
	if sh.In == "" && (sh.What == parse.ShowTables || sh.What == parse.ShowViews) {
		for _, v := range s.temporary.Views() {
			list = append(list, v.Name)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	rows := make([][]*string, len(list))
	for i := range list {
		rows[i] = cells(list[i])
	}
	return newTable("SHOW", []string{"name"}, rows)
}

func (s *Session) showFunctions() (Result, error) {
	var rows [][]*string
	for _, name := range expr.FunctionNames() {
		kind := "scalar"
		if expr.IsAggregate(name) {
			kind = "aggregate"
		}
		rows = append(rows, cells(name, kind))
	}
	return newTable("SHOW", []string{"name", "kind"}, rows)
}

// Tables are the names of all tables in order, for completion and lists. Those that are not on the search path have their schema.
func (s *Session) Tables() []string {
	var out []string
	path := s.searchPath()
	for _, schema := range s.config.Catalog.Schemas() {
		for _, t := range s.config.Catalog.TablesIn(schema) {
			out = append(out, shown(path, schema, t.Name()))
		}
	}
	for _, t := range s.temporary.Tables() {
		out = append(out, t.Name())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func shown(path []string, schema, name string) string {
	if slices.Contains(path, schema) {
		return name
	}
	return schema + "." + name
}

// Views are the names of all views in order.
func (s *Session) Views() []string {
	var out []string
	path := s.searchPath()
	for _, schema := range s.config.Catalog.Schemas() {
		for _, v := range s.config.Catalog.ViewsIn(schema) {
			out = append(out, shown(path, schema, v.Name))
		}
	}
	for _, v := range s.temporary.Views() {
		out = append(out, v.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Columns are the columns of a table or view, for completion and \d. The name may begin with a schema's.
func (s *Session) Columns(ctx context.Context, name string) ([]column.Field, error) {
	_, t, v, err := s.lookup(ctx, "", name)
	if schema, rest, ok := strings.Cut(name, "."); err != nil && ok {
		if _, t2, v2, err2 := s.lookup(ctx, schema, rest); err2 == nil {
			t, v, err = t2, v2, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return s.columnsOf(ctx, t, v)
}

func (s *Session) columnsOf(ctx context.Context, t catalog.Table, view *catalog.View) ([]column.Field, error) {
	if view == nil {
		return t.Schema(), nil
	}
	list, err := sql.Parse(view.SQL)
	if err != nil {
		return nil, err
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok || len(list) != 1 {
		return nil, fault.New(fault.Internal, "view %q is not a query", view.Name)
	}
	bound, err := sql.Bind(ctx, q, resolver{s}, s.options(sql.Options{}))
	if err != nil {
		return nil, withoutPosition(err)
	}
	fields := fieldsOf(bound.Plan.Columns())
	for i, n := range view.Columns {
		if i < len(fields) {
			fields[i].Name = n
		}
	}
	return fields, nil
}

func (s *Session) describe(ctx context.Context, d *parse.Describe, o sql.Options) (Result, error) {
	var fields []column.Field
	var st *catalog.Stored
	if d.Query != nil {
		bound, err := sql.Bind(ctx, d.Query, resolver{s}, s.options(o))
		if err != nil {
			return nil, err
		}
		fields = fieldsOf(bound.Plan.Columns())
	} else {
		_, t, v, err := s.find(ctx, d.Table)
		if err != nil {
			return nil, err
		}
		if fields, err = s.columnsOf(ctx, t, v); err != nil {
			return nil, fault.At(err, d.Table.Position)
		}
		st = catalog.StoredOf(t)
	}
	rows := make([][]*string, len(fields))
	for i, f := range fields {
		null := "YES"
		if f.NotNull {
			null = "NO"
		}
		rows[i] = append(cells(f.Name, f.Type.String(), null), nil)
		if st == nil {
			continue
		}
		*rows[i][1] = st.Columns[i].TypeName()
		if st.Columns[i].Default != "" {
			rows[i][3] = &st.Columns[i].Default
		}
	}
	return newTable("DESCRIBE", []string{"column_name", "column_type", "null", "default"}, rows)
}
