package catalog

import (
	"context"
	"sort"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// systemSchemas are taken: the session answers for them.
var systemSchemas = map[string]bool{"information_schema": true, "pg_catalog": true}

// HasSchema reports whether there is a schema of that name.
func (c *Catalog) HasSchema(name string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.schemas[canonical(name)] != nil
}

// Schemas are the schemas' names, sorted.
func (c *Catalog) Schemas() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]string, 0, len(c.schemas))
	for n := range c.schemas {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// CreateSchema adds an empty schema. With ifNotExists one that is there is no error.
func (c *Catalog) CreateSchema(ctx context.Context, name string, ifNotExists bool) error {
	return c.change(ctx, nil, func(all map[string]*schema) error {
		switch {
		case all[canonical(name)] == nil && !systemSchemas[name]:
			if strings.HasPrefix(name, "pg_") {
				return fault.New(fault.InvalidName, "schema name %q is not allowed: the prefix pg_ is reserved", name)
			}
			all[name] = newSchema()
			return nil
		case ifNotExists:
			return nil
		}
		return fault.New(fault.DuplicateSchema, "schema %q already exists", name)
	})
}

// DropSchema removes a schema, with cascade also what is in it. With ifExists a missing one is no error.
func (c *Catalog) DropSchema(ctx context.Context, name string, ifExists, cascade bool) error {
	return c.change(ctx, nil, func(all map[string]*schema) error {
		s := all[canonical(name)]
		switch {
		case systemSchemas[name] || s != nil && canonical(name) == MainSchema:
			return fault.New(fault.DependentObjects, "schema %q cannot be dropped: the system needs it", name)
		case s == nil && ifExists:
			return nil
		case s == nil:
			return fault.New(fault.InvalidSchemaName, "schema %q does not exist", name)
		}
		if n := len(s.tables) + len(s.views) + len(s.broken); n > 0 && !cascade {
			return fault.New(fault.DependentObjects, "schema %q cannot be dropped: it has %d tables and views", name, n).
				WithHint("use DROP SCHEMA … CASCADE to drop them too")
		}
		delete(all, name)
		return nil
	})
}

// RenameSchema gives a schema a new name.
func (c *Catalog) RenameSchema(ctx context.Context, from, to string) error {
	return c.change(ctx, nil, func(all map[string]*schema) error {
		s := all[from]
		switch {
		case canonical(from) == MainSchema || systemSchemas[from]:
			return fault.New(fault.DependentObjects, "schema %q cannot be renamed: the system needs it", from)
		case s == nil:
			return fault.New(fault.InvalidSchemaName, "schema %q does not exist", from)
		case all[canonical(to)] != nil || systemSchemas[to]:
			return fault.New(fault.DuplicateSchema, "schema %q already exists", to)
		case strings.HasPrefix(to, "pg_"):
			return fault.New(fault.InvalidName, "schema name %q is not allowed: the prefix pg_ is reserved", to)
		}
		delete(all, from)
		all[to] = s
		return nil
	})
}
