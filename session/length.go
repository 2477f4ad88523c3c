package session

import (
	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql"
)

// fitted puts checks of the columns' lengths over rows that are to be written.
func fitted(q *sql.Bound, st catalog.Stored) (logical.Node, error) {
	limited := false
	for _, c := range st.Columns {
		limited = limited || c.Length > 0
	}
	if !limited {
		return q.Plan, nil
	}
	p := &logical.Project{Input: q.Plan}
	for i, in := range q.Plan.Columns() {
		out := in
		out.ID = q.IDs.Next()
		var e expr.Expr = in.Expr()
		if c := st.Columns[i]; c.Length > 0 {
			var err error
			name := "$varchar"
			if c.Blanks {
				name = "$char"
			}
			if e, err = expr.NewCall(name, []expr.Expr{e, &expr.Literal{Value: column.IntValue(column.T(column.Int32), int64(c.Length))}}); err != nil {
				return nil, err
			}
		}
		p.Exprs, p.Cols = append(p.Exprs, e), append(p.Cols, out)
	}
	return p, nil
}
