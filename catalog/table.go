package catalog

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// Table is something that can be scanned. It is immutable: a table whose files changed is opened anew.
type Table interface {
	// Name is the table's name, or its path for a table that a query named by path.
	Name() string
	// Location is the path or URL of the table's file, folder or glob.
	Location() string
	// Schema is the table's columns in order.
	Schema() []column.Field
	// Source says how to read it: format, options and files.
	Source() plan.Source
	// Statistics are what the files' metadata says; nil when there is nothing cheap to know. The result is cached and must not be changed.
	Statistics(ctx context.Context) (*plan.Statistics, error)
}

// Constant is a table whose rows are computed when a query is planned, as the tables of information_schema are.
type Constant interface {
	Table
	// Rows are the rows, a value for each column of the schema.
	Rows(ctx context.Context) ([][]column.Value, error)
}

// View is a named query.
type View struct {
	Name    string
	Columns []string // column names given in CREATE VIEW, may be empty
	SQL     string   // the query's text
}

// Resolver is what the binder needs of a catalog.
type Resolver interface {
	// Table returns the table or the view of that name (schema may be empty), or an *fault.Error with UndefinedTable and a hint.
	Table(ctx context.Context, schema, name string) (Table, *View, error)
	// OpenPath returns the table of the files at path (a file, folder or glob, or a URL). format is empty to go by the file name.
	OpenPath(ctx context.Context, path, format string, options map[string]string) (Table, error)
}
