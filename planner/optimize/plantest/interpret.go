package plantest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// Interpreter runs logical plans as they are defined, row by row, subqueries and dependent joins included: slow, and plain enough to be
// the judge of what the optimizer makes.
type Interpreter struct {
	Data Data
	memo map[string]column.Value // of operators over constants
}

// row is the values of a node's columns, and of the rows around it.
type row map[expr.ColumnID]column.Value

// ErrTwoRows is the error of a scalar subquery with two rows.
var ErrTwoRows = errors.New("more than one row")

func with(a, b row) row {
	out := make(row, len(a)+len(b))
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		out[k] = v
	}
	return out
}

func (x *Interpreter) eval(e expr.Expr, r row) (column.Value, error) {
	switch e := e.(type) {
	case *expr.Column:
		v, ok := r[e.ID]
		if !ok {
			return v, fmt.Errorf("column %s is not there", e)
		}
		return v, nil
	case *expr.Literal:
		return e.Value, nil
	case *logical.Subquery:
		return x.subquery(e, r)
	}
	children := e.Children()
	values := make([]expr.Expr, len(children))
	for i, c := range children {
		v, err := x.eval(c, r)
		if err != nil {
			return v, err
		}
		if v.Type.Kind == column.Null || v.Null {
			v.Type = c.Type()
		}
		values[i] = &expr.Literal{Value: v}
	}
	c := e.WithChildren(values)
	key := c.Type().String() + c.String()
	if v, ok := x.memo[key]; ok {
		return v, nil
	}
	if x.memo == nil {
		x.memo = map[string]column.Value{}
	}
	v, err := expr.Evaluate(c)
	if err == nil {
		x.memo[key] = v
	}
	return v, err
}

func (x *Interpreter) holds(e expr.Expr, r row) (is, unknown bool, err error) {
	if e == nil {
		return true, false, nil
	}
	v, err := x.eval(e, r)
	return err == nil && !v.Null && v.Bool(), v.Null, err
}

func (x *Interpreter) subquery(q *logical.Subquery, r row) (column.Value, error) {
	rows, err := x.rows(q.Plan, r)
	if err != nil {
		return column.Value{}, err
	}
	cols := q.Plan.Columns()
	switch q.Kind {
	case logical.ExistsSubquery:
		return column.BoolValue(len(rows) > 0), nil
	case logical.ScalarSubquery:
		switch len(rows) {
		case 0:
			return column.NullValue(q.Typ), nil
		case 1:
			return rows[0][cols[0].ID], nil
		}
		return column.Value{}, ErrTwoRows
	}
	var any, all, unknown = false, true, false
	for _, in := range rows {
		terms := make([]expr.Expr, len(cols))
		for i, c := range cols {
			terms[i] = logical.Compare(q.Op, q.Left[i], c.Expr())
		}
		cond := expr.Conjunction(terms)
		if q.Op == expr.Ne && len(terms) > 1 {
			cond = &expr.Or{Terms: terms}
		}
		is, null, err := x.holds(cond, with(r, in))
		if err != nil {
			return column.Value{}, err
		}
		any, all, unknown = any || is, all && (is || null), unknown || null
	}
	decided := any
	if q.Kind == logical.AllSubquery {
		decided = !all
	}
	if unknown && !decided {
		return column.NullValue(column.T(column.Bool)), nil
	}
	if q.Kind == logical.AllSubquery {
		return column.BoolValue(all), nil
	}
	return column.BoolValue(any), nil
}

// rows are n's rows, as maps of n's columns.
func (x *Interpreter) rows(n logical.Node, outer row) ([]row, error) {
	var out []row
	switch n := n.(type) {
	case *logical.Scan:
		for _, values := range x.Data[n.Table.Name()] {
			r := row{}
			for i, c := range n.Cols {
				r[c.ID] = values[n.Source[i]]
			}
			is, _, err := x.holds(expr.Conjunction(n.Filters), with(outer, r))
			if err != nil {
				return nil, err
			}
			if is {
				out = append(out, r)
			}
		}
		return out, nil
	case *logical.Values:
		for _, values := range n.Rows {
			r := row{}
			for i, c := range n.Cols {
				v, err := x.eval(values[i], outer)
				if err != nil {
					return nil, err
				}
				r[c.ID] = v
			}
			out = append(out, r)
		}
		return out, nil
	case *logical.With:
		return x.rows(n.Input, outer)
	case *logical.CTERef:
		rows, err := x.rows(n.CTE.Plan, outer)
		for _, r := range rows {
			s := row{}
			for i, c := range n.CTE.Plan.Columns() {
				s[n.Cols[i].ID] = r[c.ID]
			}
			out = append(out, s)
		}
		return out, err
	case *logical.SetOp:
		return x.setOp(n, outer)
	case *logical.Join:
		return x.join(n, outer)
	case *logical.AsOf:
		return x.asOf(n, outer)
	}
	rows, err := x.rows(n.Inputs()[0], outer)
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *logical.Project:
		for _, r := range rows {
			s := row{}
			for i, c := range n.Cols {
				if s[c.ID], err = x.eval(n.Exprs[i], with(outer, r)); err != nil {
					return nil, err
				}
			}
			out = append(out, s)
		}
		return out, nil
	case *logical.Filter:
		for _, r := range rows {
			is, _, err := x.holds(n.Cond, with(outer, r))
			if err != nil {
				return nil, err
			}
			if is {
				out = append(out, r)
			}
		}
		return out, nil
	case *logical.Sort:
		return x.sort(rows, n.Keys, outer)
	case *logical.Limit:
		rows = rows[min(int(n.Offset), len(rows)):]
		if n.Count >= 0 {
			rows = rows[:min(int(n.Count), len(rows))]
		}
		return rows, nil
	case *logical.Distinct:
		seen := map[string]bool{}
		on := n.On
		if on == nil {
			on = logical.References(n.Columns())
		}
		for _, r := range rows {
			k, err := x.key(on, with(outer, r))
			if err != nil {
				return nil, err
			}
			if !seen[k] {
				seen[k] = true
				out = append(out, r)
			}
		}
		return out, nil
	case *logical.Aggregate:
		return x.aggregate(n, rows, outer)
	}
	return nil, fmt.Errorf("no meaning for %T", n)
}

func (x *Interpreter) key(es []expr.Expr, r row) (string, error) {
	var b strings.Builder
	for _, e := range es {
		v, err := x.eval(e, r)
		if err != nil {
			return "", err
		}
		b.WriteString(v.String() + "|")
	}
	return b.String(), nil
}

func (x *Interpreter) sort(rows []row, keys []expr.SortKey, outer row) ([]row, error) {
	var failed error
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b row) int {
		for _, k := range keys {
			v, err1 := x.eval(k.Expr, with(outer, a))
			w, err2 := x.eval(k.Expr, with(outer, b))
			failed = errors.Join(failed, err1, err2)
			c := 0
			switch {
			case v.Null && w.Null:
			case v.Null || w.Null:
				c = 1
				if v.Null == k.NullsFirst {
					c = -1
				}
				if c != 0 {
					return c
				}
			default:
				c = v.Int.Cmp(w.Int)
				if k.Descending {
					c = -c
				}
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return out, failed
}

func (x *Interpreter) setOp(n *logical.SetOp, outer row) ([]row, error) {
	var in [][]row
	for _, c := range n.In {
		rows, err := x.rows(c, outer)
		if err != nil {
			return nil, err
		}
		var renamed []row
		for _, r := range rows {
			s := row{}
			for i, col := range c.Columns() {
				s[n.Cols[i].ID] = r[col.ID]
			}
			renamed = append(renamed, s)
		}
		in = append(in, renamed)
	}
	text := func(r row) string {
		k, _ := x.key(logical.References(n.Cols), r)
		return k
	}
	var out []row
	right := map[string]int{}
	for i, rows := range in {
		for _, r := range rows {
			if n.Kind == logical.Union {
				out = append(out, r)
			} else if i > 0 {
				right[text(r)]++
			}
		}
	}
	if n.Kind != logical.Union {
		for _, r := range in[0] {
			k := text(r)
			found := right[k] > 0
			if n.All && found {
				right[k]--
			}
			if found == (n.Kind == logical.Intersect) {
				out = append(out, r)
			}
		}
	}
	if n.All {
		return out, nil
	}
	seen := map[string]bool{}
	var unique []row
	for _, r := range out {
		if !seen[text(r)] {
			seen[text(r)] = true
			unique = append(unique, r)
		}
	}
	return unique, nil
}

func (x *Interpreter) join(n *logical.Join, outer row) ([]row, error) {
	left, err := x.rows(n.Left, outer)
	if err != nil {
		return nil, err
	}
	var right []row
	if !n.Dependent {
		if right, err = x.rows(n.Right, outer); err != nil {
			return nil, err
		}
	}
	pad := func(cols []logical.Col) row {
		r := row{}
		for _, c := range cols {
			r[c.ID] = column.NullValue(c.Type)
		}
		return r
	}
	var out []row
	met := make([]bool, len(right))
	for _, l := range left {
		if n.Dependent {
			if right, err = x.rows(n.Right, with(outer, l)); err != nil {
				return nil, err
			}
		}
		found, unknown := 0, false
		for i, r := range right {
			is, null, err := x.holds(n.Cond, with(with(outer, l), r))
			if err != nil {
				return nil, err
			}
			unknown = unknown || null
			if !is {
				continue
			}
			found++
			if !n.Dependent {
				met[i] = true
			}
			if n.Kind <= logical.Full || n.Kind == logical.Single {
				out = append(out, with(l, r))
			}
		}
		switch {
		case n.Kind == logical.Single && found > 1:
			return nil, ErrTwoRows
		case n.Kind == logical.Semi && found > 0, n.Kind == logical.Anti && found == 0, n.Kind == logical.NullAwareAnti && found == 0 && !unknown:
			out = append(out, l)
		case n.Kind == logical.Mark:
			v := column.BoolValue(found > 0)
			if found == 0 && unknown {
				v = column.NullValue(v.Type)
			}
			out = append(out, with(l, row{n.Mark.ID: v}))
		case found == 0 && (n.Kind == logical.Left || n.Kind == logical.Full || n.Kind == logical.Single):
			out = append(out, with(l, pad(n.Right.Columns())))
		}
	}
	if n.Kind == logical.Right || n.Kind == logical.Full {
		for i, r := range right {
			if !met[i] {
				out = append(out, with(pad(n.Left.Columns()), r))
			}
		}
	}
	return out, nil
}

func (x *Interpreter) aggregate(n *logical.Aggregate, rows []row, outer row) ([]row, error) {
	sets := n.Sets
	if sets == nil {
		all := make([]int, len(n.Groups))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	var out []row
	for _, set := range sets {
		groups := map[string][]row{}
		var order []string
		if len(set) == 0 {
			order = append(order, "")
		}
		for _, r := range rows {
			es := make([]expr.Expr, len(set))
			for i, k := range set {
				es[i] = n.Groups[k]
			}
			k, err := x.key(es, with(outer, r))
			if err != nil {
				return nil, err
			}
			if _, ok := groups[k]; !ok && len(set) > 0 {
				order = append(order, k)
			}
			groups[k] = append(groups[k], r)
		}
		for _, k := range order {
			r := row{}
			for i, c := range n.GroupCols {
				r[c.ID] = column.NullValue(c.Type)
				if slices.Contains(set, i) {
					v, err := x.eval(n.Groups[i], with(outer, groups[k][0]))
					if err != nil {
						return nil, err
					}
					r[c.ID] = v
				}
			}
			for i, a := range n.Aggs {
				v, err := x.fold(a, groups[k], outer)
				if err != nil {
					return nil, err
				}
				r[n.AggCols[i].ID] = v
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// fold computes counts, and sums and extremes of integers.
func (x *Interpreter) fold(a *expr.AggCall, rows []row, outer row) (column.Value, error) {
	count := int64(0)
	sum := column.NullValue(a.Typ)
	seen := map[string]bool{}
	for _, r := range rows {
		is, _, err := x.holds(a.Filter, with(outer, r))
		if err != nil {
			return sum, err
		}
		if !is {
			continue
		}
		if len(a.Args) == 0 {
			count++
			continue
		}
		v, err := x.eval(a.Args[0], with(outer, r))
		if err != nil {
			return sum, err
		}
		if v.Null || a.Distinct && seen[v.String()] {
			continue
		}
		seen[v.String()] = true
		count++
		switch {
		case sum.Null:
			sum = column.Value{Type: a.Typ, Int: v.Int}
		case a.Fn.Op == kernels.AggSum:
			sum.Int = sum.Int.Add(v.Int)
		case a.Fn.Op == kernels.AggMin && v.Int.Less(sum.Int), a.Fn.Op == kernels.AggMax && sum.Int.Less(v.Int):
			sum.Int = v.Int
		}
	}
	switch a.Fn.Op {
	case kernels.AggCount, kernels.AggCountStar:
		return column.IntValue(a.Typ, count), nil
	case kernels.AggSum, kernels.AggMin, kernels.AggMax:
		return sum, nil
	}
	return sum, fmt.Errorf("no meaning for %s", a)
}

// Rows are n's rows as text, a row a string, sorted unless ordered.
func (x *Interpreter) Rows(n logical.Node, ordered bool) ([]string, error) {
	rows, err := x.rows(n, row{})
	out := []string{}
	for _, r := range rows {
		k, err := x.key(logical.References(n.Columns()), r)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	if !ordered {
		slices.Sort(out)
	}
	return out, err
}
