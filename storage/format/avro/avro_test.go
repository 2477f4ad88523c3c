package avro

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// rowsOf reads all rows of a file as text, with bars between the columns, in splits of step bytes (0: as the format cuts).
func rowsOf(t testing.TB, path string, step int64, columns ...string) (rows []string, fields []column.Field, err error) {
	t.Helper()
	ctx, store := context.Background(), objectstore.Local{}
	list, err := store.List(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if fields, err = (Format{}).Infer(ctx, store, list[0], nil); err != nil {
		return nil, nil, err
	}
	scan := &storage.Scan{Schema: fields}
	for i, f := range fields {
		if len(columns) == 0 || slices.Contains(columns, f.Name) {
			scan.Columns = append(scan.Columns, i)
		}
	}
	splits, err := (Format{}).Splits(ctx, store, list[0], nil)
	if err != nil {
		return nil, nil, err
	}
	if step > 0 {
		splits = nil
		for at := int64(0); at < list[0].Size; at += step {
			splits = append(splits, plan.Split{File: list[0], Start: at, End: min(at+step, list[0].Size)})
		}
	}
	budget := mem.NewBudget("test", 256<<20, nil)
	r, err := (Format{}).NewReader(store, scan, budget)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		err = errors.Join(err, r.Close())
		if budget.Used() != 0 {
			t.Errorf("%d bytes are not given back", budget.Used())
		}
	}()
	for _, s := range splits {
		if err := r.Start(ctx, s); err != nil {
			return rows, fields, err
		}
		for {
			var b column.Batch
			more, err := r.Next(ctx, &b)
			if err != nil {
				return rows, fields, err
			}
			if !more {
				break
			}
			for _, v := range b.Cols {
				if err := v.Check(); err != nil {
					return rows, fields, err
				}
			}
			for k := range b.Rows() {
				var cells []string
				for _, v := range b.Cols {
					cells = append(cells, v.ValueAt(b.Row(k)).String())
				}
				rows = append(rows, strings.Join(cells, "|"))
			}
		}
	}
	return rows, fields, nil
}

func describe(fields []column.Field) string {
	var out []string
	for _, f := range fields {
		null := ""
		if f.NotNull {
			null = "!"
		}
		out = append(out, f.Name+" "+f.Type.String()+null)
	}
	return strings.Join(out, ", ")
}

func TestEveryType(t *testing.T) {
	rows, fields, err := rowsOf(t, "testdata/types.avro", 0)
	if err != nil {
		t.Fatal(err)
	}
	const types = "bo boolean!, i integer!, l bigint, f real!, d double precision!, by bytea!, s text!, e text!, fx bytea!, a integer[]!, " +
		"m map(key text, value bigint)!, r struct(x integer, y text), u struct(int integer, string text), n double precision, dec numeric(38,4)!, " +
		"long_dec text!, date date!, tms time!, tus time!, tsms timestamp with time zone!, tsus timestamp with time zone!, lts timestamp!, uu uuid!, nothing text"
	if got := describe(fields); got != types {
		t.Errorf("types\n%s\nwant\n%s", got, types)
	}
	want := []string{
		`true|0|1099511627776|0|0|\x00ff00||spades|\x61626341|[]|{}|{x: 0, y: hearts}|NULL|NULL|0.0001|` +
			`12345678901234567890123456789012345678901234567.891|1969-12-31|23:59:59.999|01:02:03.000004|1969-12-31 23:59:59.999+00|` +
			`2024-02-29 12:00:00+00|2024-02-29 12:00:00|00000000-0000-0000-0000-000000000000|NULL`,
		`false|-1|NULL|0.25|1e+100|\x00ff01|ä€𝄞|hearts|\x61626342|[NULL, 1]|{k0=0}|{x: 1, y: NULL}|{int: 7, string: NULL}|1|` +
			`-1234567890123456789012345678901234.5678|-12345678901234567890123456789012345678901234567.891|1970-01-01|23:59:59.999|01:02:03.000004|` +
			`1969-12-31 23:59:59.999+00|2024-02-29 12:00:00.000001+00|2024-02-29 12:00:00.000001|00000000-0000-0000-0000-000000000001|NULL`,
		`true|-2|1099511627776|0.5|2e+100|\x00ff02|ä€𝄞ä€𝄞|spades|\x61626343|[NULL, 2, NULL, 2]|{k0=0, k1=1}|NULL|{int: NULL, string: seven}|2.5|` +
			`-1234567890123456789012345678901234.5678|12345678901234567890123456789012345678901234567.891|1970-01-02|23:59:59.999|01:02:03.000004|` +
			`1969-12-31 23:59:59.999+00|2024-02-29 12:00:00.000002+00|2024-02-29 12:00:00.000002|00000000-0000-0000-0000-000000000002|NULL`,
	}
	if len(rows) != 4 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, w := range want {
		if rows[i] != w {
			t.Errorf("row %d\n%s\nwant\n%s", i, rows[i], w)
		}
	}
}

func TestCodecsAgree(t *testing.T) {
	var first []string
	for _, codec := range []string{"null", "deflate", "snappy", "zstandard"} {
		for _, step := range []int64{0, 700, 64} { // splits that end anywhere
			rows, _, err := rowsOf(t, "testdata/people_"+codec+".avro", step)
			if err != nil {
				t.Fatalf("%s: %v", codec, err)
			}
			if first == nil {
				first = rows
			}
			if len(rows) != 200 || !slices.Equal(rows, first) {
				t.Errorf("%s in splits of %d: %d rows", codec, step, len(rows))
			}
		}
	}
	if first[199] != "199|person number 199|2020-02-28|1491.99" {
		t.Errorf("the last row is %s", first[199])
	}
}

func TestUnwantedFieldsArePassedOver(t *testing.T) {
	rows, _, err := rowsOf(t, "testdata/types.avro", 0, "uu")
	if err != nil || len(rows) != 4 || rows[3] != "00000000-0000-0000-0000-000000000003" {
		t.Error(rows, err)
	}
}

func TestDamageIsNamed(t *testing.T) {
	whole, err := os.ReadFile("testdata/people_null.avro")
	if err != nil {
		t.Fatal(err)
	}
	mark := []byte("0123456789abcdef")
	body := bytes.Index(whole, mark) + syncBytes
	change := func(at int, to byte) []byte {
		out := bytes.Clone(whole)
		out[at] = to
		return out
	}
	sum, err := os.ReadFile("testdata/people_snappy.avro")
	if err != nil {
		t.Fatal(err)
	}
	sum[bytes.LastIndex(sum, mark)-1] ^= 1
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":                  {nil, "does not begin"},
		"another format":         {[]byte("PAR1 and more"), "does not begin"},
		"cut off in the header":  {whole[:100], "ends within its header"},
		"cut off in a block":     {whole[:len(whole)-30], "cut off"},
		"a byte of a marker":     {change(len(whole)-1, 'x'), "marker"},
		"a count":                {change(body, 0x01), "claims"},
		"a check sum":            {sum, "check sum"},
		"no schema":              {append([]byte("Obj\x01\x00"), make([]byte, 16)...), "no schema"},
		"a codec of the future":  {empty("int", "brotli"), `codec "brotli" is not supported`},
		"a type that is unknown": {empty("fancy", "null"), `does not define the type "fancy"`},
	} {
		path := filepath.Join(t.TempDir(), "f.avro")
		if err := os.WriteFile(path, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := rowsOf(t, path, 0)
		if fault.CodeOf(err) != fault.DataCorrupted || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.avro") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// empty is a file without blocks.
func empty(typ, codec string) []byte {
	p := binary.AppendVarint(bytes.Clone(magic), 2)
	p = appendBytes(appendBytes(p, []byte("avro.schema")), []byte(`{"type":"record","name":"r","fields":[{"name":"a","type":"`+typ+`"}]}`))
	p = appendBytes(appendBytes(p, []byte("avro.codec")), []byte(codec))
	return append(append(p, 0), make([]byte, syncBytes)...)
}

func TestSchemas(t *testing.T) {
	for schema, want := range map[string]string{
		`"int"`:                           "",
		`{"type":"array","items":"long"}`: "",
		`{"type":"record","name":"a.b","fields":[{"name":"x","type":{"type":"fixed","name":"f","size":2}},{"name":"y","type":"a.f"},{"name":"z","type":"f"}]}`: "",

		`{"type":"record","name":"r","fields":[{"name":"next","type":["null","r"]}]}`: "contains itself",
		`[]`:                                    "empty union",
		`["null",["int"]]`:                      "union within",
		`7`:                                     "neither",
		`{`:                                     "not JSON",
		`{"type":"enum","name":"e"}`:            "no symbols",
		`{"type":"fixed","name":"f","size":-1}`: "proper size",
		`{"name":"x"}`:                          "without a type",
		`{"type":"record","fields":[]}`:         "without a name",
		strings.Repeat(`{"type":"array","items":`, 200) + `"int"` + strings.Repeat("}", 200): "too deep",
	} {
		_, err := parseSchema([]byte(schema))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.80s: %v", schema, err)
		}
	}
}

func TestWriterNames(t *testing.T) {
	_, err := (Format{}).NewWriter(&bytes.Buffer{}, []column.Field{{Name: "a b", Type: column.T(column.Int64)}}, nil)
	if fault.CodeOf(err) != fault.InvalidName {
		t.Error(err)
	}
	for _, o := range []map[string]string{{"compression": "brotli"}, {"x": "y"}, {"record_name": "1"}} {
		if _, err := (Format{}).NewWriter(&bytes.Buffer{}, nil, o); fault.CodeOf(err) != fault.InvalidParameterValue {
			t.Error(o, err)
		}
	}
}

func TestDecimalBytes(t *testing.T) {
	for _, text := range []string{"0", "1", "-1", "127", "128", "-128", "-129", "255", "99999999999999999999999999999999999999",
		"-99999999999999999999999999999999999999"} {
		var v column.Int128
		for _, c := range strings.TrimPrefix(text, "-") {
			v, _ = v.MulChecked(column.Int128FromInt64(10))
			v = v.Add(column.Int128FromInt64(int64(c - '0')))
		}
		if text[0] == '-' {
			v = v.Neg()
		}
		a := mem.NewArena(nil)
		s := newSink(a, column.DecimalType(38, 0))
		err := decode(&input{appendDecimal(nil, v)}, &shape{name: "bytes", logical: "decimal", precision: 38}, s)
		if got := s.vector().ValueAt(0).String(); err != nil || got != text {
			t.Errorf("%s became %s, %v", text, got, err)
		}
		a.Free()
	}
}
