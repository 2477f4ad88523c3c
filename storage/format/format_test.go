package format

import (
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

func TestLookup(t *testing.T) {
	for _, name := range append(Names(), "PARQUET", "Csv") {
		if _, err := Lookup(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := Lookup("orc"); fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Error(err)
	}
}

func TestForPath(t *testing.T) {
	for path, want := range map[string]string{
		"a.parquet": "parquet", "/x/A.PARQUET": "parquet", "s3://b/*.pq": "parquet", "a.csv": "csv", "a.csv.gz": "csv", "a.tsv": "csv", "a.txt": "", "folder": "",
	} {
		if got, ok := ForPath(path); got != want || ok != (want != "") {
			t.Errorf("%s: %q", path, got)
		}
	}
}
