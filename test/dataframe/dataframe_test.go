package dataframe

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/polybolos-db/polybolos/client"
	df "github.com/polybolos-db/polybolos/dataframe"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/test/servers"
)

// onBoth runs f with a session of an embedded engine and with one of a server, each with tables orders and customers of its own.
func onBoth(t *testing.T, f func(t *testing.T, s df.Session)) {
	t.Run("engine", func(t *testing.T) {
		e, err := engine.Open(engine.Config{Threads: 2, TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		s := e.Session()
		t.Cleanup(func() {
			if err := errors.Join(s.Close(), e.Close()); err != nil {
				t.Error(err)
			}
		})
		prepare(t, s)
		f(t, s)
	})
	t.Run("server", func(t *testing.T) {
		s := connect(t)
		prepare(t, s)
		f(t, s)
	})
}

func connect(t *testing.T) df.Session {
	c, err := client.Open(t.Context(), "grpc://"+servers.SQL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func prepare(t *testing.T, s df.Session) {
	orders := df.Values(s, []string{"id", "customer", "total", "day"},
		[]any{1, 10, df.Decimal("19.90"), df.Date(2024, 1, 5)}, []any{2, 11, df.Decimal("5.00"), df.Date(2024, 1, 6)},
		[]any{3, 10, df.Decimal("0.10"), df.Date(2024, 2, 1)}, []any{4, nil, df.Decimal("7.25"), df.Date(2024, 2, 29)})
	customers := df.Values(s, []string{"customer", "name", "tags"}, []any{10, "Ada", df.SQLExpr("ARRAY['a','b']")}, []any{11, "Bob", df.SQLExpr("ARRAY['c']")},
		[]any{12, "O'Neil", df.SQLExpr("ARRAY[]::text[]")})
	for name, f := range map[string]df.Frame{"orders": orders, "customers": customers} {
		if _, err := f.CreateTable(t.Context(), name, false); err != nil {
			t.Fatal(err)
		}
	}
}

// text is all rows of a frame, fields separated by |, rows by spaces.
func text(t *testing.T, f df.Frame) string {
	t.Helper()
	table, err := f.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	lines := make([]string, table.NumRows())
	for c := range int(table.NumCols()) {
		row := 0
		for _, chunk := range table.Column(c).Data().Chunks() {
			for i := range chunk.Len() {
				if c > 0 {
					lines[row] += "|"
				}
				lines[row] += chunk.ValueStr(i)
				row++
			}
		}
	}
	return strings.Join(lines, " ")
}

func TestFrames(t *testing.T) {
	onBoth(t, func(t *testing.T, s df.Session) {
		orders, customers := df.Table(s, "orders"), df.Table(s, "customers")
		id, customer, total := df.Col("id"), df.Col("customer"), df.Col("total")
		for _, c := range []struct {
			name, want string
			frame      df.Frame
		}{
			{"filter and select", "4 1", orders.Filter(total.Gt(5)).Sort(id.Desc()).Select(id)},
			{"the order outlives what hides its key", "-4 -3 -2 -1", orders.Sort(id.Desc()).Select(id.Neg().As("id"))},
			{"the order outlives a limit and a filter", "4 3", orders.Sort(id.Desc()).Limit(3).Filter(id.Gt(2)).Select(id)},
			{"offset", "3 4", orders.Sort(id).Offset(2).Select(id)},
			{"limit of a limit", "1", orders.Sort(id).Limit(3).Limit(1).Select(id)},
			{"groups", "10|2|20 11|1|5 (null)|1|7.25", orders.GroupBy(customer).Agg(df.CountAll().As("n"), df.Sum(total).As("t")).Sort(customer)},
			{"rollup", "10|20 11|5 (null)|25", orders.Filter(customer.IsNotNull()).GroupBy(customer).Rollup().Agg(df.Sum(total)).Sort(customer)},
			{"aggregates of all rows", "4|3|0.1", orders.Select(df.CountAll(), df.Count(customer), df.Min(total))},
			{"filtered aggregate", "1", orders.Select(df.CountAll().Where(total.Lt(1)))},
			{"join by condition", "1|Ada 2|Bob 3|Ada", orders.As("o").Join(customers.As("c"), df.Inner, df.ColOf("o", "customer").Eq(df.ColOf("c", "customer"))).
				Filter(df.ColOf("o", "id").Lt(4)).Select(df.ColOf("o", "id"), df.ColOf("c", "name")).Sort(id)},
			{"join by names", "10|1|Ada 10|3|Ada 11|2|Bob (null)|4|(null)", orders.JoinUsing(customers, df.Left, "customer").Select(customer, id, df.Col("name")).Sort(customer, id)},
			{"group a join", "Ada|20 Bob|5", orders.JoinUsing(customers, df.Inner, "customer").GroupBy(df.Col("name")).Agg(df.Sum(total)).Sort(df.Col("name"))},
			{"semi", "10 11", customers.JoinUsing(orders, df.Semi, "customer").Sort(customer).Select(customer)},
			{"anti", "O'Neil", customers.JoinUsing(orders, df.Anti, "customer").Select(df.Col("name"))},
			{"cross", "12", orders.CrossJoin(customers).Select(df.CountAll())},
			{"window", "1|1 2|1 3|2 4|1", orders.With("n", df.Aggregate("row_number").Over(df.PartitionBy(customer).OrderBy(id))).Sort(id).Select(id, df.Col("n"))},
			{"moving sum", "19.9 24.9 5.1 7.35", orders.Sort(id).Select(df.Sum(total).Over(df.PartitionBy().OrderBy(id).Frame("ROWS 1 PRECEDING")))},
			{"distinct on", "3|10 2|11 4|(null)", orders.Sort(id.Desc()).DistinctOn(customer).Sort(customer).Select(id, customer)},
			{"distinct", "10 11 (null)", orders.Select(customer).Distinct().Sort(customer)},
			{"set operations", "10 11 12 (null)", orders.Select(customer).Union(customers.Select(customer)).Sort(customer)},
			{"except", "12", customers.Select(customer).Except(orders.Select(customer))},
			{"intersect", "10 11", customers.Select(customer).Intersect(orders.Select(customer)).Sort(customer)},
			{"unnest", "Ada|a Ada|b Bob|c", customers.Select(df.Col("name"), df.Col("tags")).Unnest("tags").Sort(df.Col("name"), df.Col("tags"))},
			{"rename and drop", "1|10", orders.Rename("id", "key").Drop("total", "day").Sort(df.Col("key")).Limit(1)},
			{"case", "big small small big", orders.Sort(id).Select(df.Case().When(total.Ge(7), "big").Else("small"))},
			{"in, between, like", "1 4", orders.Filter(id.In(1, 2, 4).And(total.Between(7, 20))).Sort(id).Select(id)},
			{"functions", "ADA OB", customers.Filter(df.Col("name").Like("%b").Or(customer.Eq(10))).Sort(customer).
				Select(df.Case().When(customer.Eq(10), df.Call("upper", df.Col("name"))).Else(df.Call("reverse", df.Call("substr", df.Call("upper", df.Col("name")), 1, 2))))},
			{"casts", "1|(null)", df.Values(s, []string{"v"}, []any{"1"}).Select(df.Col("v").Cast("bigint"), df.Col("v").Concat("x").TryCast("int"))},
			{"table function", "2 3", df.Function(s, "generate_series", []any{2, 3}, nil)},
			{"query", "42", df.SQL(s, "select 42 as v -- a comment\n;").Filter(df.Col("v").Gt(1))},
			{"a frame that is used twice", "3|3", func() df.Frame {
				f := orders.Filter(customer.IsNotNull())
				return f.Select(df.CountAll().As("a")).CrossJoin(f.Select(df.CountAll().As("b")))
			}()},
			{"sample of all", "4", orders.Sample(100, 7).Select(df.CountAll())},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got := text(t, c.frame); got != c.want {
					query, _ := c.frame.SQL()
					t.Errorf("%q instead of %q by\n%s", got, c.want, query)
				}
			})
		}
	})
}

func TestActions(t *testing.T) {
	onBoth(t, func(t *testing.T, s df.Session) {
		ctx := t.Context()
		orders := df.Table(s, "orders")
		if n, err := orders.Filter(df.Col("id").Gt(1)).Count(ctx); n != 3 || err != nil {
			t.Errorf("count %d, %v", n, err)
		}
		schema, err := orders.Select(df.Col("total"), df.Col("day")).Columns(ctx)
		if err != nil || schema.Field(0).Type.ID() != arrow.DECIMAL128 || schema.Field(1).Name != "day" {
			t.Errorf("columns %v, %v", schema, err)
		}
		if plan, err := orders.GroupBy(df.Col("customer")).Agg(df.CountAll()).Explain(ctx, true); err != nil || !strings.Contains(plan, "Aggregate") {
			t.Errorf("plan %q, %v", plan, err)
		}
		file := filepath.Join(t.TempDir(), "it's.parquet")
		if n, err := orders.Write(ctx, file, df.Options{"compression": "zstd"}); n != 4 || err != nil {
			t.Errorf("write %d, %v", n, err)
		}
		if got := text(t, df.Read(s, file).Select(df.Sum(df.Col("id")))); got != "10" {
			t.Errorf("read back %s", got)
		}
		csv := filepath.Join(t.TempDir(), "orders.csv")
		if _, err := orders.Write(ctx, csv, df.Options{"header": false, "delimiter": ";"}); err != nil {
			t.Error(err)
		}
		if got := text(t, df.Function(s, "read_csv", []any{csv}, df.Options{"header": false, "delim": ";"}).Select(df.CountAll())); got != "4" {
			t.Errorf("read back %s", got)
		}
		if n, err := orders.InsertInto(ctx, "orders"); n != 4 || err != nil {
			t.Errorf("insert %d, %v", n, err)
		}
		if err := orders.Filter(df.Col("id").Eq(1)).CreateView(ctx, "first", true); err != nil {
			t.Error(err)
		}
		if got := text(t, df.Table(s, "first").Select(df.CountAll())); got != "2" {
			t.Errorf("the view has %s rows", got)
		}
		if _, err := orders.CreateTable(ctx, "orders", false); err == nil {
			t.Error("a table was made twice")
		}
	})
}

// TestRecordsMayBeKept reads on after a record was retained.
func TestRecordsMayBeKept(t *testing.T) {
	onBoth(t, func(t *testing.T, s df.Session) {
		records, err := df.Function(s, "generate_series", []any{1, 100_000}, nil).Records(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var kept []arrow.RecordBatch
		var rows int64
		for {
			b, err := records.Record(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			b.Retain()
			kept, rows = append(kept, b), rows+b.NumRows()
		}
		if tag := records.Tag(); rows != 100_000 || tag != "SELECT 100000" {
			t.Errorf("%d rows, %s", rows, tag)
		}
		if err := records.Close(); err != nil {
			t.Error(err)
		}
		next := 1
		for _, b := range kept {
			for i := range int(b.NumRows()) {
				if v := b.Column(0).ValueStr(i); v != fmt.Sprint(next) {
					t.Fatalf("%s instead of %d", v, next)
				}
				next++
			}
			b.Release()
		}
	})
}

func TestErrors(t *testing.T) {
	onBoth(t, func(t *testing.T, s df.Session) {
		orders := df.Table(s, "orders")
		_, err := orders.Filter(df.Col("totl").Gt(1)).Records(t.Context())
		if e, ok := fault.As(err); !ok || e.Code != fault.UndefinedColumn || e.Where != "step filter_2" {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		records, err := df.Function(s, "generate_series", []any{1, int64(1) << 40}, nil).Records(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := records.Record(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		for err == nil {
			_, err = records.Record(ctx)
		}
		if !errors.Is(err, context.Canceled) {
			if e, ok := fault.As(err); !ok || e.Code != fault.QueryCanceled {
				t.Errorf("a canceled query ended with %v", err)
			}
		}
		if err := records.Close(); err != nil {
			t.Error(err)
		}
		if n, err := orders.Count(t.Context()); n != 4 || err != nil {
			t.Errorf("the session is dead: %d, %v", n, err)
		}
	})
}
