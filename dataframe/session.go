package dataframe

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
)

// Session runs statements. engine.Session and client.Client implement it.
type Session interface {
	// Records runs one statement and returns its rows, which the caller closes. Errors are *fault.Error, their positions byte offsets in the statement.
	Records(ctx context.Context, statement string) (Records, error)
}

// Records is the rows of a statement as Arrow record batches.
type Records interface {
	// Schema is the columns of every record.
	Schema() *arrow.Schema
	// Record returns the next rows, nil after the last. The record is valid until the next call or Close; Retain keeps it longer. The statement
	// ends with ctx at the latest.
	Record(ctx context.Context) (arrow.RecordBatch, error)
	// Tag says what was done, as PostgreSQL's command tags do: SELECT 3, COPY 10. It is complete once Record has returned nil.
	Tag() string
	// Close ends the statement. It may be called more than once.
	Close() error
}
