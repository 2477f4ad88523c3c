package core

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTaskThatRunsOutOfMemoryGetsHalfAnExecutorAndThenAWholeOne(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 4))
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: one(9)}})
	fail := func() Task {
		l := w.live[0]
		w.live = w.live[1:]
		w.step(Failed{Task: l.Task, Message: "memory", OutOfMemory: true})
		return l.Task
	}
	find := func(index, attempt int) bool {
		for _, l := range w.live {
			if l.Task.Index == index && l.Task.Attempt == attempt {
				return true
			}
		}
		return false
	}
	k := fail()
	neighbours := []int{}
	for attempt := 1; attempt <= 2; attempt++ {
		for n := 0; !find(k.Index, attempt); n++ {
			if n > 20 {
				t.Fatalf("attempt %d never runs: %v", attempt, w.live)
			}
			w.now = w.now.Add(time.Second)
			w.step(Tick{})
			if !find(k.Index, attempt) {
				w.finish()
			}
		}
		neighbours = append(neighbours, len(w.live)-1)
		// It fails again, before its neighbours end.
		for i, l := range w.live {
			if l.Task.Index == k.Index {
				w.live[0], w.live[i] = w.live[i], w.live[0]
			}
		}
		fail()
	}
	if neighbours[0] > 2 || neighbours[1] != 0 {
		t.Errorf("neighbours of the second and third attempt: %v", neighbours)
	}
}

func TestPoisonTaskEndsItsJobAndNotTheCluster(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(Submitted{Job: JobSpec{ID: "poison", Stages: one(1)}})
	for n := range maxCrashes {
		id := ExecutorID(fmt.Sprint("x", n))
		w.step(slots(id, 2))
		if len(w.live) != 1 {
			t.Fatalf("executor %d: %v", n, w.live)
		}
		w.live = nil
		w.step(Left{Executor: id, Crashed: true})
	}
	e := w.ends["poison"]
	if e.State != Error || e.Reason != Poison || len(e.History) != maxCrashes || !strings.Contains(e.Message, "4 executors were lost") {
		t.Errorf("got %+v", e)
	}
}

func TestCauseChainNamesAttemptsAndExecutors(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 1))
	w.step(slots("y", 1))
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: one(1)}})
	for n := range MaxAttempts {
		for len(w.live) == 0 {
			w.now = w.now.Add(time.Second)
			w.step(Tick{})
		}
		l := w.live[0]
		w.live = nil
		w.step(Failed{Task: l.Task, Message: fmt.Sprint("disk ", n), Retryable: true})
	}
	e := w.ends["j"]
	if len(e.History) != MaxAttempts-1 || e.History[0].Message != "disk 0" || e.History[0].Executor == e.History[1].Executor || !strings.Contains(e.Message, "disk 3") {
		t.Errorf("got %+v", e)
	}
}

func TestLonelyExecutorIsTriedAgainAfterATime(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 1))
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: one(1)}})
	l := w.live[0]
	w.live = nil
	w.step(Failed{Task: l.Task, Message: "disk", Retryable: true})
	if len(w.live) != 0 {
		t.Error("the same executor gets the task again at once")
	}
	w.now = w.now.Add(time.Second)
	w.step(Tick{})
	if len(w.live) != 1 {
		t.Error("nothing runs after a second")
	}
}

func TestReadersOfWhatIsRepeatedAnotherWayAreRepeated(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 1))
	stages := []StageSpec{{Tasks: 1, Unstable: true}, {Tasks: 2, Reads: []int{0}}, {Tasks: 1, Reads: []int{1}}}
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: stages}})
	w.finish() // stage 0
	w.finish() // the first reader
	w.step(slots("y", 1))
	second := w.live[0]
	w.live = nil
	w.step(Failed{Task: second.Task, Message: "gone", Retryable: true, Missing: []Task{{Job: "j"}}})
	attempts := map[Task]bool{}
	for len(w.live) > 0 {
		attempts[w.finish()] = true
	}
	if !attempts[Task{Job: "j", Stage: 1, Index: 0, Attempt: 1}] || !attempts[Task{Job: "j", Stage: 1, Index: 1, Attempt: 1}] {
		t.Errorf("the reader of the first attempt counts: %v", attempts)
	}
}

func TestDurableOutputStaysWhenItsExecutorLeaves(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 1))
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: twoStages}})
	for range 3 {
		l := w.live[0]
		w.live = w.live[1:]
		w.step(Succeeded{Task: l.Task, Output: Output{Bytes: 1, Durable: true}})
	}
	w.live = nil
	w.step(slots("y", 1))
	w.step(Left{Executor: "x", Crashed: true})
	if len(w.live) != 1 || w.live[0].Task.Stage != 1 {
		t.Errorf("got %v", w.live)
	}
}

func TestResumedJobGoesOnWhereItWas(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("y", 4))
	var done []Finished
	for i := range 2 {
		done = append(done, Finished{Task: Task{Job: "j", Index: i, Attempt: 1}, Executor: "x", Output: Output{Bytes: 1, Durable: true}})
	}
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: twoStages}, Finished: done, FirstAttempt: 7})
	if len(w.live) != 1 || w.live[0].Task != (Task{Job: "j", Index: 2, Attempt: 7}) {
		t.Fatalf("got %v", w.live)
	}
	w.finish()
	if got := w.live[0].Producers[0][0].Task.Attempt; got != 1 {
		t.Errorf("reads attempt %d of the first task", got)
	}
	w.finish()
	if w.ends["j"].State != Done || len(w.ends) != 1 {
		t.Errorf("got %v", w.ends)
	}
}

// A task whose every attempt is slow and then fails has two attempts most of the time; it still ends its job.
func TestSlowFailuresEndTheJobToo(t *testing.T) {
	w := newWorld(t, Limits{})
	for i := range 4 {
		w.step(slots(ExecutorID(fmt.Sprint("x", i)), 4))
	}
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: one(12)}})
	for range 11 {
		w.now = w.now.Add(10 * time.Millisecond)
		w.finish()
	}
	attempts := map[int]bool{}
	for range 100 {
		if _, over := w.ends["j"]; over {
			break
		}
		for range 10 {
			w.now = w.now.Add(time.Second)
			w.step(Tick{})
		}
		if len(w.live) == 0 {
			continue
		}
		l := w.live[0]
		w.live = w.live[1:]
		attempts[l.Task.Attempt] = true
		w.step(Failed{Task: l.Task, Message: "the disk is slow and broken", Retryable: true})
	}
	if e, over := w.ends["j"]; !over || e.State != Error || len(attempts) > 2*MaxAttempts {
		t.Errorf("after %d attempts: %v, %+v", len(attempts), over, e)
	}
}
