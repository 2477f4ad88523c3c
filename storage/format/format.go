package format

import (
	"sort"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format/arrow"
	"github.com/polybolos-db/polybolos/storage/format/avro"
	"github.com/polybolos-db/polybolos/storage/format/csv"
	"github.com/polybolos-db/polybolos/storage/format/json"
	"github.com/polybolos-db/polybolos/storage/format/parquet"
)

type entry struct {
	format  storage.Format
	endings []string // of file names; each may be followed by one of compressed's
}

var formats = map[string]entry{
	"parquet": {parquet.Format{}, []string{".parquet", ".parq", ".pq"}},
	"csv":     {csv.Format{}, []string{".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst", ".tbl", ".tbl.gz", ".tbl.zst"}},
	"arrow":   {arrow.Format{}, []string{".arrow", ".arrows", ".feather", ".ipc"}},
	"avro":    {avro.Format{}, []string{".avro"}},
	"json":    {json.Format{}, []string{".json", ".json.gz", ".json.zst", ".ndjson", ".ndjson.gz", ".ndjson.zst", ".jsonl", ".jsonl.gz", ".jsonl.zst"}},
}

// Lookup returns the format of that name, in any case.
func Lookup(name string) (storage.Format, error) {
	if e, ok := formats[strings.ToLower(name)]; ok {
		return unified{partitioned{e.format}}, nil
	}
	return nil, fault.New(fault.InvalidParameterValue, "there is no file format %q", name).WithHint("the formats are %s", strings.Join(Names(), ", "))
}

// Names are the formats' names, sorted.
func Names() []string {
	names := make([]string, 0, len(formats))
	for n := range formats {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// ForPath is the format that a file's name tells.
func ForPath(path string) (string, bool) {
	path = strings.ToLower(path)
	for name, e := range formats {
		for _, ending := range e.endings {
			if strings.HasSuffix(path, ending) {
				return name, true
			}
		}
	}
	return "", false
}
