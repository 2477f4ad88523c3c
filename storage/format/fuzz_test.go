package format

import (
	"maps"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// fuzzReader reads what is made of files that were written here and of the seeds. An error must be one of ours, and no panic that was caught; what is
// read must be well formed, which read checks.
func fuzzReader(f *testing.F, name string, options []map[string]string, seeds ...string) {
	for _, o := range options {
		content, _, _ := written(f, name, o, manyRows)
		f.Add(content[:min(len(content), 3000)])
		f.Add(content[max(0, len(content)-3000):])
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<16 {
			t.Skip()
		}
		if _, _, err := read(name, file(t, "f."+name, content), nil, nil); err != nil {
			if e, ok := fault.As(err); !ok || e.Code == fault.Internal {
				t.Errorf("%T: %v", err, err)
			}
		}
	})
}

func FuzzCSV(f *testing.F) {
	fuzzReader(f, "csv", []map[string]string{nil}, "a|b\n'x'|2\n", "\"a\"\"\r\n\",\n1,2,3", "2024-01-01 10:00+02\n", "\"\",\t\t\t2,3")
}

func FuzzJSON(f *testing.F) {
	fuzzReader(f, "json", []map[string]string{nil, {"array": "true"}}, `[{"a":[1,{"b":null}]},{"a":7}]`, `{"a":"\ud83d\ude00\u00e4"} {"a":-1.5e3}`, `[1,[2],"x"]`)
}

func FuzzArrow(f *testing.F) {
	fuzzReader(f, "arrow", []map[string]string{nil, {"stream": "true"}, {"compression": "zstd"}})
}

func FuzzAvro(f *testing.F) {
	fuzzReader(f, "avro", []map[string]string{nil, {"compression": "null"}, {"compression": "deflate"}, {"compression": "zstd"}})
}

// FuzzCSVOptions reads rows with the options under which bad ones are mended or left out: no content is an error of the rows then.
func FuzzCSVOptions(f *testing.F) {
	f.Add([]byte("# c\nx,y\n1,\"2\n3\n"), uint8(255))
	f.Add([]byte("1,2,3\n\"\n\n'a\x00"), uint8(7))
	fields := []column.Field{{Name: "a", Type: column.T(column.Int64)}, {Name: "b", Type: column.T(column.Text)}}
	f.Fuzz(func(t *testing.T, content []byte, bits uint8) {
		if len(content) > 1<<14 {
			t.Skip()
		}
		options := map[string]string{"ignore_errors": "true"}
		for i, more := range []map[string]string{
			{"null_padding": "true"}, {"comment": "#"}, {"skip": "1"}, {"max_line_size": "64"}, {"escape": "\\"}, {"encoding": "latin-1"}, {"header": "names"},
		} {
			if bits>>i&1 != 0 {
				maps.Copy(options, more)
			}
		}
		if _, _, err := read("csv", file(t, "f.csv", content), fields, options); err != nil {
			if e, ok := fault.As(err); !ok || e.Code == fault.Internal {
				t.Errorf("%T: %v", err, err)
			}
		}
	})
}
