package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// numbers is a format whose split from a to b holds the integers a to b-1, and their texts in a second column.
type numbers struct {
	storage.Format
	broken int64 // a number that cannot be read
}

func (f *numbers) Prune(_ context.Context, _ storage.Store, splits []plan.Split, scan *storage.Scan) ([]plan.Split, error) {
	var left []plan.Split
	for _, s := range splits {
		keep := true
		for _, e := range scan.Filters {
			c, ok := e.(*expr.Comparison)
			if !ok || c.Left.(*expr.Ref).Index != 0 {
				continue
			}
			v := c.Right.(*expr.Literal).Value.Int64()
			keep = keep && !(c.Op == expr.Ge && s.End <= v || c.Op == expr.Le && s.Start > v)
		}
		if keep {
			left = append(left, s)
		}
	}
	return left, nil
}

func (f *numbers) NewReader(_ storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	return &numberReader{numbers: f, scan: scan, arena: mem.NewArena(budget)}, nil
}

type numberReader struct {
	*numbers
	scan  *storage.Scan
	arena *mem.Arena
	split plan.Split
}

func (r *numberReader) Start(_ context.Context, split plan.Split) error {
	r.split = split
	return nil
}

func (r *numberReader) Next(_ context.Context, b *column.Batch) (bool, error) {
	n := int(min(column.BatchRows, r.split.End-r.split.Start))
	if n == 0 {
		return false, nil
	}
	from := r.split.Start
	r.split.Start += int64(n)
	if r.broken >= from && r.broken < r.split.Start {
		return false, fault.New(fault.DataCorrupted, "damaged row").In("%s", r.split.File.URL)
	}
	r.arena.Reset()
	*b = column.Batch{Len: n}
	for _, c := range r.scan.Columns {
		v, err := column.FromValues(r.arena, r.scan.Schema[c].Type, n, func(i int) *column.Value {
			v := column.IntValue(bigint, from+int64(i))
			if c == 1 {
				v = column.TextValue(v.String())
			}
			return &v
		})
		if err != nil {
			return false, err
		}
		b.Cols = append(b.Cols, v)
	}
	return true, nil
}

func (r *numberReader) Exact() bool { return false }

func (r *numberReader) Close() error {
	r.arena.Free()
	return nil
}

// numbersNode scans with the format above.
type numbersNode struct {
	*plan.Scan
	format *numbers
}

// evenOnly is a runtime filter.
type evenOnly struct{ low, high int64 }

func (f evenOnly) Apply(v *column.Vector, b *column.Batch, sel []uint32) ([]uint32, error) {
	for k := range b.Rows() {
		if v.ValueAt(b.Row(k)).Int64()%2 == 0 {
			sel = append(sel, uint32(b.Row(k)))
		}
	}
	return sel, nil
}

func (f evenOnly) Bounds() (low, high *column.Value) {
	l, h := column.IntValue(bigint, f.low), column.IntValue(bigint, f.high)
	return &l, &h
}

func init() {
	register(func(b *Builder, n *numbersNode) (*Stream, error) {
		if len(n.Runtime) > 0 {
			b.Task.SetRuntimeFilter(n.Runtime[0].Filter, evenOnly{1000, 60_000})
		}
		s, err := newScan(n.Scan, n.format, nil, b.Task.share(n.Scan))
		if err != nil {
			return nil, err
		}
		return &Stream{Source: s}, nil
	})
}

// scanNumbers scans 1 to 200000 in 20 splits.
func scanNumbers(columns []int) *numbersNode {
	n := &numbersNode{format: &numbers{}, Scan: &plan.Scan{Info: plan.Info{ID: 1}, Columns: columns, Limit: -1,
		Schema: []column.Field{{Name: "n", Type: bigint}, {Name: "t", Type: text}}}}
	for i := range int64(20) {
		n.Splits = append(n.Splits, plan.Split{File: plan.File{URL: fmt.Sprintf("file %d", i)}, Start: 1 + i*10_000, End: 10_001 + i*10_000})
	}
	return n
}

func TestScanFiltersPrunesAndProjects(t *testing.T) {
	for _, threads := range []int{1, 3} {
		n := scanNumbers([]int{1, 0})
		rows, _, err := collect(t, taskOf(n, threads))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 200_000 || rows[0][0].Str != fmt.Sprint(rows[0][1].Int64()) {
			t.Fatalf("%d rows, the first is %v", len(rows), rows[0])
		}

		n = scanNumbers([]int{0, 1})
		n.Output = []int{0}
		n.Filters = []expr.Expr{
			&expr.Comparison{Op: expr.Ge, Left: ref(0), Right: literal(100_000)}, &expr.Comparison{Op: expr.Lt, Left: ref(0), Right: literal(100_003)}}
		rows, stats, err := collect(t, taskOf(n, threads))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, sortedInts(rows), []int64{100_000, 100_001, 100_002})
		if got := stats[1].Detail; got != "11 of 20 splits read" || len(rows[0]) != 1 {
			t.Errorf("%s; %d columns", got, len(rows[0]))
		}

		n = scanNumbers([]int{0})
		task := taskOf(n, threads)
		task.Progress = &Progress{}
		if _, _, err := collect(t, task); err != nil {
			t.Fatal(err)
		}
		if p := task.Progress; p.Splits.Load() != 20 || p.Done.Load() != 20 || p.Rows.Load() != 200_000 {
			t.Errorf("progress: %d of %d splits, %d rows", p.Done.Load(), p.Splits.Load(), p.Rows.Load())
		}

		n = scanNumbers([]int{0})
		n.Runtime = []plan.RuntimeFilterUse{{Filter: 3, Column: 0}}
		rows, stats, err = collect(t, taskOf(n, threads))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 30_000 || stats[1].Detail != "6 of 20 splits read" {
			t.Errorf("runtime filter: %d rows, %s", len(rows), stats[1].Detail)
		}

		n = scanNumbers(nil)
		rows, _, err = collect(t, taskOf(&plan.Limit{Input: n, Count: 123_456}, threads))
		if err != nil || len(rows) != 123_456 {
			t.Errorf("no columns: %d rows, %v", len(rows), err)
		}

		n = scanNumbers([]int{0})
		n.Limit = 5000
		rows, _, err = collect(t, taskOf(n, threads))
		if err != nil || len(rows) < 5000 || len(rows) > 5000+threads*column.BatchRows {
			t.Errorf("limit: %d rows, %v", len(rows), err)
		}
	}
}

func TestScanErrorsNameTheFile(t *testing.T) {
	n := scanNumbers([]int{0})
	n.format.broken = 150_000
	_, _, err := collect(t, taskOf(n, 3))
	if e, ok := fault.As(err); !ok || e.Where != "file 14" {
		t.Errorf("got %v", err)
	}
}

func TestTasksShareTheSplits(t *testing.T) {
	n := scanNumbers([]int{0})
	var got []int64
	for i := range 3 {
		task := taskOf(n, 2)
		task.Stage.Tasks, task.Partition = 3, i
		rows, _, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ints(rows)...)
	}
	slices.Sort(got)
	expect(t, got, span(1, 200_000))

	task := taskOf(n, 2)
	task.Splits = map[int][]plan.Split{1: n.Splits[2:3]}
	rows, _, err := collect(t, task)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, ints(rows), span(20_001, 30_000))
}

// shelf is a store and format that keeps the number of rows of every committed file.
type shelf struct {
	storage.Store
	storage.Format
	files   map[string]int
	removed []string
	aborted int
	refuse  string // a file whose commit fails
	full    int    // rows after which writing fails, 0: never
}

type shelfFile struct {
	*shelf
	url  string
	rows int
}

func (s *shelf) Create(_ context.Context, url string) (storage.WriteFile, error) {
	return &shelfFile{shelf: s, url: url}, nil
}

func (s *shelf) Remove(_ context.Context, url string) error {
	s.removed = append(s.removed, url)
	delete(s.files, url)
	return nil
}

func (s *shelf) NewWriter(w io.Writer, _ []column.Field, _ map[string]string) (storage.Writer, error) {
	return shelfWriter{w.(*outputFile).file.(*shelfFile)}, nil
}

func (f *shelfFile) Write(p []byte) (int, error) { return len(p), nil }

func (f *shelfFile) Commit() error {
	if f.url == f.refuse {
		return errors.New("no space")
	}
	f.files[f.url] = f.rows
	return nil
}

func (f *shelfFile) Abort() error {
	f.aborted++
	return nil
}

type shelfWriter struct{ *shelfFile }

func (w shelfWriter) Write(b *column.Batch) error {
	w.rows += b.Rows()
	if w.full > 0 && w.rows > w.full {
		return fault.New(fault.DiskFull, "disk full")
	}
	return nil
}

func (w shelfWriter) Close() error { return nil }

// shelfNode writes to a shelf.
type shelfNode struct {
	*plan.Write
	*shelf
}

func init() {
	register(func(b *Builder, n *shelfNode) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		l, err := layoutOf(n.Write)
		if err != nil {
			return nil, err
		}
		return (&write{node: n.Write, task: b.Task, format: n.shelf, store: n.shelf, layout: l}).stream(b, s), nil
	})
}

func writeTo(input plan.Node, perTask bool) *shelfNode {
	return &shelfNode{shelf: &shelf{files: map[string]int{}}, Write: &plan.Write{Info: plan.Info{ID: 9}, Input: input, Format: "parquet",
		URL: "out", PerTask: perTask, Schema: input.Fields()}}
}

func TestWriteCountsRowsAndCommitsWholeFiles(t *testing.T) {
	for _, perTask := range []bool{false, true} {
		for _, rows := range []int64{0, 500_000} {
			n := writeTo(series(1, 1, rows, 1), perTask)
			out, _, err := collect(t, taskOf(n, 3))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, ints(out), []int64{rows})
			total := 0
			for url, r := range n.files {
				total += r
				if !perTask && url != "out" || perTask && len(url) != len("out/part-00000-000.parquet") {
					t.Errorf("file %q", url)
				}
			}
			if total != int(rows) || len(n.files) == 0 {
				t.Errorf("%d rows in %v", total, n.files)
			}
		}
	}
}

func TestAFailedWriteLeavesNoFiles(t *testing.T) {
	n := writeTo(series(1, 1, 500_000, 1), false)
	n.full = 100_000
	if _, _, err := collect(t, taskOf(n, 3)); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("got %v", err)
	}
	if len(n.files) != 0 || n.aborted != 1 {
		t.Errorf("files %v, %d aborted", n.files, n.aborted)
	}

	n = writeTo(series(1, 1, 0, 1), true)
	n.refuse = "out/part-00000-000.parquet"
	if _, _, err := collect(t, taskOf(n, 1)); err == nil || len(n.files) != 0 {
		t.Errorf("got %v, files %v", err, n.files)
	}

	n = writeTo(&plan.Values{Out: []column.Field{{Name: "n", Type: bigint}}, Rows: [][]column.Value{{column.NullValue(bigint)}}}, false)
	n.Schema = []column.Field{{Name: "n", Type: bigint, NotNull: true}}
	if _, _, err := collect(t, taskOf(n, 1)); fault.CodeOf(err) != fault.NotNullViolation || len(n.files) != 0 {
		t.Errorf("got %v, files %v", err, n.files)
	}
}
