package plantest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// Table is a table without files. Stats may be nil.
type Table struct {
	Named  string
	Fields []column.Field
	Stats  *plan.Statistics
}

// Name is the table's name.
func (t *Table) Name() string { return t.Named }

// Schema is the table's columns.
func (t *Table) Schema() []column.Field { return t.Fields }

// Location is nowhere.
func (t *Table) Location() string { return "" }

// Source is a format with no files.
func (t *Table) Source() plan.Source { return plan.Source{Format: "parquet"} }

// Statistics are what the test says.
func (t *Table) Statistics(context.Context) (*plan.Statistics, error) { return t.Stats, nil }

// Catalog resolves the names of its tables.
type Catalog map[string]*Table

// Table finds a table by name.
func (c Catalog) Table(_ context.Context, _, name string) (catalog.Table, *catalog.View, error) {
	if t, ok := c[name]; ok {
		return t, nil, nil
	}
	return nil, nil, fault.New(fault.UndefinedTable, "table %q does not exist", name)
}

// OpenPath finds nothing.
func (c Catalog) OpenPath(_ context.Context, path, _ string, _ map[string]string) (catalog.Table, error) {
	return nil, fault.New(fault.UndefinedFile, "no file %q", path)
}

// New makes a table from lines of the form "name type rows-of-statistics": "a int 1..100" has values from 1 to 100, "b text ~25" 25
// different values, and a type that ends in ! is NOT NULL.
func New(name string, rows int64, columns string) *Table {
	t := &Table{Named: name, Stats: &plan.Statistics{Rows: rows}}
	for _, line := range strings.Split(strings.TrimSpace(columns), "\n") {
		words := strings.Fields(line)
		typ, notNull := strings.CutSuffix(words[1], "!")
		f := column.Field{Name: words[0], Type: types[typ], NotNull: notNull}
		s := plan.ColumnStatistics{Nulls: -1, Distinct: -1, Bytes: -1}
		if notNull {
			s.Nulls = 0
		}
		for _, w := range words[2:] {
			var lo, hi int64
			if n, _ := fmt.Sscanf(w, "~%d", &lo); n == 1 {
				s.Distinct = float64(lo)
			} else if n, _ := fmt.Sscanf(w, "%d..%d", &lo, &hi); n == 2 {
				a, b := column.IntValue(f.Type, lo), column.IntValue(f.Type, hi)
				s.Min, s.Max = &a, &b
			}
		}
		t.Fields = append(t.Fields, f)
		t.Stats.Columns = append(t.Stats.Columns, s)
	}
	return t
}

var types = map[string]column.Type{
	"int": column.T(column.Int32), "bigint": column.T(column.Int64), "text": column.T(column.Text), "date": column.T(column.Date),
	"decimal": column.DecimalType(15, 2), "double": column.T(column.Float64), "boolean": column.T(column.Bool), "timestamp": column.T(column.Timestamp),
}

// Of is a catalog of tables.
func Of(tables ...*Table) Catalog {
	c := Catalog{}
	for _, t := range tables {
		c[t.Named] = t
	}
	return c
}

// Names are the names of the tables, sorted.
func (c Catalog) Names() []string {
	var out []string
	for n := range c {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// TPCH is the TPC-H tables with the statistics that Parquet files give at scale factor 1: rows and ranges; dates are days since 1970.
func TPCH() Catalog {
	return Of(
		New("region", 5, `r_regionkey int! 0..4
			r_name text!
			r_comment text!`),
		New("nation", 25, `n_nationkey int! 0..24
			n_name text!
			n_regionkey int! 0..4
			n_comment text!`),
		New("supplier", 10_000, `s_suppkey bigint! 1..10000
			s_name text!
			s_address text!
			s_nationkey int! 0..24
			s_phone text!
			s_acctbal decimal! -99966..999972
			s_comment text!`),
		New("customer", 150_000, `c_custkey bigint! 1..150000
			c_name text!
			c_address text!
			c_nationkey int! 0..24
			c_phone text!
			c_acctbal decimal! -99999..999999
			c_mktsegment text! ~5
			c_comment text!`),
		New("part", 200_000, `p_partkey bigint! 1..200000
			p_name text!
			p_mfgr text! ~5
			p_brand text! ~25
			p_type text! ~150
			p_size int! 1..50
			p_container text! ~40
			p_retailprice decimal! 90100..209899
			p_comment text!`),
		New("partsupp", 800_000, `ps_partkey bigint! 1..200000
			ps_suppkey bigint! 1..10000
			ps_availqty int! 1..9999
			ps_supplycost decimal! 100..100000
			ps_comment text!`),
		New("orders", 1_500_000, `o_orderkey bigint! 1..6000000
			o_custkey bigint! 1..149999
			o_orderstatus text! ~3
			o_totalprice decimal! 85771..55528516
			o_orderdate date! 8035..10440
			o_orderpriority text! ~5
			o_clerk text! ~1000
			o_shippriority int! 0..0
			o_comment text!`),
		New("lineitem", 6_001_215, `l_orderkey bigint! 1..6000000
			l_partkey bigint! 1..200000
			l_suppkey bigint! 1..10000
			l_linenumber int! 1..7
			l_quantity decimal! 100..5000
			l_extendedprice decimal! 90100..10494950
			l_discount decimal! 0..10
			l_tax decimal! 0..8
			l_returnflag text! ~3
			l_linestatus text! ~2
			l_shipdate date! 8036..10561
			l_commitdate date! 8065..10530
			l_receiptdate date! 8038..10591
			l_shipinstruct text! ~4
			l_shipmode text! ~7
			l_comment text!`),
	)
}
