package core

import (
	"fmt"
	"testing"
	"time"
)

// world is a core whose tasks a test ends one after another.
type world struct {
	t    *testing.T
	c    *Core
	now  time.Time
	live []Launch
	ends map[JobID]End
	seen []Action
}

func newWorld(t *testing.T, l Limits) *world {
	return &world{t: t, c: New(l), now: time.Unix(0, 0), ends: map[JobID]End{}}
}

func (w *world) step(e Event) []Action {
	w.t.Helper()
	w.seen = append(w.seen[:0], w.c.Step(w.now, e)...)
	for _, a := range w.seen {
		switch a := a.(type) {
		case Launch:
			w.live = append(w.live, a)
		case Abort:
			for i, l := range w.live {
				if l.Task == a.Task {
					w.live = append(w.live[:i], w.live[i+1:]...)
					break
				}
			}
		case End:
			w.ends[a.Job] = a
		}
	}
	return w.seen
}

// finish ends the first attempt that runs, and says which it was.
func (w *world) finish() Task {
	w.t.Helper()
	if len(w.live) == 0 {
		w.t.Fatal("nothing runs")
	}
	t := w.live[0].Task
	w.live = w.live[1:]
	w.step(Succeeded{Task: t})
	return t
}

// running is how many attempts of a job run.
func (w *world) running(id JobID) (n int) {
	for _, l := range w.live {
		if l.Task.Job == id {
			n++
		}
	}
	return n
}

func one(tasks int) []StageSpec { return []StageSpec{{Tasks: tasks}} }

func TestSessionsShareAlikeHoweverManyJobsTheyHave(t *testing.T) {
	w := newWorld(t, Limits{})
	for n := range 9 {
		w.step(Submitted{Job: JobSpec{ID: JobID(fmt.Sprint("many", n)), Session: "many", Stages: one(100)}})
	}
	w.step(Submitted{Job: JobSpec{ID: "single", Session: "single", Stages: one(100)}})
	w.step(slots("x", 10))
	if n := w.running("single"); n != 5 {
		t.Errorf("the session with one job has %d of 10 slots", n)
	}
}

func TestEachStepOfPriorityDoublesTheShare(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(Submitted{Job: JobSpec{ID: "low", Priority: -1, Stages: one(100)}})
	w.step(Submitted{Job: JobSpec{ID: "high", Priority: 1, Stages: one(100)}})
	w.step(slots("x", 20))
	if low, high := w.running("low"), w.running("high"); low != 4 || high != 16 {
		t.Errorf("low has %d, high has %d of 20 slots", low, high)
	}
}

func TestHigherPriorityLeavesTheQueueFirst(t *testing.T) {
	w := newWorld(t, Limits{Running: 1})
	w.step(slots("x", 4))
	w.step(Submitted{Job: JobSpec{ID: "first", Stages: one(1)}})
	w.step(Submitted{Job: JobSpec{ID: "low", Priority: -1, Stages: one(1)}})
	w.step(Submitted{Job: JobSpec{ID: "normal", Stages: one(1)}})
	w.step(Submitted{Job: JobSpec{ID: "high", Priority: 3, Stages: one(1)}})
	for _, want := range []JobID{"first", "high", "normal", "low"} {
		if got := w.finish(); got.Job != want {
			t.Errorf("%s runs instead of %s", got.Job, want)
		}
	}
}

func TestFullQueueRefuses(t *testing.T) {
	w := newWorld(t, Limits{Running: 1, Queued: 2})
	for n := range 4 {
		w.step(Submitted{Job: JobSpec{ID: JobID(fmt.Sprint(n)), Stages: one(1)}})
	}
	if e := w.ends["3"]; e.State != Error || e.Reason != Rejected || w.c.Queued() != 2 {
		t.Errorf("got %+v, %d wait", e, w.c.Queued())
	}
}

func TestSessionRunsNoMoreJobsThanItsLimitAndOthersPass(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 10))
	for n := range 3 {
		w.step(Submitted{Job: JobSpec{ID: JobID(fmt.Sprint("a", n)), Session: "a", Limit: 2, Stages: one(1)}})
	}
	w.step(Submitted{Job: JobSpec{ID: "b", Session: "b", Limit: 2, Stages: one(1)}})
	if len(w.live) != 3 || w.running("a2") != 0 || w.running("b") != 1 {
		t.Fatalf("running: %v", w.live)
	}
	w.finish()
	if w.running("a2") != 1 {
		t.Error("the third job of the session does not run when the first is over")
	}
}

// TestNewcomersDoNotStarveAJobThatHasBegun keeps one slot busy with jobs that come again and again.
func TestNewcomersDoNotStarveAJobThatHasBegun(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 1))
	w.step(Submitted{Job: JobSpec{ID: "two stages", Stages: []StageSpec{{Tasks: 1}, {Tasks: 1, Reads: []int{0}}}}})
	for n := range 20 {
		w.step(Submitted{Job: JobSpec{ID: JobID(fmt.Sprint("p", n)), Stages: one(1)}})
		w.step(Submitted{Job: JobSpec{ID: JobID(fmt.Sprint("q", n)), Stages: one(1)}})
		w.finish()
		if _, over := w.ends["two stages"]; over {
			return
		}
	}
	t.Error("the second stage waits behind all newcomers")
}
