package core

import (
	"fmt"
	"testing"
	"time"
)

func capable(id ExecutorID, c Capabilities) Joined {
	return Joined{Executor: id, Capabilities: c}
}

func TestFasterExecutorIsPreferredUntilItIsCrowded(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(capable("slow", Capabilities{Slots: 4, Scan: 1e8}))
	w.step(capable("fast", Capabilities{Slots: 4, Scan: 1e9}))
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 4, Work: Work{Scan: 1 << 28}}}}})
	for _, l := range w.live {
		if l.Executor != "fast" {
			t.Errorf("%v runs on %s", l.Task, l.Executor)
		}
	}
}

func TestWorkForADeviceGoesWhereOneIs(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(capable("cpu", Capabilities{Slots: 8, Scan: 1e9}))
	w.step(capable("gpu", Capabilities{Slots: 8, Scan: 5e8, Devices: []Device{{Memory: 1 << 37, Bandwidth: 4e12}}}))
	w.step(Submitted{Job: JobSpec{ID: "d", Stages: []StageSpec{{Tasks: 2, Work: Work{Scan: 1 << 30, Device: true}}}}})
	w.step(Submitted{Job: JobSpec{ID: "c", Stages: []StageSpec{{Tasks: 2, Work: Work{Scan: 1 << 30}}}}})
	for _, l := range w.live {
		if want := map[JobID]ExecutorID{"d": "gpu", "c": "cpu"}[l.Task.Job]; l.Executor != want {
			t.Errorf("%v runs on %s", l.Task, l.Executor)
		}
	}
}

func TestWorkGoesElsewhereWhenADeviceIsLost(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(capable("cpu", Capabilities{Slots: 8, Scan: 1e9}))
	w.step(capable("gpu", Capabilities{Slots: 8, Scan: 5e8, Devices: []Device{{Memory: 1 << 37, Bandwidth: 4e12}}}))
	work := []StageSpec{{Tasks: 1, Work: Work{Scan: 1 << 30, Device: true}}}
	w.step(Submitted{Job: JobSpec{ID: "before", Stages: work}})
	w.step(Changed{Executor: "gpu", Capabilities: Capabilities{Slots: 8, Scan: 5e8}})
	w.step(Changed{Executor: "unknown", Capabilities: Capabilities{Slots: 8, Scan: 1e12}})
	w.step(Submitted{Job: JobSpec{ID: "after", Stages: work}})
	for _, l := range w.live {
		if want := map[JobID]ExecutorID{"before": "gpu", "after": "cpu"}[l.Task.Job]; l.Executor != want {
			t.Errorf("%v runs on %s", l.Task, l.Executor)
		}
	}
	// What drains goes on draining.
	w.step(Draining{Executor: "cpu"})
	w.step(Changed{Executor: "cpu", Capabilities: Capabilities{Slots: 9, Scan: 1e12}})
	w.step(Submitted{Job: JobSpec{ID: "last", Stages: work}})
	if l := w.live[len(w.live)-1]; l.Task.Job != "last" || l.Executor != "gpu" {
		t.Errorf("%v runs on %s", l.Task, l.Executor)
	}
}

func TestTaskGoesToItsInputs(t *testing.T) {
	w := newWorld(t, Limits{})
	for n := range 40 {
		w.step(slots(ExecutorID(fmt.Sprintf("x%02d", n)), 2))
	}
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 40}, {Tasks: 1, Reads: []int{0}, Work: Work{Input: 1 << 30}}}}})
	var heavy ExecutorID
	for len(w.live) > 0 && w.live[0].Task.Stage == 0 {
		l := w.live[0]
		w.live = w.live[1:]
		bytes := int64(1 << 10)
		if l.Task.Index == 17 {
			bytes, heavy = 1<<30, l.Executor
		}
		w.step(Succeeded{Task: l.Task, Output: Output{Bytes: bytes}})
	}
	if len(w.live) != 1 || w.live[0].Executor != heavy {
		t.Errorf("the input lies on %s, the task is %v", heavy, w.live)
	}
}

func TestMemoryBoundsWhatRunsBesideEachOther(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(capable("x", Capabilities{Slots: 8, Memory: 1 << 30}))
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 8, Work: Work{Memory: 400 << 20}}}}})
	if len(w.live) != 2 {
		t.Errorf("%d tasks of 400 MB run in 1 GB", len(w.live))
	}
	w.step(Submitted{Job: JobSpec{ID: "small", Stages: one(1)}})
	if w.running("small") != 1 {
		t.Error("a task without need of memory waits")
	}
}

func TestTaskThatFitsNowhereRunsWhereNothingElseDoes(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(capable("x", Capabilities{Slots: 8, Memory: 1 << 30}))
	w.step(Submitted{Job: JobSpec{ID: "j", Stages: []StageSpec{{Tasks: 2, Work: Work{Memory: 5 << 30}}}}})
	if len(w.live) != 1 {
		t.Errorf("%d run", len(w.live))
	}
}

func TestGroupsAndLabelsBoundWhereAJobRuns(t *testing.T) {
	w := newWorld(t, Limits{})
	fast := Label{Name: "disk", Value: "fast"}
	w.step(Submitted{Job: JobSpec{ID: "j", Group: "etl", Labels: []Label{fast}, Stages: one(3)}})
	w.step(capable("a", Capabilities{Slots: 4, Labels: []Label{fast}}))
	w.step(capable("b", Capabilities{Slots: 4, Group: "etl"}))
	if len(w.live) != 0 {
		t.Fatalf("runs on %s", w.live[0].Executor)
	}
	w.step(capable("c", Capabilities{Slots: 4, Group: "etl", Labels: []Label{{Name: "a", Value: "b"}, fast}}))
	if len(w.live) != 3 || w.live[0].Executor != "c" {
		t.Errorf("got %v", w.live)
	}
}

func TestSlowTaskGetsASecondAttemptElsewhere(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 2))
	w.step(slots("y", 2))
	w.step(Submitted{Job: JobSpec{ID: "j", Kept: true, Stages: one(4)}})
	w.now = w.now.Add(time.Second)
	for range 3 {
		w.finish()
	}
	slow := w.live[0]
	w.now = w.now.Add(time.Second)
	if w.step(Tick{}); len(w.live) != 1 {
		t.Fatal("a second attempt comes too early")
	}
	w.now = w.now.Add(2 * time.Second)
	w.step(Tick{})
	if len(w.live) != 2 || w.live[1].Task.Attempt != 1 || w.live[1].Executor == slow.Executor {
		t.Fatalf("got %v", w.live)
	}
	second := w.live[1]
	w.live = w.live[:1]
	actions := w.step(Succeeded{Task: second.Task})
	if len(w.live) != 0 {
		t.Error("the first attempt is not aborted")
	}
	for _, a := range actions {
		if r, ok := a.(Result); ok && r.Outputs[second.Task.Index] != (Producer{second.Task, second.Executor}) {
			t.Errorf("the result is %v", r.Outputs)
		}
	}
}

func TestEarlyStageTakesOnlyWhatNobodyWantsAndGivesItBack(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 3))
	w.step(Submitted{Job: JobSpec{ID: "j", Policy: EarlyStart, Stages: []StageSpec{{Tasks: 2}, {Tasks: 1, Reads: []int{0}}}}})
	if len(w.live) != 3 || !w.live[2].Partial {
		t.Fatalf("got %v", w.live)
	}
	early := w.live[2].Task
	w.step(Submitted{Job: JobSpec{ID: "other", Stages: one(1)}})
	if w.running("other") != 1 || len(w.live) != 3 {
		t.Fatalf("the early task keeps its slot: %v", w.live)
	}
	// When the slot is free again, it comes back, and is told of the rest.
	for i, l := range w.live {
		if l.Task.Job == "other" {
			w.live = append(w.live[:i], w.live[i+1:]...)
			w.step(Succeeded{Task: l.Task})
			break
		}
	}
	if again := w.live[len(w.live)-1]; !again.Partial || again.Task.Attempt != early.Attempt+1 {
		t.Fatalf("got %v", again)
	}
	first := w.finish()
	told := 0
	for _, a := range w.seen {
		if l, ok := a.(Located); ok && l.Output.Task == first && l.Executor == "x" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

func TestAllAtOnceStartsEverythingThatFits(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 5))
	stages := []StageSpec{{Tasks: 2}, {Tasks: 2, Reads: []int{0}}, {Tasks: 1, Reads: []int{1}}}
	w.step(Submitted{Job: JobSpec{ID: "j", Policy: AllAtOnce, Stages: stages}})
	if len(w.live) != 5 {
		t.Fatalf("%d of 5 tasks run", len(w.live))
	}
	w.step(Submitted{Job: JobSpec{ID: "large", Policy: AllAtOnce, Stages: []StageSpec{{Tasks: 9}, {Tasks: 1, Reads: []int{0}}}}})
	for len(w.live) > 0 {
		w.finish()
	}
	if w.ends["j"].State != Done || w.ends["large"].State != Done || len(w.ends) != 2 {
		t.Errorf("got %v", w.ends)
	}
}

func TestNothingNewStartsBetweenAQuestionForAPlanAndItsAnswer(t *testing.T) {
	w := newWorld(t, Limits{})
	w.step(slots("x", 4))
	stages := []StageSpec{{Tasks: 1}, {Tasks: 4, Reads: []int{0}}, {Tasks: 1, Reads: []int{1}}}
	w.step(Submitted{Job: JobSpec{ID: "j", Adaptive: true, Stages: stages}})
	w.finish()
	var asked Replan
	for _, a := range w.seen {
		if r, ok := a.(Replan); ok {
			asked = r
		}
	}
	if asked.Epoch != 1 || asked.Stage != 0 || asked.Open[0] || !asked.Open[1] || len(w.live) != 0 {
		t.Fatalf("asked %+v, running %v", asked, w.live)
	}
	stages[1].Tasks = 2
	w.step(Replanned{Job: "j", Epoch: 0, Stages: stages})
	if len(w.live) != 0 {
		t.Fatal("an old answer counts")
	}
	w.step(Replanned{Job: "j", Epoch: 1, Stages: stages})
	if len(w.live) != 2 {
		t.Errorf("got %v", w.live)
	}
}
