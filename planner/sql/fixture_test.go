package sql

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// table is a catalog table without files.
type table struct {
	name   string
	fields []column.Field
}

func (t *table) Name() string           { return t.name }
func (t *table) Schema() []column.Field { return t.fields }
func (t *table) Location() string       { return "" }
func (t *table) Source() plan.Source    { return plan.Source{Format: "parquet"} }
func (t *table) Statistics(context.Context) (*plan.Statistics, error) {
	return nil, nil
}

// tables is a resolver over tables and views written as text.
type tables struct {
	tables map[string]*table
	views  map[string]*catalog.View
}

func (r *tables) Table(_ context.Context, schema, name string) (catalog.Table, *catalog.View, error) {
	if v := r.views[name]; v != nil {
		return nil, v, nil
	}
	if t := r.tables[name]; t != nil && (schema == "" || schema == "public") {
		return t, nil, nil
	}
	return nil, nil, fault.New(fault.UndefinedTable, "table %q does not exist", name)
}

func (r *tables) OpenPath(_ context.Context, path, format string, options map[string]string) (catalog.Table, error) {
	if path == "missing" {
		return nil, fault.New(fault.UndefinedFile, "no file %q", path)
	}
	return &table{name: fmt.Sprintf("%s %s %v", path, format, options), fields: []column.Field{{Name: "x", Type: column.T(column.Int32)}, {Name: "y", Type: column.T(column.Text)}}}, nil
}

// newTables reads "name: column type, …" lines; a type followed by ! is NOT NULL.
func newTables(t testing.TB, text string) *tables {
	r := &tables{tables: map[string]*table{}, views: map[string]*catalog.View{}}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		name, cols, _ := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		list, err := parse.Script("create table t (" + strings.ReplaceAll(cols, "!", " not null") + ")")
		if err != nil {
			t.Fatal(err)
		}
		fields, err := Fields(list[0].Body.(*parse.CreateTable).Columns)
		if err != nil {
			t.Fatal(err)
		}
		r.tables[name] = &table{name: name, fields: fields}
	}
	return r
}

const tpch = `
region: r_regionkey int!, r_name text!, r_comment text!
nation: n_nationkey int!, n_name text!, n_regionkey int!, n_comment text!
supplier: s_suppkey bigint!, s_name text!, s_address text!, s_nationkey int!, s_phone text!, s_acctbal decimal(15,2)!, s_comment text!
customer: c_custkey bigint!, c_name text!, c_address text!, c_nationkey int!, c_phone text!, c_acctbal decimal(15,2)!, c_mktsegment text!, c_comment text!
part: p_partkey bigint!, p_name text!, p_mfgr text!, p_brand text!, p_type text!, p_size int!, p_container text!, p_retailprice decimal(15,2)!, p_comment text!
partsupp: ps_partkey bigint!, ps_suppkey bigint!, ps_availqty int!, ps_supplycost decimal(15,2)!, ps_comment text!
orders: o_orderkey bigint!, o_custkey bigint!, o_orderstatus text!, o_totalprice decimal(15,2)!, o_orderdate date!, o_orderpriority text!, o_clerk text!, o_shippriority int!, o_comment text!
lineitem: l_orderkey bigint!, l_partkey bigint!, l_suppkey bigint!, l_linenumber int!, l_quantity decimal(15,2)!, l_extendedprice decimal(15,2)!, l_discount decimal(15,2)!, l_tax decimal(15,2)!, l_returnflag text!, l_linestatus text!, l_shipdate date!, l_commitdate date!, l_receiptdate date!, l_shipinstruct text!, l_shipmode text!, l_comment text!
`

const small = `
t: a int!, b int, c text, d date, n numeric(10,2), f double precision, p boolean
u: a int!, b bigint, e text, ts timestamp
w: k int, v int
`

// bind binds the one query of a text.
func bind(t testing.TB, r catalog.Resolver, text string) (logical.Node, error) {
	t.Helper()
	list, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		t.Fatalf("%s: %d statements", text, len(list))
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok {
		t.Fatalf("%s: not a query", text)
	}
	b, err := Bind(context.Background(), q, r, Options{})
	if err != nil {
		return nil, err
	}
	return b.Plan, nil
}

// show prints a plan, one node a line, children indented, the plans of subqueries and CTEs under a heading.
func show(n logical.Node) string {
	p := &printer{ctes: map[*logical.CTE]bool{}}
	p.node(n, 0)
	return p.b.String()
}

type printer struct {
	b    strings.Builder
	ctes map[*logical.CTE]bool
}

func (p *printer) line(depth int, format string, args ...any) {
	fmt.Fprintf(&p.b, "%s%s\n", strings.Repeat("  ", depth), fmt.Sprintf(format, args...))
}

func (p *printer) node(n logical.Node, depth int) {
	switch n := n.(type) {
	case *logical.Scan:
		p.line(depth, "Scan %s %s", n.Table.Name(), columns(n.Cols, false))
	case *logical.Values:
		if len(n.Cols) == 0 {
			p.line(depth, "One row")
			return
		}
		p.line(depth, "Values %s", columns(n.Cols, true))
		for _, row := range n.Rows {
			p.line(depth+1, "%s", exprs(row))
			p.subqueries(depth+2, row...)
		}
	case *logical.Unnest:
		p.line(depth, "Unnest %s: %s", columns(n.Cols, true), exprs(n.Lists))
	case *logical.Series:
		p.line(depth, "Series %s: %s", columns([]logical.Col{n.Col}, true), exprs([]expr.Expr{n.Start, n.Stop, n.Step}))
	case *logical.Project:
		parts := make([]string, len(n.Exprs))
		for i, e := range n.Exprs {
			c := n.Cols[i]
			if r, ok := e.(*expr.Column); ok && r.ID == c.ID && r.Name == c.Name {
				parts[i] = e.String()
				continue
			}
			parts[i] = fmt.Sprintf("%s as %s", e, columns([]logical.Col{c}, true))
		}
		p.line(depth, "Project %s", strings.Join(parts, ", "))
		p.subqueries(depth+1, n.Exprs...)
	case *logical.Filter:
		p.line(depth, "Filter %s", n.Cond)
		p.subqueries(depth+1, n.Cond)
	case *logical.Join:
		on, dependent := "", ""
		if n.Cond != nil {
			on = " on " + n.Cond.String()
		}
		if n.Dependent {
			dependent = " dependent"
		}
		p.line(depth, "%s Join%s%s", n.Kind, dependent, on)
		if n.Cond != nil {
			p.subqueries(depth+1, n.Cond)
		}
	case *logical.Aggregate:
		calls := make([]string, len(n.Aggs))
		var inner []expr.Expr
		for i, a := range n.Aggs {
			calls[i] = fmt.Sprintf("%s as %s", a, columns(n.AggCols[i:i+1], true))
			inner = append(inner, a.Args...)
		}
		groups := make([]string, len(n.Groups))
		for i, g := range n.Groups {
			groups[i] = fmt.Sprintf("%s as %s", g, columns(n.GroupCols[i:i+1], true))
			if r, ok := g.(*expr.Column); ok && r.ID == n.GroupCols[i].ID {
				groups[i] = g.String()
			}
		}
		sets := ""
		if n.Sets != nil {
			sets = fmt.Sprintf(" sets %v", n.Sets)
		}
		p.line(depth, "Aggregate by [%s]%s: %s", strings.Join(groups, ", "), sets, strings.Join(calls, ", "))
		p.subqueries(depth+1, append(inner, n.Groups...)...)
	case *logical.Distinct:
		if n.On != nil {
			p.line(depth, "Distinct on %s", exprs(n.On))
		} else {
			p.line(depth, "Distinct")
		}
	case *logical.Sort:
		keys := make([]string, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = k.String()
		}
		p.line(depth, "Sort %s", strings.Join(keys, ", "))
	case *logical.Limit:
		p.line(depth, "Limit %d offset %d", n.Count, n.Offset)
	case *logical.SetOp:
		all := ""
		if n.All {
			all = " all"
		}
		p.line(depth, "%s%s %s", []string{"Union", "Intersect", "Except"}[n.Kind], all, columns(n.Cols, true))
	case *logical.With:
		p.line(depth, "With")
		for _, c := range n.CTEs {
			p.line(depth+1, "CTE %s:", c.Name)
			p.node(c.Plan, depth+2)
		}
	case *logical.CTERef:
		p.line(depth, "CTE reference %s %s", n.CTE.Name, columns(n.Cols, false))
	default:
		p.line(depth, "%T", n)
	}
	for _, in := range n.Inputs() {
		p.node(in, depth+1)
	}
}

// subqueries prints the plans of the subqueries in expressions.
func (p *printer) subqueries(depth int, es ...expr.Expr) {
	for _, e := range es {
		expr.Walk(e, func(e expr.Expr) bool {
			if q, ok := e.(*logical.Subquery); ok {
				p.line(depth, "subquery of %s:", q)
				p.node(q.Plan, depth+1)
			}
			return true
		})
	}
}

func columns(cols []logical.Col, types bool) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = fmt.Sprintf("%s#%d", c.Name, c.ID)
		if types {
			parts[i] += " " + c.Type.String()
			if c.Nullable {
				parts[i] += "?"
			}
		}
	}
	return strings.Join(parts, ", ")
}

func exprs(es []expr.Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.String()
	}
	return strings.Join(parts, ", ")
}
