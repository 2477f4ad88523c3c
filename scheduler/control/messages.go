package control

import (
	"errors"
	"time"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/shuffle"
)

func taskMessage(t core.Task) *controlv1.Task {
	return &controlv1.Task{Job: string(t.Job), Stage: uint32(t.Stage), Index: uint32(t.Index), Attempt: uint32(t.Attempt)}
}

// report is what a status says.
func report(st *controlv1.TaskStatus) jobs.Report {
	t := st.GetTask()
	r := jobs.Report{
		Task:      core.Task{Job: core.JobID(t.GetJob()), Stage: int(t.GetStage()), Index: int(t.GetIndex()), Attempt: int(t.GetAttempt())},
		Retryable: st.GetRetryable(), Stats: map[int]plan.NodeStats{},
	}
	if f := st.GetFault(); f != nil {
		r.Err = faultOf(f)
	}
	for _, o := range st.GetMissing() {
		r.Missing = append(r.Missing, shuffle.ID{Job: o.GetJob(), Stage: int(o.GetStage()), Task: int(o.GetTask()), Attempt: int(o.GetAttempt())})
	}
	for id, s := range st.GetStats() {
		r.Stats[int(id)] = plan.NodeStats{
			Rows: s.GetRows(), Batches: s.GetBatches(), Time: time.Duration(s.GetNanoseconds()), Memory: s.GetMemory(), Detail: s.GetDetail(),
		}
	}
	return r
}

// faultOf is the error that an executor met.
func faultOf(f *controlv1.Fault) error {
	e := fault.New(fault.Code(f.GetCode()), "%s", f.GetMessage())
	e.Detail, e.Hint, e.Position, e.Where = f.GetDetail(), f.GetHint(), int(f.GetPosition()), f.GetWhere()
	if c := f.GetCause(); c != "" {
		e.Err = errors.New(c)
	}
	return e
}
