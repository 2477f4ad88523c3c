package control

import (
	"errors"
	"strconv"

	"github.com/polybolos-db/polybolos/session"
)

// defaultPartitions is how many tasks a stage has when no executor is there that could say how many it runs.
const defaultPartitions = 4

// Session opens a session whose queries run on the executors. Its plans exchange rows between stages, with as many tasks as the executors run at once
// when it is opened; SET changes both. Jobs and Threads of c do not matter.
func (s *Server) Session(c session.Config) (*session.Session, error) {
	c.Jobs, c.Threads = s.jobs, 0
	partitions := s.Threads()
	if partitions == 0 {
		partitions = defaultPartitions
	}
	out := session.New(c)
	if err := errors.Join(out.Set("exchange", "force"), out.Set("partitions", strconv.Itoa(min(partitions, maxPartitions)))); err != nil {
		return nil, err
	}
	return out, nil
}

// maxPartitions is what the setting takes.
const maxPartitions = 4096
