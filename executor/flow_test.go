package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	status := m.Run()
	if err := testSpill.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// testSpill is where tests spill: a folder for each task would take longer than the tasks.
var testSpill = spill.NewDir("", 0)

var (
	bigint = column.T(column.Int64)
	text   = column.T(column.Text)
)

func series(id int, from, to, step int64) *plan.Series {
	return &plan.Series{Info: plan.Info{ID: id}, Out: column.Field{Name: "n", Type: bigint},
		Start: column.IntValue(bigint, from), Stop: column.IntValue(bigint, to), Step: column.IntValue(bigint, step)}
}

// spread stands between a series and what would keep its order, so that all workers take part.
func spread(n plan.Node) plan.Node {
	return &plan.Union{Info: plan.Info{ID: 1000}, In: []plan.Node{n}, Out: n.Fields()}
}

func ref(i int) expr.Expr { return &expr.Ref{Index: i, Typ: bigint} }

func literal(v int64) expr.Expr { return &expr.Literal{Value: column.IntValue(bigint, v)} }

func greater(l, r expr.Expr) expr.Expr { return &expr.Comparison{Op: expr.Gt, Left: l, Right: r} }

// taskOf makes a task of a single stage.
func taskOf(root plan.Node, threads int, shared ...plan.Node) *Task {
	return &Task{Stage: &plan.Stage{Root: root, Shared: shared, Tasks: 1}, Threads: threads, Budget: mem.NewBudget("query", 0, nil), Measure: true, Spill: testSpill}
}

// collect runs a task, reads its rows, and checks that all memory is given back.
func collect(t *testing.T, task *Task) ([][]column.Value, map[int]plan.NodeStats, error) {
	t.Helper()
	r := Start(t.Context(), task)
	var rows [][]column.Value
	var err error
	for {
		b, e := r.Next(t.Context())
		if e != nil {
			err = e
			break
		}
		if b == nil {
			break
		}
		rows = append(rows, columntest.Rows(b)...)
	}
	if e := r.Close(); !errors.Is(err, e) {
		t.Errorf("Next failed with %v, Close with %v", err, e)
	}
	if used := task.Budget.Used(); used != 0 {
		t.Errorf("%d bytes are still in use after the task", used)
	}
	return rows, r.Stats(), err
}

// ints are the first column's values.
func ints(rows [][]column.Value) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r[0].Int64()
	}
	return out
}

func sortedInts(rows [][]column.Value) []int64 {
	out := ints(rows)
	slices.Sort(out)
	return out
}

func span(from, to int64) []int64 {
	var out []int64
	for i := from; i <= to; i++ {
		out = append(out, i)
	}
	return out
}

func expect(t *testing.T, got, want []int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		if len(got) > 20 || len(want) > 20 {
			t.Fatalf("got %d rows, want %d", len(got), len(want))
		}
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestSeries(t *testing.T) {
	small := column.T(column.Int8)
	for _, c := range []struct {
		name             string
		from, to, by     int64
		typ              column.Type
		want             []int64
		threads, howMany int
	}{
		{name: "up", from: 1, to: 7, by: 3, typ: bigint, want: []int64{1, 4, 7}},
		{name: "down", from: 5, to: 1, by: -2, typ: bigint, want: []int64{5, 3, 1}},
		{name: "empty", from: 5, to: 1, by: 1, typ: bigint},
		{name: "to the type's end", from: 120, to: 127, by: 4, typ: small, want: []int64{120, 124}},
		{name: "extremes", from: -1 << 63, to: 1<<63 - 1, by: 1 << 62, typ: bigint, want: []int64{-1 << 63, -1 << 62, 0, 1 << 62}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := series(1, c.from, c.to, c.by)
			n.Out.Type = c.typ
			rows, _, err := collect(t, taskOf(n, 2))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, ints(rows), c.want)
		})
	}
	if _, _, err := collect(t, taskOf(series(1, 1, 2, 0), 1)); fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Errorf("step 0: %v", err)
	}
}

func TestSeriesOfTimestampsKeepsMonthEnds(t *testing.T) {
	ts := column.T(column.Timestamp)
	day := func(y int64, m, d int) column.Value {
		return column.IntValue(ts, column.DaysFromCivil(y, m, d)*column.MicrosPerDay)
	}
	n := &plan.Series{Out: column.Field{Name: "t", Type: ts}, Start: day(2023, 12, 31), Stop: day(2024, 4, 30),
		Step: column.Value{Type: column.T(column.Interval), Interval: column.IntervalValue{Months: 1}}}
	rows, _, err := collect(t, taskOf(n, 1))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r[0].String())
	}
	want := []string{"2023-12-31 00:00:00", "2024-01-31 00:00:00", "2024-02-29 00:00:00", "2024-03-29 00:00:00", "2024-04-29 00:00:00"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestFilterProjectLimitOnSeveralWorkers(t *testing.T) {
	for _, threads := range []int{1, 4} {
		double, err := expr.NewCall("*", []expr.Expr{ref(0), literal(2)})
		if err != nil {
			t.Fatal(err)
		}
		filter := &plan.Filter{Info: plan.Info{ID: 2}, Input: spread(series(1, 1, 1_000_000, 1)), Cond: greater(ref(0), literal(900_000))}
		project := &plan.Project{Info: plan.Info{ID: 3}, Input: filter, Exprs: []expr.Expr{double}, Out: []column.Field{{Name: "d", Type: bigint}}}
		rows, stats, err := collect(t, taskOf(project, threads))
		if err != nil {
			t.Fatal(err)
		}
		var want []int64
		for i := int64(900_001); i <= 1_000_000; i++ {
			want = append(want, 2*i)
		}
		expect(t, sortedInts(rows), want)
		for id, n := range map[int]int64{1: 1_000_000, 2: 100_000, 3: 100_000} {
			if stats[id].Rows != n || stats[id].Time <= 0 {
				t.Errorf("node %d: %+v, want %d rows", id, stats[id], n)
			}
		}
		limit := &plan.Limit{Info: plan.Info{ID: 4}, Input: project, Count: 5000, Offset: 10}
		if rows, _, err = collect(t, taskOf(limit, threads)); err != nil || len(rows) != 5000 {
			t.Errorf("limit: %d rows, %v", len(rows), err)
		}
	}
}

func TestASeriesThatIsReadAsItComesStaysInOrder(t *testing.T) {
	n := &plan.Filter{Input: series(1, 1, 1_000_000, 1), Cond: greater(ref(0), literal(10))}
	rows, _, err := collect(t, taskOf(n, 4))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, ints(rows), span(11, 1_000_000))
}

func TestLimitKeepsTheOrderOfOneSource(t *testing.T) {
	n := &plan.Limit{Input: series(1, 1, 100_000, 1), Count: 5, Offset: 5000}
	rows, _, err := collect(t, taskOf(n, 4))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, ints(rows), span(5001, 5005))
}

func TestUnionGivesAllRowsAndALimitOfOneInputLeavesTheOthers(t *testing.T) {
	for _, threads := range []int{1, 3} {
		limited := &plan.Limit{Info: plan.Info{ID: 7}, Input: series(2, 1, 1000, 1), Count: 10}
		inner := &plan.Union{Info: plan.Info{ID: 4}, In: []plan.Node{limited, series(3, 11, 20_000, 1)}, Out: series(0, 0, 0, 1).Fields()}
		n := &plan.Union{Info: plan.Info{ID: 5}, In: []plan.Node{inner, series(1, 20_001, 1_000_000, 1)}, Out: inner.Out}
		rows, stats, err := collect(t, taskOf(n, threads))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, sortedInts(rows), span(1, 1_000_000))
		for id, want := range map[int]int64{7: 10, 4: 20_000, 5: 1_000_000} {
			if stats[id].Rows != want {
				t.Errorf("node %d: %d rows, want %d", id, stats[id].Rows, want)
			}
		}
		over := &plan.Limit{Info: plan.Info{ID: 8}, Input: n, Count: 30}
		if rows, _, err := collect(t, taskOf(over, threads)); err != nil || len(rows) != 30 {
			t.Errorf("limit over union: %d rows, %v", len(rows), err)
		}
	}
}

func TestSharedRowsAreReadByAll(t *testing.T) {
	shared := &plan.Filter{Info: plan.Info{ID: 1}, Input: series(2, 1, 300_000, 1), Cond: greater(ref(0), literal(100_000))}
	read := func(id int) plan.Node {
		return &plan.SharedRead{Info: plan.Info{ID: id}, Shared: 0, Out: shared.Fields()}
	}
	n := &plan.Union{Info: plan.Info{ID: 3}, In: []plan.Node{read(4), read(5)}, Out: shared.Fields()}
	rows, stats, err := collect(t, taskOf(n, 3, shared))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 400_000 || stats[2].Rows != 300_000 || stats[1].Memory < 8*200_000 {
		t.Errorf("%d rows; %+v", len(rows), stats)
	}
}

func TestSortOrdersAndCuts(t *testing.T) {
	desc := []kernels.SortKey{{Column: 0, Descending: true}}
	for _, threads := range []int{1, 4} {
		n := &plan.Sort{Info: plan.Info{ID: 1}, Input: series(2, 1, 700_000, 1), Keys: desc, Count: -1}
		rows, stats, err := collect(t, taskOf(n, threads))
		if err != nil {
			t.Fatal(err)
		}
		want := span(1, 700_000)
		slices.Reverse(want)
		expect(t, ints(rows), want)
		if stats[1].Rows != 700_000 || stats[1].Memory == 0 {
			t.Errorf("%+v", stats[1])
		}
		for _, c := range []struct{ count, offset int64 }{{10, 0}, {10, 7}, {0, 0}, {5, 699_998}, {5, 800_000}, {1<<63 - 1, 699_990}} {
			n.Count, n.Offset = c.count, c.offset
			rows, _, err := collect(t, taskOf(n, threads))
			if err != nil {
				t.Fatal(err)
			}
			from := min(c.offset, 700_000)
			expect(t, ints(rows), want[from:from+min(c.count, 700_000-from)])
		}
	}
}

func TestValuesOfEveryTypePass(t *testing.T) {
	types := append(columntest.Types(), columntest.NestedTypes()...)
	n := &plan.Values{}
	for i, typ := range types {
		n.Out = append(n.Out, column.Field{Name: fmt.Sprint(i), Type: typ})
	}
	for range 10_000 {
		row := make([]column.Value, len(types))
		for i, typ := range types {
			row[i] = column.NullValue(typ)
		}
		row[0], row[18] = column.BoolValue(true), column.TextValue("a text that is too long for a view")
		n.Rows = append(n.Rows, row)
	}
	rows, _, err := collect(t, taskOf(n, 2))
	if err != nil || len(rows) != len(n.Rows) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i := range rows {
		for c := range rows[i] {
			if !columntest.Equal(rows[i][c], n.Rows[i][c]) {
				t.Fatalf("row %d column %d: %v, want %v", i, c, rows[i][c], n.Rows[i][c])
			}
		}
	}
}

func TestSortSpillsAtTheMemoryLimit(t *testing.T) {
	const rows, limit = 1_000_000, 8 << 20
	for _, threads := range []int{1, 4} {
		n := &plan.Sort{Info: plan.Info{ID: 3}, Input: spread(series(2, 1, rows, 1)), Keys: []kernels.SortKey{{Descending: true}}, Count: -1}
		task := taskOf(n, threads)
		task.Budget = mem.NewBudget("query", limit, nil)
		got, stats, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != rows || task.Budget.Peak() > limit {
			t.Errorf("%d rows, peak %d", len(got), task.Budget.Peak())
		}
		for i, r := range got {
			if r[0].Int64() != int64(rows-i) {
				t.Fatalf("row %d is %d", i, r[0].Int64())
			}
		}
		if d := stats[3].Detail; !strings.Contains(d, "spilled") {
			t.Errorf("detail %q", d)
		}
	}
}

func TestErrorsOfOneWorkerEndTheTask(t *testing.T) {
	quotient, err := expr.NewCall("/", []expr.Expr{literal(1), mustCall(t, "-", ref(0), literal(500_000))})
	if err != nil {
		t.Fatal(err)
	}
	n := &plan.Project{Input: spread(series(1, 1, 1_000_000, 1)), Exprs: []expr.Expr{quotient}, Out: []column.Field{{Name: "q", Type: bigint}}}
	if _, _, err := collect(t, taskOf(n, 4)); fault.CodeOf(err) != fault.DivisionByZero {
		t.Errorf("got %v", err)
	}
}

func mustCall(t *testing.T, name string, args ...expr.Expr) expr.Expr {
	t.Helper()
	e, err := expr.NewCall(name, args)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// faulty is an operator that panics at the second batch of each worker.
type faulty struct{ how func() }

func (f faulty) Worker(_ *Worker, next Sink) (Sink, error) { return &faultySink{f, next, 0}, nil }

type faultySink struct {
	faulty
	next    Sink
	batches int
}

func (s *faultySink) Push(b *column.Batch) error {
	if s.batches++; s.batches == 2 {
		s.how()
	}
	return s.next.Push(b)
}

func (s *faultySink) Finish() error { return s.next.Finish() }

// wrapped is a plan node that stands for an operator of the test's own.
type wrapped struct {
	plan.Info
	input plan.Node
	op    Operator
}

func (n *wrapped) Fields() []column.Field { return n.input.Fields() }
func (n *wrapped) Inputs() []plan.Node    { return []plan.Node{n.input} }

func init() {
	register(func(b *Builder, n *wrapped) (*Stream, error) {
		s, err := b.Build(n.input)
		if err != nil {
			return nil, err
		}
		return s.Then(n.op), nil
	})
}

func TestPanicsBecomeErrorsThatNameTheNode(t *testing.T) {
	for name, how := range map[string]func(){
		"panic":          func() { panic("boom") },
		"out of range":   func() { _ = make([]int, 0)[len(name0)] },
		"freed mappings": func() { readUnmapped() },
	} {
		t.Run(name, func(t *testing.T) {
			n := &wrapped{Info: plan.Info{ID: 42}, input: spread(series(1, 1, 1_000_000, 1)), op: faulty{how}}
			_, _, err := collect(t, taskOf(&plan.Sort{Input: n, Keys: []kernels.SortKey{{}}, Count: -1}, 3))
			e, ok := fault.As(err)
			if !ok || e.Code != fault.Internal || e.Message != "internal error in *executor.wrapped (node 42)" && e.Message != "internal error in *executor.wrapped (node 42): boom" {
				t.Errorf("got %v", err)
			}
		})
	}
}

const name0 = "seven characters or more"

// slow is an operator that passes batches on slowly, or explodes each row into very many.
type slow struct {
	explode bool
	pushed  *atomic.Int64
}

func (f slow) Worker(_ *Worker, next Sink) (Sink, error) { return &slowSink{f, next}, nil }

type slowSink struct {
	slow
	next Sink
}

func (s *slowSink) Push(b *column.Batch) error {
	for {
		s.pushed.Add(1)
		if err := s.next.Push(b); err != nil || !s.explode {
			return err
		}
	}
}

func (s *slowSink) Finish() error { return s.next.Finish() }

func TestCancellationReachesEveryKindOfOperator(t *testing.T) {
	ever := spread(series(1, 1, 1<<62, 1))
	never := greater(ref(0), literal(1<<62))
	for name, n := range map[string]plan.Node{
		"filter that passes nothing": &plan.Filter{Input: ever, Cond: never},
		"results that nobody reads":  ever,
		"operator that explodes":     &plan.Filter{Input: &wrapped{input: ever, op: slow{true, new(atomic.Int64)}}, Cond: never},
		"sort":                       &plan.Sort{Input: &plan.Limit{Input: ever, Count: 1 << 20}, Keys: []kernels.SortKey{{}}, Count: -1},
		"top-n":                      &plan.Sort{Input: ever, Keys: []kernels.SortKey{{}}, Count: 10},
	} {
		t.Run(name, func(t *testing.T) {
			task := taskOf(n, 2)
			why := fault.New(fault.QueryCanceled, "canceling statement due to user request")
			ctx, cancel := context.WithCancelCause(t.Context())
			r := Start(ctx, task)
			time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
			<-ctx.Done()
			err := r.Close()
			if err != nil && fault.CodeOf(err) != fault.QueryCanceled {
				t.Errorf("got %v", err)
			}
			if used := task.Budget.Used(); used != 0 {
				t.Errorf("%d bytes are still in use", used)
			}
		})
	}
}

func TestClosingResultsEndsTheTask(t *testing.T) {
	task := taskOf(spread(series(1, 1, 1<<62, 1)), 2)
	r := Start(t.Context(), task)
	if b, err := r.Next(t.Context()); err != nil || b.Rows() == 0 {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if used := task.Budget.Used(); used != 0 {
		t.Errorf("%d bytes are still in use", used)
	}
	if _, err := r.Next(t.Context()); err == nil {
		t.Error("closed results gave rows")
	}
}

func TestALimitStopsWorkersWhoseFilterPassesNothing(t *testing.T) {
	// One worker finds the row at once; the other would search for ever.
	cond := &expr.Comparison{Op: expr.Lt, Left: ref(0), Right: literal(100)}
	n := &plan.Limit{Input: &plan.Filter{Input: spread(series(1, 1, 1<<62, 1)), Cond: cond}, Count: 5}
	rows, _, err := collect(t, taskOf(n, 4))
	if err != nil || len(rows) != 5 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
