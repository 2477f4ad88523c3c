package control

import (
	"context"
	"slices"
	"sync"
	"time"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
)

// executor is one that is there: its queue of commands and its signs of life.
type executor struct {
	server       *Server
	id           core.ExecutorID
	capabilities *controlv1.Capabilities
	jobs         map[core.JobID]bool // that it was given a task of; used by the loop of the jobs alone

	mu         sync.Mutex
	queue      []*controlv1.Command // not yet acknowledged
	last       uint64               // number of the last command
	signal     chan struct{}        // closed and made anew when something changes
	generation int                  // of the latest poll
	polls      int                  // that are being served
	seen       time.Time            // the last sign of life
	draining   bool
	gone       bool
}

// begin takes note of a poll and returns its generation.
func (x *executor) begin(r *controlv1.PollRequest) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen = time.Now()
	x.polls++
	x.generation++
	for len(x.queue) > 0 && x.queue[0].GetNumber() <= r.GetAcknowledged() {
		x.queue = x.queue[1:]
	}
	x.changed()
	return x.generation
}

// end takes note of a poll's end. A connection that breaks ends its poll, too, so the time counts from here.
func (x *executor) end() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.polls--
	x.seen = time.Now()
}

// wait returns the commands of the queue as soon as there are any, and at the latest when a newer poll has come or the time is over.
func (x *executor) wait(ctx context.Context, generation int, long time.Duration) *controlv1.PollReply {
	timer := time.NewTimer(long)
	defer timer.Stop()
	for {
		x.mu.Lock()
		if x.gone {
			x.mu.Unlock()
			return &controlv1.PollReply{Unknown: true}
		}
		if len(x.queue) > 0 || x.generation != generation {
			commands := slices.Clone(x.queue)
			x.mu.Unlock()
			return &controlv1.PollReply{Commands: commands}
		}
		signal := x.signal
		x.mu.Unlock()
		select {
		case <-signal:
		case <-timer.C:
			return &controlv1.PollReply{}
		case <-ctx.Done():
			return &controlv1.PollReply{}
		}
	}
}

// changed wakes waiting polls; x.mu is held.
func (x *executor) changed() {
	close(x.signal)
	x.signal = make(chan struct{})
}

// drain notes that the executor drains, and reports whether that is new.
func (x *executor) drain() bool {
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	was := x.draining
	x.draining = true
	return !was
}

// leave ends the executor's polls.
func (x *executor) leave() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.gone = true
	x.changed()
}

// silent is how long there has been no sign of life: none is missing while a poll waits, which it does for a short time only.
func (x *executor) silent(now time.Time) time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.polls > 0 {
		return 0
	}
	return now.Sub(x.seen)
}

func (x *executor) command(c *controlv1.Command) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last++
	c.Number = x.last
	x.queue = append(x.queue, c)
	x.changed()
}

// Launch queues the start of an attempt.
func (x *executor) Launch(a *jobs.Attempt) {
	x.jobs[a.Task.Job] = true
	l := &controlv1.Launch{Task: taskMessage(a.Task), Plan: x.server.keep(a.Task.Job, a.Encoded)}
	places := map[core.ExecutorID]uint32{}
	for stage, inputs := range a.Inputs {
		in := &controlv1.StageInput{Stage: uint32(stage)}
		for _, i := range inputs {
			place, ok := places[i.Executor]
			if !ok {
				place = uint32(len(l.Locations))
				places[i.Executor] = place
				l.Locations = append(l.Locations, &controlv1.Location{Executor: string(i.Executor), Address: x.server.address(i.Executor)})
			}
			in.Attempts = append(in.Attempts, uint32(i.Output.Attempt))
			in.Locations = append(in.Locations, place)
		}
		l.Inputs = append(l.Inputs, in)
	}
	x.command(&controlv1.Command{Command: &controlv1.Command_Launch{Launch: l}})
}

// Abort queues the end of an attempt.
func (x *executor) Abort(t core.Task) {
	x.command(&controlv1.Command{Command: &controlv1.Command_Abort{Abort: taskMessage(t)}})
}

// Drop queues the end of a job that the executor was given a task of.
func (x *executor) Drop(job core.JobID) {
	if x.jobs[job] {
		delete(x.jobs, job)
		x.command(&controlv1.Command{Command: &controlv1.Command_Drop{Drop: string(job)}})
	}
}
