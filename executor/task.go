package executor

import (
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
)

// Task is one task of a stage while it runs: what its operators share.
type Task struct {
	Stage     *plan.Stage
	Partition int         // which of Stage.Tasks this is
	Threads   int         // workers a pipeline may use
	Budget    *mem.Budget // what all memory of the task is charged to
	Settings  plan.Settings
}
