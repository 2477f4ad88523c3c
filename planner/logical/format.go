package logical

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/expr"
)

// Format draws the plan as a tree, a node a line, inputs indented below it.
func Format(n Node) string {
	var b strings.Builder
	write(&b, n, 0)
	return b.String()
}

func write(b *strings.Builder, n Node, depth int) {
	indent := strings.Repeat("  ", depth)
	b.WriteString(indent + describe(n) + "\n")
	for _, e := range Exprs(n) {
		expr.Walk(e, func(e expr.Expr) bool {
			if q, ok := e.(*Subquery); ok {
				b.WriteString(indent + "  subquery:\n")
				write(b, q.Plan, depth+2)
			}
			return true
		})
	}
	if w, ok := n.(*With); ok {
		for _, c := range w.CTEs {
			b.WriteString(indent + "  " + c.Name + ":\n")
			write(b, c.Plan, depth+2)
		}
	}
	for _, c := range n.Inputs() {
		write(b, c, depth+1)
	}
}

func describe(n Node) string {
	switch n := n.(type) {
	case *Scan:
		s := "Scan " + n.Table.Name()
		if n.Alias != "" && n.Alias != n.Table.Name() {
			s += " as " + n.Alias
		}
		s += " [" + columns(n.Cols) + "]"
		if len(n.Filters) > 0 {
			s += " where " + expressions(n.Filters, " and ")
		}
		if n.Limit >= 0 {
			s += fmt.Sprintf(" limit %d", n.Limit)
		}
		return s
	case *Values:
		return fmt.Sprintf("Values [%s] %d rows", columns(n.Cols), len(n.Rows))
	case *Series:
		return fmt.Sprintf("Series %s from %s to %s by %s", columns([]Col{n.Col}), n.Start, n.Stop, n.Step)
	case *Project:
		return "Project [" + assignments(n.Cols, n.Exprs) + "]"
	case *Filter:
		return "Filter " + n.Cond.String()
	case *Join:
		s := n.Kind.String() + " Join"
		if n.Dependent {
			s = "Dependent " + s
		}
		if n.Kind == Mark {
			s += " " + columns([]Col{n.Mark})
		}
		if n.Cond != nil {
			s += " on " + n.Cond.String()
		}
		return s
	case *Aggregate:
		parts := make([]string, len(n.Aggs))
		for i, a := range n.Aggs {
			parts[i] = fmt.Sprintf("%s#%d: %s", n.AggCols[i].Name, n.AggCols[i].ID, a)
		}
		s := "Aggregate by [" + assignments(n.GroupCols, n.Groups) + "] [" + strings.Join(parts, ", ") + "]"
		if n.Sets != nil {
			s += fmt.Sprintf(" sets %v", n.Sets)
		}
		return s
	case *Distinct:
		if n.On != nil {
			return "Distinct on " + expressions(n.On, ", ")
		}
		return "Distinct"
	case *Sort:
		parts := make([]string, len(n.Keys))
		for i, k := range n.Keys {
			parts[i] = k.String()
		}
		return "Sort by " + strings.Join(parts, ", ")
	case *Limit:
		return fmt.Sprintf("Limit %d offset %d", n.Count, n.Offset)
	case *SetOp:
		s := [...]string{"Union", "Intersect", "Except"}[n.Kind]
		if n.All {
			s += " all"
		}
		return s + " [" + columns(n.Cols) + "]"
	case *Unnest:
		return describeUnnest(n)
	case *AsOf:
		return describeAsOf(n)
	case *Window:
		return describeWindow(n)
	case *Recursion:
		s := "Recursion " + n.Table.Name
		if n.All {
			s += " all"
		}
		return s + " [" + columns(n.Cols) + "]"
	case *WorkingTable:
		return "Working Table " + n.Table.Name + " [" + columns(n.Cols) + "]"
	case *With:
		return "With"
	case *CTERef:
		return "CTE " + n.CTE.Name + " [" + columns(n.Cols) + "]"
	}
	return fmt.Sprintf("%T", n)
}

func columns(cols []Col) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = fmt.Sprintf("%s#%d", c.Name, c.ID)
	}
	return strings.Join(parts, ", ")
}

func assignments(cols []Col, exprs []expr.Expr) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = fmt.Sprintf("%s#%d", c.Name, c.ID)
		if r, ok := exprs[i].(*expr.Column); !ok || r.ID != c.ID {
			parts[i] += ": " + exprs[i].String()
		}
	}
	return strings.Join(parts, ", ")
}

func expressions(es []expr.Expr, sep string) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.String()
	}
	return strings.Join(parts, sep)
}
