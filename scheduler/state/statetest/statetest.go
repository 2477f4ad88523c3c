package statetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/state"
)

// Run tests an empty store.
func Run(t *testing.T, s state.Store) {
	t.Helper()
	t.Run("records", func(t *testing.T) { records(t, s) })
	t.Run("conditions", func(t *testing.T) { conditions(t, s) })
	t.Run("pages", func(t *testing.T) { pages(t, s) })
	t.Run("bounds", func(t *testing.T) { bounds(t, s) })
	t.Run("claims", func(t *testing.T) { claims(t, s) })
	t.Run("races", func(t *testing.T) { races(t, s) })
	t.Run("cancellation", func(t *testing.T) { cancellation(t, s) })
}

func put(key, value string) state.Record { return state.Record{Key: key, Value: []byte(value)} }

func commit(t *testing.T, s state.Store, c state.Commit) int64 {
	t.Helper()
	r, err := s.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func get(t *testing.T, s state.Store, key string) (string, int64) {
	t.Helper()
	r, ok, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if ok != (r.Revision != 0) {
		t.Errorf("%q: there is %v, but its revision is %d", key, ok, r.Revision)
	}
	return string(r.Value), r.Revision
}

func records(t *testing.T, s state.Store) {
	if v, r := get(t, s, "a"); v != "" || r != 0 {
		t.Errorf("an empty store has a = %q at %d", v, r)
	}
	first := commit(t, s, state.Commit{Put: []state.Record{put("a", "1"), put("ab", "2"), put("b", "")}})
	if v, r := get(t, s, "a"); v != "1" || r != first {
		t.Errorf("a = %q at %d, committed at %d", v, r, first)
	}
	second := commit(t, s, state.Commit{Put: []state.Record{put("a", "3")}, Delete: []string{"b", "never was"}})
	if second <= first {
		t.Errorf("revision %d after %d", second, first)
	}
	list, err := s.List(t.Context(), "a")
	if err != nil || len(list) != 2 || list[0].Key != "a" || string(list[0].Value) != "3" || list[0].Revision != second || list[1].Key != "ab" || list[1].Revision != first {
		t.Errorf("got %+v, %v", list, err)
	}
	if _, r := get(t, s, "b"); r != 0 {
		t.Error("b was deleted and is there")
	}
	// What is given and returned is a copy.
	value := []byte("own")
	commit(t, s, state.Commit{Put: []state.Record{{Key: "copy", Value: value}}})
	value[0] = 'X'
	r, _, err := s.Get(t.Context(), "copy")
	if err != nil {
		t.Fatal(err)
	}
	r.Value[1] = 'X'
	if v, _ := get(t, s, "copy"); v != "own" {
		t.Errorf("the store shares its memory: %q", v)
	}
}

func conditions(t *testing.T, s state.Store) {
	at := commit(t, s, state.Commit{If: []state.Condition{{Key: "c/x"}}, Put: []state.Record{put("c/x", "1")}})
	for _, bad := range []state.Condition{{Key: "c/x"}, {Key: "c/x", Revision: at + 1}, {Key: "c/none", Revision: at}} {
		_, err := s.Commit(t.Context(), state.Commit{If: []state.Condition{{Key: "c/x", Revision: at}, bad}, Put: []state.Record{put("c/y", "2")}, Delete: []string{"c/x"}})
		if !errors.Is(err, state.ErrConflict) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, r := get(t, s, "c/y"); r != 0 {
		t.Error("a refused commit has put a record")
	}
	if _, r := get(t, s, "c/x"); r != at {
		t.Error("a refused commit has changed a record")
	}
	commit(t, s, state.Commit{If: []state.Condition{{Key: "c/x", Revision: at}, {Key: "c/y"}}, Delete: []string{"c/x"}})
	if _, r := get(t, s, "c/x"); r != 0 {
		t.Error("a record that was deleted is there")
	}
}

func pages(t *testing.T, s state.Store) {
	const n = 1234
	for i := 0; i < n; i += state.MaxOps {
		var c state.Commit
		for k := i; k < min(n, i+state.MaxOps); k++ {
			c.Put = append(c.Put, put(fmt.Sprintf("p/%05d", k), fmt.Sprint(k)))
		}
		commit(t, s, c)
	}
	commit(t, s, state.Commit{Put: []state.Record{put("p0", "after them all")}})
	list, err := s.List(t.Context(), "p/")
	if err != nil || len(list) != n {
		t.Fatalf("%d records of %d, %v", len(list), n, err)
	}
	for i, r := range list {
		if r.Key != fmt.Sprintf("p/%05d", i) || string(r.Value) != fmt.Sprint(i) {
			t.Fatalf("record %d is %+v", i, r)
		}
	}
}

func bounds(t *testing.T, s state.Store) {
	commit(t, s, state.Commit{Put: []state.Record{{Key: "l", Value: bytes.Repeat([]byte{0xFF, 0}, state.MaxValue/2)}}})
	if v, _ := get(t, s, "l"); len(v) != state.MaxValue {
		t.Errorf("%d bytes of %d", len(v), state.MaxValue)
	}
	many := state.Commit{}
	for i := range state.MaxOps + 1 {
		many.Delete = append(many.Delete, fmt.Sprint(i))
	}
	for name, c := range map[string]state.Commit{
		"value":   {Put: []state.Record{{Key: "l", Value: make([]byte, state.MaxValue+1)}}},
		"key":     {Put: []state.Record{put(string(make([]byte, state.MaxKey+1)), "")}},
		"no key":  {Delete: []string{""}},
		"changes": many,
	} {
		if _, err := s.Commit(t.Context(), c); fault.CodeOf(err) != fault.ConfigurationLimit {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Commit(t.Context(), state.Commit{Put: []state.Record{put("z", "1")}, Delete: []string{"z"}}); err == nil {
		t.Error("one commit puts and deletes a key")
	}
}

func claims(t *testing.T, s state.Store) {
	const ttl = 5 * time.Second
	first, err := s.Claim(t.Context(), "job", "one", ttl)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, state.Commit{Claim: first, Put: []state.Record{put("owned", "by one")}})
	if _, err := s.Commit(t.Context(), state.Commit{Claim: first, If: []state.Condition{{Key: "owned"}}}); !errors.Is(err, state.ErrConflict) {
		t.Errorf("a condition that does not hold, under a claim: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Claim(short, "job", "two", ttl); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second claim: %v", err)
	}
	other, err := s.Claim(t.Context(), "another job", "two", ttl)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan state.Claim, 1)
	go func() {
		c, err := s.Claim(t.Context(), "job", "two", ttl)
		if err != nil {
			t.Error(err)
		}
		got <- c
	}()
	if err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-first.Lost()
	second := <-got
	if second == nil {
		return
	}
	if _, err := s.Commit(t.Context(), state.Commit{Claim: first, Put: []state.Record{put("owned", "by one again")}}); !errors.Is(err, state.ErrLost) {
		t.Errorf("a commit of who has lost the claim: %v", err)
	}
	if v, _ := get(t, s, "owned"); v != "by one" {
		t.Errorf("owned is %q", v)
	}
	commit(t, s, state.Commit{Claim: second, Put: []state.Record{put("owned", "by two")}})
	for _, c := range []state.Claim{second, other} {
		if err := c.Release(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// races has many writers count in one record: none of their steps is lost.
func races(t *testing.T, s state.Store) {
	const writers, steps = 4, 25
	var conflicts atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < steps; {
				r, _, err := s.Get(t.Context(), "counter")
				if err != nil {
					t.Error(err)
					return
				}
				n := 0
				// An empty record counts as nothing.
				_, _ = fmt.Sscan(string(r.Value), &n)
				_, err = s.Commit(t.Context(), state.Commit{If: []state.Condition{{Key: "counter", Revision: r.Revision}}, Put: []state.Record{put("counter", fmt.Sprint(n+1))}})
				switch {
				case err == nil:
					done++
				case errors.Is(err, state.ErrConflict):
					conflicts.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if v, _ := get(t, s, "counter"); v != fmt.Sprint(writers*steps) {
		t.Errorf("counted %s of %d, with %d conflicts", v, writers*steps, conflicts.Load())
	}
}

func cancellation(t *testing.T, s state.Store) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fault.New(fault.QueryCanceled, "enough"))
	if _, _, err := s.Get(ctx, "a"); fault.CodeOf(err) != fault.QueryCanceled {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.List(ctx, "a"); fault.CodeOf(err) != fault.QueryCanceled {
		t.Errorf("List: %v", err)
	}
	if _, err := s.Commit(ctx, state.Commit{Delete: []string{"a"}}); fault.CodeOf(err) != fault.QueryCanceled {
		t.Errorf("Commit: %v", err)
	}
	if _, err := s.Claim(ctx, "x", "me", time.Second); fault.CodeOf(err) != fault.QueryCanceled {
		t.Errorf("Claim: %v", err)
	}
}
