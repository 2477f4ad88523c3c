package jobs

import (
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

// Journal is told what a job has to be known by for another scheduler to go on with it. Its methods are called by the loop, in order, and must not wait.
type Journal interface {
	// Submitted says that a job has come, with its plan in its wire format.
	Submitted(job core.JobID, encoded []byte, spec core.JobSpec)
	// Finished says that an attempt has succeeded: inline is its output where that lies nowhere else, sizes are the bytes of its partitions, nil when they are
	// not known.
	Finished(f core.Finished, inline []byte, sizes []int64, stats map[int]plan.NodeStats)
	// Undone says that the output of an attempt that had succeeded counts no more.
	Undone(t core.Task)
	// Replanned says that the job goes on with another plan.
	Replanned(job core.JobID, epoch int, encoded []byte, specs []core.StageSpec)
	// Ended says that the job is over.
	Ended(job core.JobID)
}

// noJournal is the journal of jobs that end with their process.
type noJournal struct{}

func (noJournal) Submitted(core.JobID, []byte, core.JobSpec)                      {}
func (noJournal) Finished(core.Finished, []byte, []int64, map[int]plan.NodeStats) {}
func (noJournal) Undone(core.Task)                                                {}
func (noJournal) Replanned(core.JobID, int, []byte, []core.StageSpec)             {}
func (noJournal) Ended(core.JobID)                                                {}
