package etcd_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/state"
	"github.com/polybolos-db/polybolos/scheduler/state/etcd"
	"github.com/polybolos-db/polybolos/scheduler/state/statetest"
	"github.com/polybolos-db/polybolos/test/servers"
)

func TestEmbeddedIsAStoreThatOutlivesItsProcess(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	s, err := etcd.Embed(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	statetest.Run(t, s)
	if _, err := etcd.Embed(t.Context(), folder); fault.CodeOf(err) != fault.ObjectNotInState {
		t.Errorf("a second process in the folder: %v", err)
	}
	at, err := s.Commit(t.Context(), state.Commit{Put: []state.Record{{Key: "kept", Value: []byte("yes")}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = etcd.Embed(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if r, ok, err := s.Get(t.Context(), "kept"); !ok || err != nil || string(r.Value) != "yes" || r.Revision != at {
		t.Errorf("after a restart: %+v, %v, %v", r, ok, err)
	}
}

func TestExternalIsAStore(t *testing.T) {
	server := servers.StartEtcd(t)
	host := strings.TrimPrefix(server.URL, "http://")
	s, err := etcd.Open(t.Context(), "etcd://"+host+"/first?timeout=2s", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	statetest.Run(t, s)
	other, err := etcd.Open(t.Context(), "etcd://"+host+"/second", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if list, err := other.List(t.Context(), ""); len(list) != 0 || err != nil {
		t.Errorf("prefixes share records: %v, %v", list, err)
	}
	takeover(t, "etcd://"+host+"/first?timeout=2s", s)
	server.Kill()
	if _, err := s.Commit(t.Context(), state.Commit{Delete: []string{"a"}}); fault.CodeOf(err) != fault.ConnectionFailure {
		t.Errorf("a commit to a dead etcd: %v", err)
	}
}

// takeover has a process vanish with a claim, which another gets when the lease has ended.
func takeover(t *testing.T, url string, s *etcd.Store) {
	t.Helper()
	vanishing, err := etcd.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	old, err := vanishing.Claim(t.Context(), "takeover", "vanishing", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := vanishing.Close(); err != nil {
		t.Fatal(err)
	}
	<-old.Lost()
	c, err := s.Claim(t.Context(), "takeover", "heir", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), state.Commit{Claim: c, Put: []state.Record{{Key: "heir", Value: []byte("1")}}}); err != nil {
		t.Error(err)
	}
	if err := c.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWrongStateURLs(t *testing.T) {
	for url, code := range map[string]fault.Code{
		"http://127.0.0.1:1": fault.InvalidParameterValue, "etcd://": fault.InvalidParameterValue, "etcd://127.0.0.1:1?timeout=300ms": fault.ConnectionFailure,
	} {
		s, err := etcd.Open(t.Context(), url, nil)
		if fault.CodeOf(err) != code {
			t.Errorf("%s: %v", url, err)
		}
		if err == nil {
			err = s.Close()
		}
		if errors.Is(err, state.ErrLost) {
			t.Error(err)
		}
	}
}
