package control

import (
	"strconv"

	"github.com/polybolos-db/polybolos/scheduler/core"
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
	c.Executors = s.shown
	out := session.New(c)
	return out, out.Set("exchange", "force")
}

// shown is what SHOW EXECUTORS lists.
func (s *Server) shown() ([]session.Executor, error) {
	tasks, err := s.jobs.Tasks()
	if err != nil {
		return nil, err
	}
	var out []session.Executor
	for _, x := range s.Executors() {
		c := x.Capabilities
		e := session.Executor{
			Name: x.ID, Address: c.GetAddress(), Threads: int(c.GetThreads()), SIMD: c.GetSimd(), Memory: c.GetMemoryLimit(), Labels: c.GetLabels(),
			Group: c.GetGroup(), State: session.Serving, Tasks: tasks[core.ExecutorID(x.ID)],
		}
		if c.GetFiles() {
			e.Files = "local://" + c.GetName() + "/"
		}
		for _, d := range c.GetDevices() {
			e.Devices = append(e.Devices, d.GetName())
		}
		switch {
		case x.Lost:
			e.State = session.Lost
		case x.Draining:
			e.State = session.Draining
		}
		out = append(out, e)
	}
	return out, nil
}
