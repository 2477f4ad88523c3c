package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// extremes are values of every type that a file can hold, with the least and the greatest.
func extremes() map[string][]column.Value {
	ints := func(k column.Kind, vs ...int64) []column.Value {
		out := make([]column.Value, len(vs))
		for i, v := range vs {
			out[i] = column.IntValue(column.T(k), v)
		}
		return out
	}
	wide := func(t column.Type, vs ...column.Int128) []column.Value {
		out := make([]column.Value, len(vs))
		for i, v := range vs {
			out[i] = column.Value{Type: t, Int: v}
		}
		return out
	}
	text := func(k column.Kind, vs ...string) []column.Value {
		out := make([]column.Value, len(vs))
		for i, v := range vs {
			out[i] = column.Value{Type: column.T(k), Str: v}
		}
		return out
	}
	floats := func(k column.Kind, vs ...float64) []column.Value {
		out := make([]column.Value, len(vs))
		for i, v := range vs {
			out[i] = column.Value{Type: column.T(k), Float: v}
		}
		return out
	}
	nines := column.Int128FromInt64(1)
	for range 38 {
		nines, _ = nines.MulChecked(column.Int128FromInt64(10))
	}
	nines = nines.Sub(column.Int128FromInt64(1))
	d9, d18, d38 := column.DecimalType(9, 2), column.DecimalType(18, 4), column.DecimalType(38, 10)
	var intervals []column.Value
	for _, v := range []column.IntervalValue{{}, {Months: -1, Days: 2, Micros: -3}, {Months: math.MaxInt32, Days: math.MinInt32, Micros: math.MinInt64}} {
		intervals = append(intervals, column.Value{Type: column.T(column.Interval), Interval: v})
	}
	long := strings.Repeat("long ", 40)
	return map[string][]column.Value{
		"bool": {column.BoolValue(true), column.BoolValue(false)},
		"i8":   ints(column.Int8, math.MinInt8, -1, 0, math.MaxInt8), "i16": ints(column.Int16, math.MinInt16, 7, math.MaxInt16),
		"i32": ints(column.Int32, math.MinInt32, 0, math.MaxInt32), "i64": ints(column.Int64, math.MinInt64, 0, math.MaxInt64),
		"u8": ints(column.Uint8, 0, 255), "u16": ints(column.Uint16, 0, 65535), "u32": ints(column.Uint32, 0, math.MaxUint32),
		"u64": wide(column.T(column.Uint64), column.Int128{}, column.Int128{Lo: math.MaxUint64}),
		"f32": floats(column.Float32, 1.5, math.Inf(-1), math.NaN()), "f64": floats(column.Float64, math.MaxFloat64, -0.5, math.Inf(1), math.NaN()),
		"d9":  wide(d9, column.Int128FromInt64(-999999999), column.Int128FromInt64(1)),
		"d18": wide(d18, column.Int128FromInt64(-999999999999999999), column.Int128FromInt64(999999999999999999)),
		"d38": wide(d38, nines, nines.Neg(), column.Int128FromInt64(-1)), "date": ints(column.Date, -719162, 0, 2932896),
		"time": ints(column.Time, 0, column.MicrosPerDay-1), "ts": ints(column.Timestamp, math.MinInt64, -1, math.MaxInt64),
		"tz": ints(column.TimestampTZ, -1, 0, 1), "interval": intervals, "text": text(column.Text, "", "twelve bytes", long, "ünïcödé"),
		"binary": text(column.Binary, "", "\x00\xff", long),
		"uuid":   wide(column.T(column.UUID), column.Int128{}, column.Int128{Hi: -1, Lo: math.MaxUint64}, column.Int128{Hi: 1, Lo: 2}),
	}
}

// writeFile writes rows of values, some NULL where the field allows, in batches of different sizes with and without a selection; it returns the rows as
// text.
func writeFile(t testing.TB, path string, fields []column.Field, values map[string][]column.Value, rows int, options map[string]string) [][]string {
	t.Helper()
	var out bytes.Buffer
	w, err := Format{}.NewWriter(&out, fields, options)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, uint64(rows)))
	var want [][]string
	for len(want) < rows {
		n := min(rows-len(want), 1+rnd.IntN(column.BatchRows))
		a := mem.NewArena(nil)
		b := &column.Batch{Len: 2 * n}
		for k := range n {
			b.Sel = append(b.Sel, uint32(2*k+1))
		}
		text := make([][]string, n)
		for k := range text {
			text[k] = make([]string, len(fields))
		}
		for i, f := range fields {
			v, err := column.NewFlat(a, f.Type, 2*n)
			if err != nil {
				t.Fatal(err)
			}
			if !f.NotNull {
				if v.Valid, err = column.AllocBitmap(a, 2*n); err != nil {
					t.Fatal(err)
				}
			}
			for k := range n {
				row := int(b.Sel[k])
				if !f.NotNull && rnd.IntN(4) == 0 {
					v.Valid.Clear(row)
					text[k][i] = "NULL"
					continue
				}
				val := values[f.Name][rnd.IntN(len(values[f.Name]))]
				if err := column.SetValue(a, v, row, val); err != nil {
					t.Fatal(err)
				}
				text[k][i] = val.String()
			}
			b.Cols = append(b.Cols, v)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		want = append(want, text...)
		a.Free()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return want
}

func allFields(values map[string][]column.Value) []column.Field {
	var fields []column.Field
	for name, vs := range values {
		fields = append(fields, column.Field{Name: name, Type: vs[0].Type, NotNull: len(fields)%3 == 0})
	}
	return fields
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	values := extremes()
	for _, codec := range []string{"snappy", "zstd", "gzip", "lz4", "brotli", "none"} {
		for _, rows := range []int{0, 1, 5000, 20000} {
			if rows == 20000 && codec != "snappy" {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", codec, rows), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "t.parquet")
				fields := allFields(values)
				want := writeFile(t, path, fields, values, rows, map[string]string{"compression": codec, "row_group_size": "7000"})
				got, _, err := readRows(t, path, nil)
				if err != nil {
					t.Fatal(err)
				}
				diff(t, path, got, want)
				have, err := Format{}.Infer(context.Background(), store, fileAt(t, path), nil)
				if err != nil {
					t.Fatal(err)
				}
				for i, f := range fields {
					if !have[i].Type.Equal(f.Type) || have[i].NotNull != f.NotNull || have[i].Name != f.Name {
						t.Errorf("field %+v became %+v", f, have[i])
					}
				}
			})
		}
	}
}

func TestRowGroupsHaveTheSizeAskedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.parquet")
	values := extremes()
	writeFile(t, path, []column.Field{{Name: "i64", Type: column.T(column.Int64)}}, values, 10001, map[string]string{"row_group_size": "5000"})
	splits, err := Format{}.Splits(context.Background(), store, fileAt(t, path), nil)
	if err != nil || len(splits) != 3 || splits[0].Rows != 5000 || splits[2].Rows != 1 {
		t.Errorf("%+v, %v", splits, err)
	}
}

func TestNullInRequiredColumnIsRefused(t *testing.T) {
	var out bytes.Buffer
	w, err := Format{}.NewWriter(&out, []column.Field{{Name: "n", Type: column.T(column.Int32), NotNull: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Write(&column.Batch{Cols: []*column.Vector{column.NewNull(column.T(column.Int32), 3)}, Len: 3})
	if fault.CodeOf(err) != fault.NotNullViolation {
		t.Error(err)
	}
}

func TestWriteOptions(t *testing.T) {
	for _, c := range []struct{ key, value string }{{"compression", "rar"}, {"row_group_size", "0"}, {"row_group_size", "many"}, {"speed", "11"}} {
		_, err := Format{}.NewWriter(&bytes.Buffer{}, []column.Field{{Name: "n", Type: column.T(column.Int32)}}, map[string]string{c.key: c.value})
		if fault.CodeOf(err) != fault.InvalidParameterValue || !strings.Contains(err.Error(), c.value) && !strings.Contains(err.Error(), c.key) {
			t.Errorf("%s=%s: %v", c.key, c.value, err)
		}
	}
}

type failing struct{ left int }

var errDisk = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestWriteErrorsComeThrough(t *testing.T) {
	for _, room := range []int{0, 4, 100, 3000} {
		w, err := Format{}.NewWriter(&failing{room}, []column.Field{{Name: "n", Type: column.T(column.Int64)}}, map[string]string{"row_group_size": "100"})
		if err != nil {
			t.Fatal(err)
		}
		a := mem.NewArena(nil)
		v, err := column.NewFlat(a, column.T(column.Int64), 4000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4000 {
			column.Values[int64](v)[i] = int64(i) * 1e9
		}
		err = w.Write(&column.Batch{Cols: []*column.Vector{v}, Len: 4000})
		if err == nil {
			err = w.Close()
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
		a.Free()
	}
}

// A writer's memory is charged, given back at its end, and bounded: rows that are wide make row groups of fewer rows.
func TestWriterMemoryIsChargedAndBounded(t *testing.T) {
	fields := []column.Field{{Name: "t", Type: column.T(column.Text)}}
	a := mem.NewArena(nil)
	defer a.Free()
	n := 0
	b := &column.Batch{Len: column.BatchRows}
	v, err := column.FromValues(a, fields[0].Type, b.Len, func(i int) *column.Value {
		n++
		x := column.TextValue(fmt.Sprintf("%d %s", n, strings.Repeat(string(rune('a'+n%26)), 10_000)))
		return &x
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Cols = []*column.Vector{v}
	for _, nested := range []bool{false, true} {
		list := fields
		batch := b
		if nested {
			list = append(list[:1:1], column.Field{Name: "l", Type: column.ListType(column.T(column.Int32))})
			batch = &column.Batch{Len: b.Len, Cols: []*column.Vector{v, column.NewNull(list[1].Type, b.Len)}}
		}
		var out bytes.Buffer
		w, err := Format{}.NewWriter(&out, list, map[string]string{"compression": "none", "row_group_size": "1000000"})
		if err != nil {
			t.Fatal(err)
		}
		budget := mem.NewBudget("test", 400<<20, nil)
		w.(storage.Charged).Charge(budget)
		for range 5 {
			if err := w.Write(batch); err != nil {
				t.Fatal(err)
			}
		}
		if budget.Peak() < 40<<20 || budget.Peak() > 300<<20 {
			t.Errorf("nested %v: peak of %d bytes", nested, budget.Peak())
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if budget.Used() != 0 {
			t.Errorf("nested %v: %d bytes are not given back", nested, budget.Used())
		}
		f, err := readFooter(memoryFile{bytes.NewReader(out.Bytes())}, "t.parquet")
		if err != nil || len(f.groups) < 2 || f.rows != 5*column.BatchRows {
			t.Errorf("nested %v: %d row groups, %v", nested, len(f.groups), err)
		}

		small := mem.NewBudget("test", 20<<20, nil)
		if w, err = (Format{}).NewWriter(&bytes.Buffer{}, list, map[string]string{"compression": "none"}); err != nil {
			t.Fatal(err)
		}
		w.(storage.Charged).Charge(small)
		err = nil
		for k := 0; k < 4 && err == nil; k++ {
			err = w.Write(batch)
		}
		if fault.CodeOf(err) != fault.OutOfMemory {
			t.Errorf("nested %v: %v", nested, err)
		}
		if w.(storage.Charged).Discard(); small.Used() != 0 {
			t.Errorf("nested %v: %d bytes are not given back", nested, small.Used())
		}
	}
}

// A file of ours has a page index that leaves pages out, and Bloom filters where they are asked for.
func TestWrittenIndexes(t *testing.T) {
	fields := []column.Field{
		{Name: "n", Type: column.T(column.Int64), NotNull: true}, {Name: "t", Type: column.T(column.Text)}, {Name: "d", Type: column.DecimalType(30, 2)},
	}
	const rows = 200_000
	a := mem.NewArena(nil)
	defer a.Free()
	path := filepath.Join(t.TempDir(), "t.parquet")
	var out bytes.Buffer
	w, err := Format{}.NewWriter(&out, fields, map[string]string{"row_group_size": "150000", "bloom_filter": "t, d"})
	if err != nil {
		t.Fatal(err)
	}
	b := &column.Batch{Len: rows}
	for c, f := range fields {
		v, err := column.FromValues(a, f.Type, rows, func(i int) *column.Value {
			x := column.IntValue(f.Type, int64(i)*2)
			switch {
			case c == 1 && i%10 == 0:
				x = column.NullValue(f.Type)
			case c == 1:
				x = column.TextValue(fmt.Sprintf("text %d", i*7919%rows*2))
			}
			return &x
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	if err := errors.Join(w.Write(b), w.Close(), os.WriteFile(path, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	scan := scanOf(t, fileAt(t, path))
	n, text, d := ref(scan, "n"), ref(scan, "t"), ref(scan, "d")
	if got := left(t, path, compare(n, expr.Eq, column.IntValue(n.Typ, 1000))); got < 1000 || got > 20_000 {
		t.Errorf("%d rows left", got)
	}
	kept := func(e expr.Expr) int {
		scan.Filters = []expr.Expr{e}
		splits, err := Format{}.Splits(t.Context(), store, fileAt(t, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		splits, err = Format{}.Prune(t.Context(), store, splits, scan)
		if err != nil {
			t.Fatal(err)
		}
		return len(splits)
	}
	there, missing := 0, 0
	for i := range 200 {
		there += kept(compare(text, expr.Eq, column.TextValue(fmt.Sprintf("text %d", (i*10+1)*7919%rows*2))))
		missing += kept(compare(text, expr.Eq, column.TextValue(fmt.Sprintf("text %d", i*100+1))))
		there += kept(compare(d, expr.Eq, column.IntValue(d.Typ, int64(i)*1000)))
		missing += kept(compare(d, expr.Eq, column.IntValue(d.Typ, int64(i)*1000+1)))
	}
	if there < 400 || missing > 40 {
		t.Errorf("%d row groups kept of 400 that have the value, %d of 800 that have not", there, missing)
	}
	if _, err := (Format{}).NewWriter(&out, fields, map[string]string{"bloom_filter": "x"}); fault.CodeOf(err) != fault.UndefinedColumn {
		t.Error(err)
	}
}
