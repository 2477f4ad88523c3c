package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// Keeper keeps a catalog's objects somewhere, each under a name of its own.
type Keeper interface {
	// Load returns all that was kept.
	Load(ctx context.Context) (map[string][]byte, error)
	// Save keeps and removes objects, all or nothing.
	Save(ctx context.Context, kept map[string][]byte, removed []string) error
}

// The names of kept objects: schema/NAME, schema/NAME/table/NAME, schema/NAME/view/NAME, each NAME with its slashes escaped.
const keptSchemaPrefix = "schema/"

func escapeName(name string) string { return strings.NewReplacer("%", "%25", "/", "%2F").Replace(name) }
func unescapeName(name string) string {
	return strings.NewReplacer("%2F", "/", "%25", "%").Replace(name)
}

// OpenKept opens the catalog that a keeper has. Each change is kept before anyone sees it. A table whose files cannot be opened keeps its name, and using it tells why.
func OpenKept(ctx context.Context, k Keeper) (*Catalog, error) {
	entries, err := k.Load(ctx)
	if err != nil {
		return nil, err
	}
	c := New()
	for name, value := range entries {
		if err := c.take(ctx, name, value); err != nil {
			return nil, err
		}
	}
	current := entries
	c.keep = func(schemas map[string]*schema) error {
		next, err := describeAll(schemas)
		if err != nil {
			return err
		}
		changed := map[string][]byte{}
		for name, value := range next {
			if old, ok := current[name]; !ok || string(old) != string(value) {
				changed[name] = value
			}
		}
		var removed []string
		for name := range current {
			if _, ok := next[name]; !ok {
				removed = append(removed, name)
			}
		}
		// A statement that has come so far is not given up half-way.
		if err := k.Save(context.Background(), changed, removed); err != nil {
			return err
		}
		current = next
		return nil
	}
	return c, nil
}

// take puts a kept object into a catalog that nobody uses yet.
func (c *Catalog) take(ctx context.Context, name string, value []byte) error {
	parts := strings.Split(strings.TrimPrefix(name, keptSchemaPrefix), "/")
	damaged := func(err error) error {
		return fault.Wrap(fault.DataCorrupted, err, "the catalog's entry %q is damaged", name)
	}
	schemaName := unescapeName(parts[0])
	s := c.schemas[schemaName]
	if s == nil {
		s = newSchema()
		c.schemas[schemaName] = s
	}
	if len(parts) == 1 {
		return nil
	}
	if len(parts) != 3 {
		return damaged(nil)
	}
	object := unescapeName(parts[2])
	switch parts[1] {
	case "table":
		var t keptTable
		if err := json.Unmarshal(value, &t); err != nil || t.Stored == nil && t.External == nil {
			return damaged(err)
		}
		table, err := t.open(ctx, object)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil {
			s.broken[object] = &brokenTable{&t, err}
			return nil //nolint:nilerr // whoever uses the table is told
		}
		s.tables[object] = table
	case "view":
		var v keptView
		if err := json.Unmarshal(value, &v); err != nil {
			return damaged(err)
		}
		s.views[object] = &View{Name: object, Columns: v.Columns, SQL: v.SQL}
	default:
		return damaged(nil)
	}
	return nil
}

// describeAll makes the kept form of all objects.
func describeAll(schemas map[string]*schema) (map[string][]byte, error) {
	out := map[string][]byte{}
	add := func(name string, value any) error {
		p, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("describe %s: %w", name, err)
		}
		out[name] = p
		return nil
	}
	for name, s := range schemas {
		prefix := keptSchemaPrefix + escapeName(name)
		out[prefix] = []byte("{}")
		for n, t := range s.tables {
			f, ok := t.(*files)
			if !ok {
				return nil, fault.New(fault.FeatureNotSupported, "table %q cannot be kept", n)
			}
			if err := add(prefix+"/table/"+escapeName(n), keptTableOf(f)); err != nil {
				return nil, err
			}
		}
		for n, b := range s.broken {
			if err := add(prefix+"/table/"+escapeName(n), b.kept); err != nil {
				return nil, err
			}
		}
		for n, v := range s.views {
			if err := add(prefix+"/view/"+escapeName(n), &keptView{Columns: v.Columns, SQL: v.SQL}); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// keptTableOf describes a table with its absolute place.
func keptTableOf(f *files) *keptTable {
	if f.stored != nil {
		return &keptTable{Stored: f.stored}
	}
	location := f.location
	if abs, err := filepath.Abs(location); err == nil && !hasScheme(location) {
		location = abs
	}
	return &keptTable{External: &keptExternal{
		Format: f.source.Format, Location: location, Options: f.options, Declared: f.declared, Distinct: f.distinct,
	}}
}
