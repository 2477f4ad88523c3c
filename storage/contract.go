package storage

import (
	"context"
	"io"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// Store is where files are: a file system or an object store.
type Store interface {
	// List returns the files that a path, folder or glob names, sorted by URL; UndefinedFile when there is none.
	List(ctx context.Context, pattern string) ([]plan.File, error)
	// Open opens a file for ranged reads.
	Open(ctx context.Context, file plan.File) (ReadFile, error)
	// Create makes a file that becomes visible, whole, at Commit.
	Create(ctx context.Context, url string) (WriteFile, error)
	// Remove deletes a file; a missing one is no error.
	Remove(ctx context.Context, url string) error
}

// ReadFile is an open file; ReadAt is safe for concurrent use.
type ReadFile interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// RemoteFile is a ReadFile whose reads take long to begin, such as an object of an object store. Readers read it in few large pieces, several at once and
// ahead of what they need.
type RemoteFile interface {
	ReadFile
	// ReadAhead says how.
	ReadAhead() ReadAhead
}

// ReadAhead bounds the reads of a RemoteFile. Parts that are 0 are given a value that suits an object store in the same region.
type ReadAhead struct {
	Gap      int   // bytes between two wanted ranges up to which both are read at once
	Piece    int   // bytes of a read, at most, unless one value is larger
	InFlight int   // reads at once, for one open file
	Bytes    int64 // what is kept, read and not yet used, for one open file
}

// WriteFile is a file being written. Exactly one of Commit and Abort ends it.
type WriteFile interface {
	io.Writer
	Commit() error
	Abort() error
}

// Ender is a WriteFile that can give back what it needs while it is written: an open file.
type Ender interface {
	// End says that no more is written; Commit or Abort follows.
	End() error
}

// Buffered is a WriteFile that has a buffer of its own outside of any budget until its Commit or Abort.
type Buffered interface {
	// Buffer is its size in bytes.
	Buffer() int64
}

// Scan says what a reader has to deliver.
type Scan struct {
	Columns []int          // positions of the wanted columns in the table's schema
	Schema  []column.Field // the table's schema, which the file must satisfy
	Filters []expr.Expr    // conjuncts over expr.Ref into Columns; the reader may use them to skip rows and must keep every row that satisfies all
	Options map[string]string

	// Hints are conditions, like Filters, that the rows which count satisfy. A reader may use them to skip rows by metadata, and need not test them.
	Hints []expr.Expr
	// Shared is what the readers of one scan have in common; nil: nothing.
	Shared *Shared
}

// Format reads and writes one file format.
type Format interface {
	// Infer returns the schema of a file.
	Infer(ctx context.Context, store Store, file plan.File, options map[string]string) ([]column.Field, error)
	// Statistics of a file, from metadata alone; nil when the format has none. schema is the table's.
	Statistics(ctx context.Context, store Store, file plan.File, schema []column.Field, options map[string]string) (*plan.Statistics, error)
	// Splits of a file.
	Splits(ctx context.Context, store Store, file plan.File, options map[string]string) ([]plan.Split, error)
	// Prune drops splits that the scan's filters exclude by metadata.
	Prune(ctx context.Context, store Store, splits []plan.Split, scan *Scan) ([]plan.Split, error)
	// NewReader makes a reader that allocates from its own arenas under budget.
	NewReader(store Store, scan *Scan, budget *mem.Budget) (Reader, error)
	// NewWriter makes a writer of rows of the schema to w. The caller commits the file.
	NewWriter(w io.Writer, schema []column.Field, options map[string]string) (Writer, error)
}

// Detector is a Format that finds options in a file.
type Detector interface {
	// Detect returns the options with those that the file shows; it does not change the ones given.
	Detect(ctx context.Context, store Store, file plan.File, options map[string]string) (map[string]string, error)
}

// Divider is a Format whose splits can be divided further, so that one large split keeps several workers busy.
type Divider interface {
	// Divide returns parts of a split of about that many rows each, in order, or the split itself where nothing is won.
	Divide(ctx context.Context, store Store, split plan.Split, scan *Scan, rows int64) ([]plan.Split, error)
}

// Bounder is a Format whose metadata bounds the values of single splits.
type Bounder interface {
	// Bounds returns, for each split, the least and the greatest value of a column of the table; nil where metadata does not say. A split that is a part of a row
	// group has the bounds of the whole. It returns nil when nothing is known of any split.
	Bounds(ctx context.Context, store Store, splits []plan.Split, field column.Field, options map[string]string) ([]plan.ColumnStatistics, error)
}

// Probe is a condition on a column that is no expression: what a join's build side lets through.
type Probe struct {
	Column int // position among the scan's Columns
	Filter interface {
		// Apply returns the selected rows of b whose value in v may count, ascending and never nil, in sel, which may be b.Sel's own memory, when it
		// has room for them.
		Apply(v *column.Vector, b *column.Batch, sel []uint32) ([]uint32, error)
	}
}

// Prober is a Reader that applies probes, so as to spare the other columns of rows that do not pass.
type Prober interface {
	// Probe is called before the first split. It reports whether the reader applies all of them to every row.
	Probe(probes []Probe) bool
}

// Reader reads splits one after another. It is used by one goroutine at a time.
type Reader interface {
	// Start begins a split.
	Start(ctx context.Context, split plan.Split) error
	// Next fills b with the next rows of the split (at most column.BatchRows, dense or with a selection) and reports false at its end. The batch is
	// valid until the next call of Next, Start or Close.
	Next(ctx context.Context, b *column.Batch) (bool, error)
	// Exact reports whether every row delivered satisfies all of the scan's filters, so that the operator need not test them again.
	Exact() bool
	Close() error
}

// Charged is a Writer whose buffers are charged to a budget.
type Charged interface {
	// Charge is called before the first Write.
	Charge(budget *mem.Budget)
	// Discard gives the memory of a writer that will not be closed back; after Close it does nothing.
	Discard()
}

// Flusher is a Writer that can give memory back before its end.
type Flusher interface {
	Charged
	// Held is how many bytes are charged to the budget.
	Held() int64
	// Pressed reports, once, that the budget refused memory which the writer then took from the last of the limit.
	Pressed() bool
	// Flush writes what is buffered, and gives its memory back.
	Flush() error
}

// Writer writes batches.
type Writer interface {
	Write(b *column.Batch) error
	// Close writes what is buffered and the file's end.
	Close() error
}

// Skipper is a Reader that may leave rows out which it cannot read, where an option allows it.
type Skipper interface {
	// Skipped is how many rows were left out so far.
	Skipped() int64
}
