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

func TestKeptResultIsMadeAgainWhenItIsLostBeforeItsDelivery(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 1})
	l := launches(c.Step(now, Submitted{JobSpec{ID: "j", Kept: true, Stages: []StageSpec{{Tasks: 1}}}}))
	c.Step(now, Joined{"y", 1})
	actions := c.Step(now, Succeeded{l[0].Task})
	r, ok := actions[0].(Result)
	if !ok || r.Outputs[0] != (Producer{l[0].Task, l[0].Executor}) {
		t.Fatalf("the result's place, got %v", actions)
	}
	l = launches(c.Step(now, Left{"x"}))
	if len(l) != 1 || l[0].Executor != "y" || l[0].Task.Attempt != 1 {
		t.Fatalf("another attempt elsewhere, got %v", l)
	}
	c.Step(now, Succeeded{l[0].Task})
	if e := ends(c.Step(now, Delivered{"j"})); len(e) != 1 || e[0].State != Done {
		t.Fatalf("job done, got %v", e)
	}
}

func TestDeliveredResultMayBeLost(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 1})
	l := launches(c.Step(now, Submitted{JobSpec{ID: "j", Kept: true, Stages: []StageSpec{{Tasks: 1}}}}))
	c.Step(now, Succeeded{l[0].Task})
	// The last row was read before the executor left, but the message comes after.
	c.Step(now, Left{"x"})
	if e := ends(c.Step(now, Delivered{"j"})); len(e) != 1 || e[0].State != Done {
		t.Fatalf("got %v", e)
	}
}

func TestMissingOutputRunsAgainAndThenItsReader(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 1})
	c.Step(now, Joined{"y", 1})
	made := launches(c.Step(now, Submitted{JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 1}, {Tasks: 1, Reads: []int{0}}}}}))
	read := launches(c.Step(now, Succeeded{made[0].Task}))
	again := launches(c.Step(now, Failed{Task: read[0].Task, Message: "gone", Retryable: true, Missing: []Task{made[0].Task}}))
	if len(again) != 1 || again[0].Task != (Task{Job: "j", Attempt: 1}) || again[0].Executor == made[0].Executor {
		t.Fatalf("the producer, elsewhere, got %v", again)
	}
	read = launches(c.Step(now, Succeeded{again[0].Task}))
	if len(read) != 1 || read[0].Producers[0][0].Task.Attempt != 1 {
		t.Fatalf("the reader with the new attempt, got %v", read)
	}
}

func TestOutputLostAgainAndAgainEndsItsJob(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 1})
	l := launches(c.Step(now, Submitted{JobSpec{ID: "j", Kept: true, Stages: []StageSpec{{Tasks: 1}}}}))
	for n := 1; ; n++ {
		c.Step(now, Succeeded{l[0].Task})
		actions := c.Step(now, Lost{l[0].Task, "the disk is full of holes"})
		if e := ends(actions); len(e) == 1 {
			if n != MaxAttempts || e[0].State != Error {
				t.Fatalf("after %d losses: %v", n, e)
			}
			return
		}
		l = launches(actions)
	}
}

func TestLostExecutorsDoNotCountAsFailures(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Submitted{JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 1}}}})
	for n := range 3 * MaxAttempts {
		id := ExecutorID(fmt.Sprint(n))
		if l := launches(c.Step(now, Joined{id, 1})); len(l) != 1 {
			t.Fatalf("executor %d: %v", n, l)
		}
		c.Step(now, Left{id})
	}
	if c.Jobs() != 1 {
		t.Fatal("the job ended")
	}
}

func TestWritingTaskIsNotRepeatedWhenItsExecutorIsLost(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 1})
	c.Step(now, Joined{"y", 1})
	l := launches(c.Step(now, Submitted{JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 1, Once: true}}}}))
	if e := ends(c.Step(now, Left{l[0].Executor})); len(e) != 1 || e[0].State != Error {
		t.Fatalf("got %v", e)
	}
}

func TestDrainingExecutorGetsNothingNew(t *testing.T) {
	c, now := New(), time.Time{}
	c.Step(now, Joined{"x", 4})
	c.Step(now, Draining{"x"})
	if l := launches(c.Step(now, Submitted{JobSpec{ID: "j", Stages: twoStages}})); len(l) != 0 {
		t.Fatalf("got %v", l)
	}
	if l := launches(c.Step(now, Joined{"y", 4})); len(l) != 3 || l[0].Executor != "y" {
		t.Fatalf("got %v", l)
	}
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
	draining := map[ExecutorID]bool{}
	open := map[JobID]bool{}
	results := map[JobID][]Producer{}       // of kept jobs that wait for their delivery
	outputs := map[Task]ExecutorID{}        // that exist
	reads := map[JobID][]StageSpec{}        // of the jobs
	inputs := map[Task]map[int][]Producer{} // that live attempts read
	names := 0
	step := func(e Event) {
		now = now.Add(time.Millisecond)
		for _, a := range c.Step(now, e) {
			switch a := a.(type) {
			case Launch:
				if slots[a.Executor] == 0 || draining[a.Executor] {
					t.Fatalf("launch on an executor that is absent or drains: %v", a)
				}
				for _, r := range reads[a.Task.Job][a.Task.Stage].Reads {
					if len(a.Producers[r]) != reads[a.Task.Job][r].Tasks {
						t.Fatalf("launch reads a part of stage %d: %v", r, a)
					}
					for _, p := range a.Producers[r] {
						if on, ok := outputs[p.Task]; ok && on != p.Executor || slots[p.Executor] == 0 {
							t.Fatalf("launch reads %v, which is not there", p)
						}
					}
				}
				inputs[a.Task] = a.Producers
				live = append(live, attempt{a.Task, a.Executor})
			case Abort:
				for i, l := range live {
					if l.task == a.Task {
						live = append(live[:i], live[i+1:]...)
						break
					}
				}
			case Result:
				results[a.Job] = a.Outputs
			case End:
				delete(results, a.Job)
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
		if _, ok := e.(Succeeded); ok {
			outputs[live[i].task] = live[i].on
		}
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
				maps.DeleteFunc(outputs, func(_ Task, on ExecutorID) bool { return on == id })
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
			spec := JobSpec{ID: id, Kept: r.IntN(2) == 0}
			for s := range 1 + r.IntN(4) {
				st := StageSpec{Tasks: 1 + r.IntN(4)}
				for d := range s {
					if r.IntN(2) == 0 {
						st.Reads = append(st.Reads, d)
					}
				}
				spec.Stages = append(spec.Stages, st)
			}
			spec.Stages[len(spec.Stages)-1].Once = r.IntN(8) == 0
			open[id] = true
			reads[id] = spec.Stages
			step(Submitted{spec})
		case p < 23:
			if ids := slices.Sorted(maps.Keys(open)); len(ids) > 0 {
				step(Cancelled{ids[r.IntN(len(ids))]})
			}
		case p < 24:
			if ids := slices.Sorted(maps.Keys(slots)); len(ids) > 0 {
				draining[ids[0]] = true
				step(Draining{ids[0]})
			}
		case p < 28 && len(past) > 0:
			step(Succeeded{past[r.IntN(len(past))]})
		case p < 30 && len(past) > 0:
			lost := past[r.IntN(len(past))]
			delete(outputs, lost)
			step(Lost{Task: lost, Message: "gone"})
		case p < 33 && len(live) > 0:
			// A reader finds one of its inputs missing.
			i := r.IntN(len(live))
			reader, e := live[i].task, Failed{Task: live[i].task, Message: "missing", Retryable: true}
			for _, stage := range slices.Sorted(maps.Keys(inputs[reader])) {
				gone := inputs[reader][stage][0].Task
				delete(outputs, gone)
				e.Missing = append(e.Missing, gone)
				break
			}
			finish(i, e)
		case p < 36 && len(results) > 0:
			step(Delivered{slices.Sorted(maps.Keys(results))[0]})
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
	for n := 0; len(live)+len(results) > 0; n++ {
		if n > 100000 {
			t.Fatal("no end")
		}
		if len(live) > 0 {
			finish(0, Succeeded{live[0].task})
			continue
		}
		step(Delivered{slices.Sorted(maps.Keys(results))[0]})
	}
	if len(open) != 0 || c.Jobs() != 0 {
		t.Fatalf("%d jobs never ended, core has %d", len(open), c.Jobs())
	}
}
