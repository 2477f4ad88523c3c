package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/storage"
)

// scan reads what the filters and the parents need, and passes on what the parents need.
func (p *planner) scan(n *logical.Scan, need logical.ColSet) (result, error) {
	used := logical.Used(n.Filters...)
	source := n.Table.Source()
	s := &plan.Scan{
		Info: p.info(n), Table: n.Table.Name(), Format: source.Format, Options: source.Options, Schema: n.Table.Schema(), Limit: n.Limit,
	}
	read := result{s, layout{}}
	pos := layout{}
	var output []int
	for i, c := range n.Cols {
		if !need.Has(c.ID) && !used.Has(c.ID) {
			continue
		}
		at := slices.Index(s.Columns, n.Source[i])
		if at < 0 {
			at = len(s.Columns)
			s.Columns = append(s.Columns, n.Source[i])
		}
		read.pos[c.ID] = at
		if need.Has(c.ID) {
			out := slices.Index(output, at)
			if out < 0 {
				out = len(output)
				output = append(output, at)
			}
			pos[c.ID] = out
		}
	}
	for _, f := range n.Filters {
		low, err := lower(f, read)
		if err != nil {
			return result{}, err
		}
		s.Filters = append(s.Filters, low)
	}
	if len(output) < len(s.Columns) {
		s.Output = append([]int{}, output...)
	}
	splits, err := p.opts.Splits(p.ctx, n.Table, &storage.Scan{Columns: s.Columns, Schema: s.Schema, Filters: s.Filters, Options: s.Options})
	if err != nil {
		return result{}, err
	}
	s.Splits = splits
	p.tables[s] = n.Table
	return result{s, pos}, nil
}

func (p *planner) values(n *logical.Values) (result, error) {
	v := &plan.Values{Info: p.info(n), Rows: make([][]column.Value, len(n.Rows))}
	pos := layout{}
	for i, c := range n.Cols {
		v.Out = append(v.Out, column.Field{Name: c.Name, Type: c.Type, NotNull: !c.Nullable})
		pos[c.ID] = i
	}
	for i, row := range n.Rows {
		v.Rows[i] = make([]column.Value, len(row))
		for j, e := range row {
			x, err := constant(e, n.Cols[j].Type)
			if err != nil {
				return result{}, err
			}
			v.Rows[i][j] = x
		}
	}
	return result{v, pos}, nil
}

// constant is the value of an expression that reads no column, in type t.
func constant(e expr.Expr, t column.Type) (column.Value, error) {
	if !e.Type().Equal(t) {
		c, err := expr.NewCast(e, t, false)
		if err != nil {
			return column.Value{}, err
		}
		e = c
	}
	x, err := expr.Evaluate(e)
	if err == nil {
		x.Type = t
	}
	return x, err
}

func (p *planner) series(n *logical.Series) (result, error) {
	pos := layout{n.Col.ID: 0}
	out := column.Field{Name: n.Col.Name, Type: n.Col.Type, NotNull: true}
	s := &plan.Series{Info: p.info(n), Out: out}
	var err error
	for _, b := range []struct {
		e  expr.Expr
		to *column.Value
	}{{n.Start, &s.Start}, {n.Stop, &s.Stop}, {n.Step, &s.Step}} {
		if *b.to, err = constant(b.e, b.e.Type()); err != nil {
			return result{}, err
		}
		if b.to.Null {
			return result{&plan.Values{Info: p.info(n), Out: []column.Field{out}}, pos}, nil
		}
	}
	if s.Step.Int.Sign() == 0 && s.Step.Interval == (column.IntervalValue{}) {
		return result{}, fault.New(fault.InvalidParameterValue, "step size of generate_series cannot equal zero")
	}
	return result{s, pos}, nil
}
