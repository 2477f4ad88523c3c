package plan_test

import (
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

func TestExplainVerboseShowsOutputColumns(t *testing.T) {
	values := &plan.Values{Info: plan.Info{ID: 2}, Out: []column.Field{{Name: "a", Type: column.T(column.Int32), NotNull: true}}}
	ref := &expr.Ref{Name: "a", Typ: column.T(column.Int32)}
	sum, err := expr.NewCall("+", []expr.Expr{ref, &expr.Literal{Value: column.IntValue(column.T(column.Int32), 1)}})
	if err != nil {
		t.Fatal(err)
	}
	root := &plan.Project{Info: plan.Info{ID: 1}, Input: values, Exprs: []expr.Expr{sum}, Out: []column.Field{{Name: "b", Type: column.T(column.Int32)}}}
	text := plan.ExplainVerbose(&plan.Plan{Stages: []*plan.Stage{{Root: root, Tasks: 1}}}, nil)
	for _, want := range []string{"output: b integer = a + 1", "output: a integer not null"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\ndoes not show %q", text, want)
		}
	}
}

// TestPositionsTravel sends a call and a cast with their places in the statement.
func TestPositionsTravel(t *testing.T) {
	values := &plan.Values{Info: plan.Info{ID: 2}, Out: []column.Field{{Name: "a", Type: column.T(column.Int32)}}}
	ref := &expr.Ref{Name: "a", Typ: column.T(column.Int32)}
	quotient, err := expr.NewCall("/", []expr.Expr{ref, ref})
	if err != nil {
		t.Fatal(err)
	}
	cast, err := expr.NewCast(expr.At(quotient, 17), column.T(column.Text), false)
	if err != nil {
		t.Fatal(err)
	}
	root := &plan.Project{Info: plan.Info{ID: 1}, Input: values, Exprs: []expr.Expr{expr.At(cast, 5)}, Out: []column.Field{{Name: "q", Type: column.T(column.Text)}}}
	encoded, err := plan.Marshal(&plan.Plan{Stages: []*plan.Stage{{Root: root, Tasks: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := plan.Unmarshal(encoded)
	if err != nil {
		t.Fatal(err)
	}
	c := decoded.Stages[0].Root.(*plan.Project).Exprs[0].(*expr.Cast)
	if c.Pos != 5 || c.Arg.(*expr.Call).Pos != 17 {
		t.Errorf("positions %d and %d, want 5 and 17", c.Pos, c.Arg.(*expr.Call).Pos)
	}
}
