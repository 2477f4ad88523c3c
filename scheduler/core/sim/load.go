package sim

import (
	"fmt"
	"runtime"
	"time"

	"github.com/polybolos-db/polybolos/scheduler/core"
)

// LoadConfig says how much the core has to do at once.
type LoadConfig struct {
	Executors int // each of them with Slots
	Slots     int
	Stages    int // of the one job, each of which reads the one before
	Tasks     int // of all stages together
	Prefer    Preference
}

// Preference says on which executors the files of the first stage's tasks lie.
type Preference string

// The preferences.
const (
	PreferNone  Preference = "none"  // any executor is as good as another
	PreferTurn  Preference = "turn"  // the executors have a task's files in turn
	PreferBlock Preference = "block" // each executor has the files of a block of tasks, for most of which it has no slot at first
)

// prefers are the names of the executors that the tasks of the first stage wish for.
func (l LoadConfig) prefers(tasks int) []string {
	if l.Prefer == PreferNone || l.Prefer == "" {
		return nil
	}
	out := make([]string, tasks)
	for i := range out {
		x := i % l.Executors
		if l.Prefer == PreferBlock {
			x = i * l.Executors / tasks
		}
		out[i] = fmt.Sprint("machine-", x)
	}
	return out
}

// LoadReport is what it took.
type LoadReport struct {
	PerTask  time.Duration // of the core, from a task's launch to its end
	Memory   float64       // bytes of Go's heap that the core holds for each task of a job that has run in part
	Launches int
	Took     time.Duration
}

// Load has the core run one job as fast as it can: tasks end in the order of their launches. All that is measured is the core.
func Load(l LoadConfig) (LoadReport, error) {
	c := core.New(core.Limits{})
	now := time.Unix(0, 0)
	for i := range l.Executors {
		c.Step(now, core.Joined{Executor: core.ExecutorID(fmt.Sprintf("executor-%05d", i)), Capabilities: core.Capabilities{
			// What is measured at start is never twice the same.
			Slots: l.Slots, Memory: 64 << 30, Scan: 1e9 * (1 + 0.1*float64(i%7)), Hash: 3e7, Group: "default",
			Labels: []core.Label{{Name: "host", Value: fmt.Sprint(i)}}, Name: fmt.Sprint("machine-", i),
		}})
	}
	spec := core.JobSpec{ID: "load", Group: "default"}
	for i := range l.Stages {
		s := core.StageSpec{Tasks: max(1, l.Tasks/l.Stages), Work: core.Work{Scan: 1 << 27, Memory: 1 << 26}}
		if i > 0 {
			s.Reads = []int{i - 1}
		} else {
			s.Prefers = l.prefers(s.Tasks)
		}
		spec.Stages = append(spec.Stages, s)
	}
	before := heapInUse()
	start := time.Now()
	var report LoadReport
	var running []core.Task
	head := 0
	over := false
	take := func(actions []core.Action) error {
		for _, a := range actions {
			switch a := a.(type) {
			case core.Launch:
				report.Launches++
				running = append(running, a.Task)
			case core.End:
				if over = true; a.State != core.Done {
					return fmt.Errorf("the job ended: %s", a.Message)
				}
			}
		}
		return nil
	}
	if err := take(c.Step(now, core.Submitted{Job: spec})); err != nil {
		return report, err
	}
	half := len(spec.Stages) * spec.Stages[0].Tasks / 2
	for n := 0; !over; n++ {
		if head == len(running) {
			return report, fmt.Errorf("nothing runs, and the job has not ended")
		}
		t := running[head]
		if head++; head > 1<<16 {
			running = append(running[:0], running[head:]...)
			head = 0
		}
		now = now.Add(50 * time.Microsecond)
		if err := take(c.Step(now, core.Succeeded{Task: t, Output: core.Output{Bytes: 1 << 20}})); err != nil {
			return report, err
		}
		if n == half {
			pause := time.Now()
			report.Memory = (float64(heapInUse()) - float64(before)) / float64(2*half)
			start = start.Add(time.Since(pause))
		}
	}
	report.Took = time.Since(start)
	report.PerTask = report.Took / time.Duration(max(1, report.Launches))
	return report, nil
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
