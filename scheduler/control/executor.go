package control

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
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
	capabilities *controlv1.Capabilities // replaced under the server's lock, never changed
	jobs         map[core.JobID]*given   // that it was given a task of; used by the loop of the jobs alone

	mu         sync.Mutex
	queue      []*controlv1.Command // not yet acknowledged
	last       uint64               // number of the last command
	signal     chan struct{}        // closed and made anew when something changes
	generation int                  // of the latest poll
	polls      int                  // that are being served
	seen       time.Time            // the last sign of life
	broken     time.Time            // when the connection of its last poll broke; zero: it did not
	draining   bool
	gone       bool
}

// begin takes note of a poll and returns its generation.
func (x *executor) begin(r *controlv1.PollRequest) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen = time.Now()
	x.broken = time.Time{}
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
			x.hangUp(generation)
			return &controlv1.PollReply{}
		}
	}
}

// hangUp notes that the connection of a poll broke, unless a newer one has come.
func (x *executor) hangUp(generation int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.generation == generation {
		x.broken = time.Now()
	}
}

// silent reports whether the executor's connection broke, or it has not polled for as long as a poll waits.
func (x *executor) silent(now time.Time, wait time.Duration) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.polls == 0 && (!x.broken.IsZero() || now.Sub(x.seen) > wait)
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

// lost says why an executor is given up, or nothing: none is missing while a poll waits, which it does for a short time only.
func (x *executor) lost(now time.Time, timeout, grace time.Duration) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.polls > 0:
		return ""
	case !x.broken.IsZero() && now.Sub(x.broken) > grace:
		return fmt.Sprintf("its connection broke and it was not back for %v", grace)
	case now.Sub(x.seen) > timeout:
		return fmt.Sprintf("no sign of life for %v", timeout)
	}
	return ""
}

// command queues commands, which one reply brings together.
func (x *executor) command(list ...*controlv1.Command) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range list {
		x.last++
		c.Number = x.last
	}
	x.queue = append(x.queue, list...)
	x.changed()
}

// given is what an executor has been given of a job.
type given struct {
	stages  map[[sha256.Size]byte]bool
	filters map[int]bool
}

// maxStage is how large a stage may be to be sent with the launch of its first task: executors ask for larger ones when they need them.
const maxStage = 1 << 20

// Launch queues the start of an attempt, and before it what the executor has not got yet: the stage and the filters of its scans.
func (x *executor) Launch(a *jobs.Attempt) {
	g := x.jobs[a.Task.Job]
	if g == nil {
		g = &given{stages: map[[sha256.Size]byte]bool{}, filters: map[int]bool{}}
		x.jobs[a.Task.Job] = g
	}
	var list []*controlv1.Command
	if !g.stages[a.Hash] {
		g.stages[a.Hash] = true
		s := &controlv1.StagePlan{Job: string(a.Task.Job), Hash: a.Hash[:], Encoded: a.Encoded}
		if len(a.Encoded) > maxStage {
			s.Encoded = nil
			x.server.keep(a.Task.Job, a.Hash, a.Encoded)
		}
		list = append(list, &controlv1.Command{Command: &controlv1.Command_Stage{Stage: s}})
	}
	for _, f := range a.Filters {
		if g.filters[f.Filter] {
			continue
		}
		g.filters[f.Filter] = true
		list = append(list, &controlv1.Command{Command: &controlv1.Command_Filter{Filter: &controlv1.JobFilter{Job: string(a.Task.Job), Filter: filterMessage(f)}}})
	}
	l := &controlv1.Launch{Task: taskMessage(a.Task), Plan: a.Hash[:], Partial: a.Partial}
	places := map[core.ExecutorID]uint32{}
	for stage, inputs := range a.Inputs {
		in := &controlv1.StageInput{Stage: uint32(stage)}
		for _, i := range inputs {
			in.Attempts = append(in.Attempts, uint32(i.Output.Attempt))
			if i.Inline != nil {
				if in.Inline == nil {
					in.Inline = map[uint32][]byte{}
				}
				in.Inline[uint32(i.Output.Task)] = i.Inline
			}
			if i.Executor == "" {
				in.Locations = append(in.Locations, nowhere)
				continue
			}
			place, ok := places[i.Executor]
			if !ok {
				place = uint32(len(l.Locations))
				places[i.Executor] = place
				l.Locations = append(l.Locations, x.server.location(i.Executor))
			}
			in.Locations = append(in.Locations, place)
		}
		l.Inputs = append(l.Inputs, in)
	}
	x.command(append(list, &controlv1.Command{Command: &controlv1.Command_Launch{Launch: l}})...)
}

// nowhere is the place of an output that is not there yet.
const nowhere = math.MaxUint32

// Locate queues the place of an output.
func (x *executor) Locate(job core.JobID, in jobs.Input) {
	if x.jobs[job] == nil {
		return
	}
	x.command(&controlv1.Command{Command: &controlv1.Command_Located{Located: &controlv1.Located{
		Task:  &controlv1.Task{Job: string(job), Stage: uint32(in.Output.Stage), Index: uint32(in.Output.Task), Attempt: uint32(in.Output.Attempt)},
		Stage: uint32(in.Output.Stage), Location: x.server.location(in.Executor), Inline: in.Inline,
	}}})
}

// Abort queues the end of an attempt.
func (x *executor) Abort(t core.Task) {
	x.command(&controlv1.Command{Command: &controlv1.Command_Abort{Abort: taskMessage(t)}})
}

// Drop queues the end of a job that the executor was given a task of.
func (x *executor) Drop(job core.JobID) {
	if x.jobs[job] != nil {
		delete(x.jobs, job)
		x.server.collect(job)
		x.command(&controlv1.Command{Command: &controlv1.Command_Drop{Drop: string(job)}})
	}
}
