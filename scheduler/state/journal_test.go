package state_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/state"
)

func journal(t *testing.T, s state.Store, b state.Blobs, c state.Claim) *state.Journal {
	t.Helper()
	j := state.NewJournal(s, b, c, slog.New(slog.NewTextHandler(t.Output(), nil)))
	t.Cleanup(func() { _ = j.Close(context.Background()) })
	return j
}

func finished(job string, stage, index, attempt int) core.Finished {
	return core.Finished{Task: core.Task{Job: core.JobID(job), Stage: stage, Index: index, Attempt: attempt}, Executor: "x1", Output: core.Output{Bytes: 7, Durable: true}}
}

func TestJournalBringsRunningJobsBack(t *testing.T) {
	store, blobs := state.NewMemory(), state.FileBlobs{Folder: filepath.Join(t.TempDir(), "plans")}
	claim, err := store.Claim(t.Context(), "scheduler", "one", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	j := journal(t, store, blobs, claim)
	if list, err := j.Load(t.Context()); len(list) != 0 || err != nil {
		t.Fatalf("an empty journal has %v, %v", list, err)
	}
	spec := core.JobSpec{ID: "a", Kept: true, Stages: []core.StageSpec{{Tasks: 300}, {Tasks: 1, Reads: []int{0}}}}
	j.Submitted("a", []byte("plan of a"), spec)
	j.Submitted("b", []byte("plan of b"), core.JobSpec{ID: "b", Stages: []core.StageSpec{{Tasks: 1}}})
	j.Submitted("c", []byte("plan of c"), core.JobSpec{ID: "c", Stages: []core.StageSpec{{Tasks: 1}}})
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Enough for several records.
	sizes := make([]int64, 500)
	for i := range sizes {
		sizes[i] = int64(1_000_000 + i)
	}
	for i := range 300 {
		j.Finished(finished("a", 0, i, 0), []byte{byte(i)}, sizes, map[int]plan.NodeStats{3: {Rows: int64(i), Detail: "much"}})
	}
	j.Finished(finished("a", 0, 17, 1), nil, nil, nil) // made again
	third := bytes.Repeat([]byte("third plan of a"), 10_000)
	spec.Stages = []core.StageSpec{{Tasks: 300}, {Tasks: 2, Reads: []int{0}}}
	j.Replanned("a", 1, []byte("second plan of a"), spec.Stages)
	j.Replanned("a", 2, third, spec.Stages)
	j.Ended("b")
	j.Submitted("d", []byte("plan of d"), core.JobSpec{ID: "d"})
	j.Ended("d")
	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := journal(t, store, blobs, claim).Load(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%d jobs came back, %v", len(list), err)
	}
	a := list[0]
	if a.ID != "a" || !bytes.Equal(a.Encoded, third) || a.Epoch != 2 || !reflect.DeepEqual(a.Spec, spec) || len(a.Finished) != 300 {
		t.Errorf("a is %s at epoch %d with %d bytes, %d finished, %+v", a.ID, a.Epoch, len(a.Encoded), len(a.Finished), a.Spec)
	}
	for _, f := range a.Finished {
		i := f.Task.Index
		if i == 17 {
			if f.Task.Attempt != 1 || f.Sizes != nil {
				t.Errorf("task 17: %+v", f)
			}
			continue
		}
		if f.Finished != finished("a", 0, i, 0) || !reflect.DeepEqual(f.Sizes, sizes) || f.Rows[3] != int64(i) || len(f.Inline) != 1 || f.Inline[0] != byte(i) {
			t.Fatalf("task %d: %+v", i, f)
		}
	}
	if list[1].ID != "c" || string(list[1].Encoded) != "plan of c" {
		t.Errorf("c is %+v", list[1])
	}
	// What another has taken over nobody changes any more, and what ends leaves nothing.
	if err := claim.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	heir, err := store.Claim(t.Context(), "scheduler", "two", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	late := journal(t, store, blobs, claim)
	if _, err := late.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	late.Ended("a")
	if err := late.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := journal(t, store, blobs, heir)
	if list, err := next.Load(t.Context()); len(list) != 2 || err != nil {
		t.Errorf("after the commit of who has lost its claim: %d jobs, %v", len(list), err)
	}
	plans, err := next.Plans(t.Context())
	if err != nil || !plans[state.BlobName(third)] || plans[state.BlobName([]byte("plan of b"))] {
		t.Errorf("needed plans are %v, %v", plans, err)
	}
	next.Ended("a")
	next.Ended("c")
	if err := next.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if records, err := store.List(t.Context(), ""); len(records) != 0 || err != nil {
		t.Errorf("left are %d records, %v", len(records), err)
	}
}

func TestJobWithoutItsPlanIsNotResumed(t *testing.T) {
	store, blobs := state.NewMemory(), state.NewMemoryBlobs()
	j := journal(t, store, blobs, nil)
	j.Submitted("a", bytes.Repeat([]byte("plan"), 10_000), core.JobSpec{ID: "a"})
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := journal(t, store, state.NewMemoryBlobs(), nil).Load(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("got %v, %v", list, err)
	}
	if records, err := store.List(t.Context(), ""); len(records) != 0 || err != nil {
		t.Errorf("left are %v, %v", records, err)
	}
}

func TestBlobs(t *testing.T) {
	for name, b := range map[string]state.Blobs{"memory": state.NewMemoryBlobs(), "files": state.FileBlobs{Folder: filepath.Join(t.TempDir(), "b")}} {
		t.Run(name, func(t *testing.T) {
			one, err := b.Put(t.Context(), []byte("one"))
			if err != nil {
				t.Fatal(err)
			}
			two, err := b.Put(t.Context(), []byte("two"))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := b.Put(t.Context(), []byte("one")); again != one || err != nil {
				t.Errorf("the same content is %s and %s, %v", one, again, err)
			}
			if p, err := b.Get(t.Context(), one); string(p) != "one" || err != nil {
				t.Errorf("got %q, %v", p, err)
			}
			if err := b.Sweep(t.Context(), time.Now().Add(time.Hour), func(n string) bool { return n == one }); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Get(t.Context(), two); fault.CodeOf(err) != fault.UndefinedObject {
				t.Errorf("a removed content: %v", err)
			}
			if _, err := b.Get(t.Context(), "../../etc/passwd"); fault.CodeOf(err) != fault.UndefinedObject {
				t.Errorf("a name that is none: %v", err)
			}
			if p, err := b.Get(t.Context(), one); string(p) != "one" || err != nil {
				t.Errorf("a content that is needed: %q, %v", p, err)
			}
		})
	}
}

func TestTablesKeepWhatIsLarge(t *testing.T) {
	tables := &state.Tables{Store: state.NewMemory(), Blobs: state.NewMemoryBlobs()}
	large := make([]byte, 3*state.MaxValue)
	if err := tables.Save(t.Context(), map[string][]byte{"small": []byte("{}"), "large": large}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := tables.Load(t.Context())
	if err != nil || string(got["small"]) != "{}" || len(got["large"]) != len(large) {
		t.Errorf("got %d objects, %v", len(got), err)
	}
	if needed, err := tables.References(t.Context()); len(needed) != 1 || !needed[state.BlobName(large)] || err != nil {
		t.Errorf("needed are %v, %v", needed, err)
	}
	if err := tables.Save(t.Context(), nil, []string{"large"}); err != nil {
		t.Fatal(err)
	}
	if got, err := tables.Load(t.Context()); len(got) != 1 || err != nil {
		t.Errorf("got %d objects, %v", len(got), err)
	}
}

func TestClientsAreKeptUntilTheyExpire(t *testing.T) {
	c := state.NewClients(state.NewMemory(), nil, slog.New(slog.NewTextHandler(t.Output(), nil)))
	defer c.Close()
	now := time.Now().UTC().Truncate(time.Second)
	for i := range 3 {
		age := time.Duration(i) * time.Hour
		c.SaveSession(fmt.Sprint(i), state.Session{Settings: map[string]string{"n": fmt.Sprint(i)}, Used: now.Add(-age)})
		c.SaveQuery(fmt.Sprint(i), state.Query{Session: fmt.Sprint(i), Text: "select 1", Job: "j", Expires: now.Add(age - time.Minute)})
	}
	if s, ok := c.Session(t.Context(), "2"); !ok || s.Settings["n"] != "2" {
		t.Errorf("session 2 is %+v, %v", s, ok)
	}
	if err := c.Expire(t.Context(), now.Add(-90*time.Minute), now); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false} {
		if _, ok := c.Session(t.Context(), fmt.Sprint(i)); ok != want {
			t.Errorf("session %d: %v", i, ok)
		}
		if _, ok := c.Query(t.Context(), fmt.Sprint(i)); ok != (i > 0) {
			t.Errorf("query %d: %v", i, ok)
		}
	}
	c.DropSession("0")
	c.DropQuery("1")
	if _, ok := c.Session(t.Context(), "0"); ok {
		t.Error("session 0 was dropped and is there")
	}
	if _, ok := c.Query(t.Context(), "1"); ok {
		t.Error("query 1 was dropped and is there")
	}
}
