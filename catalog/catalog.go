package catalog

import (
	"context"
	"sort"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/fault"
)

// MainSchema is the schema that is always there; public is another name for it.
const MainSchema = "main"

// Name names a table or a view. An empty schema is MainSchema.
type Name struct{ Schema, Name string }

// String is the name with its schema unless that is the main one.
func (n Name) String() string {
	if canonical(n.Schema) == MainSchema {
		return n.Name
	}
	return n.Schema + "." + n.Name
}

// Catalog holds schemas with tables and views in memory. Names are compared as they are: the binder folds them. A catalog that a Warehouse keeps has
// each change on disk before anyone sees it. It is safe for concurrent use.
type Catalog struct {
	mu      sync.RWMutex
	schemas map[string]*schema
	keep    func(map[string]*schema) error // writes the state down; nil: memory alone
}

// schema is the tables and views of one namespace, which share their names.
type schema struct {
	tables map[string]Table
	views  map[string]*View
	broken map[string]*brokenTable // tables of a warehouse whose files could not be opened
}

func newSchema() *schema {
	return &schema{tables: map[string]Table{}, views: map[string]*View{}, broken: map[string]*brokenTable{}}
}

// copy is a schema that can be changed without the original noticing.
func (s *schema) copy() *schema {
	out := newSchema()
	for k, v := range s.tables {
		out.tables[k] = v
	}
	for k, v := range s.views {
		out.views[k] = v
	}
	for k, v := range s.broken {
		out.broken[k] = v
	}
	return out
}

// what says of which kind the object of that name is; empty when there is none.
func (s *schema) what(name string) string {
	switch {
	case s.tables[name] != nil || s.broken[name] != nil:
		return "table"
	case s.views[name] != nil:
		return "view"
	}
	return ""
}

var _ Resolver = (*Catalog)(nil)

// New makes an empty catalog.
func New() *Catalog {
	return &Catalog{schemas: map[string]*schema{MainSchema: newSchema()}}
}

func canonical(schema string) string {
	if schema == "" || schema == "public" {
		return MainSchema
	}
	return schema
}

// Table returns the table or the view of that name.
func (c *Catalog) Table(_ context.Context, schemaName, name string) (Table, *View, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s, ok := c.schemas[canonical(schemaName)]
	if !ok {
		return nil, nil, fault.New(fault.UndefinedTable, "table %q does not exist", schemaName+"."+name).
			WithHint("there is no schema %q", schemaName)
	}
	if t, ok := s.tables[name]; ok {
		return t, nil, nil
	}
	if v, ok := s.views[name]; ok {
		return nil, v, nil
	}
	if b, ok := s.broken[name]; ok {
		return nil, nil, b.err
	}
	return nil, nil, c.missing("table", Name{schemaName, name})
}

// missing is the error for a name that is not there, with the nearest one that is. c.mu is held.
func (c *Catalog) missing(what string, n Name) *fault.Error {
	err := fault.New(fault.UndefinedTable, "%s %q does not exist", what, n.String())
	var names []string
	if s := c.schemas[canonical(n.Schema)]; s != nil {
		for k := range s.tables {
			names = append(names, k)
		}
		for k := range s.views {
			names = append(names, k)
		}
	}
	sort.Strings(names)
	if near := nearest(n.Name, names); near != "" {
		err = err.WithHint("Did you mean %q?", near)
	}
	return err
}

// change applies f to a copy of the named schemas and, when f succeeds and the new state is written down, puts the copies in place.
func (c *Catalog) change(ctx context.Context, names []string, f func(map[string]*schema) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	next := make(map[string]*schema, len(c.schemas))
	for k, v := range c.schemas {
		next[k] = v
	}
	for _, n := range names {
		s, ok := next[canonical(n)]
		if !ok {
			return fault.New(fault.InvalidSchemaName, "schema %q does not exist", n)
		}
		next[canonical(n)] = s.copy()
	}
	if err := f(next); err != nil {
		return err
	}
	if c.keep != nil {
		if err := c.keep(next); err != nil {
			return err
		}
	}
	c.schemas = next
	return nil
}

// changeOne is change of one schema.
func (c *Catalog) changeOne(ctx context.Context, name string, f func(*schema) error) error {
	return c.change(ctx, []string{name}, func(all map[string]*schema) error { return f(all[canonical(name)]) })
}

// CreateTable adds a table. A table of that name is replaced with orReplace and kept with ifNotExists; a view never is.
func (c *Catalog) CreateTable(ctx context.Context, n Name, t Table, orReplace, ifNotExists bool) error {
	return c.changeOne(ctx, n.Schema, func(s *schema) error {
		switch what := s.what(n.Name); {
		case what == "" || what == "table" && orReplace:
			delete(s.broken, n.Name)
			s.tables[n.Name] = t
			return nil
		case ifNotExists:
			return nil
		default:
			return duplicate(what, n)
		}
	})
}

// Swap puts a new version of a table in the place of the old one, and fails with ObjectNotInState when that is not there any more.
func (c *Catalog) Swap(ctx context.Context, n Name, old, t Table) error {
	return c.changeOne(ctx, n.Schema, func(s *schema) error {
		if s.tables[n.Name] != old {
			return fault.New(fault.ObjectNotInState, "table %q was changed or replaced meanwhile", n.String())
		}
		s.tables[n.Name] = t
		return nil
	})
}

func duplicate(what string, n Name) error {
	return fault.New(fault.DuplicateTable, "%s %q already exists", what, n.String())
}

// CreateView adds a view. A view of that name is replaced with orReplace; a table never is.
func (c *Catalog) CreateView(ctx context.Context, n Name, v *View, orReplace bool) error {
	return c.changeOne(ctx, n.Schema, func(s *schema) error {
		if what := s.what(n.Name); what == "table" || what == "view" && !orReplace {
			return duplicate(what, n)
		}
		s.views[n.Name] = v
		return nil
	})
}

// DropTable removes a table, not its files. With ifExists a missing one is no error.
func (c *Catalog) DropTable(ctx context.Context, n Name, ifExists bool) error {
	return c.drop(ctx, n, "table", ifExists)
}

// DropView removes a view. With ifExists a missing one is no error.
func (c *Catalog) DropView(ctx context.Context, n Name, ifExists bool) error {
	return c.drop(ctx, n, "view", ifExists)
}

func (c *Catalog) drop(ctx context.Context, n Name, what string, ifExists bool) error {
	if ifExists && !c.HasSchema(n.Schema) {
		return nil
	}
	return c.changeOne(ctx, n.Schema, func(s *schema) error {
		switch have := s.what(n.Name); {
		case have == "" && ifExists:
			return nil
		case have == "":
			return c.missing(what, n)
		case have != what:
			return fault.New(fault.WrongObjectType, "%q is not a %s", n.String(), what).
				WithHint("use DROP %s to remove a %s", strings.ToUpper(have), have)
		}
		delete(s.tables, n.Name)
		delete(s.views, n.Name)
		delete(s.broken, n.Name)
		return nil
	})
}

// Rename gives a table or a view (what) a new name, which may be in another schema.
func (c *Catalog) Rename(ctx context.Context, what string, from, to Name) error {
	return c.change(ctx, []string{from.Schema, to.Schema}, func(all map[string]*schema) error {
		s, into := all[canonical(from.Schema)], all[canonical(to.Schema)]
		switch have := s.what(from.Name); {
		case have == "":
			return c.missing(what, from)
		case have != what:
			return fault.New(fault.WrongObjectType, "%q is not a %s", from.String(), what)
		}
		if have := into.what(to.Name); have != "" {
			return duplicate(have, to)
		}
		switch {
		case s.views[from.Name] != nil:
			v := *s.views[from.Name]
			v.Name = to.Name
			delete(s.views, from.Name)
			into.views[to.Name] = &v
		case s.broken[from.Name] != nil:
			into.broken[to.Name] = s.broken[from.Name]
			delete(s.broken, from.Name)
		default:
			t := s.tables[from.Name]
			if f, ok := t.(*files); ok {
				t = f.renamed(to.Name)
			}
			delete(s.tables, from.Name)
			into.tables[to.Name] = t
		}
		return nil
	})
}

// Tables are the tables of the main schema, by name.
func (c *Catalog) Tables() []Table { return c.TablesIn(MainSchema) }

// TablesIn are the tables of a schema, by name.
func (c *Catalog) TablesIn(schemaName string) []Table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.schemas[canonical(schemaName)]
	if s == nil {
		return nil
	}
	out := make([]Table, 0, len(s.tables))
	for _, t := range s.tables {
		out = append(out, t)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out
}

// Views are the views of the main schema, by name.
func (c *Catalog) Views() []*View { return c.ViewsIn(MainSchema) }

// ViewsIn are the views of a schema, by name.
func (c *Catalog) ViewsIn(schemaName string) []*View {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.schemas[canonical(schemaName)]
	if s == nil {
		return nil
	}
	out := make([]*View, 0, len(s.views))
	for _, v := range s.views {
		out = append(out, v)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// OpenPath returns the table of the files at path. format is empty to go by the file's name, a folder's first file deciding for all.
func (c *Catalog) OpenPath(ctx context.Context, path, format string, options map[string]string) (Table, error) {
	return openPath(ctx, path, format, options)
}
