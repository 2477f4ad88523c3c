package parquet

import (
	"context"
	"math"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/storage"
)

// groupsScan is a scan of all columns of groups.parquet: n bigint (0…99, 100…199, NULL, 300…399), t text (apple; banana, cherry; date; NULL, fig),
// d numeric (0.50 … 399.50), f double with NaN in each group, flag boolean (true; false; both; both).
func groupsScan(t testing.TB, filters ...expr.Expr) *storage.Scan {
	fields, err := Format{}.Infer(context.Background(), store, fileAt(t, "testdata/groups.parquet"), nil)
	if err != nil {
		t.Fatal(err)
	}
	scan := &storage.Scan{Schema: fields, Filters: filters}
	for i := range fields {
		scan.Columns = append(scan.Columns, i)
	}
	return scan
}

func ref(scan *storage.Scan, name string) *expr.Ref {
	for i, c := range scan.Columns {
		if f := scan.Schema[c]; f.Name == name {
			return &expr.Ref{Index: i, Name: name, Typ: f.Type}
		}
	}
	panic(name)
}

func compare(r *expr.Ref, op expr.CompareOp, v column.Value) expr.Expr {
	return &expr.Comparison{Op: op, Left: r, Right: &expr.Literal{Value: v}}
}

func TestPruneByStatistics(t *testing.T) {
	scan := groupsScan(t)
	n, text, d, f, flag := ref(scan, "n"), ref(scan, "t"), ref(scan, "d"), ref(scan, "f"), ref(scan, "flag")
	i := func(v int64) column.Value { return column.IntValue(column.T(column.Int64), v) }
	s := column.TextValue
	dec := func(v int64) column.Value { return column.IntValue(column.DecimalType(20, 2), v) }
	swap := func(v column.Value, op expr.CompareOp, r *expr.Ref) expr.Expr {
		return &expr.Comparison{Op: op, Left: &expr.Literal{Value: v}, Right: r}
	}
	for _, c := range []struct {
		name    string
		filters []expr.Expr
		want    []int64
	}{
		{"no filter", nil, []int64{0, 1, 2, 3}},
		{"n = 150", []expr.Expr{compare(n, expr.Eq, i(150))}, []int64{1}},
		{"150 = n", []expr.Expr{swap(i(150), expr.Eq, n)}, []int64{1}},
		{"n = 250", []expr.Expr{compare(n, expr.Eq, i(250))}, nil},
		{"n < 100", []expr.Expr{compare(n, expr.Lt, i(100))}, []int64{0}},
		{"n <= 100", []expr.Expr{compare(n, expr.Le, i(100))}, []int64{0, 1}},
		{"n > 199", []expr.Expr{compare(n, expr.Gt, i(199))}, []int64{3}},
		{"199 < n", []expr.Expr{swap(i(199), expr.Lt, n)}, []int64{3}},
		{"n >= 199", []expr.Expr{compare(n, expr.Ge, i(199))}, []int64{1, 3}},
		{"n between 50 and 120", []expr.Expr{compare(n, expr.Ge, i(50)), compare(n, expr.Le, i(120))}, []int64{0, 1}},
		{"n = NULL", []expr.Expr{compare(n, expr.Eq, column.NullValue(column.T(column.Int64)))}, nil},
		{"n <> 5 leaves NULLs out", []expr.Expr{compare(n, expr.Ne, i(5))}, []int64{0, 1, 3}},
		{"n in (5, 350)", []expr.Expr{&expr.In{Arg: n, List: []column.Value{i(5), i(350)}}}, []int64{0, 3}},
		{"n not in (5)", []expr.Expr{&expr.In{Arg: n, List: []column.Value{i(5)}, Negated: true}}, []int64{0, 1, 2, 3}},
		{"n is null", []expr.Expr{&expr.IsNull{Arg: n}}, []int64{2}},
		{"n is not null", []expr.Expr{&expr.IsNull{Arg: n, Negated: true}}, []int64{0, 1, 3}},
		{"n is distinct from 5", []expr.Expr{compare(n, expr.IsDistinct, i(5))}, []int64{0, 1, 2, 3}},
		{"n = 5 or t = 'fig'", []expr.Expr{&expr.Or{Terms: []expr.Expr{compare(n, expr.Eq, i(5)), compare(text, expr.Eq, s("fig"))}}}, []int64{0, 3}},
		{"n < 150 and t > 'apple'", []expr.Expr{&expr.And{Terms: []expr.Expr{compare(n, expr.Lt, i(150)), compare(text, expr.Gt, s("apple"))}}}, []int64{1}},
		{"t = 'banana'", []expr.Expr{compare(text, expr.Eq, s("banana"))}, []int64{1}},
		{"t < 'b'", []expr.Expr{compare(text, expr.Lt, s("b"))}, []int64{0}},
		{"t <> 'apple'", []expr.Expr{compare(text, expr.Ne, s("apple"))}, []int64{1, 2, 3}},
		{"d = 250.50", []expr.Expr{compare(d, expr.Eq, dec(25050))}, []int64{2}},
		{"d > 300", []expr.Expr{compare(d, expr.Gt, dec(30000))}, []int64{3}},
		{"d of another scale says nothing", []expr.Expr{compare(d, expr.Gt, column.IntValue(column.DecimalType(20, 3), 999999999))}, []int64{0, 1, 2, 3}},
		{"f > 350 may be NaN", []expr.Expr{compare(f, expr.Gt, column.FloatValue(350))}, []int64{0, 1, 2, 3}},
		{"f < 150", []expr.Expr{compare(f, expr.Lt, column.FloatValue(150))}, []int64{0, 1}},
		{"f = NaN", []expr.Expr{compare(f, expr.Eq, column.FloatValue(math.NaN()))}, []int64{0, 1, 2, 3}},
		{"f = 1000", []expr.Expr{compare(f, expr.Eq, column.FloatValue(1000))}, nil},
		{"flag", []expr.Expr{flag}, []int64{0, 2, 3}},
		{"not flag", []expr.Expr{&expr.Not{Arg: flag}}, []int64{1, 2, 3}},
		{"false", []expr.Expr{&expr.Literal{Value: column.BoolValue(false)}}, nil},
	} {
		splits, err := Format{}.Splits(context.Background(), store, fileAt(t, "testdata/groups.parquet"), nil)
		if err != nil {
			t.Fatal(err)
		}
		left, err := Format{}.Prune(context.Background(), store, splits, groupsScan(t, c.filters...))
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, s := range left {
			got = append(got, s.Start)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: row groups %v, want %v", c.name, got, c.want)
			continue
		}
		for k := range got {
			if got[k] != c.want[k] {
				t.Errorf("%s: row groups %v, want %v", c.name, got, c.want)
			}
		}
	}
}

func TestStatisticsOfAFile(t *testing.T) {
	scan := groupsScan(t)
	s, err := Format{}.Statistics(context.Background(), store, fileAt(t, "testdata/groups.parquet"), scan.Schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows != 400 || s.Bytes != fileAt(t, "testdata/groups.parquet").Size {
		t.Errorf("%d rows, %d bytes", s.Rows, s.Bytes)
	}
	for _, c := range []struct {
		name, min, max string
		nulls          int64
	}{{"n", "0", "399", 100}, {"t", "apple", "fig", 50}, {"d", "0.50", "399.50", 0}, {"f", "1", "399", 0}, {"flag", "false", "true", 0}} {
		col := s.Columns[ref(scan, c.name).Index]
		if col.Min == nil || col.Max == nil || col.Min.String() != c.min || col.Max.String() != c.max || col.Nulls != c.nulls {
			t.Errorf("%s: %v to %v with %d NULLs, want %s to %s with %d", c.name, col.Min, col.Max, col.Nulls, c.min, c.max, c.nulls)
		}
	}
	if n := s.Columns[ref(scan, "n").Index]; n.Distinct < 50 {
		t.Errorf("n: %+v", n)
	}
}
