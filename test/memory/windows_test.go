package memory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/engine"
)

// windowLimit is less than the rows of one partition take.
const (
	windowLimit = 12_000_000
	windowRows  = 100_000
)

// windowFunctions have no frame, and windowAggregates have one; %s is the window.
var windowFunctions = []string{
	"row_number() over (%s)", "rank() over (%s)", "dense_rank() over (%s)", "percent_rank() over (%s)", "cume_dist() over (%s)", "ntile(17) over (%s)",
	"lag(s) over (%s)", "lag(v, 5, -1) over (%s)", "lead(v, 1000) over (%s)", "lead(s, (v % 9)::int, 'none') over (%s)", "lag(v) ignore nulls over (%s)",
}

var windowAggregates = []string{
	"count(*) over (%s)", "count(v) filter (where n % 3 = 0) over (%s)", "sum(v) over (%s)", "avg(n) over (%s)", "sum(d) over (%s)", "stddev(d) over (%s)",
	"min(s) over (%s)", "max(v) over (%s)", "bool_or(v > 90) over (%s)", "first_value(s) over (%s)", "last_value(n) over (%s)", "nth_value(s, 3) over (%s)",
	"count(distinct v % 7) over (%s)", "any_value(v) over (%s)", "first_value(v) ignore nulls over (%s)",
}

// windowFrames grow, move and reach far.
var windowFrames = []string{
	"", "rows between unbounded preceding and current row", "rows between 3 preceding and 40 following", "rows between 20000 preceding and 20000 following",
	"rows between unbounded preceding and unbounded following", "range between 50 preceding and 20 following", "range between current row and unbounded following",
	"groups between 2 preceding and 1 following", "rows between 10 preceding and 10 following exclude current row", "groups between 1 preceding and 1 following exclude group",
	"range between unbounded preceding and current row exclude ties",
}

func windowQuery(r *rand.Rand) string {
	partitions := []string{"", "partition by n % 2 ", "partition by n % 5 = 0 ", "partition by s is null, n / 10000 "}[r.IntN(4)]
	var list []string
	for i := range 4 {
		by := "order by k, n"
		f := windowFunctions[r.IntN(len(windowFunctions))]
		if i%2 == 1 {
			f = windowAggregates[r.IntN(len(windowAggregates))]
			frame := windowFrames[r.IntN(len(windowFrames))]
			if strings.Contains(f, "distinct") {
				frame = windowFrames[4] // other frames are aggregated each for itself
			}
			if strings.HasPrefix(frame, "range between 50") {
				by = "order by k"
				// Peers have no order of their own: values that depend on one are left out.
				f = []string{"count(*) over (%s)", "sum(v) over (%s)", "min(s) over (%s)", "max(n) over (%s)"}[r.IntN(4)]
			}
			by += " " + frame
		}
		list = append(list, strings.ReplaceAll(f, "(%s)", "("+partitions+by+")"))
	}
	return fmt.Sprintf(`select n, %s from (select n, (n * 7919) %% 5003 as k, nullif(n %% 97, 5) as v, n * 0.37::double as d,
		case when n %% 11 <> 3 then 'a string that is not short ' || (n %% 1000)::text end as s from (select g::bigint as n from generate_series(1, %d) t(g))) order by n`,
		strings.Join(list, ", "), windowRows)
}

// session opens an engine of its own.
func session(t *testing.T, limit int64) (*engine.Engine, *engine.Session) {
	t.Helper()
	e, err := engine.Open(engine.Config{Threads: 2, MemoryLimit: limit, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	s := e.Session()
	t.Cleanup(func() { _ = s.Close() })
	return e, s
}

// Window functions over partitions that are larger than memory have the values that they have in memory.
func TestPartitionsLargerThanMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(2026, 11))
	_, want := session(t, 0)
	tight, got := session(t, windowLimit)
	for range 8 {
		same(t, want, got, windowQuery(r))
	}
	if left, peak := tight.Memory(); left != 0 || peak > windowLimit {
		t.Errorf("%d bytes accounted at most, limit %d; %d at the end", peak, windowLimit, left)
	}
}

// Recursions, first rows, as-of joins and lists give under a limit what they give without.
func TestOtherStatesThatSpill(t *testing.T) {
	_, want := session(t, 0)
	tight, got := session(t, windowLimit)
	numbers := "(select g::bigint as n, g::bigint * 7919 % 100003 as k from generate_series(1, 400000) t(g))"
	for _, text := range []string{
		"with recursive r as (select n from " + numbers + " where n % 2 = 0 union select n * 2 + 1 from r where n < 400000) select count(*), sum(n), min(n), max(n) from r",
		"select count(*), sum(n), sum(k) from (select distinct on (k, n % 5) n, k from " + numbers + ")",
		"select n, k from (select distinct on (k) n, k from (select * from " + numbers + " order by n desc)) where n % 1000 < 3 order by n",
		"select count(*), sum(a.n), sum(b.n) from " + numbers + " a asof join " + numbers + " b on a.n % 100 = b.n % 100 and a.k >= b.k",
	} {
		same(t, want, got, text)
	}
	if left, peak := tight.Memory(); left != 0 || peak > windowLimit {
		t.Errorf("%d bytes accounted at most, limit %d; %d at the end", peak, windowLimit, left)
	}
}

func rowText(row []*string) string {
	var out []string
	for _, v := range row {
		if v == nil {
			out = append(out, "NULL")
		} else {
			out = append(out, *v)
		}
	}
	return strings.Join(out, "|")
}

// same compares what a query gives in two sessions.
func same(t *testing.T, want, got *engine.Session, text string) {
	t.Helper()
	ctx := context.Background()
	w, err := tpch.Fetch(ctx, want, text)
	if err != nil {
		t.Fatalf("without a limit: %v\n%s", err, text)
	}
	g, err := tpch.Fetch(ctx, got, text)
	if err != nil {
		t.Fatalf("with a limit: %v\n%s", err, text)
	}
	if len(g.Rows) != len(w.Rows) {
		t.Fatalf("%d rows, want %d\n%s", len(g.Rows), len(w.Rows), text)
	}
	for i := range w.Rows {
		if a, b := rowText(g.Rows[i]), rowText(w.Rows[i]); a != b {
			t.Fatalf("row %d is %s, want %s\n%s", i, a, b, text)
		}
	}
}
