package plan

import (
	"time"

	"github.com/polybolos-db/polybolos/column"
)

// File is a file at one moment: a reader fails when Size or ModTime no longer match.
type File struct {
	URL     string // a local path, or scheme://…
	Size    int64
	ModTime time.Time
}

// Source is the files of a table and how to read them.
type Source struct {
	Format  string            // "parquet", "csv"
	Options map[string]string // of the format, lower-case keys
	Files   []File
}

// Split is a part of a file that one reader reads at a time.
type Split struct {
	File  File
	Start int64 // Parquet: first row group; CSV: first byte
	End   int64 // Parquet: row group after the last; CSV: byte after the last
	Rows  int64 // how many rows, -1 when unknown
	Bytes int64 // how many bytes are to be read, for balancing
	// Parquet: the first row of a single row group and the one after the last, where the split is a part of it; both 0: all rows.
	From, To int64
}

// Statistics describe a table or a file.
type Statistics struct {
	Rows    int64
	Bytes   int64
	Columns []ColumnStatistics // by table column
}

// ColumnStatistics describe a column. Unknown parts are nil or negative.
type ColumnStatistics struct {
	Min, Max *column.Value
	Nulls    int64   // -1 unknown
	Distinct float64 // estimate, -1 unknown
	Bytes    int64   // encoded size, -1 unknown
}
