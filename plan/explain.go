package plan

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
)

// Explain prints p as a tree a stage, parents above their inputs. stats, when not nil, adds what a run measured, by node ID.
func Explain(p *Plan, stats map[int]NodeStats) string { return explain(p, stats, false) }

// ExplainVerbose is Explain with the columns of each node and their types.
func ExplainVerbose(p *Plan, stats map[int]NodeStats) string { return explain(p, stats, true) }

func explain(p *Plan, stats map[int]NodeStats, verbose bool) string {
	var b strings.Builder
	for i := len(p.Stages) - 1; i >= 0; i-- {
		s := p.Stages[i]
		if len(p.Stages) > 1 {
			fmt.Fprintf(&b, "Stage %d: %s to %s\n", s.ID, plural(s.Tasks, "task"), describePartitioning(s.Output, s.Root.Fields()))
			for _, f := range s.Filters {
				fmt.Fprintf(&b, "makes runtime filter %d from %s\n", f.Filter, columnNames([]int{f.Column}, s.Root.Fields()))
			}
		}
		explainTree(&b, s.Root, "", "", stats, verbose)
		for k, n := range s.Shared {
			fmt.Fprintf(&b, "Shared %d\n", k)
			explainTree(&b, n, "", "", stats, verbose)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func explainTree(b *strings.Builder, n Node, first, rest string, stats map[int]NodeStats, verbose bool) {
	name, details := describe(n)
	if verbose {
		details = append(details, "output: "+output(n))
	}
	b.WriteString(first + name)
	fmt.Fprintf(b, "  (%s)", measures(n, stats))
	b.WriteByte('\n')
	inputs := n.Inputs()
	bar := "   "
	if len(inputs) > 0 {
		bar = "│  "
	}
	if note := n.Meta().Note; note != "" {
		details = append(details, note)
	}
	if s, ok := stats[n.Meta().ID]; ok && s.Detail != "" {
		details = append(details, s.Detail)
	}
	for _, d := range details {
		b.WriteString(rest + bar + d + "\n")
	}
	for i, in := range inputs {
		if i == len(inputs)-1 {
			explainTree(b, in, rest+"└─ ", rest+"   ", stats, verbose)
		} else {
			explainTree(b, in, rest+"├─ ", rest+"│  ", stats, verbose)
		}
	}
}

// measures are the estimate and, after a run, the facts.
func measures(n Node, stats map[int]NodeStats) string {
	m := "estimated rows " + count(n.Meta().Rows)
	if stats == nil {
		return m
	}
	s := stats[n.Meta().ID]
	m += fmt.Sprintf("; rows %d, time %s", s.Rows, s.Time.Round(time.Microsecond))
	if s.Memory > 0 {
		m += ", memory " + size(s.Memory)
	}
	return m
}

func count(rows float64) string {
	if math.IsNaN(rows) || rows < 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.0f", rows)
}

func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v := float64(n)
	i := 0
	for v >= 1024 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var exchangeNames = [...]string{"gather", "hash", "broadcast", "round robin", "range"}

func describePartitioning(p Partitioning, fields []column.Field) string {
	s := exchangeNames[p.Kind]
	if p.Kind == Hash || p.Kind == Range {
		s += "(" + columnNames(p.Keys, fields) + ")"
	}
	if p.Partitions > 1 {
		s += fmt.Sprintf(" over %d partitions", p.Partitions)
	}
	return s
}

var joinNames = [...]string{
	"Inner", "Probe Outer", "Build Outer", "Full Outer", "Probe Semi", "Probe Anti", "Null-Aware Anti", "Mark", "Single", "Build Semi", "Build Anti",
}

// String is the kind's name.
func (k JoinKind) String() string {
	if int(k) < len(joinNames) {
		return joinNames[k]
	}
	return fmt.Sprintf("JoinKind(%d)", k)
}

var aggModeNames = [...]string{"", " Partial", " Final"}

// describe is a node's name and what its parameters say, a line each.
func describe(n Node) (name string, details []string) {
	line := func(format string, args ...any) { details = append(details, fmt.Sprintf(format, args...)) }
	switch n := n.(type) {
	case *Scan:
		name = fmt.Sprintf("Scan %s %s", n.Format, n.Table)
		line("columns: %s", names(n.Fields()))
		if len(n.Filters) > 0 {
			line("filters: %s", exprs(n.Filters, " and "))
		}
		if n.Limit >= 0 {
			line("limit: %d", n.Limit)
		}
		for _, r := range n.Runtime {
			line("runtime filter %d on %s", r.Filter, n.Schema[n.Columns[r.Column]].Name)
		}
		if hosts := Hosts(n); hosts > 0 {
			line("splits: %d, on %d executors", len(n.Splits), hosts)
		} else {
			line("splits: %d", len(n.Splits))
		}
		if n.Range != nil {
			line("%s of %s, dealt to the tasks", plural(len(n.Range.Parts), "range"), n.Schema[n.Columns[n.Range.Column]].Name)
		}
	case *Values:
		name = "Values"
		line("rows: %d", len(n.Rows))
	case *Series:
		name = fmt.Sprintf("Series %s from %s to %s by %s", n.Out.Name, n.Start, n.Stop, n.Step)
	case *Filter:
		name = "Filter"
		line("%s", n.Cond)
	case *Project:
		name = "Project"
		line("%s", exprs(n.Exprs, ", "))
	case *Aggregate:
		name = "Aggregate" + aggModeNames[n.Mode]
		in := n.Input.Fields()
		if len(n.Keys) > 0 {
			line("keys: %s", columnNames(n.Keys, in))
		}
		if n.Sets != nil {
			sets := make([]string, len(n.Sets))
			for i, s := range n.Sets {
				keys := make([]int, len(s))
				for k, p := range s {
					keys[k] = n.Keys[p]
				}
				sets[i] = "(" + columnNames(keys, in) + ")"
			}
			line("sets: %s", strings.Join(sets, ", "))
		}
		if len(n.Aggs) > 0 {
			line("aggregates: %s", aggregates(n, in))
		}
	case *HashJoin:
		name = "Hash Join " + n.Kind.String()
		p, b := n.Probe.Fields(), n.Build.Fields()
		keys := make([]string, len(n.ProbeKeys))
		for i := range keys {
			op := " = "
			if n.NullSafe != nil && n.NullSafe[i] {
				op = " is not distinct from "
			}
			keys[i] = columnNames(n.ProbeKeys[i:i+1], p) + op + columnNames(n.BuildKeys[i:i+1], b)
		}
		line("keys: %s", strings.Join(keys, " and "))
		if n.Residual != nil {
			line("residual: %s", n.Residual)
		}
		for _, f := range n.Filters {
			line("makes runtime filter %d from %s", f.Filter, columnNames(n.BuildKeys[f.Key:f.Key+1], b))
		}
	case *NestedLoopJoin:
		name = "Nested Loop Join " + n.Kind.String()
		if n.Cond != nil {
			line("condition: %s", n.Cond)
		}
	case *Sort:
		name = "Sort"
		if n.Count >= 0 {
			name = fmt.Sprintf("Top %d", n.Count)
			if n.Offset > 0 {
				name += fmt.Sprintf(" after %d", n.Offset)
			}
		}
		line("keys: %s", describeKeys(n.Keys, n.Fields()))
	case *Limit:
		name = "Limit"
		if n.Count >= 0 {
			name += fmt.Sprintf(" %d", n.Count)
		}
		if n.Offset > 0 {
			name += fmt.Sprintf(" offset %d", n.Offset)
		}
	case *Union:
		name = "Union All"
	case *SetOp:
		name = []string{"Intersect", "Except"}[n.Kind]
		if n.All {
			name += " All"
		}
	case *DistinctOn:
		name = "Distinct On"
		line("keys: %s", columnNames(n.Keys, n.Fields()))
	case *Unnest:
		name = "Unnest"
		if n.Outer {
			name = "Outer Unnest"
		}
		lists := make([]string, len(n.Lists))
		for i, l := range n.Lists {
			lists[i] = n.Input.Fields()[l].Name
		}
		name += " " + strings.Join(lists, ", ")
	case *AsOfJoin:
		var on string
		name, on = explainAsOf(n)
		line("condition: %s", on)
	case *Window:
		name = "Window"
		for _, d := range explainWindow(n) {
			line("%s", d)
		}
	case *Recursion:
		name = fmt.Sprintf("Recursion %d", n.Table)
		if n.All {
			name += " All"
		}
	case *WorkingTable:
		name = fmt.Sprintf("Read Recursion %d", n.Table)
	case *SharedRead:
		name = fmt.Sprintf("Read Shared %d", n.Shared)
	case *Exchange:
		name = "Exchange " + describePartitioning(n.Output, n.Fields())
	case *ExchangeRead:
		name = fmt.Sprintf("Read Stage %d (%s)", n.Stage, exchangeNames[n.Kind])
		if n.All > 0 {
			name = fmt.Sprintf("Read Stage %d (all of %d partitions)", n.Stage, n.All)
		}
		if n.Divided {
			line("divided among the tasks of a partition")
		}
	case *Write:
		name = fmt.Sprintf("Write %s %s", n.Format, n.URL)
	default:
		name = fmt.Sprintf("%T", n)
	}
	return name, details
}

func describeKeys(keys []kernels.SortKey, fields []column.Field) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = columnNames([]int{k.Column}, fields)
		if k.Descending {
			out[i] += " desc"
		}
		if k.NullsFirst != k.Descending {
			out[i] += map[bool]string{true: " nulls first", false: " nulls last"}[k.NullsFirst]
		}
	}
	return strings.Join(out, ", ")
}

func names(fields []column.Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Name
	}
	return strings.Join(parts, ", ")
}

func columnNames(cols []int, fields []column.Field) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		if c >= 0 && c < len(fields) && fields[c].Name != "" {
			parts[i] = fields[c].Name
		} else {
			parts[i] = fmt.Sprintf("$%d", c)
		}
	}
	return strings.Join(parts, ", ")
}

func exprs(list []expr.Expr, sep string) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = e.String()
	}
	return strings.Join(parts, sep)
}

func aggregates(n *Aggregate, in []column.Field) string {
	parts := make([]string, len(n.Aggs))
	for i, a := range n.Aggs {
		args := "*"
		switch {
		case n.Mode == AggFinal:
			args = "state"
		case len(a.Args) > 0:
			args = columnNames(a.Args, in)
		}
		if a.Distinct {
			args = "distinct " + args
		}
		parts[i] = a.Op.String() + "(" + args + ")"
		if a.Filter >= 0 && n.Mode != AggFinal {
			parts[i] += " filter (" + columnNames([]int{a.Filter}, in) + ")"
		}
	}
	return strings.Join(parts, ", ")
}

// output are the columns that n gives, with their types, and of a projection the expressions behind them.
func output(n Node) string {
	fields := n.Fields()
	parts := make([]string, len(fields))
	p, _ := n.(*Project)
	for i, f := range fields {
		parts[i] = f.Name + " " + f.Type.String()
		if f.NotNull {
			parts[i] += " not null"
		}
		if p != nil {
			if r, ok := p.Exprs[i].(*expr.Ref); !ok || r.Name != f.Name {
				parts[i] += " = " + p.Exprs[i].String()
			}
		}
	}
	return strings.Join(parts, ", ")
}
