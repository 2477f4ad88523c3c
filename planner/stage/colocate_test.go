package stage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
	"github.com/polybolos-db/polybolos/planner/physical"
	"github.com/polybolos-db/polybolos/storage"
)

// layout says how the rows of tables lie in splits. A split's Start and End are the least and the greatest value of the table's ordered column.
type layout struct {
	ordered func(table, column string) bool
	splits  int64
	values  int64 // each split's, of which the next one has the last
}

// options are those of a planner that finds tables laid out so.
func (l layout) options(o physical.Options) physical.Options {
	o.Exchange = true
	o.Splits = func(_ context.Context, t catalog.Table, _ *storage.Scan) (out []plan.Split, err error) {
		for i := range l.splits {
			// Not in the order of the values: what they are metadata says.
			k := (i*7 + 2) % l.splits
			out = append(out, plan.Split{File: plan.File{URL: t.Name()}, Start: k * l.values, End: (k + 1) * l.values, Bytes: 1000})
		}
		return out, nil
	}
	o.Bounds = func(_ context.Context, t catalog.Table, splits []plan.Split, f column.Field) (out []plan.ColumnStatistics, err error) {
		for _, s := range splits {
			b := plan.ColumnStatistics{Nulls: -1}
			if l.ordered(t.Name(), f.Name) {
				least, greatest := column.IntValue(f.Type, s.Start), column.IntValue(f.Type, s.End)
				b = plan.ColumnStatistics{Min: &least, Max: &greatest}
			}
			out = append(out, b)
		}
		return out, nil
	}
	return o
}

// place is a number that says in which task row i of a table is: modulo the number of tasks. Of a scan by ranges it also looks whether the task reads a split that
// may have the row.
func (x *runner) place(n *plan.Scan, row values, i int) (int, error) {
	if n.Range == nil {
		return i, nil
	}
	v := row[n.Columns[n.Range.Column]]
	var bounds []int64
	for _, b := range n.Range.Bounds {
		bounds = append(bounds, int64(b.Int.Lo))
	}
	at := rangeOf(v, bounds)
	if v.Null {
		return at, nil
	}
	for _, s := range x.stage.Splits(n, at%x.stage.Tasks) {
		if s.Start <= int64(v.Int.Lo) && int64(v.Int.Lo) <= s.End {
			return at, nil
		}
	}
	return 0, fmt.Errorf("no task reads the splits that may have %s in range %d of %s", v, at, n.Table)
}

// rangeOf is the range that a value is in.
func rangeOf(v column.Value, bounds []int64) (at int) {
	for !v.Null && at < len(bounds) && bounds[at] <= int64(v.Int.Lo) {
		at++
	}
	return at
}

// ranges counts the scans by ranges of a plan.
func ranges(p *plan.Plan) (n int) {
	for _, s := range p.Stages {
		plan.Walk(s.Root, func(x plan.Node) {
			if scan, ok := x.(*plan.Scan); ok && scan.Range != nil {
				n++
			}
		})
	}
	return n
}

// TestTablesInOrder compares what plans give whose scans read ranges of keys with what the queries mean. Whatever metadata says of the order, the rows are as they are.
func TestTablesInOrder(t *testing.T) {
	queries := slices.Clone(plantest.Queries)
	more := 150
	if testing.Short() {
		more = 60
	}
	for i := range more {
		queries = append(queries, plantest.Query(rand.New(rand.NewPCG(uint64(i), 9))))
	}
	all := func(string, string) bool { return true }
	found, sent := 0, 0
	for i, text := range queries {
		c := []plantest.Catalog{plantest.Small(100_000, 100_000, 100_000), plantest.Small(10, 1000, 100_000), plantest.Small(100_000, 1000, 10)}[i%3]
		l := []layout{{all, 4, 1}, {all, 24, 1}, {func(_, name string) bool { return name == "k" || name == "a" }, 40, 3}}[i/3%3]
		opts := l.options(physical.Options{Partitions: 1 + i%4, BroadcastRows: []int{0, -1}[i%2]})
		p := planned(t, c, text, opts)
		found += min(ranges(p), 1)
		if slices.ContainsFunc(p.Stages, func(s *plan.Stage) bool { return s.Output.Kind == plan.Range }) {
			sent++
		}
		equivalent(t, c, text, opts)
	}
	if found < len(queries)/4 || sent < len(queries)/40 {
		t.Errorf("only %d of %d queries read ranges, and only %d send rows to them", found, len(queries), sent)
	}
}

// TestPlansOfTablesInOrder looks at what becomes of exchanges where lineitem and orders are written in the order of their key.
func TestPlansOfTablesInOrder(t *testing.T) {
	byOrder := func(_, name string) bool { return name == "l_orderkey" || name == "o_orderkey" }
	for _, c := range []struct {
		query        string
		splits       int64
		stages, read int // stages of the plan, scans by ranges
	}{
		{"q03", 400, 3, 2}, // customer is sent to all, and groups by the order's key are complete where they are
		{"q04", 400, 3, 2},
		{"q12", 400, 3, 2},
		{"q18", 400, 4, 3},
		{"q21", 400, 5, 4},
		{"q04", 3, 5, 0}, // as many splits as tasks: each would be read by several
		{"q06", 400, 2, 0},
		{"q13", 400, 5, 0}, // joins by another key
	} {
		text, err := os.ReadFile("../../bench/tpch/queries/" + c.query + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		l := layout{byOrder, c.splits, 6_000_000 / c.splits}
		p := planned(t, plantest.TPCH(), string(text), l.options(physical.Options{Partitions: 4, BroadcastRows: 50_000}))
		if len(p.Stages) != c.stages || ranges(p) != c.read {
			t.Errorf("%s over %d splits: %d stages and %d scans by ranges, want %d and %d\n%s",
				c.query, c.splits, len(p.Stages), ranges(p), c.stages, c.read, plan.Explain(p, nil))
		}
		for _, s := range p.Stages {
			var bounds []column.Value
			plan.Walk(s.Root, func(n plan.Node) {
				scan, ok := n.(*plan.Scan)
				if !ok || scan.Range == nil {
					return
				}
				if bounds != nil && !slices.EqualFunc(bounds, scan.Range.Bounds, func(a, b column.Value) bool { return a.Int == b.Int }) {
					t.Errorf("%s: scans of one stage have ranges %v and %v", c.query, bounds, scan.Range.Bounds)
				}
				bounds = scan.Range.Bounds
			})
		}
	}
}

// TestRowsAreSentToRanges looks for what is sent where one side of a join is in the order of its key.
func TestRowsAreSentToRanges(t *testing.T) {
	inOrder := func(table, name string) bool { return table == "t" && name == "a" || table == "v" && name == "e" }
	c := plantest.Small(1_000_000, 100_000, 2_000_000)
	for query, want := range map[string]string{
		// The build side goes to the probe side's ranges, and from there to others.
		`select count(*) from t join u on a = c`:                                                  "to range(c) over 4 partitions",
		`select count(*) from t join u on a = c join v on d = e`:                                  "to range(d) over 4 partitions",
		`select count(*) from t left join u on a = c`:                                             "to range(c) over 4 partitions",
		`select count(*) from v full join u on d = e`:                                             "to range(d) over 4 partitions",
		`select count(*) from t where not exists (select 1 from u where c = a)`:                   "to range(c) over 4 partitions",
		`select count(*) from t join u on b = c`:                                                  "to hash(c) over 4 partitions", // t is in the order of another column
		`select count(*) from t join (select distinct c from u where d < 0) on a = c where a < 0`: "to range(c) over 4 partitions",
	} {
		l := layout{inOrder, 100, 1000}
		p := planned(t, c, query, l.options(physical.Options{Partitions: 4, BroadcastRows: 10}))
		if text := plan.Explain(p, nil); !strings.Contains(text, want) {
			t.Errorf("%s: want %q in\n%s", query, want, text)
		}
	}
}

// TestSplitsThatStayWhereTheyAre looks at tables of which metadata promises order, but that are not read by ranges.
func TestSplitsThatStayWhereTheyAre(t *testing.T) {
	const query = `select count(*) from t join u on a = c`
	all := func(string, string) bool { return true }
	for name, spoil := range map[string]func(*physical.Options){
		"nothing is wrong": func(*physical.Options) {},
		"NULLs": func(o *physical.Options) {
			bounds := o.Bounds
			o.Bounds = func(ctx context.Context, t catalog.Table, s []plan.Split, f column.Field) ([]plan.ColumnStatistics, error) {
				out, err := bounds(ctx, t, s, f)
				out[3].Nulls = 1
				return out, err
			}
		},
		"bounds of one split are unknown": func(o *physical.Options) {
			bounds := o.Bounds
			o.Bounds = func(ctx context.Context, t catalog.Table, s []plan.Split, f column.Field) ([]plan.ColumnStatistics, error) {
				out, err := bounds(ctx, t, s, f)
				out[7].Max = nil
				return out, err
			}
		},
		"every split may have everything": func(o *physical.Options) {
			bounds := o.Bounds
			o.Bounds = func(ctx context.Context, t catalog.Table, s []plan.Split, f column.Field) ([]plan.ColumnStatistics, error) {
				out, err := bounds(ctx, t, s, f)
				for i := range out {
					out[i].Min, out[i].Max = out[2].Min, out[30].Max
				}
				return out, err
			}
		},
		"one value has most rows": func(o *physical.Options) {
			splits := o.Splits
			o.Splits = func(ctx context.Context, t catalog.Table, s *storage.Scan) ([]plan.Split, error) {
				out, err := splits(ctx, t, s)
				out[5].Bytes, out[5].End = 1_000_000, out[5].Start
				return out, err
			}
		},
		"files lie on executors": func(o *physical.Options) {
			splits := o.Splits
			o.Splits = func(ctx context.Context, t catalog.Table, s *storage.Scan) ([]plan.Split, error) {
				out, err := splits(ctx, t, s)
				out[5].File.URL = "local://a/t.parquet"
				return out, err
			}
		},
	} {
		opts := layout{all, 40, 10}.options(physical.Options{Partitions: 4})
		spoil(&opts)
		p := planned(t, plantest.Small(1_000_000, 1_000_000, 10), query, opts)
		if got, want := ranges(p), map[bool]int{true: 2}[name == "nothing is wrong"]; got != want {
			t.Errorf("%s: %d scans by ranges, want %d\n%s", name, got, want, plan.Explain(p, nil))
		}
	}
}

// TestWorkIsDealtInPieces looks for several ranges a task, so that keys which lie close together are not all in one.
func TestWorkIsDealtInPieces(t *testing.T) {
	l := layout{func(string, string) bool { return true }, 200, 100}
	p := planned(t, plantest.Small(1_000_000, 1_000_000, 10), `select count(*) from t join u on a = c`, l.options(physical.Options{Partitions: 3}))
	if text := plan.Explain(p, nil); !strings.Contains(text, "24 ranges of a, dealt to the tasks") {
		t.Errorf("not 8 ranges for each of 3 tasks\n%s", text)
	}
	for _, s := range p.Stages {
		plan.Walk(s.Root, func(n plan.Node) {
			scan, ok := n.(*plan.Scan)
			if !ok {
				return
			}
			read := 0
			for task := range s.Tasks {
				mine := s.Splits(scan, task)
				read += len(mine)
				if len(mine) < 60 || len(mine) > 90 {
					t.Errorf("task %d reads %d of %d splits of %s", task, len(mine), len(scan.Splits), scan.Table)
				}
			}
			if read > 200+23 {
				t.Errorf("the tasks read %d splits of 200 of %s", read, scan.Table)
			}
		})
	}
}
