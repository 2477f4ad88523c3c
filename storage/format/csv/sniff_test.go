package csv

import (
	"context"
	"strings"
	"testing"
)

func TestDialectIsFound(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		options          options
		delimiter, quote byte
	}{
		{"comma", "f.csv", "a,b\n1,2\n", nil, ',', '"'},
		{"bar", "f.csv", "a|b\n1|2,5\n", nil, '|', '"'},
		{"semicolon with decimal commas", "f.csv", "a;b;c\n1,5;2,5;x\n3,5;4;y\n", nil, ';', '"'},
		{"tab", "f.csv", "a\tb\n1 2\t3, 4\n", nil, '\t', '"'},
		{"one column", "f.csv", "a\n1\n2\n", nil, ',', '"'},
		{"quoted delimiters", "f.csv", "a,b\n\"x|y|z\",2\n\"p|q|r\",3\n", nil, ',', '"'},
		{"apostrophes", "f.csv", "'a','b'\n'x,y','z'\n", nil, ',', '\''},
		{"apostrophes within texts", "f.csv", "a,b\nit's,he's\n", nil, ',', '"'},
		{"said by an option", "f.csv", "a|b\n1|2\n", options{"delimiter": ","}, ',', '"'},
		{"said by the name", "f.tsv", "a|b\n1|2\n", nil, '\t', '"'},
		{"turned off", "f.csv", "a|b\n1|2\n", options{"auto_detect": "false"}, ',', '"'},
		{"empty", "f.csv", "", nil, ',', '"'},
		{"longer than the sample", "f.csv", strings.Repeat("1;2,3;4\n", 20000), nil, ';', '"'},
	} {
		file := write(t, c.file, c.text)
		found, err := Format{}.Detect(context.Background(), store, file, c.options)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		d, err := parseOptions(found, file.URL)
		if err != nil || d.delimiter != c.delimiter || d.quote != c.quote {
			t.Errorf("%s: %q %q %v", c.name, d.delimiter, d.quote, err)
		}
	}
}
