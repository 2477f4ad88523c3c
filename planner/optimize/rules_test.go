package optimize_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
)

var update = flag.Bool("update", false, "write the golden plans")

// TestRules shows what a rule makes of a plan. The files under testdata/rules hold query, plan before and plan after.
func TestRules(t *testing.T) {
	for _, c := range []struct{ name, rule, query string }{
		{"fold constants", "simplify", `select * from t where a > 1 + 1 and not (b < 3 or k = 2) and 1 = 1`},
		{"factor or", "simplify", `select * from t where (a = 1 and b = 2) or (a = 1 and b = 3) or (b = 4 and a = 1)`},
		{"contradiction", "simplify", `select * from t where a = 1 and a = 2`},
		{"right join", "simplify", `select t.a, u.c from t right join u on a = c`},
		{"through projection and groups", "push down predicates", `select * from (select a + 1 as x, count(*) as n from t group by a) as s where x = 3 and n > 1`},
		{"through union", "push down predicates", `select * from (select a from t union all select c from u) as s where a = 1`},
		{"cross product to join", "push down predicates", `select * from t, u where a = c and b = 1 and d = 2`},
		{"constants over equalities", "push down predicates", `select * from t, u where a = c and a = 5`},
		{"sides of or", "push down predicates", `select * from t, u where (b = 1 and d = 2) or (b = 3 and d = 4)`},
		{"outer join to inner", "push down predicates", `select t.a, u.d from t left join u on a = c where d > 1`},
		{"outer join to anti", "push down predicates", `select t.a from t left join u on a = c where c is null`},
		{"exists", "unnest subqueries", `select a from t where exists (select * from u where c = a and d <> b)`},
		{"not in with nulls", "unnest subqueries", `select a from t where a not in (select c from u)`},
		{"not in without nulls", "unnest subqueries", `select a from t where k not in (select k from u)`},
		{"correlated not in", "unnest subqueries", `select a from t where b not in (select d from u where c = a)`},
		{"in as a value", "unnest subqueries", `select a in (select c from u) from t`},
		{"scalar aggregate", "unnest subqueries", `select a from t where b < (select max(d) from u where c = a)`},
		{"scalar count", "unnest subqueries", `select a, (select count(*) from u where c = a) from t`},
		{"one row for sure", "unnest subqueries", `select a from t where b < (select max(d) from u)`},
		{"inequality needs the domain", "unnest subqueries", `select a, (select sum(d) from u where c < a) from t`},
		{"first row of each", "unnest subqueries", `select a, (select d from u where c = a order by d limit 1) from t`},
		{"shared outer rows", "unnest subqueries", `select t.a, (select sum(d) from u where c < t.a + v.e) from t join v on t.b = v.f`},
		{"lateral", "unnest subqueries", `select a, x from t left join lateral (select d as x from u where c = a) as s on x > 1`},
		{"inline", "hoist CTEs", `with w as (select a, b from t where b > 1) select a from w`},
		{"share", "hoist CTEs", `with w as (select a, b from t where b > 1) select x.a from w x, w y where x.a = y.b`},
		{"common", "share common subplans", `select x.a, y.n from (select a, sum(d) as n from t, u where a = c and b = 1 and d = 1 group by a) x, (select a, sum(d) as n from t, u where a = c and b = 1 and d = 1 group by a) y where x.a = y.a`},
		{"sort below join", "drop sorts", `select * from (select a from t order by b) as s, u`},
		{"columns", "prune columns", `select count(b) from (select a, b, a + b as c from t) as s`},
		{"limit below projection", "push down limits", `select a + 1 from t order by b limit 3`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := plantest.Bind(t, plantest.Small(1000, 1000, 1000), c.query)
			before, after := logical.Format(b.Plan), ""
			_, err := optimize.Optimize(context.Background(), b.Plan, b.IDs, optimize.Options{Trace: func(rule string, n logical.Node) {
				switch {
				case after != "":
				case rule == c.rule:
					after = logical.Format(n)
				default:
					before = logical.Format(n)
				}
			}})
			if err != nil || after == "" {
				t.Fatalf("rule %q: %v", c.rule, err)
			}
			got := fmt.Sprintf("%s\n\n-- before: %s\n%s\n-- after\n%s", c.query, c.rule, before, after)
			file := filepath.Join("testdata", "rules", strings.ReplaceAll(c.name, " ", "_")+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (go test -update writes it anew); got:\n%s", file, got)
			}
		})
	}
}

// TestUnsupported lists what is refused, with a message that says so.
func TestUnsupported(t *testing.T) {
	for _, query := range []string{
		// A side that reads what is outside cannot be computed once for both halves of the join, and this one not twice.
		`select (select count(*) from (select s.a, s.b, random() as r from t s where s.a > o.a) q full join u on q.a = u.c and q.b in (select f from v where e = u.d)) from t o`,
	} {
		b := plantest.Bind(t, plantest.Small(6, 6, 6), query)
		_, err := optimize.Optimize(context.Background(), b.Plan, b.IDs, optimize.Options{})
		if fault.CodeOf(err) != fault.FeatureNotSupported {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// leaves are the tables of a plan in the order of its joins, deepest first.
func leaves(n logical.Node) []string {
	if s, ok := n.(*logical.Scan); ok {
		return []string{s.Table.Name()}
	}
	var out []string
	for _, c := range n.Inputs() {
		out = append(out, leaves(c)...)
	}
	return out
}

// crosses reports whether a join in n has no condition.
func crosses(n logical.Node) bool {
	return logical.Any(n, func(n logical.Node) bool {
		j, ok := n.(*logical.Join)
		return ok && j.Kind == logical.Inner && j.Cond == nil
	})
}

func optimized(t *testing.T, c plantest.Catalog, query string) logical.Node {
	t.Helper()
	b := plantest.Bind(t, c, query)
	n, err := optimize.Optimize(context.Background(), b.Plan, b.IDs, optimize.Options{})
	if err != nil {
		t.Fatalf("%s: %s", query, err)
	}
	return n
}

// TestJoinOrder: a chain of joins starts where the filter is, whatever the order of FROM.
func TestJoinOrder(t *testing.T) {
	c := plantest.Of(
		plantest.New("fact", 10_000_000, "id bigint! 1..10000000\nd1 int! 1..100000\nd2 int! 1..1000"),
		plantest.New("large", 100_000, "k int! 1..100000\nx int! 1..100"),
		plantest.New("small", 1000, "k int! 1..1000\ny int! 1..10"),
	)
	for _, q := range []struct {
		query string
		apart string // the table that the last join brings
	}{
		{`select count(*) from small s, large l, fact f where f.d1 = l.k and f.d2 = s.k and l.x = 7`, "small"},
		{`select count(*) from large l, small s, fact f where f.d1 = l.k and f.d2 = s.k and s.y = 7 and l.x < 90`, "large"},
	} {
		n := optimized(t, c, q.query)
		if crosses(n) {
			t.Errorf("%s has a cross product:\n%s", q.query, logical.Format(n))
		}
		for {
			if j, ok := n.(*logical.Join); ok {
				l, r := leaves(j.Left), leaves(j.Right)
				if len(l) == 2 {
					l, r = r, l
				}
				if len(l) != 1 || l[0] != q.apart {
					t.Errorf("%s: the last join is of %v and %v", q.query, l, r)
				}
				break
			}
			n = n.Inputs()[0]
		}
	}
}

// TestManyJoins: groups too large to try all orders are ordered greedily, without cross products, and huge ones left as they are.
func TestManyJoins(t *testing.T) {
	for _, tables := range []int{9, 10, 11, 25, 70} {
		var from, where []string
		for i := range tables {
			from = append(from, fmt.Sprintf("t t%d", i))
			if i > 0 {
				where = append(where, fmt.Sprintf("t%d.a = t%d.b", i-1, i))
			}
		}
		query := "select count(*) from " + strings.Join(from, ", ") + " where t3.k = 5 and " + strings.Join(where, " and ")
		n := optimized(t, plantest.Small(1000, 10, 10), query)
		if got := len(leaves(n)); got != tables {
			t.Errorf("%d tables, want %d", got, tables)
		}
		if tables <= 60 && crosses(n) {
			t.Errorf("%d tables: cross product:\n%s", tables, logical.Format(n))
		}
	}
}

// BenchmarkClique orders ten tables that are all joined to each other, the most that is tried exhaustively.
func BenchmarkClique(b *testing.B) {
	var from, where []string
	for i := range 10 {
		from = append(from, fmt.Sprintf("t t%d", i))
		for j := range i {
			where = append(where, fmt.Sprintf("t%d.a + t%d.b = %d", i, j, i+j))
		}
	}
	bound := plantest.Bind(b, plantest.Small(1000, 10, 10), "select count(*) from "+strings.Join(from, ", ")+" where "+strings.Join(where, " and "))
	for b.Loop() {
		if _, err := optimize.Optimize(context.Background(), bound.Plan, bound.IDs, optimize.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkChain orders sixty tables, the most that is ordered at all.
func BenchmarkChain(b *testing.B) {
	var from, where []string
	for i := range 60 {
		from = append(from, fmt.Sprintf("t t%d", i))
		if i > 0 {
			where = append(where, fmt.Sprintf("t%d.a = t%d.b", i-1, i))
		}
	}
	bound := plantest.Bind(b, plantest.Small(1000, 10, 10), "select count(*) from "+strings.Join(from, ", ")+" where "+strings.Join(where, " and "))
	for b.Loop() {
		if _, err := optimize.Optimize(context.Background(), bound.Plan, bound.IDs, optimize.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
