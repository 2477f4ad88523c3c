package control

import (
	"crypto/sha256"
	"time"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
)

// Resume goes on with jobs that another scheduler has begun, before executors come. A job that nobody comes for in time ends. Outputs that lie on executors which do
// not come back are made again. It tells which jobs could not be resumed, and why.
func (s *Server) Resume(list []jobs.Resumed, patience time.Duration) map[core.JobID]error {
	failed := map[core.JobID]error{}
	expected := map[core.ExecutorID]bool{}
	for _, r := range list {
		if err := s.jobs.Resume(r, patience); err != nil {
			failed[r.Spec.ID] = err
			continue
		}
		for _, d := range r.Finished {
			expected[d.Executor] = true
		}
	}
	if len(expected) > 0 {
		time.AfterFunc(s.config.Timeout, func() { s.missing(expected) })
	}
	return failed
}

// missing gives up executors that did not come back.
func (s *Server) missing(expected map[core.ExecutorID]bool) {
	s.mu.Lock()
	for id := range s.executors {
		delete(expected, id)
	}
	s.mu.Unlock()
	for id := range expected {
		s.config.Log.Warn("executor did not come back", "executor", id)
		// When the jobs have ended, nobody needs to know.
		_ = s.jobs.Leave(id, false, fault.New(fault.ConnectionFailure, "executor %s did not come back after the scheduler was started again", id))
	}
}

// rejoin takes note of the jobs of which something lies on a new executor. What nobody needs any more it drops; the rest when their job ends. It is called before the executor
// joins the jobs, whose loop has x.jobs from then on.
func (s *Server) rejoin(x *executor, held []string) {
	for _, job := range held {
		if id := core.JobID(job); s.jobs.Open(id) {
			x.jobs[id] = &given{stages: map[[sha256.Size]byte]bool{}, filters: map[int]bool{}}
		} else {
			x.command(&controlv1.Command{Command: &controlv1.Command_Drop{Drop: job}})
		}
	}
}

// adopted is what an executor runs that an earlier scheduler gave it.
func adopted(list []*controlv1.RunningTask) []jobs.Adopted {
	out := make([]jobs.Adopted, len(list))
	for i, r := range list {
		t := r.GetTask()
		a := jobs.Adopted{
			Task:  core.Task{Job: core.JobID(t.GetJob()), Stage: int(t.GetStage()), Index: int(t.GetIndex()), Attempt: int(t.GetAttempt())},
			Reads: map[int][]int{},
		}
		copy(a.Hash[:], r.GetPlan())
		for _, in := range r.GetInputs() {
			for _, attempt := range in.GetAttempts() {
				a.Reads[int(in.GetStage())] = append(a.Reads[int(in.GetStage())], int(attempt))
			}
		}
		out[i] = a
	}
	return out
}
