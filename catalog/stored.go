package catalog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// Stored describes a table whose Parquet files the engine owns. Its rows are those of all Parts, which are never changed once they belong to
// a table: whoever changes the table makes a new Stored.
type Stored struct {
	Folder  string         `json:"folder"`
	Columns []StoredColumn `json:"columns"`
	Parts   []string       `json:"parts"` // names of folders within Folder
	// Distinct is the number of distinct values that ANALYZE found, by column.
	Distinct map[string]float64 `json:"distinct,omitempty"`
}

// StoredColumn is a column of a stored table.
type StoredColumn struct {
	Name    string      `json:"name"`
	Type    column.Type `json:"type"`
	NotNull bool        `json:"notNull,omitempty"`
	Default string      `json:"default,omitempty"` // SQL, empty: NULL
	Length  int         `json:"length,omitempty"`  // of varchar(n) and char(n) in characters, 0: any
	Blanks  bool        `json:"blanks,omitempty"`  // char(n): blanks at the end do not count, and are not kept
}

// TypeName is the column's type as declared.
func (c StoredColumn) TypeName() string {
	switch {
	case c.Length > 0 && c.Blanks:
		return fmt.Sprintf("character(%d)", c.Length)
	case c.Length > 0:
		return fmt.Sprintf("character varying(%d)", c.Length)
	}
	return c.Type.String()
}

// Fields are the columns as a schema.
func (s *Stored) Fields() []column.Field {
	out := make([]column.Field, len(s.Columns))
	for i, c := range s.Columns {
		out[i] = column.Field{Name: c.Name, Type: c.Type, NotNull: c.NotNull}
	}
	return out
}

// StoredOf is the description of a table whose files the engine owns; nil for other tables. It must not be changed.
func StoredOf(t Table) *Stored {
	if f, ok := t.(*files); ok {
		return f.stored
	}
	return nil
}

// OpenStored makes a table of a description.
func OpenStored(ctx context.Context, name string, s Stored) (Table, error) {
	f, err := format.Lookup("parquet")
	if err != nil {
		return nil, err
	}
	store, err := objectstore.For(s.Folder)
	if err != nil {
		return nil, err
	}
	t := &files{
		name: name, location: s.Folder, source: plan.Source{Format: "parquet"}, format: f, store: store, schema: s.Fields(), stored: &s,
		distinct: s.Distinct,
	}
	for _, p := range s.Parts {
		list, err := store.List(ctx, filepath.Join(s.Folder, p))
		if err != nil && !errors.Is(err, objectstore.ErrEmptyFolder) {
			return nil, err
		}
		t.source.Files = append(t.source.Files, list...)
	}
	return t, nil
}

// WithDistinct is the same table with the number of distinct values that a column has, by name. It is t itself when t has no place for them.
func WithDistinct(t Table, distinct map[string]float64) Table {
	f, ok := t.(*files)
	if !ok {
		return t
	}
	out := f.renamed(f.name)
	out.distinct = distinct
	if out.stored != nil {
		s := *out.stored
		s.Distinct = distinct
		out.stored = &s
	}
	return out
}

// renamed is the same table under another name.
func (t *files) renamed(name string) *files {
	return &files{
		name: name, location: t.location, schema: t.schema, source: t.source, format: t.format, store: t.store, declared: t.declared, stored: t.stored,
		distinct: t.distinct, options: t.options,
	}
}
