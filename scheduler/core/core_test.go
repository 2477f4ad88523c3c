package core

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var twoStages = []StageSpec{{Tasks: 3}, {Tasks: 1, Reads: []int{0}}}

func launches(actions []Action) (out []Launch) {
	for _, a := range actions {
		if l, ok := a.(Launch); ok {
			out = append(out, l)
		}
	}
	return out
}

func ends(actions []Action) (out []End) {
	for _, a := range actions {
		if e, ok := a.(End); ok {
			out = append(out, e)
		}
	}
	return out
}

func TestJobWaitsForAnExecutorAndRunsStageByStage(t *testing.T) {
	c, now := New(), time.Time{}
	if got := c.Step(now, Submitted{JobSpec{ID: "j", Stages: twoStages}}); len(got) != 0 {
		t.Fatalf("without executors: %v", got)
	}
	first := launches(c.Step(now, Joined{"x", 2}))
	if len(first) != 2 {
		t.Fatalf("two slots take two tasks, got %v", first)
	}
	third := launches(c.Step(now, Succeeded{first[0].Task}))
	if len(third) != 1 || third[0].Task.Stage != 0 {
		t.Fatalf("third task of stage 0, got %v", third)
	}
	if got := launches(c.Step(now, Succeeded{first[1].Task})); len(got) != 0 {
		t.Fatalf("stage 1 must wait for all of stage 0, got %v", got)
	}
	last := launches(c.Step(now, Succeeded{third[0].Task}))
	if len(last) != 1 || last[0].Task.Stage != 1 || len(last[0].Producers[0]) != 3 {
		t.Fatalf("stage 1 with three producers, got %v", last)
	}
	if e := ends(c.Step(now, Succeeded{last[0].Task})); len(e) != 1 || e[0].State != Done {
		t.Fatalf("job done, got %v", e)
	}
}

func TestQueryErrorsEndTheJobAtOnceAndExecutorErrorsAfterMaxAttempts(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 1})
	c.Step(now, Joined{"y", 1})
	one := []StageSpec{{Tasks: 1}}
	l := launches(c.Step(now, Submitted{JobSpec{ID: "a", Stages: one}}))
	if e := ends(c.Step(now, Failed{Task: l[0].Task, Message: "division by zero"})); len(e) != 1 || e[0].Message != "division by zero" {
		t.Fatalf("got %v", e)
	}
	l = launches(c.Step(now, Submitted{JobSpec{ID: "b", Stages: one}}))
	for attempt := 1; ; attempt++ {
		actions := c.Step(now, Failed{Task: l[0].Task, Message: "disk", Retryable: true})
		if e := ends(actions); len(e) == 1 {
			if attempt != MaxAttempts || e[0].State != Error {
				t.Fatalf("after %d attempts: %v", attempt, e)
			}
			return
		}
		next := launches(actions)
		if next[0].Executor == l[0].Executor {
			t.Fatalf("attempt %d went back to %s", attempt, next[0].Executor)
		}
		l = next
	}
}

func TestCancelAbortsWhatRuns(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 8})
	c.Step(now, Submitted{JobSpec{ID: "j", Stages: twoStages}})
	aborts := 0
	actions := c.Step(now, Cancelled{"j"})
	for _, a := range actions {
		if _, ok := a.(Abort); ok {
			aborts++
		}
	}
	if e := ends(actions); aborts != 3 || len(e) != 1 || e[0].State != Canceled {
		t.Fatalf("got %v", actions)
	}
}

func TestJobsTakeTurns(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Submitted{JobSpec{ID: "long", Stages: []StageSpec{{Tasks: 100}}}})
	c.Step(now, Submitted{JobSpec{ID: "short", Stages: []StageSpec{{Tasks: 1}}}})
	for _, l := range launches(c.Step(now, Joined{"x", 2})) {
		if l.Task.Job == "short" {
			return
		}
	}
	t.Error("the short job waits behind the long one")
}

// TestSimulation drives random jobs through random crashes, failures, late and doubled messages, and checks after every step that slots are
// never exceeded, and at the end that every job ended and that each launch read complete, current input.
func TestSimulation(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { simulate(t, seed) })
	}
}

func simulate(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	c, now := New(), time.Unix(0, 0)
	type attempt struct {
		task Task
		on   ExecutorID
	}
	var live []attempt
	var past []Task
	slots := map[ExecutorID]int{}
	open := map[JobID]bool{}
	names := 0
	step := func(e Event) {
		now = now.Add(time.Millisecond)
		for _, a := range c.Step(now, e) {
			switch a := a.(type) {
			case Launch:
				if slots[a.Executor] == 0 {
					t.Fatalf("launch on absent executor: %v", a)
				}
				live = append(live, attempt{a.Task, a.Executor})
			case Abort:
				for i, l := range live {
					if l.task == a.Task {
						live = append(live[:i], live[i+1:]...)
						break
					}
				}
			case End:
				if !open[a.Job] {
					t.Fatalf("job ended twice: %v", a)
				}
				delete(open, a.Job)
			}
		}
		used := map[ExecutorID]int{}
		for _, l := range live {
			used[l.on]++
			if used[l.on] > slots[l.on] {
				t.Fatalf("executor %s runs more than its %d slots", l.on, slots[l.on])
			}
		}
	}
	finish := func(i int, e Event) {
		past = append(past, live[i].task)
		live = append(live[:i], live[i+1:]...)
		step(e)
	}
	for range 400 {
		switch p := r.IntN(100); {
		case p < 8:
			names++
			id := ExecutorID(fmt.Sprint("x", names))
			slots[id] = 1 + r.IntN(4)
			step(Joined{id, slots[id]})
		case p < 12:
			for _, id := range slices.Sorted(maps.Keys(slots)) {
				if r.IntN(2) == 0 {
					continue
				}
				delete(slots, id)
				kept := live[:0]
				for _, l := range live {
					if l.on != id {
						kept = append(kept, l)
					}
				}
				live = kept
				step(Left{id})
				break
			}
		case p < 22:
			names++
			id := JobID(fmt.Sprint("j", names))
			var spec JobSpec
			spec.ID = id
			for s := range 1 + r.IntN(4) {
				st := StageSpec{Tasks: 1 + r.IntN(4)}
				for d := range s {
					if r.IntN(2) == 0 {
						st.Reads = append(st.Reads, d)
					}
				}
				spec.Stages = append(spec.Stages, st)
			}
			open[id] = true
			step(Submitted{spec})
		case p < 23:
			if ids := slices.Sorted(maps.Keys(open)); len(ids) > 0 {
				step(Cancelled{ids[r.IntN(len(ids))]})
			}
		case p < 30 && len(past) > 0:
			step(Succeeded{past[r.IntN(len(past))]})
		case len(live) > 0 && p < 38:
			i := r.IntN(len(live))
			finish(i, Failed{Task: live[i].task, Message: "lost", Retryable: true})
		case len(live) > 0:
			i := r.IntN(len(live))
			finish(i, Succeeded{live[i].task})
		}
	}
	slots["last"] = 4
	step(Joined{"last", 4})
	for n := 0; len(live) > 0; n++ {
		if n > 100000 {
			t.Fatal("no end")
		}
		finish(0, Succeeded{live[0].task})
	}
	if len(open) != 0 || c.Jobs() != 0 {
		t.Fatalf("%d jobs never ended, core has %d", len(open), c.Jobs())
	}
}
