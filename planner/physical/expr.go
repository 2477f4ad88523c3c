package physical

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// lower replaces columns by their positions in the input.
func lower(e expr.Expr, in result) (expr.Expr, error) {
	fields := in.node.Fields()
	return lowerOver(e, in.pos, fields)
}

func lowerOver(e expr.Expr, pos layout, fields []column.Field) (expr.Expr, error) {
	var err error
	out := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		switch e := e.(type) {
		case *expr.Column:
			at, ok := pos[e.ID]
			if !ok {
				err = missing(e)
				return e
			}
			return &expr.Ref{Index: at, Name: e.Name, Typ: fields[at].Type}
		case *logical.Subquery:
			err = fault.New(fault.Internal, "a subquery is left in the plan: %s", e)
		}
		return e
	})
	return out, err
}

func missing(e expr.Expr) error {
	return fault.New(fault.Internal, "column %s is not in the operator's input", e)
}

// columnsOf makes the expressions available as columns of in: those that are no plain columns are computed in a projection above it, which
// passes on what in has. It gives their positions.
func (p *planner) columnsOf(in result, es []expr.Expr) (result, []int, error) {
	at := make([]int, len(es))
	var computed *plan.Project
	seen := map[string]int{}
	fields := in.node.Fields()
	for i, e := range es {
		low, err := lowerOver(e, in.pos, fields)
		if err != nil {
			return result{}, nil, err
		}
		if r, ok := low.(*expr.Ref); ok {
			at[i] = r.Index
			continue
		}
		if old, ok := seen[logical.Key(e)]; ok {
			at[i] = old
			continue
		}
		if computed == nil {
			computed = &plan.Project{Info: plan.Info{Rows: in.node.Meta().Rows}, Input: in.node}
			for j, f := range fields {
				computed.Exprs = append(computed.Exprs, &expr.Ref{Index: j, Name: f.Name, Typ: f.Type})
				computed.Out = append(computed.Out, f)
			}
		}
		at[i] = len(computed.Exprs)
		if !logical.IsVolatile(e) {
			seen[logical.Key(e)] = at[i]
		}
		computed.Exprs = append(computed.Exprs, low)
		computed.Out = append(computed.Out, column.Field{Name: name(e), Type: low.Type()})
	}
	if computed == nil {
		return in, at, nil
	}
	return result{computed, in.pos}, at, nil
}

// name is what a computed column is called in EXPLAIN.
func name(e expr.Expr) string {
	s := []rune(e.String())
	const longest = 40
	if len(s) > longest {
		return string(s[:longest-1]) + "…"
	}
	return string(s)
}
