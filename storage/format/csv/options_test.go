package csv

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

func TestOptions(t *testing.T) {
	for name, c := range map[string]struct {
		text, types string
		options     map[string]string
		want        [][]string
	}{
		"lines before the header": {"made by x\n\"y\na,b\n1,2\n", "a:bigint b:bigint", map[string]string{"skip": "2"}, [][]string{{"1", "2"}}},
		"comments":                {"# \" one\na,b\n1,2\n#x\n3,4\n# end", "a:bigint b:bigint", map[string]string{"comment": "#"}, [][]string{{"1", "2"}, {"3", "4"}}},
		"short rows":              {"a,b,c\n1\n2,x\n3,y,z\n", "a:bigint b:text c:text", map[string]string{"null_padding": "true"}, [][]string{{"1", "NULL", "NULL"}, {"2", "x", "NULL"}, {"3", "y", "z"}}},
		"bad rows":                {"a,b\n1,2\n3\n4,5,6\n7,8\n", "a:bigint b:bigint", map[string]string{"ignore_errors": "true"}, [][]string{{"1", "2"}, {"7", "8"}}},
		"an open quote":           {"a,b\n1,2\n\"3,4\n5,6\n", "a:bigint b:bigint", map[string]string{"ignore_errors": "true", "header": "true"}, [][]string{{"1", "2"}, {"5", "6"}}},
		"a comma for a point":     {"a;b\n1,5;2\n-0,25;3\n", "a:double b:bigint", map[string]string{"decimal_separator": ","}, [][]string{{"1.5", "2"}, {"-0.25", "3"}}},
		"formats of time": {"d,t\n31.12.2023,01/02/2024 03:04 PM\n01.01.2024,12/31/1999 12:00 AM\n", "d:date t:ts",
			map[string]string{"dateformat": "%d.%m.%Y", "timestampformat": "%m/%d/%Y %I:%M %p"},
			[][]string{{"2023-12-31", "2024-01-02 15:04:00"}, {"2024-01-01", "1999-12-31 00:00:00"}}},
		"several NULLs": {"a,b\nNA,x\n1,-\n,z\n", "a:bigint b:text", map[string]string{"nullstr": `["NA","-",""]`}, [][]string{{"NULL", "x"}, {"1", "NULL"}, {"NULL", "z"}}},
		"all text":      {"a,b\n1,2024-01-01\n", "a:text b:text", map[string]string{"all_varchar": "true"}, [][]string{{"1", "2024-01-01"}}},
		"zones":         {"a\n2024-01-01 10:00:00+02\n2024-01-01T10:00Z\n", "a:tz", nil, [][]string{{"2024-01-01 08:00:00+00"}, {"2024-01-01 10:00:00+00"}}},
		"short times":   {"a,b\n10:30,2024-01-01 10:30\n", "a:time b:ts", nil, [][]string{{"10:30:00", "2024-01-01 10:30:00"}}},
		"latin letters": {"a,b\n\xe4,\x80\n", "a:text b:text", map[string]string{"encoding": "windows-1252"}, [][]string{{"ä", "€"}}},
		"utf-16":        {"\xff\xfea\x00\n\x00\xe4\x00\n\x00", "a:text", map[string]string{"encoding": "UTF-16", "header": "true"}, [][]string{{"ä"}}},
	} {
		file := write(t, "f.csv", c.text)
		st := objectstore.Local{}
		options, err := (Format{}).Detect(context.Background(), st, file, c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fields, err := (Format{}).Infer(context.Background(), st, file, options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := fieldsOf(c.types); !reflect.DeepEqual(fields, want) {
			t.Errorf("%s: inferred %v, want %v", name, fields, want)
		}
		rows, err := read(st, file, fields, options, nil)
		if err != nil || !reflect.DeepEqual(rows, c.want) {
			t.Errorf("%s: %q %v", name, rows, err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for _, o := range []map[string]string{
		{"skip": "-1"}, {"skip": "x"}, {"comment": "##"}, {"null_padding": "maybe"}, {"decimal_separator": ";"}, {"dateformat": "%Q"}, {"dateformat": ""},
		{"max_line_size": "0"}, {"encoding": "klingon"}, {"comment": "\"", "quote": "\""}, {"delimiter": ",", "decimal_separator": ","}, {"colour": "red"},
	} {
		if _, err := parseOptions(o, "f.csv"); fault.CodeOf(err) != fault.InvalidParameterValue {
			t.Errorf("%v: %v", o, err)
		}
	}
}

func TestLongLinesAndLettersAreNamed(t *testing.T) {
	fields := fieldsOf("a:text")
	long := write(t, "f.csv", "a\nshort\n"+strings.Repeat("x", 100)+"\n")
	_, err := read(objectstore.Local{}, long, fields, map[string]string{"max_line_size": "50"}, nil)
	if fault.CodeOf(err) != fault.BadCopyFileFormat || !strings.Contains(err.Error(), "line 3") || !strings.Contains(err.Error(), "50 bytes") {
		t.Error(err)
	}
	letters := write(t, "f.csv", "a\nok\n\xff\n")
	_, err = read(objectstore.Local{}, letters, fields, nil, nil)
	if fault.CodeOf(err) != fault.CharacterNotInRepertoire || !strings.Contains(err.Error(), `line 3, column "a"`) {
		t.Error(err)
	}
}

func TestTimeFormats(t *testing.T) {
	for _, c := range []struct{ format, text, want string }{
		{"%Y-%m-%d %H:%M:%S.%f", "2024-02-29 23:59:59.5", "2024-02-29 23:59:59.5"},
		{"%d %b %y", "1 Mar 69", "1969-03-01 00:00:00"},
		{"%A, %B %d %Y", "Thursday, february 29 2024", "2024-02-29 00:00:00"},
		{"%Y%j", "2024366", "2024-12-31 00:00:00"},
		{"%Y-%m-%dT%H:%M%z", "2024-01-01T00:30+01:30", "2023-12-31 23:00:00"},
		{"%I%p", "12am", "1900-01-01 00:00:00"},
		{"%Y%%", "2024%", "2024-01-01 00:00:00"},
		{"%Y-%m-%d", "2023-02-29", ""}, {"%Y-%m-%d", "2023-02-2x", ""}, {"%Y-%m-%d", "2023-02-20 ", ""}, {"%H:%M", "25:00", ""}, {"%I%p", "13pm", ""},
		{"%j", "366", ""}, {"%z", "+0", ""},
	} {
		f, err := newTimeFormat(c.format)
		if err != nil {
			t.Fatal(err)
		}
		n, err := f.parse([]byte(c.text))
		if got := column.FormatTimestamp(n); (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%q as %s: %s %v", c.text, c.format, got, err)
		}
	}
	f, err := newTimeFormat("%d.%m.%Y %H:%M:%S.%f %b %B %y %I%p %j %a %z%%")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.append(nil, 1709164800_000001)); got != "29.02.2024 00:00:00.000001 Feb February 24 12AM 060 Thu +00%" {
		t.Error(got)
	}
}
