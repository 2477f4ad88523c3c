package csv

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

func TestMain(m *testing.M) {
	flag.Parse()
	mem.Poison = flag.Lookup("test.bench").Value.String() == "" // poisoning would be what a benchmark measures
	os.Exit(m.Run())
}

var store = objectstore.Local{}

// write makes a file and lists it.
func write(t testing.TB, name, text string) plan.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := store.List(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// read reads the columns named (all when none are) of a file; fields nil means inferred ones. splits nil asks the format.
func read(st storage.Store, file plan.File, fields []column.Field, options map[string]string, splits []plan.Split, names ...string) (rows [][]string, err error) {
	ctx := context.Background()
	if fields == nil {
		if fields, err = (Format{}).Infer(ctx, st, file, options); err != nil {
			return nil, err
		}
	}
	scan := &storage.Scan{Schema: fields, Options: options}
	for i, f := range fields {
		for _, n := range names {
			if f.Name == n {
				scan.Columns = append(scan.Columns, i)
			}
		}
		if len(names) == 0 {
			scan.Columns = append(scan.Columns, i)
		}
	}
	if splits == nil {
		if splits, err = (Format{}).Splits(ctx, st, file, options); err != nil {
			return nil, err
		}
	}
	budget := mem.NewBudget("test", 256<<20, nil)
	r, err := Format{}.NewReader(st, scan, budget)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if budget.Used() != 0 {
			err = fmt.Errorf("%d bytes are not given back", budget.Used())
		}
	}()
	var b column.Batch
	for _, s := range splits {
		if err := r.Start(ctx, s); err != nil {
			return rows, err
		}
		for {
			more, err := r.Next(ctx, &b)
			if err != nil {
				return rows, err
			}
			if !more {
				break
			}
			for _, v := range b.Cols {
				if err := v.Check(); err != nil {
					return rows, err
				}
			}
			for k := range b.Rows() {
				row := make([]string, len(b.Cols))
				for i, v := range b.Cols {
					row[i] = v.ValueAt(k).String()
				}
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}

func fieldsOf(list string) []column.Field {
	kinds := map[string]column.Type{"int": column.T(column.Int32), "bigint": column.T(column.Int64), "text": column.T(column.Text),
		"dec": column.DecimalType(5, 2), "date": column.T(column.Date), "bool": column.T(column.Bool), "uuid": column.T(column.UUID),
		"interval": column.T(column.Interval), "bytea": column.T(column.Binary), "real": column.T(column.Float32), "wide": column.DecimalType(38, 4),
		"tz": column.T(column.TimestampTZ), "time": column.T(column.Time), "ts": column.T(column.Timestamp), "small": column.T(column.Int16),
		"double": column.T(column.Float64)}
	var out []column.Field
	for _, f := range strings.Fields(list) {
		name, kind, _ := strings.Cut(f, ":")
		out = append(out, column.Field{Name: name, Type: kinds[kind]})
	}
	return out
}

type options = map[string]string

func TestReading(t *testing.T) {
	for _, c := range []struct {
		name, text, fields string
		options            options
		want               [][]string
	}{
		{"header found", "id,name\n1,Ada\n2,Grace\n", "", nil, [][]string{{"1", "Ada"}, {"2", "Grace"}}},
		{"no line end at the end", "id,name\n1,Ada", "", nil, [][]string{{"1", "Ada"}}},
		{"carriage returns", "id,name\r\n1,Ada\r\n2,\"x\r\ny\"\r\n", "", nil, [][]string{{"1", "Ada"}, {"2", "x\r\ny"}}},
		{"quotes", "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\nlines\",z\n", "", options{"header": "true"}, [][]string{{"x,y", `say "hi"`}, {"two\nlines", "z"}}},
		{"quotes within a field", "a\nx\"y,z\"w\nu\n", "a:text", nil, [][]string{{"xy,zw"}, {"u"}}},
		{"empty and quoted empty", "a,b\n,\"\"\n", "", options{"header": "true"}, [][]string{{"NULL", ""}}},
		{"null string", "a,b\nNA,\"NA\"\n,x\n", "", options{"header": "true", "null": "NA"}, [][]string{{"NULL", "NA"}, {"", "x"}}},
		{"no header", "1|one\n2|two\n", "", options{"delimiter": "|"}, [][]string{{"1", "one"}, {"2", "two"}}},
		{"header forced to be data", "a,b\nc,d\n", "", options{"header": "false"}, [][]string{{"a", "b"}, {"c", "d"}}},
		{"empty lines", "a,b\n\n1,2\n\n\n3,4\n\n", "", nil, [][]string{{"1", "2"}, {"3", "4"}}},
		{"empty lines of one column are NULL", "a\n1\n\n3\n", "", nil, [][]string{{"1"}, {"NULL"}, {"3"}}},
		{"byte order mark", "\ufeffa,b\n1,2\n", "", nil, [][]string{{"1", "2"}}},
		{"another quote and escape", "a,b\n'x,\\'y',2\n", "", options{"quote": "'", "escape": "\\", "header": "true"}, [][]string{{"x,'y", "2"}}},
		{"quoting turned off", "a,b\n\"x,y\n", "", options{"quote": "", "header": "true"}, [][]string{{"\"x", "y"}}},
		{"delimiter at the end", "1|one|\n2|two|\n", "a:int b:text", options{"delimiter": "|"}, [][]string{{"1", "one"}, {"2", "two"}}},
		{"header in another order", "b,a\nx,1\n", "a:int b:text", nil, [][]string{{"1", "x"}}},
		{"header with other names", "x,y\n1,2\n", "a:int b:int", nil, [][]string{{"1", "2"}}},
		{"header alone", "id,name\n", "", nil, nil},
		{"declared texts are no header", "x,y\nz,w\n", "a:text b:text", nil, [][]string{{"x", "y"}, {"z", "w"}}},
		{"every type", "1,2.345,2020-02-29,t,00000000-0000-0000-0000-000000000001,1 mon,\\x0aff,1.5,99999.12345,2020-01-01 00:00:00+01,12:30:00,2020-01-01 01:02:03.5,-7\n",
			"a:bigint b:dec c:date d:bool e:uuid f:interval g:bytea h:real i:wide j:tz k:time l:ts m:small", options{"header": "false"},
			[][]string{{"1", "2.35", "2020-02-29", "true", "00000000-0000-0000-0000-000000000001", "1 mon", "\\x0aff", "1.5", "99999.1235",
				"2019-12-31 23:00:00+00", "12:30:00", "2020-01-01 01:02:03.5", "-7"}}},
	} {
		var fields []column.Field
		if c.fields != "" {
			fields = fieldsOf(c.fields)
		}
		got, err := read(store, write(t, "f.csv", c.text), fields, c.options, nil)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func TestInference(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"types", "i,d,b,day,at,ts,t\n1,1.5,true,2020-01-01,10:20:30,2020-01-01 10:20:30,x\n-2,3,false,1999-12-31,00:00:00.5,2020-01-01T00:00:00,y\n",
			"i bigint, d double precision, b boolean, day date, at time, ts timestamp, t text"},
		{"empty fields do not count", "a,b\n1,\n,\n3,\n", "a bigint, b text"},
		{"mixed becomes text", "a,b\n1,2020-01-01\nx,5\n", "a text, b text"},
		{"too large for bigint", "a\n1\n99999999999999999999\n", "a double precision"},
		{"no header", "1,x\n2,y\n", "column0 bigint, column1 text"},
		{"names twice or empty", "a,a,\n1,2,3\n", "a bigint, a_1 bigint, column2 bigint"},
		{"a header found, with names twice", "a,a,b\n1,2,3\n", "a bigint, a_1 bigint, b bigint"},
		{"a header found, without a name over the index", ",a,b\n0,1,x\n1,2,y\n", "column0 bigint, a bigint, b text"},
		{"no header, an empty field in the first row", ",x\n1,y\n", "column0 bigint, column1 text"},
		{"no header, text alike", "x,x\ny,z\n", "column0 text, column1 text"},
		{"no header, zeros in front", "00501,x\n10001,y\n", "column0 text, column1 text"},
		{"no header, zeros in front everywhere", "00501,x\n00502,y\n", "column0 text, column1 text"},
		{"a header found, over zeros in front", "zip\n00501\n", "zip text"},
		{"zeros in front stay", "zip,n,f\n00501,0,0.5\n10001,-1,-0.5\n", "zip text, n bigint, f double precision"},
		{"words that floats know stay text", "a\nnan\ninf\n", "a text"},
		{"impossible dates stay text", "a\n2020-02-30\n", "a text"},
	} {
		opts := options{"header": "true"}
		if strings.Contains(c.name, "header") {
			opts = nil
		}
		fields, err := Format{}.Infer(context.Background(), store, write(t, "f.csv", c.text), opts)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range fields {
			got = append(got, f.Name+" "+f.Type.String())
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s, c.want)
		}
	}
}

func TestErrorsNameFileLineAndColumn(t *testing.T) {
	for _, c := range []struct {
		name, text, fields string
		options            options
		code               fault.Code
		want               string
	}{
		{"bad number", "a,b\n1,2\n3,x\n", "a:int b:int", nil, fault.InvalidTextRepresentation, `line 3, column "b"`},
		{"bad number after quoted lines", "a,b\n\"x\ny\",2\nz,oops\n", "a:text b:int", options{"header": "true"}, fault.InvalidTextRepresentation, `line 4, column "b"`},
		{"out of range", "a\n99999999999\n", "a:int", options{"header": "true"}, fault.NumericOutOfRange, `line 2, column "a"`},
		{"bad date", "a\n2020-13-01\n", "a:date", options{"header": "true"}, fault.DatetimeOverflow, `line 2, column "a"`},
		{"too few columns", "a,b\n1,2\n3\n", "a:int b:int", nil, fault.BadCopyFileFormat, "line 3"},
		{"too many columns", "a,b\n1,2,3\n", "a:int b:int", nil, fault.BadCopyFileFormat, "line 2"},
		{"open quote", "a\n\"x\n", "a:text", options{"header": "true"}, fault.BadCopyFileFormat, "line 2"},
		{"not UTF-8", "a\nx\xff\n", "a:text", options{"header": "true"}, fault.CharacterNotInRepertoire, `line 2, column "a"`},
		{"empty", "", "", nil, fault.BadCopyFileFormat, "f.csv"},
		{"ragged sample", "a,b\n1\n", "", nil, fault.BadCopyFileFormat, "row 2"},
		{"unknown option", "a\n", "", options{"colour": "red"}, fault.InvalidParameterValue, "colour"},
		{"long delimiter", "a\n", "", options{"delimiter": "||"}, fault.InvalidParameterValue, "||"},
		{"header of another width", "x,y,z\n1,2,3\n", "a:int b:int", options{"header": "true"}, fault.BadCopyFileFormat, "3 columns"},
	} {
		var fields []column.Field
		if c.fields != "" {
			fields = fieldsOf(c.fields)
		}
		file := write(t, "f.csv", c.text)
		splits := []plan.Split{{File: file, End: file.Size}}
		_, err := read(store, file, fields, c.options, splits)
		if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s %v; want %s with %q", c.name, fault.CodeOf(err), err, c.code, c.want)
		}
	}
}

func TestCompressedFiles(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := io.WriteString(w, "id,name\n1,Ada\n2,Grace\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"1", "Ada"}, {"2", "Grace"}}
	if got, err := read(store, write(t, "f.csv.gz", z.String()), nil, nil, nil); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := read(store, write(t, "f.csv.gz", z.String()[:z.Len()-6]), nil, nil, nil); err == nil {
		t.Error("a file that is cut off was read")
	}
	if _, err := read(store, write(t, "f.csv.gz", "id\n1\n"), nil, nil, nil); fault.CodeOf(err) != fault.DataCorrupted {
		t.Error(err)
	}
}

// A file of several blocks reads the same whole and in splits of any size, whatever is quoted.
func TestSplitsMeetAtRowBorders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	var want [][]string
	text.WriteString("id,text\n")
	for i := range 40000 {
		s := strings.Repeat("v", r.IntN(80)) + []string{"", "x", "a\nb", "\"", ",", "\r\n"}[r.IntN(6)] + "z"
		fmt.Fprintf(&text, "%d,\"%s\"\n", i, strings.ReplaceAll(s, `"`, `""`))
		want = append(want, []string{fmt.Sprint(i), s})
	}
	file := write(t, "f.csv", text.String())
	d, err := parseOptions(nil, "f.csv")
	if err != nil {
		t.Fatal(err)
	}
	fields := fieldsOf("id:bigint text:text")
	for _, step := range []int64{file.Size, 300_000, 1 << 20} {
		borders, err := findBorders(context.Background(), strings.NewReader(text.String()), 0, file.Size, &d, step)
		if err != nil {
			t.Fatal(err)
		}
		if step < file.Size && len(borders) < 2 {
			t.Fatalf("%d borders", len(borders))
		}
		var splits []plan.Split
		for i, b := range borders {
			end := file.Size
			if i+1 < len(borders) {
				end = borders[i+1]
			}
			splits = append(splits, plan.Split{File: file, Start: b, End: end})
		}
		got, err := read(store, file, fields, nil, splits)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("step %d: %d rows, %v", step, len(got), err)
		}
	}
	// The second split's errors count lines from the file's beginning, and its columns go by the header.
	broken := strings.Replace(text.String(), "39999,", "oops,", 1)
	file = write(t, "f.csv", broken)
	at := int64(strings.LastIndex(broken, "\n39990,") + 1)
	lines := strings.Count(broken[:strings.Index(broken, "oops")], "\n") + 1
	_, err = read(store, file, fields, nil, []plan.Split{{File: file, Start: at, End: file.Size}})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("line %d,", lines)) {
		t.Errorf("%v, want line %d", err, lines)
	}
}

func TestLongRowsGrowTheBlock(t *testing.T) {
	long := strings.Repeat("y", 3*blockBytes)
	got, err := read(store, write(t, "f.csv", "a,b\n1,x\n2,"+long+"\n3,z\n"), fieldsOf("a:int b:text"), nil, nil)
	if err != nil || len(got) != 3 || got[1][1] != long || got[2][1] != "z" {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

func TestProjection(t *testing.T) {
	got, err := read(store, write(t, "f.csv", "a,b,c\n1,bad,3\n4,worse,6\n"), fieldsOf("a:int b:int c:int"), options{"header": "true"}, nil, "c", "a")
	if want := [][]string{{"1", "3"}, {"4", "6"}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	fields := fieldsOf("i:bigint t:text d:dec w:wide day:date ts:ts f:double b:bool g:bytea v:interval u:uuid")
	texts := []string{"", "plain", "with,comma", "with \"quotes\"", "two\nlines", "NULL", "\r", strings.Repeat("long", 50)}
	const n = 200
	b := &column.Batch{Len: n}
	r := rand.New(rand.NewPCG(7, 8))
	var want [][]string
	for range n {
		want = append(want, make([]string, len(fields)))
	}
	for i, f := range fields {
		v, err := column.NewFlat(a, f.Type, n)
		if err != nil {
			t.Fatal(err)
		}
		if v.Valid, err = column.AllocBitmap(a, n); err != nil {
			t.Fatal(err)
		}
		for k := range n {
			val := column.Value{Type: f.Type, Int: column.Int128FromInt64(r.Int64N(20000) - 10000), Str: texts[r.IntN(len(texts))], Float: r.NormFloat64(),
				Interval: column.IntervalValue{Months: int32(r.IntN(30)), Days: int32(r.IntN(9)), Micros: r.Int64N(1e12)}}
			switch f.Type.Kind {
			case column.Bool:
				val.Int.Lo &= 1
				val.Int.Hi = 0
			case column.Timestamp:
				val.Int = column.MulInt64(val.Int64(), 86_399_123_457)
			}
			if r.IntN(5) == 0 {
				v.Valid.Clear(k)
				want[k][i] = "NULL"
				continue
			}
			if err := column.SetValue(a, v, k, val); err != nil {
				t.Fatal(err)
			}
			want[k][i] = v.ValueAt(k).String()
		}
		b.Cols = append(b.Cols, v)
	}
	for _, opts := range []options{nil, {"header": "false"}, {"delimiter": ";"}, {"null": "NULL"}, {"quote": "'"}, {"escape": "\\"}, {"compression": "gzip"}} {
		var out bytes.Buffer
		w, err := Format{}.NewWriter(&out, fields, opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := read(store, write(t, "f.csv", out.String()), fields, opts, nil)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v, %d rows", opts, err, len(got))
			for k := range min(len(got), len(want)) {
				if !reflect.DeepEqual(got[k], want[k]) {
					t.Errorf("row %d: got %q, want %q", k, got[k], want[k])
					break
				}
			}
		}
	}
}

func TestFiltersAreLeftToTheOperator(t *testing.T) {
	scan := &storage.Scan{Schema: fieldsOf("b:bool"), Columns: []int{0}, Filters: []expr.Expr{&expr.Ref{Typ: column.T(column.Bool)}}}
	r, err := Format{}.NewReader(store, scan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Exact() {
		t.Error("exact although no filter is applied")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

type memoryStore struct {
	storage.Store
	data []byte
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

func (m memoryStore) Open(context.Context, plan.File) (storage.ReadFile, error) {
	return memoryFile{bytes.NewReader(m.data)}, nil
}

// FuzzFile reads any bytes as CSV: as inferred, and as two columns of text whose rows must be the same whole and split. Run it with -fuzz.
func FuzzFile(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"x\"\"y\",z\r\n\n", "1|2|\n", "\ufeffa\n,", "\"open", "a,b\n\"two\nlines\",x\n\"y\",z\n"} {
		f.Add([]byte(s), uint16(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, step uint16) {
		st := memoryStore{data: data}
		file := plan.File{URL: "memory.csv", Size: int64(len(data)), ModTime: time.Unix(1, 0)}
		check := func(err error) {
			if e, ok := fault.As(err); err != nil && (!ok || e.Code == fault.Internal) {
				t.Error(err)
			}
		}
		_, err := read(st, file, nil, nil, nil)
		check(err)
		fields, opts := fieldsOf("a:text b:text"), options{"header": "false"}
		whole, err := read(st, file, fields, opts, nil)
		check(err)
		d, derr := parseOptions(opts, file.URL)
		if derr != nil {
			t.Fatal(derr)
		}
		borders, berr := findBorders(context.Background(), bytes.NewReader(data), 0, file.Size, &d, int64(step)+1)
		if berr != nil {
			t.Fatal(berr)
		}
		var splits []plan.Split
		for i, b := range borders {
			end := file.Size
			if i+1 < len(borders) {
				end = borders[i+1]
			}
			splits = append(splits, plan.Split{File: file, Start: b, End: end})
		}
		if len(data) == 0 {
			return
		}
		parts, perr := read(st, file, fields, opts, splits)
		check(perr)
		if (err == nil) != (perr == nil) || err == nil && !reflect.DeepEqual(whole, parts) {
			t.Errorf("whole: %q, %v; in %d splits: %q, %v", whole, err, len(splits), parts, perr)
		}
	})
}
