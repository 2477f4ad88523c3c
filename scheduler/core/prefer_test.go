package core

import (
	"fmt"
	"testing"
	"time"
)

// held is a job whose task i prefers executor i of n.
func held(n int) JobSpec {
	s := StageSpec{Tasks: n}
	for i := range n {
		s.Prefers = append(s.Prefers, fmt.Sprint("m", i))
	}
	return JobSpec{ID: "files", Stages: []StageSpec{s}}
}

func TestTaskGoesWhereItsFilesLie(t *testing.T) {
	w := newWorld(t, Limits{})
	for n := range 12 {
		w.step(capable(ExecutorID(fmt.Sprintf("x%02d", 11-n)), Capabilities{Slots: 1, Name: fmt.Sprint("m", n)}))
	}
	w.step(Submitted{Job: held(12)})
	if len(w.live) != 12 {
		t.Fatalf("%d tasks run", len(w.live))
	}
	for _, l := range w.live {
		if want := ExecutorID(fmt.Sprintf("x%02d", 11-l.Task.Index)); l.Executor != want {
			t.Errorf("%v runs on %s, its files lie on %s", l.Task, l.Executor, want)
		}
	}
}

func TestTaskWaitsForItsExecutorAWhile(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration
		where ExecutorID
		leave bool
	}{
		{name: "it becomes free", after: time.Second, where: "x0"},
		{name: "it stays busy", after: 6 * time.Second, where: "x1"},
		{name: "it leaves", after: time.Second, where: "x1", leave: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Limits{})
			w.step(capable("x0", Capabilities{Slots: 1, Name: "m0"}))
			w.step(Submitted{Job: JobSpec{ID: "other", Stages: []StageSpec{{Tasks: 1}}}})
			w.step(capable("x1", Capabilities{Slots: 2}))
			w.step(Submitted{Job: held(1)})
			if w.running("files") != 0 {
				t.Fatal("the task did not wait for its executor")
			}
			w.now = w.now.Add(c.after)
			switch {
			case c.leave:
				w.step(Left{Executor: "x0"})
			case c.where == "x0":
				w.finish()
			}
			w.now = w.now.Add(time.Second)
			w.step(Tick{})
			for _, l := range w.live {
				if l.Task.Job == "files" && l.Executor != c.where {
					t.Errorf("it runs on %s, not %s", l.Executor, c.where)
				}
			}
			if w.running("files") != 1 {
				t.Error("it does not run")
			}
		})
	}
}
