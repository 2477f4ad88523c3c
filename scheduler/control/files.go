package control

import (
	"context"
	"maps"
	"slices"
	"time"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/storage/objectstore"
	"github.com/polybolos-db/polybolos/storage/objectstore/peerfiles"
)

// departedTime is how long the name of an executor is remembered that shared a folder, and maxDeparted how many are.
const (
	departedTime = 10 * time.Minute
	maxDeparted  = 10_000
)

// departed is the names of executors that shared a folder and are gone; guarded by Server.mu.
type departed map[string]time.Time

func (d departed) note(c *controlv1.Capabilities) {
	if !c.GetFiles() {
		return
	}
	now := time.Now()
	maps.DeleteFunc(d, func(_ string, at time.Time) bool { return now.Sub(at) > departedTime })
	if len(d) < maxDeparted {
		d[c.GetName()] = now
	}
}

// ReadLocalFiles gives local:// its meaning in this process: the files of the server's executors. What it returns ends that.
func (s *Server) ReadLocalFiles() func() error {
	client := peerfiles.NewClient(func(_ context.Context, name string) (*controlv1.FindExecutorsReply, error) {
		return s.findExecutors(name), nil
	}, s.config.Security)
	objectstore.UseExecutors(&objectstore.Executors{Places: client, Log: s.config.Log})
	return func() error {
		objectstore.UseExecutors(nil)
		return client.Close()
	}
}

// FindExecutors says where the executors of a name are.
func (s *Server) FindExecutors(_ context.Context, r *controlv1.FindExecutorsRequest) (*controlv1.FindExecutorsReply, error) {
	if err := checkVersion(r.GetVersion()); err != nil {
		return nil, err
	}
	return s.findExecutors(r.GetName()), nil
}

func (s *Server) findExecutors(name string) *controlv1.FindExecutorsReply {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &controlv1.FindExecutorsReply{Patience: s.config.Timeout.Milliseconds()}
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(s.executors)) {
		c := s.executors[id].capabilities
		if !c.GetFiles() {
			continue
		}
		seen[c.GetName()] = true
		if name == "" || name == c.GetName() {
			out.Places = append(out.Places, &controlv1.SharedPlace{Name: c.GetName(), Address: c.GetAddress()})
		}
	}
	if len(out.Places) == 0 {
		_, out.Known = s.departed[name]
		out.Names = slices.Sorted(maps.Keys(seen))
	}
	return out
}
