package catalog

import (
	"context"
	"sort"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/fault"
)

// Catalog holds tables and views in memory. There is one schema, called main or public. Names are compared as they are: the binder folds them.
// It is safe for concurrent use.
type Catalog struct {
	mu     sync.RWMutex
	tables map[string]Table
	views  map[string]*View
}

var _ Resolver = (*Catalog)(nil)

// New makes an empty catalog.
func New() *Catalog {
	return &Catalog{tables: map[string]Table{}, views: map[string]*View{}}
}

// isSchema reports whether name is empty or one of the names of the one schema.
func isSchema(name string) bool { return name == "" || name == "main" || name == "public" }

// Table returns the table or the view of that name.
func (c *Catalog) Table(_ context.Context, schema, name string) (Table, *View, error) {
	if !isSchema(schema) {
		return nil, nil, fault.New(fault.UndefinedTable, "table %q does not exist", schema+"."+name).
			WithHint("there is no schema %q: tables are in schema main", schema)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if t, ok := c.tables[name]; ok {
		return t, nil, nil
	}
	if v, ok := c.views[name]; ok {
		return nil, v, nil
	}
	return nil, nil, c.missing("table", name)
}

// missing is the error for a name that is not there, with the nearest one that is. c.mu is held.
func (c *Catalog) missing(what, name string) *fault.Error {
	err := fault.New(fault.UndefinedTable, "%s %q does not exist", what, name)
	names := make([]string, 0, len(c.tables)+len(c.views))
	for n := range c.tables {
		names = append(names, n)
	}
	for n := range c.views {
		names = append(names, n)
	}
	sort.Strings(names)
	if near := nearest(name, names); near != "" {
		err = err.WithHint("did you mean %q?", near)
	}
	return err
}

// CreateTable adds a table under name. A table of that name is replaced with orReplace and kept with ifNotExists; a view never is.
func (c *Catalog) CreateTable(ctx context.Context, name string, t Table, orReplace, ifNotExists bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, view := c.views[name]; view && !ifNotExists {
		return duplicate("view", name)
	} else if view {
		return nil
	}
	if _, there := c.tables[name]; there && !orReplace {
		if ifNotExists {
			return nil
		}
		return duplicate("table", name)
	}
	c.tables[name] = t
	return nil
}

func duplicate(what, name string) error {
	return fault.New(fault.DuplicateTable, "%s %q already exists", what, name)
}

// CreateView adds a view. A view of that name is replaced with orReplace; a table never is.
func (c *Catalog) CreateView(ctx context.Context, v *View, orReplace bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, table := c.tables[v.Name]; table {
		return duplicate("table", v.Name)
	}
	if _, there := c.views[v.Name]; there && !orReplace {
		return duplicate("view", v.Name)
	}
	c.views[v.Name] = v
	return nil
}

// DropTable removes a table, not its files. With ifExists a missing one is no error.
func (c *Catalog) DropTable(name string, ifExists bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.tables[name]; ok {
		delete(c.tables, name)
		return nil
	}
	if _, view := c.views[name]; view {
		return fault.New(fault.WrongObjectType, "%q is not a table", name).WithHint("use DROP VIEW to remove a view")
	}
	if ifExists {
		return nil
	}
	return c.missing("table", name)
}

// DropView removes a view. With ifExists a missing one is no error.
func (c *Catalog) DropView(name string, ifExists bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.views[name]; ok {
		delete(c.views, name)
		return nil
	}
	if _, table := c.tables[name]; table {
		return fault.New(fault.WrongObjectType, "%q is not a view", name).WithHint("use DROP TABLE to remove a table")
	}
	if ifExists {
		return nil
	}
	return c.missing("view", name)
}

// Tables are all tables, by name.
func (c *Catalog) Tables() []Table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]Table, 0, len(c.tables))
	for _, t := range c.tables {
		out = append(out, t)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out
}

// Views are all views, by name.
func (c *Catalog) Views() []*View {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]*View, 0, len(c.views))
	for _, v := range c.views {
		out = append(out, v)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// OpenPath returns the table of the files at path. format is empty to go by the file's name, a folder's first file deciding for all.
func (c *Catalog) OpenPath(ctx context.Context, path, format string, options map[string]string) (Table, error) {
	return openPath(ctx, path, format, options)
}

// nearest is the name most like the wanted one, when it is near enough to be what was meant.
func nearest(name string, names []string) string {
	best, least := "", 1+len(name)/3
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
		if d := distance(name, n); d <= least {
			if d < least || best == "" {
				best, least = n, d
			}
		}
	}
	return best
}

// distance is the number of letters to insert, remove, replace or swap with their neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			d := min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
