package control

import (
	"strconv"

	"github.com/polybolos-db/polybolos/session"
)

// defaultPartitions is how many tasks a stage has when no executor is there that could say how many it runs.
const defaultPartitions = 4

// Session opens a session whose queries run on the executors. Its plans exchange rows between stages, with as many tasks as the executors that are there
// when a query is planned run at once; SET changes both. Jobs and Threads of c do not matter.
func (s *Server) Session(c session.Config) (*session.Session, error) {
	c.Jobs, c.Threads = s.jobs, 0
	c.Name = "session-" + strconv.FormatInt(s.sessions.Add(1), 10)
	c.Partitions = func() int {
		if n := s.Threads(); n > 0 {
			return n
		}
		return defaultPartitions
	}
	out := session.New(c)
	return out, out.Set("exchange", "force")
}
