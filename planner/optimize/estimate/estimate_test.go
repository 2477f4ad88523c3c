package estimate_test

import (
	"context"
	"math"
	"testing"

	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
)

// TestRows compares estimates with what the queries give on TPC-H data at scale factor 1, within a factor.
func TestRows(t *testing.T) {
	for _, c := range []struct {
		query  string
		rows   float64 // in fact
		factor float64
	}{
		{`select * from orders`, 1_500_000, 1},
		{`select * from orders where o_orderdate >= date '1994-01-01' and o_orderdate < date '1995-01-01'`, 227_597, 1.05},
		{`select * from lineitem where l_shipdate <= date '1998-09-02'`, 5_916_591, 1.05},
		{`select * from lineitem where l_discount between 0.05 and 0.07`, 1_637_000, 2},
		{`select * from part where p_size = 15`, 4_000, 1.1},
		{`select * from part where p_size in (1, 2, 3)`, 12_000, 1.1},
		{`select * from part where p_size <> 15`, 196_000, 1.1},
		{`select * from customer where c_mktsegment = 'BUILDING'`, 30_142, 1.05},
		{`select * from orders, lineitem where o_orderkey = l_orderkey`, 6_001_215, 1.01},
		{`select * from lineitem, partsupp where l_partkey = ps_partkey and l_suppkey = ps_suppkey`, 6_001_215, 1.01},
		{`select * from customer, orders where c_custkey = o_custkey and c_mktsegment = 'BUILDING'`, 303_959, 1.05},
		{`select * from supplier, customer, nation where s_nationkey = n_nationkey and c_nationkey = n_nationkey`, 60_000_000, 1.1},
		{`select * from part, lineitem where p_partkey = l_partkey and p_size = 15`, 120_000, 1.1},
		{`select l_returnflag, l_linestatus, count(*) from lineitem group by 1, 2`, 4, 2},
		{`select distinct c_nationkey from customer`, 25, 1.01},
		{`select count(*) from lineitem`, 1, 1},
		{`select * from orders where exists (select * from customer where c_custkey = o_custkey and c_mktsegment = 'BUILDING')`, 303_959, 1.2},
		{`select * from orders left join customer on o_custkey = c_custkey`, 1_500_000, 1.01},
		{`select * from orders limit 10`, 10, 1},
		{`select o_orderkey from orders union all select l_orderkey from lineitem`, 7_501_215, 1.01},
		{`select * from generate_series(1, 100)`, 100, 1},
		{`values (1), (2), (3)`, 3, 1},
	} {
		b := plantest.Bind(t, plantest.TPCH(), c.query)
		n, err := optimize.Optimize(context.Background(), b.Plan, b.IDs, optimize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := estimate.New(context.Background()).Rows(n)
		if ratio := math.Max(got/c.rows, c.rows/got); !(ratio <= c.factor+1e-9) {
			t.Errorf("%s: estimated %.0f, in fact %.0f\n%s", c.query, got, c.rows, logical.Format(n))
		}
	}
}

// TestUnknown: tables without statistics give estimates all the same.
func TestUnknown(t *testing.T) {
	table := plantest.New("t", 1, "a int\nb text")
	table.Stats = nil
	for _, query := range []string{`select * from t where a > 5 and b like 'x%'`, `select a, count(*) from t group by a`, `select * from t x, t y where x.a = y.a`} {
		b := plantest.Bind(t, plantest.Of(table), query)
		if got := estimate.New(context.Background()).Rows(b.Plan); !(got >= 1) || math.IsInf(got, 0) {
			t.Errorf("%s: estimated %f", query, got)
		}
	}
}
