package executor

import (
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// What a writer holds of a row group counts against the query's memory, and is given back when the query fails.
func TestRowGroupsBeingWrittenAreCharged(t *testing.T) {
	square := mustCall(t, "*", ref(0), ref(0))
	for _, c := range []struct {
		rowGroup string
		refused  bool
	}{{"10000", false}, {"10000000", true}} {
		project := &plan.Project{Input: series(3, 1, 1_000_000, 1), Exprs: []expr.Expr{ref(0), square},
			Out: []column.Field{{Name: "n", Type: bigint}, {Name: "square", Type: bigint}}}
		task := taskOf(&plan.Write{Input: project, Format: "parquet", URL: filepath.Join(t.TempDir(), "t.parquet"), Schema: project.Out,
			Options: map[string]string{"row_group_size": c.rowGroup, "compression": "none"}}, 1)
		task.Budget = mem.NewBudget("query", 8<<20, nil)
		if _, _, err := collect(t, task); (fault.CodeOf(err) == fault.OutOfMemory) != c.refused || err != nil && !c.refused {
			t.Errorf("row groups of %s rows: %v, peak of %d bytes", c.rowGroup, err, task.Budget.Peak())
		}
	}
}
