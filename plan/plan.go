package plan

import (
	"time"

	"github.com/polybolos-db/polybolos/column"
)

// Plan is stages in order of dependency; the last one's rows are the result.
type Plan struct {
	Stages   []*Stage
	Settings Settings
}

// Result is the schema of the result.
func (p *Plan) Result() []column.Field { return p.Stages[len(p.Stages)-1].Root.Fields() }

// Stage is a tree that Tasks tasks run, each on its share of the splits and its partition of the exchanges read.
type Stage struct {
	ID     int
	Root   Node
	Shared []Node // subplans that SharedRead nodes of Root, and of later shared subplans, refer to by index
	Output Partitioning
	Tasks  int
}

// Settings are what a session fixed for a query; they are equal in all its tasks.
type Settings struct {
	Threads     int   // workers a task may use, 0: all of the executor's
	MemoryLimit int64 // bytes a query may hold in an executor, 0: the executor's limit
	Now         time.Time
	TimeZone    string
}

// NodeStats is what a run measured at a node, summed over tasks and workers.
type NodeStats struct {
	Rows    int64         // output rows
	Batches int64         // output batches
	Time    time.Duration // spent in the operator itself, over all workers
	Memory  int64         // peak bytes held by its state
	Detail  string        // what the operator wants to say: row groups pruned, hash table size
}
