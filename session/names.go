package session

import (
	"context"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// DatabaseName is the name of the one database.
const DatabaseName = "polybolos"

// temporarySchema is the schema of the session's own temporary tables.
const temporarySchema = "pg_temp"

// object is a place for a table or view: a catalog and a name in it.
type object struct {
	catalog *catalog.Catalog
	name    catalog.Name
	folder  string // where a table made here has its files
}

// resolver finds what statements of the session name: its temporary tables first, then the schemas of the search path, then the system's.
type resolver struct{ s *Session }

var _ catalog.Resolver = resolver{}

// Table finds a table or a view.
func (r resolver) Table(ctx context.Context, schema, name string) (catalog.Table, *catalog.View, error) {
	o, t, v, err := r.s.lookup(ctx, schema, name)
	_ = o
	return t, v, err
}

// OpenPath opens files that a query names.
func (r resolver) OpenPath(ctx context.Context, path, format string, options map[string]string) (catalog.Table, error) {
	return r.s.config.Catalog.OpenPath(ctx, path, format, options)
}

// lookup finds a table or a view and where it is.
func (s *Session) lookup(ctx context.Context, schema, name string) (object, catalog.Table, *catalog.View, error) {
	if schema == "" || schema == temporarySchema {
		o := s.temporaryObject(name)
		if t, v, err := o.catalog.Table(ctx, "", name); err == nil || schema == temporarySchema {
			return o, t, v, err
		}
	}
	if isSystemSchema(schema) {
		t, err := s.systemTable(schema, name)
		return object{}, t, nil, err
	}
	if schema != "" {
		o := s.object(schema, name)
		t, v, err := o.catalog.Table(ctx, schema, name)
		return o, t, v, err
	}
	var first error
	for _, in := range s.searchPath() {
		o := s.object(in, name)
		t, v, err := o.catalog.Table(ctx, in, name)
		if err == nil {
			return o, t, v, nil
		}
		if fault.CodeOf(err) != fault.UndefinedTable {
			return o, nil, nil, err
		}
		if first == nil {
			first = err
		}
	}
	if t, err := s.systemTable("pg_catalog", name); err == nil {
		return object{}, t, nil, nil
	}
	if first == nil {
		first = fault.New(fault.UndefinedTable, "table %q does not exist", name)
	}
	return object{}, nil, nil, first
}

func (s *Session) object(schema, name string) object {
	if schema == "public" {
		schema = catalog.MainSchema
	}
	folder := s.config.Folder
	if s.config.Warehouse != "" {
		folder = s.config.Warehouse
	}
	return object{s.config.Catalog, catalog.Name{Schema: schema, Name: name}, folder}
}

func (s *Session) temporaryObject(name string) object {
	return object{s.temporary, catalog.Name{Name: name}, s.config.Folder}
}

// searchPath are the schemas of the setting search_path that exist, in order.
func (s *Session) searchPath() []string {
	var out []string
	for _, n := range strings.Split(s.mustSetting("search_path"), ",") {
		n = strings.Trim(strings.TrimSpace(n), `"'`)
		if n == "public" {
			n = catalog.MainSchema
		}
		if s.config.Catalog.HasSchema(n) {
			out = append(out, n)
		}
	}
	return out
}

// split takes a name apart. The database's name may stand before the schema's.
func split(n parse.Name) (schema, name string, err error) {
	switch parts := n.Parts; len(parts) {
	case 1:
		return "", parts[0], nil
	case 2:
		return parts[0], parts[1], nil
	case 3:
		if parts[0] == DatabaseName {
			return parts[1], parts[2], nil
		}
		return "", "", fault.New(fault.FeatureNotSupported, "there is no database %q", parts[0]).At(n.Position).
			WithHint("the one database is called %s", DatabaseName)
	}
	return "", "", fault.New(fault.SyntaxError, "a name of %d parts is not a table's", len(n.Parts)).At(n.Position)
}

// find is lookup of a name in a statement.
func (s *Session) find(ctx context.Context, n parse.Name) (object, catalog.Table, *catalog.View, error) {
	schema, name, err := split(n)
	if err != nil {
		return object{}, nil, nil, err
	}
	o, t, v, err := s.lookup(ctx, schema, name)
	return o, t, v, fault.At(err, n.Position)
}

// place is where a statement creates a table or a view.
func (s *Session) place(n parse.Name, temporary bool) (object, error) {
	schema, name, err := split(n)
	switch {
	case err != nil:
		return object{}, err
	case temporary && schema != "" && schema != temporarySchema:
		return object{}, fault.New(fault.InvalidTableDefinition, "a temporary table cannot be made in schema %q", schema).At(n.Position)
	case temporary || schema == temporarySchema:
		return s.temporaryObject(name), nil
	case schema == "":
		path := s.searchPath()
		if len(path) == 0 {
			return object{}, fault.New(fault.InvalidSchemaName, "no schema has been selected to create %q in", name).At(n.Position).
				WithHint("none of the schemas in search_path exists")
		}
		schema = path[0]
	case isSystemSchema(schema):
		return object{}, fault.New(fault.InsufficientPrivilege, "permission denied: %q is a system schema", schema).At(n.Position)
	}
	if !s.config.Catalog.HasSchema(schema) {
		return object{}, fault.New(fault.InvalidSchemaName, "schema %q does not exist", schema).At(n.Position)
	}
	return s.object(schema, name), nil
}

// quoted is an object's name as SQL.
func (o object) quoted(s *Session) string {
	schema := o.name.Schema
	if o.catalog == s.temporary {
		schema = temporarySchema
	}
	if schema == "" {
		schema = catalog.MainSchema
	}
	return quoteName(schema) + "." + quoteName(o.name.Name)
}
