package core

import (
	"fmt"
	"testing"
	"time"
)

var twoStages = []StageSpec{{Tasks: 3}, {Tasks: 1, Reads: []int{0}}}

// slots is an executor with room for n tasks.
func slots(id ExecutorID, n int) Joined {
	return Joined{Executor: id, Capabilities: Capabilities{Slots: n}}
}

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
	c, now := New(Limits{}), time.Time{}
	if got := c.Step(now, Submitted{Job: JobSpec{ID: "j", Stages: twoStages}}); len(got) != 0 {
		t.Fatalf("without executors: %v", got)
	}
	first := launches(c.Step(now, slots("x", 2)))
	if len(first) != 2 {
		t.Fatalf("two slots take two tasks, got %v", first)
	}
	third := launches(c.Step(now, Succeeded{Task: first[0].Task}))
	if len(third) != 1 || third[0].Task.Stage != 0 {
		t.Fatalf("third task of stage 0, got %v", third)
	}
	if got := launches(c.Step(now, Succeeded{Task: first[1].Task})); len(got) != 0 {
		t.Fatalf("stage 1 must wait for all of stage 0, got %v", got)
	}
	last := launches(c.Step(now, Succeeded{Task: third[0].Task}))
	if len(last) != 1 || last[0].Task.Stage != 1 || len(last[0].Producers[0]) != 3 {
		t.Fatalf("stage 1 with three producers, got %v", last)
	}
	if e := ends(c.Step(now, Succeeded{Task: last[0].Task})); len(e) != 1 || e[0].State != Done {
		t.Fatalf("job done, got %v", e)
	}
}

func TestQueryErrorsEndTheJobAtOnceAndExecutorErrorsAfterMaxAttempts(t *testing.T) {
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 1))
	c.Step(now, slots("y", 1))
	one := []StageSpec{{Tasks: 1}}
	l := launches(c.Step(now, Submitted{Job: JobSpec{ID: "a", Stages: one}}))
	if e := ends(c.Step(now, Failed{Task: l[0].Task, Message: "division by zero"})); len(e) != 1 || e[0].Message != "division by zero" {
		t.Fatalf("got %v", e)
	}
	l = launches(c.Step(now, Submitted{Job: JobSpec{ID: "b", Stages: one}}))
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
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 8))
	c.Step(now, Submitted{Job: JobSpec{ID: "j", Stages: twoStages}})
	aborts := 0
	actions := c.Step(now, Cancelled{Job: "j"})
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
	c, now := New(Limits{}), time.Time{}
	c.Step(now, Submitted{Job: JobSpec{ID: "long", Stages: []StageSpec{{Tasks: 100}}}})
	c.Step(now, Submitted{Job: JobSpec{ID: "short", Stages: []StageSpec{{Tasks: 1}}}})
	for _, l := range launches(c.Step(now, slots("x", 2))) {
		if l.Task.Job == "short" {
			return
		}
	}
	t.Error("the short job waits behind the long one")
}

func TestKeptResultIsMadeAgainWhenItIsLostBeforeItsDelivery(t *testing.T) {
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 1))
	l := launches(c.Step(now, Submitted{Job: JobSpec{ID: "j", Kept: true, Stages: []StageSpec{{Tasks: 1}}}}))
	c.Step(now, slots("y", 1))
	actions := c.Step(now, Succeeded{Task: l[0].Task})
	r, ok := actions[0].(Result)
	if !ok || r.Outputs[0] != (Producer{l[0].Task, l[0].Executor}) {
		t.Fatalf("the result's place, got %v", actions)
	}
	l = launches(c.Step(now, Left{Executor: "x"}))
	if len(l) != 1 || l[0].Executor != "y" || l[0].Task.Attempt != 1 {
		t.Fatalf("another attempt elsewhere, got %v", l)
	}
	c.Step(now, Succeeded{Task: l[0].Task})
	if e := ends(c.Step(now, Delivered{Job: "j"})); len(e) != 1 || e[0].State != Done {
		t.Fatalf("job done, got %v", e)
	}
}

func TestDeliveredResultMayBeLost(t *testing.T) {
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 1))
	l := launches(c.Step(now, Submitted{Job: JobSpec{ID: "j", Kept: true, Stages: []StageSpec{{Tasks: 1}}}}))
	c.Step(now, Succeeded{Task: l[0].Task})
	// The last row was read before the executor left, but the message comes after.
	c.Step(now, Left{Executor: "x"})
	if e := ends(c.Step(now, Delivered{Job: "j"})); len(e) != 1 || e[0].State != Done {
		t.Fatalf("got %v", e)
	}
}

func TestMissingOutputRunsAgainAndThenItsReader(t *testing.T) {
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 1))
	c.Step(now, slots("y", 1))
	made := launches(c.Step(now, Submitted{Job: JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 1}, {Tasks: 1, Reads: []int{0}}}}}))
	read := launches(c.Step(now, Succeeded{Task: made[0].Task}))
	again := launches(c.Step(now, Failed{Task: read[0].Task, Message: "gone", Retryable: true, Missing: []Task{made[0].Task}}))
	if len(again) != 1 || again[0].Task != (Task{Job: "j", Attempt: 1}) || again[0].Executor == made[0].Executor {
		t.Fatalf("the producer, elsewhere, got %v", again)
	}
	read = launches(c.Step(now, Succeeded{Task: again[0].Task}))
	if len(read) != 1 || read[0].Producers[0][0].Task.Attempt != 1 {
		t.Fatalf("the reader with the new attempt, got %v", read)
	}
}

func TestOutputLostAgainAndAgainEndsItsJob(t *testing.T) {
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 1))
	l := launches(c.Step(now, Submitted{Job: JobSpec{ID: "j", Kept: true, Stages: []StageSpec{{Tasks: 1}}}}))
	for n := 1; ; n++ {
		c.Step(now, Succeeded{Task: l[0].Task})
		actions := c.Step(now, Lost{Task: l[0].Task, Message: "the disk is full of holes"})
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
	c, now := New(Limits{}), time.Time{}
	c.Step(now, Submitted{Job: JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 1}}}})
	for n := range 3 * MaxAttempts {
		id := ExecutorID(fmt.Sprint(n))
		if l := launches(c.Step(now, slots(id, 1))); len(l) != 1 {
			t.Fatalf("executor %d: %v", n, l)
		}
		c.Step(now, Left{Executor: id})
	}
	if c.Jobs() != 1 {
		t.Fatal("the job ended")
	}
}

func TestWritingTaskIsNotRepeatedWhenItsExecutorIsLost(t *testing.T) {
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 1))
	c.Step(now, slots("y", 1))
	l := launches(c.Step(now, Submitted{Job: JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 1, Once: true}}}}))
	if e := ends(c.Step(now, Left{Executor: l[0].Executor})); len(e) != 1 || e[0].State != Error {
		t.Fatalf("got %v", e)
	}
}

func TestDrainingExecutorGetsNothingNew(t *testing.T) {
	c, now := New(Limits{}), time.Time{}
	c.Step(now, slots("x", 4))
	c.Step(now, Draining{Executor: "x"})
	if l := launches(c.Step(now, Submitted{Job: JobSpec{ID: "j", Stages: twoStages}})); len(l) != 0 {
		t.Fatalf("got %v", l)
	}
	if l := launches(c.Step(now, slots("y", 4))); len(l) != 3 || l[0].Executor != "y" {
		t.Fatalf("got %v", l)
	}
}
