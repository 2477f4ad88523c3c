package parquet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// distant is a store whose files take a while to answer.
type distant struct {
	storage.Store
	set   storage.ReadAhead
	delay time.Duration
	fail  int // the read of this number fails; 0: none

	mu          sync.Mutex
	reads, most int // begun, and at once
	running     int
	bytes       int64
}

type distantFile struct {
	storage.ReadFile
	store *distant
}

func (d *distant) Open(ctx context.Context, f plan.File) (storage.ReadFile, error) {
	r, err := d.Store.Open(ctx, f)
	return &distantFile{r, d}, err
}

func (f *distantFile) ReadAhead() storage.ReadAhead { return f.store.set }

var errDistant = errors.New("the line is cut")

func (f *distantFile) ReadAt(p []byte, at int64) (int, error) {
	d := f.store
	d.mu.Lock()
	d.reads++
	fails := d.reads == d.fail
	d.running++
	d.most = max(d.most, d.running)
	d.bytes += int64(len(p))
	d.mu.Unlock()
	time.Sleep(d.delay)
	d.mu.Lock()
	d.running--
	d.mu.Unlock()
	if fails {
		return 0, errDistant
	}
	return f.ReadFile.ReadAt(p, at)
}

// readDistant reads all of a file under conditions and returns the rows as text.
func readDistant(t testing.TB, d *distant, file plan.File, names []string, filters ...expr.Expr) (rows []string, err error) {
	t.Helper()
	budget := mem.NewBudget("test", 0, nil)
	scan := scanOf(t, file)
	if names != nil {
		scan.Columns = nil
		for i, f := range scan.Schema {
			for _, n := range names {
				if f.Name == n {
					scan.Columns = append(scan.Columns, i)
				}
			}
		}
	}
	scan.Filters = filters
	r, err := Format{}.NewReader(d, scan, budget)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := r.Close(); cerr != nil {
			t.Error(cerr)
		}
		if budget.Used() != 0 {
			t.Errorf("%d bytes are not given back", budget.Used())
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.running != 0 {
			t.Error("a read outlives its reader")
		}
	}()
	splits, err := Format{}.Splits(t.Context(), store, file, nil)
	if err != nil {
		return nil, err
	}
	var b column.Batch
	for _, s := range splits {
		if err := r.Start(t.Context(), s); err != nil {
			return nil, err
		}
		for {
			more, err := r.Next(t.Context(), &b)
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
			for k := range b.Rows() {
				if len(rows) > 10_000 {
					rows = append(rows, "") // texts of the first rows are enough
					continue
				}
				var row []column.Value
				for _, v := range b.Cols {
					row = append(row, v.ValueAt(b.Row(k)))
				}
				rows = append(rows, fmt.Sprint(row))
			}
		}
	}
	return rows, nil
}

// Files that are far away are read as near ones, whatever the bounds of reading ahead.
func TestRemoteFilesAreReadAlike(t *testing.T) {
	files, err := filepath.Glob("testdata/writers/*_[psv]*.parquet")
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), err)
	}
	r := rand.New(rand.NewPCG(31, 32))
	for _, f := range files {
		file := fileAt(t, f)
		for _, set := range []storage.ReadAhead{{}, {Gap: 1, Piece: 700, InFlight: 3, Bytes: 20_000}, {Gap: 200, Piece: 10, InFlight: 1, Bytes: 1}} {
			d := &distant{Store: store, set: set}
			near := &distant{Store: store, set: storage.ReadAhead{}}
			var filters []expr.Expr
			if scan := scanOf(t, file); len(scan.Schema) > 0 && scan.Schema[0].Name == "id_r" && r.IntN(2) == 0 {
				filters = append(filters, compare(ref(scan, "id_r"), expr.Ge, column.IntValue(column.T(column.Int64), r.Int64N(260))))
			}
			want, err := readDistant(t, near, file, nil, filters...)
			if err != nil {
				t.Fatal(f, err)
			}
			indexes = newLRU[indexKey, *pageIndex](maxIndexCache) // what is known of a file takes no reads
			got, err := readDistant(t, d, file, nil, filters...)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%s, %+v: %d rows, want %d, %v", f, set, len(got), len(want), err)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s, %+v: got %s, want %s", f, set, got[i], want[i])
				}
			}
			if set.InFlight > 0 && d.most > set.InFlight+1 {
				t.Errorf("%s: %d reads at once", f, d.most)
			}
		}
	}
}

// distantTable is a file of 4 row groups of 50 thousand rows with a column that is hard to compress.
func distantTable(t testing.TB) plan.File {
	path := filepath.Join(t.TempDir(), "t.parquet")
	fields := []column.Field{{Name: "n", Type: column.T(column.Int64), NotNull: true}, {Name: "few", Type: column.T(column.Int32)}, {Name: "t", Type: column.T(column.Text)}}
	r := rand.New(rand.NewPCG(41, 42))
	values := map[string][]column.Value{}
	for i := range 50_000 {
		values["n"] = append(values["n"], column.IntValue(fields[0].Type, r.Int64()))
		if i < 10 {
			values["few"] = append(values["few"], column.IntValue(fields[1].Type, int64(i)))
			values["t"] = append(values["t"], column.TextValue(fmt.Sprintf("a text longer than twelve bytes %d", i)))
		}
	}
	writeFile(t, path, fields, values, 200_000, map[string]string{"row_group_size": "50000"})
	return fileAt(t, path)
}

// Reads overlap, and are few: small columns come in one read, large ones in pieces; columns that a condition leaves nothing of are not read.
func TestRemoteFilesAreReadAheadInFewReads(t *testing.T) {
	file := distantTable(t)
	d := &distant{Store: store, delay: 3 * time.Millisecond, set: storage.ReadAhead{Piece: 100 << 10, Gap: 40 << 10, InFlight: 4}}
	rows, err := readDistant(t, d, file, nil)
	if err != nil || len(rows) != 200_000 {
		t.Fatal(len(rows), err)
	}
	if most := int(file.Size/(100<<10)) + 20; d.reads > most || d.most < 3 || d.most > 4 || d.bytes > file.Size+file.Size/4 {
		t.Errorf("%d reads (at most %d wanted), %d at once, %d bytes of %d", d.reads, most, d.most, d.bytes, file.Size)
	}

	d = &distant{Store: store, set: storage.ReadAhead{}}
	few := &expr.Ref{Index: 1, Name: "few", Typ: column.T(column.Int32)}
	rows, err = readDistant(t, d, file, []string{"n", "few"}, compare(few, expr.Eq, column.IntValue(few.Typ, 5)),
		&expr.Comparison{Op: expr.Lt, Left: few, Right: &expr.Literal{Value: column.IntValue(few.Typ, 3)}})
	if err != nil || len(rows) != 0 {
		t.Fatal(len(rows), err)
	}
	if d.reads > 16 || d.bytes > file.Size/4 {
		t.Errorf("%d reads of %d bytes, of a file of %d, for a column that no row is wanted of", d.reads, d.bytes, file.Size)
	}
}

func TestRemoteReadsThatFail(t *testing.T) {
	file := distantTable(t)
	failed := 0
	for fail := 1; fail < 40; fail += 5 {
		d := &distant{Store: store, fail: fail, set: storage.ReadAhead{Piece: 100 << 10}}
		if _, err := readDistant(t, d, file, nil); err != nil {
			failed++
			if fault.CodeOf(err) != fault.IOError || !errors.Is(err, errDistant) {
				t.Error(err)
			}
		}
	}
	if failed < 4 {
		t.Errorf("only %d reads failed", failed)
	}
}
