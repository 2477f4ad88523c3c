package tpchgen

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/polybolos-db/polybolos/fault"
)

// generate runs Generate, in a directory of the test unless the options name one.
func generate(t *testing.T, o Options) *Manifest {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	m, err := Generate(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func checksums(m *Manifest) map[string]Checksum {
	sums := make(map[string]Checksum)
	for _, tm := range m.Tables {
		sums[tm.Name] = tm.Checksum
		for _, c := range tm.Columns {
			sums[c.Name] = c.Checksum
		}
	}
	return sums
}

func TestDataDependsOnTheScaleFactorAlone(t *testing.T) {
	want := checksums(generate(t, Options{ScaleFactor: 0.005, Workers: 1}))
	for _, o := range []Options{
		{Workers: 3},
		{Workers: 2, RowGroupRows: 1_000},
		{Workers: 4, RowGroupRows: 3_333, FilesPerTable: 3, Codec: "none"},
		{Workers: 1, FilesPerTable: 40, Codec: "zstd"},
		{Tables: []string{"supplier", "region"}, RowGroupRows: 1, FilesPerTable: 2},
	} {
		o.ScaleFactor = 0.005
		got := generate(t, o)
		if o.Tables != nil && len(got.Tables) != len(o.Tables) {
			t.Errorf("%d tables for %v", len(got.Tables), o.Tables)
		}
		for name, sum := range checksums(got) {
			if sum != want[name] {
				t.Errorf("%+v: checksum of %s is %016x, want %016x", o, name, uint64(sum), uint64(want[name]))
			}
		}
	}
	if other := checksums(generate(t, Options{ScaleFactor: 0.006, Tables: []string{"part"}})); other["p_name"] == want["p_name"] {
		t.Error("different scale factors, equal checksums")
	}
}

// A chunk drawn alone has the rows that it has when it is drawn together with those before it.
func TestChunksAreIndependent(t *testing.T) {
	_, tables := testGenerator(t, 0.01)
	for name, tb := range tables {
		n := int(min(tb.keys, 700))
		whole := draw(tb, 0, n)
		var lines []string
		for i := range whole.rows {
			lines = append(lines, whole.line(i))
		}
		for _, cut := range []int{1, 3, n / 2, n - 1} {
			head, tail := draw(tb, 0, cut), draw(tb, int64(cut), n-cut)
			if head.rows+tail.rows != len(lines) {
				t.Fatalf("%s cut at key %d: %d rows, want %d", name, cut, head.rows+tail.rows, len(lines))
			}
			for i := range tail.rows {
				if got, want := tail.line(i), lines[head.rows+i]; got != want {
					t.Fatalf("%s cut at key %d, row %d after it:\n got %s\nwant %s", name, cut, i, got, want)
				}
			}
		}
	}
}

// At every scale factor the keys that refer to other tables are keys of those.
func TestReferencesHold(t *testing.T) {
	for _, scale := range []float64{1e-9, 0.001, 0.01, 3.7, largeScale, maxScaleFactor} {
		g, tables := testGenerator(t, scale)
		n := int(min(g.orders, 300))
		first := g.orders - int64(n)
		orders, lines := draw(tables["orders"], first, n), draw(tables["lineitem"], first, n)
		for i := range orders.rows {
			if c := orders.columns[1].i64[i]; c < 1 || c > g.customers || c%customerMortality == 0 {
				t.Errorf("scale %v: customer %d of %d", scale, c, g.customers)
			}
		}
		offers := make(map[[2]int64]bool)
		for i := range lines.rows {
			part, supplier := lines.columns[1].i64[i], lines.columns[2].i64[i]
			if part < 1 || part > g.parts {
				t.Fatalf("scale %v: part %d of %d", scale, part, g.parts)
			}
			offered := draw(tables["partsupp"], part-1, 1)
			for j, s := range offered.columns[1].i64 {
				offers[[2]int64{offered.columns[0].i64[j], s}] = true
				if s < 1 || s > g.suppliers {
					t.Fatalf("scale %v: supplier %d of %d", scale, s, g.suppliers)
				}
			}
			if !offers[[2]int64{part, supplier}] {
				t.Errorf("scale %v: supplier %d does not offer part %d", scale, supplier, part)
			}
		}
	}
}

// The files are read back with the library's reader; all that the manifest says of them must be so.
func TestFilesHoldWhatTheManifestSays(t *testing.T) {
	dir := t.TempDir()
	generate(t, Options{ScaleFactor: 0.01, Dir: dir, RowGroupRows: 25_000, FilesPerTable: 2})
	m, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, schema := range Tables() {
		tm := m.Table(schema.Name)
		if tm == nil {
			t.Fatalf("the manifest lacks %s", schema.Name)
		}
		sums := make([]Checksum, len(schema.Columns))
		var rows, size int64
		for _, f := range tm.Files {
			path := filepath.Join(dir, f.Path)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
			rows += readBack(t, path, schema, sums)
		}
		if rows != tm.Rows || size != tm.Bytes {
			t.Errorf("%s: %d rows in %d bytes, the manifest says %d in %d", schema.Name, rows, size, tm.Rows, tm.Bytes)
		}
		for i, sum := range sums {
			if sum != tm.Columns[i].Checksum || schema.Columns[i].Name != tm.Columns[i].Name {
				t.Errorf("%s: checksum %016x, the manifest says %+v", schema.Columns[i].Name, uint64(sum), tm.Columns[i])
			}
		}
	}
}

// readBack continues the columns' checksums with a file's values, compares the file's statistics and page index with
// them, and returns its rows.
func readBack(t *testing.T, path string, schema TableSchema, sums []Checksum) int64 {
	t.Helper()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for g := range f.NumRowGroups() {
		group := f.RowGroup(g)
		index, err := f.GetPageIndexReader().RowGroup(g)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range schema.Columns {
			reader, err := group.Column(i)
			if err != nil {
				t.Fatal(err)
			}
			n := group.NumRows()
			col, least, most := readColumn(t, reader, int(n))
			sums[i] = sums[i].join(col.checksum(c.Type), n)

			meta, err := group.MetaData().ColumnChunk(i)
			if err != nil {
				t.Fatal(err)
			}
			stats, err := meta.Statistics()
			if err != nil || !stats.HasMinMax() || !stats.HasNullCount() || stats.NullCount() != 0 {
				t.Fatalf("%s: statistics %+v, error %v", c.Name, stats, err)
			}
			if !bytes.Equal(stats.EncodeMin(), least) || !bytes.Equal(stats.EncodeMax(), most) {
				t.Errorf("%s, %s, row group %d: statistics %x to %x, values %x to %x",
					path, c.Name, g, stats.EncodeMin(), stats.EncodeMax(), least, most)
			}
			places, err := index.GetOffsetIndex(i)
			if err != nil {
				t.Fatal(err)
			}
			values, err := index.GetColumnIndex(i)
			if err != nil {
				t.Fatal(err)
			}
			pages := places.GetPageLocations()
			if len(pages) == 0 || len(values.GetNullPages()) != len(pages) || pages[0].Offset != meta.DataPageOffset() {
				t.Errorf("%s, %s, row group %d: %d pages, the first at %v, data at %d",
					path, c.Name, g, len(pages), pages, meta.DataPageOffset())
			}
		}
	}
	return f.NumRows()
}

// readColumn reads a column chunk and encodes its least and greatest value as statistics do.
func readColumn(t *testing.T, reader file.ColumnChunkReader, n int) (col column, least, most []byte) {
	t.Helper()
	var got int
	var err error
	switch r := reader.(type) {
	case *file.Int32ColumnChunkReader:
		col.i32 = make([]int32, n)
		_, got, err = r.ReadBatch(int64(n), col.i32, nil, nil)
		least, most = littleEndian(int64(slices.Min(col.i32)), 4), littleEndian(int64(slices.Max(col.i32)), 4)
	case *file.Int64ColumnChunkReader:
		col.i64 = make([]int64, n)
		_, got, err = r.ReadBatch(int64(n), col.i64, nil, nil)
		least, most = littleEndian(slices.Min(col.i64), 8), littleEndian(slices.Max(col.i64), 8)
	case *file.ByteArrayColumnChunkReader:
		for got < n && err == nil { // values are valid until the next page is read
			var read int
			batch := make([]parquet.ByteArray, min(n-got, 64))
			_, read, err = r.ReadBatch(int64(len(batch)), batch, nil, nil)
			for _, v := range batch[:read] {
				col.str = append(col.str, bytes.Clone(v))
			}
			got += read
		}
		least, most = slices.MinFunc(col.str, compare), slices.MaxFunc(col.str, compare)
	}
	if got != n || err != nil {
		t.Fatalf("%d values of %d, error %v", got, n, err)
	}
	return col, least, most
}

func compare(a, b parquet.ByteArray) int { return bytes.Compare(a, b) }

func littleEndian(v int64, size int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(v >> (8 * i))
	}
	return out
}

func TestProgressEndsAtTheTotal(t *testing.T) {
	var done, total int64
	m := generate(t, Options{ScaleFactor: 0.01, Workers: 3, RowGroupRows: 1_000, Progress: func(d, all int64) {
		if d < done {
			t.Errorf("%d rows done after %d", d, done)
		}
		done, total = d, all
	}})
	var rows int64
	for _, tm := range m.Tables {
		rows += tm.Rows
	}
	if done != rows || total != rows {
		t.Errorf("progress ended at %d of %d rows, %d were generated", done, total, rows)
	}
}

func TestOptionErrors(t *testing.T) {
	good := Options{ScaleFactor: 1, Dir: "unused"}
	for _, test := range []struct {
		change func(*Options)
		where  string
		says   string
	}{
		{func(o *Options) { o.ScaleFactor = 0 }, "ScaleFactor", "scale factor 0 "},
		{func(o *Options) { o.ScaleFactor = -1 }, "ScaleFactor", "scale factor -1 "},
		{func(o *Options) { o.ScaleFactor = math.NaN() }, "ScaleFactor", "scale factor NaN "},
		{func(o *Options) { o.ScaleFactor = math.Inf(1) }, "ScaleFactor", "scale factor +Inf "},
		{func(o *Options) { o.Dir = "" }, "Dir", "no directory"},
		{func(o *Options) { o.Tables = []string{"part", "parts"} }, "Tables", `"parts"`},
		{func(o *Options) { o.Tables = []string{"part", "part"} }, "Tables", "twice"},
		{func(o *Options) { o.RowGroupRows = -5 }, "RowGroupRows", "-5"},
		{func(o *Options) { o.Codec = "brotli" }, "Codec", `"brotli"`},
		{func(o *Options) { o.FilesPerTable = -1 }, "FilesPerTable", "-1"},
		{func(o *Options) { o.Workers = 1 << 20 }, "Workers", "1048576"},
	} {
		o := good
		test.change(&o)
		_, err := Generate(context.Background(), o)
		f, ok := fault.As(err)
		if !ok || f.Where != test.where || !strings.Contains(f.Message, test.says) {
			t.Errorf("%+v: error %v, want one in %s that says %s", o, err, test.where, test.says)
		}
	}
	if _, err := os.Stat("unused"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("wrong options made a directory")
	}
}

func TestCancelLeavesNothing(t *testing.T) {
	for _, files := range []int{1, 3} {
		for _, after := range []int64{0, 1, 20} {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(context.Background())
			var calls atomic.Int64
			if after == 0 {
				cancel()
			}
			_, err := Generate(ctx, Options{ScaleFactor: 0.05, Dir: dir, RowGroupRows: 2_000, FilesPerTable: files, Workers: 3,
				Progress: func(int64, int64) {
					if calls.Add(1) == after {
						cancel()
					}
				}})
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("canceled after %d row groups: error %v", after, err)
			}
			if calls.Load() > after+3 { // one for each worker
				t.Errorf("canceled after %d row groups, %d were generated", after, calls.Load())
			}
			if left := list(t, dir); len(left) > 0 {
				t.Errorf("canceled after %d row groups: %v is left", after, left)
			}
		}
	}
}

func TestWriteErrorLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	// The orders cannot take their name: a directory has it.
	blocked := filepath.Join(dir, "orders.parquet")
	if err := os.MkdirAll(filepath.Join(blocked, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(context.Background(), Options{ScaleFactor: 0.001, Dir: dir}); err == nil || !strings.Contains(err.Error(), "orders.parquet") {
		t.Errorf("error %v does not name the file", err)
	}
	if left := list(t, dir); !slices.Equal(left, []string{"orders.parquet", "orders.parquet/inside"}) {
		t.Errorf("%v is left", left)
	}
}

func TestAnotherLayoutReplacesTheFirst(t *testing.T) {
	dir := t.TempDir()
	o := Options{ScaleFactor: 0.001, Dir: dir, Tables: []string{"part"}}
	other := filepath.Join(dir, "part", "notes.txt")
	for _, test := range []struct {
		files int
		want  []string
	}{
		{3, []string{"manifest.json", "part", "part/notes.txt", "part/part-00000.parquet", "part/part-00001.parquet", "part/part-00002.parquet"}},
		{2, []string{"manifest.json", "part", "part/notes.txt", "part/part-00000.parquet", "part/part-00001.parquet"}},
		{1, []string{"manifest.json", "part", "part/notes.txt", "part.parquet"}},
		{2, []string{"manifest.json", "part", "part/notes.txt", "part/part-00000.parquet", "part/part-00001.parquet"}},
	} {
		o.FilesPerTable = test.files
		generate(t, o)
		if err := os.WriteFile(other, []byte("kept"), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := list(t, dir); !slices.Equal(got, test.want) {
			t.Errorf("%d files: %v, want %v", test.files, got, test.want)
		}
	}
}

// list returns all paths under dir, each directory before what is in it.
func list(t *testing.T, dir string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			paths = append(paths, strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(dir)+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestReadManifestErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadManifest(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: error %v", err)
	}
	for _, text := range []string{"{", `{"tables":[{"checksum":"12"}]}`, `{"tables":[{"checksum":"zzzzzzzzzzzzzzzz"}]}`} {
		if err := os.WriteFile(filepath.Join(dir, ManifestName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadManifest(dir); err == nil || !strings.Contains(err.Error(), ManifestName) {
			t.Errorf("manifest %s: error %v", text, err)
		}
	}
}

func TestTablesAreTheCallers(t *testing.T) {
	Tables()[0].Columns[0].Name = "changed"
	if got := Tables()[0].Columns[0].Name; got != "r_regionkey" {
		t.Errorf("the first column is now %s", got)
	}
}
