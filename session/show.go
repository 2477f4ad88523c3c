package session

import (
	"context"
	"sort"

	"github.com/polybolos-db/polybolos/column"
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
	if sh.In != "" && sh.In != "main" && sh.In != "public" {
		return nil, fault.New(fault.InvalidSchemaName, "schema %q does not exist", sh.In)
	}
	var list []string
	switch sh.What {
	case parse.ShowTables:
		list = append(s.Tables(), s.Views()...)
	case parse.ShowViews:
		list = s.Views()
	case parse.ShowSchemas:
		list = []string{"main"}
	default:
		return nil, fault.New(fault.FeatureNotSupported, "SHOW %s is not supported", sh.What)
	}
	sort.Strings(list)
	rows := make([][]*string, len(list))
	for i := range list {
		rows[i] = cells(list[i])
	}
	return newTable("SHOW", []string{"name"}, rows)
}

// Tables are the names of all tables in order, for completion and lists.
func (s *Session) Tables() []string {
	var out []string
	for _, t := range s.config.Catalog.Tables() {
		out = append(out, t.Name())
	}
	sort.Strings(out)
	return out
}

// Views are the names of all views in order.
func (s *Session) Views() []string {
	var out []string
	for _, v := range s.config.Catalog.Views() {
		out = append(out, v.Name)
	}
	sort.Strings(out)
	return out
}

// Columns are the columns of a table or view, for completion and \d.
func (s *Session) Columns(ctx context.Context, name string) ([]column.Field, error) {
	t, view, err := s.config.Catalog.Table(ctx, "", name)
	if err != nil {
		return nil, err
	}
	if view == nil {
		return t.Schema(), nil
	}
	list, err := sql.Parse(view.SQL)
	if err != nil {
		return nil, err
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok || len(list) != 1 {
		return nil, fault.New(fault.Internal, "view %q is not a query", name)
	}
	bound, err := sql.Bind(ctx, q, s.config.Catalog, sql.Options{})
	if err != nil {
		return nil, err
	}
	fields := fieldsOf(bound.Plan.Columns())
	for i, n := range view.Columns {
		fields[i].Name = n
	}
	return fields, nil
}

func (s *Session) describe(ctx context.Context, d *parse.Describe, o sql.Options) (Result, error) {
	var fields []column.Field
	if d.Query != nil {
		bound, err := sql.Bind(ctx, d.Query, s.config.Catalog, o)
		if err != nil {
			return nil, err
		}
		fields = fieldsOf(bound.Plan.Columns())
	} else {
		name, err := objectName(d.Table)
		if err != nil {
			return nil, err
		}
		if fields, err = s.Columns(ctx, name); err != nil {
			return nil, fault.At(err, d.Table.Position)
		}
	}
	rows := make([][]*string, len(fields))
	for i, f := range fields {
		null := "YES"
		if f.NotNull {
			null = "NO"
		}
		rows[i] = cells(f.Name, f.Type.String(), null)
	}
	return newTable("DESCRIBE", []string{"column_name", "column_type", "null"}, rows)
}
