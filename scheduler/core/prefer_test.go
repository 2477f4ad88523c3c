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

// TestTasksOfOneMachineTakeTurns has many tasks that wait for two executors of one name: each runs there, in order, as slots become free.
func TestTasksOfOneMachineTakeTurns(t *testing.T) {
	w := newWorld(t, Limits{})
	for i := range 2 {
		w.step(capable(ExecutorID(fmt.Sprint("x", i)), Capabilities{Slots: 2, Name: "m"}))
	}
	w.step(capable("other", Capabilities{Slots: 100}))
	s := StageSpec{Tasks: 50}
	for range s.Tasks {
		s.Prefers = append(s.Prefers, "m")
	}
	w.step(Submitted{Job: JobSpec{ID: "files", Stages: []StageSpec{s}}})
	ran := 0
	for len(w.live) > 0 {
		if n := len(w.live); n > 4 {
			t.Fatalf("%d tasks run on 4 slots", n)
		}
		for _, l := range w.live {
			if l.Executor == "other" {
				t.Fatalf("%v runs on an executor that has not its files", l.Task)
			}
		}
		ran++
		w.now = w.now.Add(10 * time.Millisecond)
		w.finish()
	}
	if ran < 50/4 || w.running("files") != 0 {
		t.Errorf("%d rounds, %d tasks still run", ran, w.running("files"))
	}
}

// TestStageThatWaitsIsNotPlannedAnew has a stage all of whose tasks wait for an executor when the stage that its reader also reads is complete.
func TestStageThatWaitsIsNotPlannedAnew(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(capable("x0", Capabilities{Slots: 1, Name: "m0"}))
	w.step(Submitted{Job: JobSpec{ID: "other", Stages: []StageSpec{{Tasks: 1}}}})
	w.step(capable("x1", Capabilities{Slots: 3}))
	stages := []StageSpec{{Tasks: 1}, {Tasks: 2, Prefers: []string{"m0", "m0"}}, {Tasks: 1, Reads: []int{0, 1}}}
	w.step(Submitted{Job: JobSpec{ID: "j", Adaptive: true, Stages: stages}})
	if w.running("j") != 1 {
		t.Fatalf("%d tasks run, want that of stage 0", w.running("j"))
	}
	var replan *Replan
	for _, l := range w.live {
		if l.Task.Job != "j" {
			continue
		}
		for _, a := range w.step(Succeeded{Task: l.Task}) {
			if r, ok := a.(Replan); ok {
				replan = &Replan{Job: r.Job, Epoch: r.Epoch, Open: append([]bool{}, r.Open...)}
			}
		}
	}
	if replan == nil || replan.Open[1] || !replan.Open[2] {
		t.Fatalf("asked to plan anew: %+v", replan)
	}
	fewer := append([]StageSpec{}, stages...)
	fewer[1] = StageSpec{Tasks: 1}
	w.step(Replanned{Job: "j", Epoch: replan.Epoch, Stages: fewer})
	w.now = w.now.Add(6 * time.Second)
	w.step(Tick{})
	seen := map[Task]bool{}
	for _, l := range w.live {
		if l.Task.Job == "j" && l.Task.Stage == 1 {
			seen[l.Task] = true
		}
	}
	if len(seen) != 2 {
		t.Errorf("running are %v, want the two tasks of stage 1", seen)
	}
}
