package session

import (
	"context"
	"slices"

	"github.com/polybolos-db/polybolos/column"
)

// Object is a table or a view, for clients that list them.
type Object struct {
	Schema, Name string
	View         bool
}

// Schemas are the names of the schemas in order, without the system's.
func (s *Session) Schemas() []string {
	out := slices.Clone(s.config.Catalog.Schemas())
	if len(s.temporary.Tables())+len(s.temporary.Views()) > 0 {
		out = append(out, temporarySchema)
	}
	slices.Sort(out)
	return out
}

// Objects are the tables of a schema in order, then its views.
func (s *Session) Objects(schema string) []Object {
	c := s.config.Catalog
	tables, views := c.TablesIn(schema), c.ViewsIn(schema)
	if schema == temporarySchema {
		tables, views = s.temporary.Tables(), s.temporary.Views()
	}
	var out []Object
	for _, t := range tables {
		out = append(out, Object{schema, t.Name(), false})
	}
	for _, v := range views {
		out = append(out, Object{schema, v.Name, true})
	}
	return out
}

// ObjectColumns are the columns of a table or view.
func (s *Session) ObjectColumns(ctx context.Context, o Object) ([]column.Field, error) {
	_, t, v, err := s.lookup(ctx, o.Schema, o.Name)
	if err != nil {
		return nil, err
	}
	return s.columnsOf(ctx, t, v)
}
