package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/storage"
)

// mixedFile writes a file of one row group with columns of all kinds: plain and in dictionaries, with and without NULL, nested.
func mixedFile(t testing.TB, rows int) string {
	t.Helper()
	list := column.ListType(column.T(column.Text))
	fields := []column.Field{
		{Name: "n", Type: column.T(column.Int64), NotNull: true}, {Name: "wide", Type: column.DecimalType(30, 2)}, {Name: "few", Type: column.T(column.Text)},
		{Name: "text", Type: column.T(column.Text)}, {Name: "flag", Type: column.T(column.Bool)}, {Name: "list", Type: list},
	}
	a := mem.NewArena(nil)
	defer a.Free()
	b := &column.Batch{Len: rows}
	for c, f := range fields {
		v, err := column.FromValues(a, f.Type, rows, func(i int) *column.Value {
			v := column.IntValue(f.Type, int64(i%1000*(c+1)))
			switch {
			case c > 0 && i%7 == c:
				v = column.NullValue(f.Type)
			case c == 0:
				v = column.IntValue(f.Type, int64(i))
			case c == 2:
				v = column.TextValue(fmt.Sprintf("one of a few texts %d", i%5))
			case c == 3:
				v = column.TextValue(fmt.Sprintf("a text of its own %d", i))
			case c == 4:
				v = column.BoolValue(i%3 == 0)
			case c == 5:
				v = column.Value{Type: list}
				for k := range i % 3 {
					v.List = append(v.List, column.TextValue(fmt.Sprintf("element %d", i+k)))
				}
			}
			return &v
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	var out bytes.Buffer
	w, err := Format{}.NewWriter(&out, fields, map[string]string{"row_group_size": fmt.Sprint(rows)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mixed.parquet")
	if err := errors.Join(w.Write(b), w.Close(), os.WriteFile(path, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// Within a row group, batches of all kinds of columns are read, and filtered, without the Go heap.
func TestBatchesAreReadWithoutAllocation(t *testing.T) {
	const rows = 60 * column.BatchRows
	path := mixedFile(t, rows)
	for _, filtered := range []bool{false, true} {
		scan := scanOf(t, fileAt(t, path))
		if filtered {
			scan.Filters = []expr.Expr{compare(ref(scan, "few"), expr.Ne, column.TextValue("one of a few texts 2")), compare(ref(scan, "n"), expr.Ge, column.IntValue(column.T(column.Int64), 10))}
		}
		r, err := Format{}.NewReader(store, scan, nil)
		if err != nil {
			t.Fatal(err)
		}
		splits, err := Format{}.Splits(t.Context(), store, fileAt(t, path), nil)
		if err != nil || len(splits) != 1 {
			t.Fatal(len(splits), err)
		}
		var b column.Batch
		next := func() {
			more, err := r.Next(t.Context(), &b)
			if err != nil || !more {
				t.Fatal(more, err)
			}
		}
		// A first pass makes the buffers as large as they need to be.
		for range 2 {
			if err := r.Start(t.Context(), splits[0]); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				next()
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 50 {
			next()
		}
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > 60 {
			t.Errorf("filtered %v: %d allocations for 50 batches", filtered, n)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkMixed reads and filters columns of all kinds, nested ones among them.
func BenchmarkMixed(b *testing.B) {
	path := mixedFile(b, 60*column.BatchRows)
	scan := scanOf(b, fileAt(b, path))
	splits, err := Format{}.Splits(b.Context(), store, fileAt(b, path), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, columns := range [][]int{{0, 1, 2, 3, 4}, {5}} {
		b.Run(fmt.Sprint(columns), func(b *testing.B) {
			r, err := Format{}.NewReader(store, &storage.Scan{Schema: scan.Schema, Columns: columns}, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Start(b.Context(), splits[0]); err != nil {
					b.Fatal(err)
				}
				var batch column.Batch
				for {
					more, err := r.Next(b.Context(), &batch)
					if err != nil {
						b.Fatal(err)
					}
					if !more {
						break
					}
				}
			}
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
