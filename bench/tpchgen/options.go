package tpchgen

import (
	"math"
	"runtime"
	"slices"

	"github.com/polybolos-db/polybolos/fault"
)

// Options say what to generate, and where. The zero value of all but ScaleFactor and Dir is a default.
type Options struct {
	ScaleFactor   float64                 // 1 is about 1 GB of text; any fraction above 0 and up to 100,000
	Dir           string                  // is made when it does not exist
	Tables        []string                // nil: all
	RowGroupRows  int                     // 0: DefaultRowGroupRows; of lineitem it is the average, as orders stay whole
	Codec         string                  // "snappy" (the default), "zstd", "gzip", "lz4" or "none"
	FilesPerTable int                     // 0 or 1: Dir/table.parquet; more: Dir/table/table-00000.parquet and so on
	Workers       int                     // 0: as many as Go runs at once
	Progress      func(done, total int64) // rows; called from many goroutines, one call at a time
}

// DefaultRowGroupRows is the row group size that most readers like.
const DefaultRowGroupRows = 122_880

const (
	maxScaleFactor  = 100_000
	maxRowGroupRows = 1 << 24
	maxFiles        = 100_000
	maxWorkers      = 1024
)

// complete returns the options with defaults filled in, or says what is wrong.
func (o Options) complete() (Options, error) {
	switch {
	case math.IsNaN(o.ScaleFactor) || o.ScaleFactor <= 0 || o.ScaleFactor > maxScaleFactor:
		return o, invalid("ScaleFactor", "scale factor %v is not above 0 and at most %d", o.ScaleFactor, maxScaleFactor)
	case o.Dir == "":
		return o, invalid("Dir", "no directory is given for the generated data")
	case o.RowGroupRows < 0 || o.RowGroupRows > maxRowGroupRows:
		return o, invalid("RowGroupRows", "row group size %d is not between 1 and %d rows", o.RowGroupRows, maxRowGroupRows)
	case o.FilesPerTable < 0 || o.FilesPerTable > maxFiles:
		return o, invalid("FilesPerTable", "%d files per table is not between 1 and %d", o.FilesPerTable, maxFiles)
	case o.Workers < 0 || o.Workers > maxWorkers:
		return o, invalid("Workers", "%d workers is not between 1 and %d", o.Workers, maxWorkers)
	}
	if o.Codec == "" {
		o.Codec = "snappy"
	}
	if _, ok := codecs[o.Codec]; !ok {
		return o, invalid("Codec", "codec %q is not one of gzip, lz4, none, snappy and zstd", o.Codec)
	}
	for i, name := range o.Tables {
		if !slices.ContainsFunc(schemas, func(s TableSchema) bool { return s.Name == name }) {
			return o, fault.New(fault.UndefinedTable, "table %q is not one of the generated tables", name).In("Tables")
		}
		if slices.Contains(o.Tables[:i], name) {
			return o, invalid("Tables", "table %q is listed twice", name)
		}
	}
	if o.RowGroupRows == 0 {
		o.RowGroupRows = DefaultRowGroupRows
	}
	if o.FilesPerTable == 0 {
		o.FilesPerTable = 1
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o, nil
}

func invalid(option, format string, args ...any) error {
	return fault.New(fault.InvalidParameterValue, format, args...).In("%s", option)
}
