package plan

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

var (
	bigint  = column.T(column.Int64)
	money   = column.DecimalType(15, 2)
	text    = column.T(column.Text)
	boolean = column.T(column.Bool)
)

func ref(i int, name string, t column.Type) expr.Expr {
	return &expr.Ref{Index: i, Name: name, Typ: t}
}
func lit(v column.Value) expr.Expr { return &expr.Literal{Value: v} }

// everything is a plan with every kind of node, expression and value.
func everything(t testing.TB) *Plan {
	t.Helper()
	call, err := expr.NewCall("+", []expr.Expr{ref(0, "a", bigint), lit(column.IntValue(bigint, 1))})
	if err != nil {
		t.Fatal(err)
	}
	scan := &Scan{
		Info: Info{ID: 1, Rows: 10}, Table: "t", Format: "parquet", Options: map[string]string{"k": "v", "a": "b"},
		Schema:  []column.Field{{Name: "a", Type: bigint, NotNull: true}, {Name: "b", Type: text}, {Name: "c", Type: money}},
		Columns: []int{0, 1, 2}, Output: []int{0, 2}, Limit: -1, Runtime: []RuntimeFilterUse{{Filter: 3, Column: 1}},
		Filters: []expr.Expr{&expr.Comparison{Op: expr.Ge, Left: ref(0, "a", bigint), Right: lit(column.IntValue(bigint, -5))}},
		Splits: []Split{
			{File: File{URL: "/x/1.parquet", Size: 100, ModTime: time.Unix(1, 2)}, End: 1, Rows: 7, Bytes: 90},
			{File: File{URL: "/x/2.parquet", Size: 100, ModTime: time.Unix(1, 2)}, Start: 1, End: 2, Rows: -1},
		},
	}
	a, c := ref(0, "a", bigint), ref(1, "c", money)
	exprs := []expr.Expr{
		call,
		&expr.Cast{Arg: a, To: column.T(column.Float64), Try: true},
		&expr.Case{Typ: bigint, Whens: []expr.When{{Cond: &expr.IsNull{Arg: c, Negated: true}, Then: a}}, Else: lit(column.NullValue(bigint))},
		&expr.And{Terms: []expr.Expr{&expr.Not{Arg: lit(column.BoolValue(true))}, &expr.Or{Terms: []expr.Expr{lit(column.BoolValue(false)), lit(column.NullValue(boolean))}}}},
		&expr.Coalesce{Args: []expr.Expr{a, lit(column.IntValue(bigint, 0))}},
		&expr.In{Arg: a, List: []column.Value{column.IntValue(bigint, 1), column.NullValue(bigint)}, Negated: true},
		lit(column.Value{Type: column.T(column.Interval), Interval: column.IntervalValue{Months: -1, Days: 2, Micros: 3}}),
		lit(column.TextValue("it's\x00 \xff")), lit(column.FloatValue(1.5)),
		lit(column.Value{Type: column.DecimalType(38, 4), Int: column.MinInt128}),
	}
	project := &Project{Info: Info{ID: 2}, Input: scan, Exprs: exprs}
	for _, e := range exprs {
		project.Out = append(project.Out, column.Field{Name: "x", Type: e.Type()})
	}
	two := []column.Field{{Name: "a", Type: bigint}, {Name: "n", Type: bigint}}
	agg := &Aggregate{
		Info: Info{ID: 3}, Input: &Filter{Info: Info{ID: 4}, Input: project, Cond: lit(column.BoolValue(true))}, Keys: []int{0}, Sets: [][]int{{0}, {}},
		Aggs: []kernels.Aggregate{{Op: kernels.AggCount, Args: []int{0}, ArgTypes: []column.Type{bigint}, Result: bigint, Distinct: true, Filter: -1}},
		Out:  []column.Field{two[0], {Name: "set", Type: bigint}, two[1]},
	}
	values := func(id int) *Values {
		return &Values{Info: Info{ID: id}, Out: two, Rows: [][]column.Value{{column.IntValue(bigint, 1), column.NullValue(bigint)}}}
	}
	series := &Series{Info: Info{ID: 6}, Out: two[0], Start: column.IntValue(bigint, 1), Stop: column.IntValue(bigint, 9), Step: column.IntValue(bigint, 2)}
	hash := &HashJoin{
		Info: Info{ID: 7}, Kind: Mark, Probe: agg, Build: values(5), ProbeKeys: []int{0}, BuildKeys: []int{0}, NullSafe: []bool{true},
		Residual: &expr.Comparison{Op: expr.IsDistinct, Left: ref(1, "set", bigint), Right: ref(3, "a", bigint)}, Output: []int{}, Filters: []RuntimeFilterDef{{Filter: 3}},
	}
	loop := &NestedLoopJoin{Info: Info{ID: 8}, Kind: FullOuter, Probe: hash, Build: series, Out: two[:1]}
	one := &Project{Info: Info{ID: 17}, Input: loop, Exprs: []expr.Expr{ref(0, "a", bigint), ref(0, "a", bigint)}, Out: two}
	union := &Union{Info: Info{ID: 10}, In: []Node{one, &SharedRead{Info: Info{ID: 11}, Out: two}}, Out: two}
	setop := &SetOp{Info: Info{ID: 9}, Kind: Except, All: true, Left: union, Right: values(18), Out: two}
	window := &Window{
		Info: Info{ID: 20}, Input: setop, Partition: []int{0}, Order: []kernels.SortKey{{Column: 1, Descending: true}}, Functions: []kernels.WindowFunction{{
			Op: kernels.WindowAggregate, Call: agg.Aggs[0], Peers: 1, Frame: kernels.Frame{
				Start: kernels.Bound{Kind: kernels.Preceding, Column: 1}, End: kernels.Bound{Kind: kernels.CurrentRow}, Exclude: kernels.ExcludeTies,
			},
		}, {
			Op: kernels.WindowLag, Call: kernels.Aggregate{Args: []int{0, 1}, ArgTypes: []column.Type{bigint, bigint}, Result: bigint, Filter: -1}, IgnoreNulls: true,
			Frame: kernels.Frame{Mode: kernels.FrameRows, Start: kernels.Bound{Kind: kernels.Preceding, Offset: 4}, End: kernels.Bound{Kind: kernels.Following, Offset: 5}},
		}}, Out: []column.Field{two[0], two[1], {Name: "count", Type: bigint}, {Name: "lag", Type: bigint}},
	}
	narrow := &Project{Info: Info{ID: 21}, Input: window, Exprs: []expr.Expr{ref(0, "a", bigint), ref(3, "lag", bigint)}, Out: two}
	recursion := &Recursion{Info: Info{ID: 22}, Table: 1, All: true, Seed: narrow, Step: &WorkingTable{Info: Info{ID: 23}, Table: 1, Out: two}, Out: two}
	sorted := &Sort{Info: Info{ID: 12}, Input: &DistinctOn{Info: Info{ID: 13}, Input: recursion, Keys: []int{1}}, Keys: []kernels.SortKey{{Column: 1, Descending: true, NullsFirst: true}}, Count: 5, Offset: 1}
	write := &Write{
		Info: Info{ID: 15}, Input: &Limit{Info: Info{ID: 14}, Input: sorted, Count: -1, Offset: 3}, Format: "csv", Options: map[string]string{"header": "true"}, URL: "/out", PerTask: true,
		Schema: []column.Field{{Name: "l", Type: column.ListType(text)}},
	}
	return &Plan{
		Settings: Settings{Threads: 3, MemoryLimit: 1 << 30, Now: time.UnixMicro(1234567).UTC(), TimeZone: "UTC"},
		Stages: []*Stage{
			{ID: 0, Root: write, Shared: []Node{values(19)}, Output: Partitioning{Kind: Hash, Keys: []int{0}, Partitions: 4}, Tasks: 2},
			{ID: 1, Root: &ExchangeRead{Info: Info{ID: 16}, Kind: Hash, Out: write.Fields()}, Tasks: 4},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	p := everything(t)
	data, err := Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Explain(q, nil), Explain(p, nil); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	again, err := Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, again) {
		t.Error("what was decoded encodes differently")
	}
	if q.Settings != p.Settings {
		t.Errorf("settings %+v, want %+v", q.Settings, p.Settings)
	}
}

func TestDamagedPlansAreErrors(t *testing.T) {
	data, err := Marshal(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		bad := bytes.Clone(data)
		for range 1 + r.IntN(4) {
			bad[r.IntN(len(bad))] = byte(r.Uint32())
		}
		if q, err := Unmarshal(bad); err == nil {
			// Some damage gives another plan; it must still be one that prints.
			_ = Explain(q, nil)
		} else if _, ok := fault.As(err); !ok {
			t.Fatalf("error without a code: %v", err)
		}
	}
	if _, err := Unmarshal(nil); fault.CodeOf(err) != fault.DataCorrupted {
		t.Errorf("empty plan: %v", err)
	}
}

func TestUnknownFunctionIsNamed(t *testing.T) {
	data, err := Marshal(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Replace(data, []byte("\x22\x01+"), []byte("\x22\x01?"), 1)
	if bytes.Equal(bad, data) {
		t.Fatal("the function's name is not in the plan as expected")
	}
	if _, err := Unmarshal(bad); err == nil || !strings.Contains(err.Error(), `?`) {
		t.Errorf("got %v", err)
	}
}

// Depth must not matter: a chain of operators as long as a query can hold travels whole.
func TestDeepExpression(t *testing.T) {
	e := ref(0, "a", boolean)
	for range 100_000 {
		e = &expr.Not{Arg: e}
	}
	p := &Plan{Stages: []*Stage{{Root: &Filter{Info: Info{ID: 1}, Input: &Values{Out: []column.Field{{Name: "a", Type: boolean}}}, Cond: e}, Tasks: 1}}}
	data, err := Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for x := q.Stages[0].Root.(*Filter).Cond; len(x.Children()) > 0; x = x.Children()[0] {
		depth++
	}
	if depth != 100_000 {
		t.Errorf("depth %d", depth)
	}
}

func FuzzUnmarshal(f *testing.F) {
	data, err := Marshal(everything(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := Unmarshal(data); err == nil {
			_ = Explain(p, nil)
		}
	})
}
