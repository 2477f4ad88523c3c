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

	Shares  []Share       // what each task reads of hash and round-robin exchanges; nil: task i reads partition i
	Filters []StageFilter // runtime filters to make from the output, for scans of stages that start when this one is complete
}

// Share is a task's part of what its stage reads: partitions From to To-1. Where Parts is more than one, several tasks read the same partitions: of a
// Divided input each reads only the outputs of every Parts-th task, from Part on; of the others all.
type Share struct {
	From, To    int
	Part, Parts int
}

// Share is what a task reads of an exchange: a range of partitions, and of a divided one a part of the outputs.
func (s *Stage) Share(n *ExchangeRead, task int) Share {
	switch {
	case !n.Kind.Partitioned():
		return Share{To: 1}
	case n.All > 0:
		return Share{To: n.All}
	case s.Shares == nil:
		return Share{From: task, To: task + 1}
	case !n.Divided:
		return Share{From: s.Shares[task].From, To: s.Shares[task].To}
	}
	return s.Shares[task]
}

// Takes reports whether the output of a task of the stage that is read belongs to the share.
func (h Share) Takes(task int) bool { return h.Parts <= 1 || task%h.Parts == h.Part }

// StageFilter is a runtime filter over a column of a stage's output.
type StageFilter struct {
	Filter int   // its number in the plan
	Column int   // of the output
	Keys   int64 // how many values are expected
}

// Settings are what a session fixed for a query; they are equal in all its tasks.
type Settings struct {
	Threads     int   // workers a task may use, 0: all of the executor's
	MemoryLimit int64 // bytes a query may hold in an executor, 0: the executor's limit
	Now         time.Time
	TimeZone    string
	Scheduling  Scheduling
	Device      string // auto (or nothing), cpu, cuda: where pipelines run that could run on a device
}

// Scheduling is what a session wishes of the scheduler. One process alone has no use for it.
type Scheduling struct {
	Session   string // whose the query is, "": nobody's
	Jobs      int    // how many queries of the session run at once, 0: no limit
	Priority  int    // 0 is normal; each step doubles the query's share
	Group     string // the resource group that runs it, "": any
	Labels    string // that executors must have: name=value, separated by commas
	Policy    string // stage, early, all, as package scheduler/core explains; "": stage
	Adaptive  bool   // plan the rest anew when a stage is complete
	Speculate bool   // give slow tasks a second attempt
}

// NodeStats is what a run measured at a node, summed over tasks and workers.
type NodeStats struct {
	Rows    int64         // output rows
	Batches int64         // output batches
	Time    time.Duration // spent in the operator itself, over all workers
	Memory  int64         // peak bytes held by its state
	Detail  string        // what the operator wants to say: row groups pruned, hash table size
}
