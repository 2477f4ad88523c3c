package shell

import (
	"context"
	"time"

	"github.com/polybolos-db/polybolos/column"
)

// Conn is what runs statements. It is used by one goroutine.
type Conn interface {
	// Parse splits and parses a script. Errors are *fault.Error with a position in it.
	Parse(script string) ([]Statement, error)
	// Run starts a statement, which ends with ctx at the latest. The caller closes the result.
	Run(ctx context.Context, s Statement) (Result, error)
	// Tables are the names of the tables in order.
	Tables() []string
	// Views are the names of the views in order.
	Views() []string
	// Columns are the columns of a table or view.
	Columns(ctx context.Context, name string) ([]column.Field, error)
}

// Statement is a parsed statement of the connection that parsed it.
type Statement interface {
	// Text is the statement as written.
	Text() string
}

// Result is the rows of a statement, and its tag.
type Result interface {
	// Fields are the columns; empty for a statement without rows.
	Fields() []column.Field
	// Next returns the next rows, nil after the last. The batch is valid until the next call or Close.
	Next(ctx context.Context) (*column.Batch, error)
	// Progress may be called by another goroutine while Next runs.
	Progress() Progress
	// Tag says what was done: SELECT 3, CREATE TABLE. It is complete once Next has returned nil.
	Tag() string
	// Close ends the statement. It may be called more than once.
	Close() error
}

// Progress is how far a statement is: Done of Total parts of its scans, and rows scanned. A Total of 0 means that it is not known.
type Progress struct {
	Done, Total int64
	Rows        int64
}

// Noticer is a Result that has something to say beside its rows.
type Noticer interface {
	// Notices is complete once Next has returned nil.
	Notices() []string
}

// Zoner is a Result whose timestamps with time zone are shown in a zone of the session's.
type Zoner interface {
	// Zone is nil for UTC.
	Zone() *time.Location
}
