package optimize_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
)

// crowded is the tables of plantest.Small, said to have many rows for each value, so that it pays to group them before joins.
func crowded() plantest.Catalog {
	return plantest.Of(
		plantest.New("t", 1_000_000, "a int ~10\nb int ~10\nk int! ~10"),
		plantest.New("u", 1_000_000, "c int ~10\nd int ~10\nk int! ~10"),
		plantest.New("v", 1_000_000, "e int ~10\nf int ~10\nk int! ~10"),
	)
}

// lowered reports whether the rule changed the query's plan.
func lowered(t *testing.T, c plantest.Catalog, query string) bool {
	t.Helper()
	b := plantest.Bind(t, c, query)
	before, after := "", ""
	_, err := optimize.Optimize(context.Background(), b.Plan, b.IDs, optimize.Options{Trace: func(rule string, n logical.Node) {
		switch {
		case rule == "aggregate early":
			after = logical.Format(n)
		case after == "":
			before = logical.Format(n)
		}
	}})
	if err != nil {
		t.Fatalf("%s: %s", query, err)
	}
	return before != after
}

// TestAggregateEarly: the rule takes these queries, and their rows stay the same.
func TestAggregateEarly(t *testing.T) {
	for _, q := range []string{
		`select t.b, sum(d), count(*), count(d), min(d), max(d) from t join u on a = c group by t.b`,
		`select sum(d) from t join u on a = c`,
		`select count(*) from t join u on a = c`,
		`select t.b, u.d, count(*) from t join u on a = c group by t.b, u.d`,
		`select t.b, sum(d), min(t.k), max(t.k) from t join u on a = c group by t.b, a`,
		`select t.b, sum(1) from t left join u on a = c group by t.b`,
		`select t.b + 1, sum(d) from t join u on a = c and t.k < u.k group by t.b + 1`,
		`select t.b, sum(d) from t join u on a is not distinct from c group by t.b`,
		`select t.b, sum(d) from t join u on a = c join v on e = c group by t.b`,
		`select t.b, sum(d), count(f) from t join (u join v on c = e) on a = c group by t.b having count(*) > 2`,
		`select t.b, sum(d) from t join u on a = c where exists (select * from v where e = a) group by t.b`,
		`select t.b, sum(d) from t join u on a = c where not exists (select * from v where e = d) group by t.b`,
		`select t.b, sum(d) from t join u on a = c left join v on e = a group by t.b`,
		`select t.b, sum(d) from t join u on a = c where a in (select e from v) or t.k > 1 group by t.b`,
		`select t.b, count(d) from t left join u on a = c group by t.b`,
		`select t.b, count(*), count(d), sum(d), min(d), max(t.k) from t left join u on a = c and d > 0 group by t.b`,
		`select t.b, count(*), sum(d) from t left join u on a = c and t.k < u.k group by t.b`,
		`select u.c, count(*), sum(d) from t left join u on a = c group by u.c`,
		`select t.b, count(*), sum(d) from t left join u on a = c where u.k is null or d < 2 group by t.b`,
		`select t.b, count(*), sum(d) from t left join u on a = c join v on e = t.b group by t.b`,
		`select distinct t.b, count(*) from t, u, v where a = c and c = e group by t.b, t.k`,
	} {
		if !lowered(t, crowded(), q) {
			t.Errorf("%s: nothing is grouped early", q)
		}
		sameOver(t, crowded(), q, 2*rounds)
	}
}

// TestNotEarly: queries whose aggregates would change, or that gain nothing.
func TestNotEarly(t *testing.T) {
	tables := crowded()
	tables["x"] = plantest.New("x", 1_000_000, "g double ~10\nh int ~10\ni int ~10\nm decimal ~10")
	tables["few"] = plantest.New("few", 100, "c int ~10\nd int ~10")
	tables["unique"] = plantest.New("unique", 1_000_000, "c int! ~1000000\nd int ~10")
	for _, c := range []struct{ query, why string }{
		{`select t.b, count(distinct d) from t join u on a = c group by t.b`, "distinct values of parts may be the same"},
		{`select t.b, sum(d) filter (where d > 1) from t join u on a = c group by t.b`, "a filter may fail on rows that the join drops"},
		{`select t.b, sum(10 / d) from t join u on a = c group by t.b`, "a division may fail on rows that the join drops"},
		{`select t.b, sum(d + 1) from t join u on a = c group by t.b`, "an integer addition may overflow on rows that the join drops"},
		{`select t.b, sum(g) from t join x on a = h group by t.b`, "sums of floats would be others"},
		{`select t.b, sum(h) from t join x on a = g group by t.b`, "0.0 and -0.0 are equal, but not the same"},
		{`select t.b, array_agg(d) from t join u on a = c group by t.b`, "the order of a list would be another"},
		{`select t.b, sum(coalesce(d, 5)) from t left join u on a = c group by t.b`, "a row without partner has 5"},
		{`select sum(a + d) from t join u on a = c and t.b <> u.k`, "the sum is of both sides"},
		{`select t.b, sum(d) from t full join u on a = c group by t.b`, "rows of both sides may have no partner"},
		{`select t.b, sum(d) from t join few on a = c group by t.b`, "100 rows are grouped in no time"},
		{`select t.b, sum(d) from t join "unique" q on a = c group by t.b`, "every row would be a group"},
		{`select t.b, sum(d) from t, u where random() < a group by t.b`, "each pair has a chance of its own"},
		{`select t.b, u.d, grouping(t.b), sum(u.k) from t join u on a = c group by rollup (t.b, u.d)`, "the sets want all keys"},
	} {
		if lowered(t, tables, c.query) {
			t.Errorf("%s: grouped early, but %s", c.query, c.why)
		}
	}
}

// TestRandomAggregateEarly compares random aggregations over joins before and after optimization.
func TestRandomAggregateEarly(t *testing.T) {
	early := 0
	const queries = 400
	for seed := range uint64(queries) {
		r := rand.New(rand.NewPCG(seed, 7))
		q := randomAggregation(r)
		if lowered(t, crowded(), q) {
			early++
		}
		sameOver(t, crowded(), q, 12)
		if t.Failed() {
			return
		}
	}
	if early < queries/3 {
		t.Errorf("only %d of %d queries are grouped early", early, queries)
	}
}

// randomAggregation groups a join of two to four tables by some of their columns.
func randomAggregation(r *rand.Rand) string {
	tables := [][]string{{"t", "a", "b", "k"}, {"u", "c", "d", "k"}, {"v", "e", "f", "k"}}
	one := func(from []string) string { return from[r.IntN(len(from))] }
	var own []string
	from := ""
	for i := range 2 + r.IntN(3) {
		table := tables[r.IntN(len(tables))]
		name := fmt.Sprintf("x%d", i)
		var cols []string
		for _, c := range table[1:] {
			cols = append(cols, name+"."+c)
		}
		switch {
		case i == 0:
			from = fmt.Sprintf("%s %s", table[0], name)
		default:
			kind := one([]string{"join", "join", "join", "left join", "left join", "right join"})
			from += fmt.Sprintf(" %s %s %s on %s %s %s", kind, table[0], name, one(own), one([]string{"=", "=", "=", "=", "is not distinct from", "<"}), one(cols))
			if r.IntN(3) == 0 {
				from += fmt.Sprintf(" and %s %s %s", one(own), one([]string{"=", "<>", "<"}), one(cols))
			}
		}
		own = append(own, cols...)
	}
	var conds []string
	for range r.IntN(3) {
		conds = append(conds, one([]string{
			fmt.Sprintf("%s > %d", one(own), r.IntN(3)), fmt.Sprintf("%s is null", one(own)), fmt.Sprintf("%s <> %s", one(own), one(own)),
			fmt.Sprintf("exists (select * from v y where y.e = %s)", one(own)), fmt.Sprintf("%s in (select y.c from u y where y.d <> %s)", one(own), one(own)),
			fmt.Sprintf("not exists (select * from u y where y.c = %s)", one(own)),
		}))
	}
	items := []string{"count(*)"}
	summed := one(own)
	for range 1 + r.IntN(3) {
		item := one([]string{"sum(%s)", "count(%s)", "min(%s)", "max(%s)", "sum(%s)"})
		column := summed
		if strings.HasPrefix(item, "m") && r.IntN(2) == 0 {
			column = one(own)
		}
		items = append(items, fmt.Sprintf(item, column))
	}
	text := " from " + from
	if len(conds) > 0 {
		text += " where " + strings.Join(conds, " and ")
	}
	var keys []string
	for range r.IntN(3) {
		keys = append(keys, one(own))
	}
	if len(keys) > 0 {
		text += " group by " + strings.Join(keys, ", ")
	}
	return "select " + strings.Join(append(items, keys...), ", ") + text
}

// TestEarlyPlaces: the places that TPC-H's queries have.
func TestEarlyPlaces(t *testing.T) {
	for _, c := range []struct {
		query string
		keys  string // of the lower aggregation; none: there is none
	}{
		{`select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name, c_address, c_phone, c_comment
			from customer, orders, lineitem, nation where c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate >= date '1993-10-01'
			and o_orderdate < date '1994-01-01' and l_returnflag = 'R' and c_nationkey = n_nationkey
			group by c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment`, "o_custkey"},
		{`select c_custkey, count(o_orderkey) from customer left join orders on c_custkey = o_custkey and o_comment not like '%special%requests%' group by c_custkey`, "o_custkey"},
		{`select l_orderkey, sum(l_extendedprice * (1 - l_discount)), o_orderdate, o_shippriority from customer, orders, lineitem
			where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15'
			and l_shipdate > date '1995-03-15' group by l_orderkey, o_orderdate, o_shippriority`, ""},
		{`select l_shipmode, count(*) from orders, lineitem where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') group by l_shipmode`, ""},
	} {
		n := optimized(t, plantest.TPCH(), c.query)
		var keys []string
		depth := 0
		logical.Any(n, func(n logical.Node) bool {
			if a, ok := n.(*logical.Aggregate); ok {
				if depth++; depth == 2 {
					for _, g := range a.GroupCols {
						keys = append(keys, g.Name)
					}
				}
			}
			return false
		})
		if got := strings.Join(keys, ", "); got != c.keys {
			t.Errorf("%s: grouped early by %q, want %q\n%s", c.query, got, c.keys, logical.Format(n))
		}
	}
}
