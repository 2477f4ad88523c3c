package session

import (
	"context"
	"hash/fnv"
	"slices"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// systemSchemas are the schemas whose tables tell of the session's catalog and settings.
var systemSchemas = []string{"information_schema", "pg_catalog"}

func isSystemSchema(name string) bool { return slices.Contains(systemSchemas, name) }

// systemTable is a table whose rows are computed when a query is planned, from the state of then.
type systemTable struct {
	name    string
	columns []column.Field
	rows    func(ctx context.Context) ([][]column.Value, error)
}

var _ catalog.Constant = (*systemTable)(nil)

func (t *systemTable) Name() string           { return t.name }
func (t *systemTable) Location() string       { return "" }
func (t *systemTable) Schema() []column.Field { return t.columns }
func (t *systemTable) Source() plan.Source    { return plan.Source{} }

func (t *systemTable) Statistics(context.Context) (*plan.Statistics, error) { return nil, nil }

// Rows are computed anew each time.
func (t *systemTable) Rows(ctx context.Context) ([][]column.Value, error) { return t.rows(ctx) }

// systemDef declares a system table: its columns as name and a letter (t text, i bigint, s integer, b boolean), and what makes its rows.
type systemDef struct {
	columns []string
	rows    func(ctx context.Context, s *Session) ([][]any, error)
}

// systemTable finds a table of a system schema.
func (s *Session) systemTable(schema, name string) (catalog.Table, error) {
	def, ok := systemTables[schema][name]
	if !ok {
		return nil, fault.New(fault.UndefinedTable, "table %q does not exist", schema+"."+name)
	}
	t := &systemTable{name: name}
	for _, c := range def.columns {
		t.columns = append(t.columns, column.Field{Name: c[2:], Type: systemTypes[c[0]]})
	}
	t.rows = func(ctx context.Context) ([][]column.Value, error) {
		list, err := def.rows(ctx, s)
		if err != nil {
			return nil, err
		}
		out := make([][]column.Value, len(list))
		for r, row := range list {
			out[r] = make([]column.Value, len(t.columns))
			for i, f := range t.columns {
				out[r][i] = systemValue(f.Type, row[i])
			}
		}
		return out, nil
	}
	return t, nil
}

var systemTypes = map[byte]column.Type{
	't': column.T(column.Text), 'i': column.T(column.Int64), 's': column.T(column.Int32), 'b': column.T(column.Bool), 'f': column.T(column.Float64),
}

// systemValue is a Go value (string, int, int64, float64, bool, nil for NULL) as a value of a type.
func systemValue(t column.Type, v any) column.Value {
	switch x := v.(type) {
	case string:
		return column.TextValue(x)
	case int:
		return column.IntValue(t, int64(x))
	case int64:
		return column.IntValue(t, x)
	case float64:
		return column.FloatValue(x)
	case bool:
		return column.BoolValue(x)
	}
	return column.NullValue(t)
}

// relation is a table or a view of a schema, with its columns.
type relation struct {
	schema, name string
	table        catalog.Table
	view         *catalog.View
	fields       []column.Field
}

func (r *relation) kind() string {
	if r.view != nil {
		return "VIEW"
	}
	if r.schema == temporarySchema {
		return "LOCAL TEMPORARY"
	}
	if catalog.StoredOf(r.table) == nil && !isSystemSchema(r.schema) {
		return "FOREIGN"
	}
	return "BASE TABLE"
}

// relations are all tables and views, those of the system last. Views that cannot be bound any more have no columns.
func (s *Session) relations(ctx context.Context) []relation {
	var out []relation
	add := func(schema string, tables []catalog.Table, views []*catalog.View) {
		for _, t := range tables {
			out = append(out, relation{schema: schema, name: t.Name(), table: t, fields: t.Schema()})
		}
		for _, v := range views {
			fields, err := s.columnsOf(ctx, nil, v)
			if err != nil {
				fields = nil
			}
			out = append(out, relation{schema: schema, name: v.Name, view: v, fields: fields})
		}
	}
	for _, schema := range s.config.Catalog.Schemas() {
		add(schema, s.config.Catalog.TablesIn(schema), s.config.Catalog.ViewsIn(schema))
	}
	add(temporarySchema, s.temporary.Tables(), s.temporary.Views())
	return out
}

// systemRelations are the system's own tables.
func (s *Session) systemRelations() []relation {
	var out []relation
	for _, schema := range systemSchemas {
		for _, name := range systemNames(schema) {
			if t, err := s.systemTable(schema, name); err == nil {
				out = append(out, relation{schema: schema, name: name, table: t, fields: t.Schema()})
			}
		}
	}
	return out
}

func systemNames(schema string) []string {
	out := make([]string, 0, len(systemTables[schema]))
	for n := range systemTables[schema] {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// oid is the number that stands for an object, the same whenever it is asked for.
func oid(parts ...string) int64 {
	h := fnv.New32a()
	for _, p := range parts {
		// Writing to a hash cannot fail.
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return 16384 + int64(h.Sum32()&0x3fffffff)
}

// The numbers that PostgreSQL gives to its own schemas.
const (
	catalogOID = 11
	publicOID  = 2200
)

func schemaOID(schema string) int64 {
	switch schema {
	case "pg_catalog":
		return catalogOID
	case catalog.MainSchema:
		return publicOID
	}
	return oid("schema", schema)
}

// pgRelations are the numbers that PostgreSQL gives to its own tables, which tools know.
var pgRelations = map[string]int64{
	"pg_type": 1247, "pg_attribute": 1249, "pg_proc": 1255, "pg_class": 1259, "pg_database": 1262, "pg_constraint": 2606, "pg_namespace": 2615,
}

func (r *relation) oid() int64 {
	if n := pgRelations[r.name]; n != 0 && r.schema == "pg_catalog" {
		return n
	}
	return oid("relation", r.schema, r.name)
}

// relation finds a table or a view: its number, and its name as a query would write it.
func (s *Session) relation(ctx context.Context, schema, name string) (number int64, shown string, err error) {
	find := func(schema string) (relation, error) {
		o, t, _, err := s.lookup(ctx, schema, name)
		r := relation{schema: o.name.Schema, name: name}
		switch {
		case err != nil:
			return r, err
		case o.catalog == nil && schema == "":
			r.schema = "pg_catalog"
		case o.catalog == nil:
			r.schema = schema
		case o.catalog == s.temporary:
			r.schema = temporarySchema
		}
		if t != nil {
			r.name = t.Name()
		}
		return r, nil
	}
	r, err := find(schema)
	if err != nil {
		return 0, "", err
	}
	shown = expr.Identifier(r.name)
	if seen, err := find(""); err != nil || seen.oid() != r.oid() {
		shown = expr.Identifier(r.schema) + "." + shown
	}
	return r.oid(), shown, nil
}

// allSchemas are the names of all schemas.
func (s *Session) allSchemas() []string {
	return append(s.config.Catalog.Schemas(), systemSchemas...)
}
