package control

import (
	"crypto/rand"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/shuffle/transport"
)

// newKey is what nobody can guess.
func newKey() []byte {
	key := make([]byte, 32)
	// It never fails: the program would end.
	_, _ = rand.Read(key)
	return key
}

// Offered reports whether clients can read results from some executor.
func (s *Server) Offered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.executors {
		if x.capabilities.GetResults() != "" {
			return true
		}
	}
	return false
}

// Location is the URI at which clients read what lies on an executor, "" where they cannot.
func (s *Server) Location(id core.ExecutorID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.executors[id]; x != nil {
		return x.capabilities.GetResults()
	}
	return ""
}

// Keys sign the tickets that executors take.
func (s *Server) Keys() *transport.Keys { return &s.keys }

// Note has f told what clients do with results on executors, again and again while they read. f must not wait.
func (s *Server) Note(f func(shuffle.ID, transport.Phase)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noted = f
}

func (s *Server) noteReads(list []*controlv1.ResultRead) {
	if len(list) == 0 {
		return
	}
	s.mu.Lock()
	noted := s.noted
	s.mu.Unlock()
	if noted == nil {
		return
	}
	for _, r := range list {
		o := r.GetOutput()
		phase := transport.Begun
		switch r.GetState() {
		case controlv1.ReadState_READ:
			phase = transport.Read
		case controlv1.ReadState_BROKEN:
			phase = transport.Broken
		}
		noted(shuffle.ID{Job: o.GetJob(), Stage: int(o.GetStage()), Task: int(o.GetTask()), Attempt: int(o.GetAttempt())}, phase)
	}
}
