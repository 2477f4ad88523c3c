package jobs

import (
	"crypto/sha256"
	"time"

	"github.com/polybolos-db/polybolos/scheduler/core"
)

// rejoinTime is how long nothing of a resumed job is launched: executors that were connected to the scheduler before come back within it, and say what they run.
const rejoinTime = 500 * time.Millisecond

// Adopted is an attempt that an executor was given by another scheduler, and still runs.
type Adopted struct {
	Task  core.Task
	Hash  [sha256.Size]byte // of its stage, as it was launched
	Reads map[int][]int     // by stage: which attempts of its tasks
}

// Rejoin is Join for an executor that another scheduler had: what it runs is taken over, or aborted where it does not fit any more.
func (j *Jobs) Rejoin(id core.ExecutorID, c core.Capabilities, x Executor, running []Adopted) error {
	return j.send(event{core: core.Joined{Executor: id, Capabilities: c}, executor: x, adopted: running})
}

// rejoin gives the core the attempts that run the same plan as the job, and has the others aborted.
func (l *loop) rejoin(e core.Joined, x Executor, running []Adopted) core.Joined {
	for _, a := range running {
		o := l.job(a.Task.Job)
		if o != nil && a.Task.Stage >= 0 && a.Task.Stage < len(o.encoded) {
			if _, hash, err := o.stage(a.Task.Stage); err != nil || hash != a.Hash {
				x.Abort(a.Task)
				continue
			}
		}
		e.Running = append(e.Running, core.Running{Task: a.Task, Reads: a.Reads})
	}
	return e
}
