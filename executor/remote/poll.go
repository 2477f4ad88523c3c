package remote

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
)

// version is the version of the control protocol that this executor speaks.
const version = 1

const (
	// gather is how long the end of a task waits for others before it is sent: far less than a task takes, and enough for tasks that end together.
	gather = time.Millisecond
	// pollTime is how long a poll may take: longer than any scheduler lets one wait.
	pollTime = 30 * time.Second
	// After an error the next poll waits, longer from one to the next.
	firstPause, longestPause = 50 * time.Millisecond, time.Second
	// maxPolls is how many polls are under way at once: one that waits, and one that brings what has happened since.
	maxPolls = 3
	// sweepTime is how often old outputs are looked for.
	sweepTime = 10 * time.Second
)

// poller talks to the scheduler. One goroutine owns it; each call runs on one of its own.
type poller struct {
	config       Config
	client       controlv1.ControlClient
	tasks        *tasks
	capabilities *controlv1.Capabilities

	name       string
	epoch      string // of the scheduler that the last reply came from
	rejoining  bool   // the scheduler was started again, and does not know this executor yet
	registered bool
	devices    int    // that the scheduler knows of
	applied    uint64 // the last command that was carried out
	draining   bool
	pause      time.Duration
	polls      int // under way
	results    chan result
}

// result is how a call went.
type result struct {
	name    string
	request *controlv1.PollRequest
	reply   *controlv1.PollReply
	err     error
}

// run polls until ctx has ended and the executor is drained.
func (p *poller) run(ctx context.Context) error {
	// Calls go on while the executor drains.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.results = make(chan result, maxPolls)
	p.name = newName()
	defer func() {
		cancel()
		for ; p.polls > 0; p.polls-- {
			<-p.results
		}
	}()
	ending := ctx.Done()
	var over <-chan time.Time // the time to drain
	sweep := time.NewTicker(sweepTime)
	defer sweep.Stop()
	p.poll(calls)
	for {
		select {
		case r := <-p.results:
			p.polls--
			if err := p.take(r); err != nil {
				return err
			}
			if p.polls == 0 && p.pause > 0 {
				wait(calls, p.pause)
			}
			if p.polls == 0 || p.pause == 0 && (p.tasks.pending() || p.tasks.reads.waiting()) {
				p.poll(calls)
			}
		case <-p.tasks.wake:
			if p.polls < maxPolls && p.pause == 0 {
				wait(calls, gather)
				p.poll(calls)
			}
		case <-ending:
			ending = nil
			p.draining = true
			p.config.Log.Info("draining", "running", p.tasks.count())
			timer := time.NewTimer(p.config.DrainTime)
			defer timer.Stop()
			over = timer.C
			p.tasks.notify()
		case <-over:
			p.config.Log.Warn("not drained in time", "running", p.tasks.count())
			p.leave(calls)
			return nil
		case now := <-sweep.C:
			p.tasks.sweep(now.Add(-p.config.OutputAge))
		}
		// A scheduler that has not been reached for seconds does not tell any more when its jobs are over.
		alone := p.pause >= longestPause && p.tasks.count() == 0
		if p.draining && (p.tasks.idle() || alone) {
			p.leave(calls)
			return nil
		}
	}
}

// wait sleeps.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// poll starts a call that brings what has happened since the last one.
func (p *poller) poll(ctx context.Context) {
	r := &controlv1.PollRequest{
		Version: version, Executor: p.name, Statuses: p.tasks.takeStatuses(), Acknowledged: p.applied, Progress: p.tasks.progress(), Draining: p.draining,
		Reads: p.tasks.reads.take(),
	}
	if left := devices(nil); len(left) < len(p.capabilities.GetDevices()) {
		p.capabilities = proto.CloneOf(p.capabilities)
		p.capabilities.Devices = left
	}
	if !p.registered {
		r.Capabilities, r.Jobs, r.Attempts = p.capabilities, p.tasks.held(), p.tasks.attempts()
	} else if len(p.capabilities.GetDevices()) < p.devices {
		r.Capabilities = p.capabilities
	}
	name := p.name
	p.polls++
	go func() {
		ctx, cancel := context.WithTimeout(ctx, pollTime)
		defer cancel()
		reply, err := p.client.Poll(ctx, r)
		p.results <- result{name: name, request: r, reply: reply, err: err}
	}()
}

// take does what a reply says. It fails when polling is of no use.
func (p *poller) take(r result) error {
	p.tasks.sent(len(r.request.GetStatuses()))
	if r.name != p.name {
		return nil
	}
	if r.err != nil {
		p.tasks.returnStatuses(r.request.GetStatuses())
		p.tasks.reads.back(r.request.GetReads())
		if status.Code(r.err) == codes.Unimplemented {
			return fault.New(fault.ConnectionFailure, "at %s is no scheduler's control plane: %s", p.config.Scheduler, status.Convert(r.err).Message()).
				WithHint("--scheduler takes the scheduler's address for executors, not that for clients")
		}
		if c := status.Code(r.err); c == codes.FailedPrecondition || c == codes.InvalidArgument {
			return fault.New(fault.ConnectionFailure, "the scheduler at %s refuses this executor: %s", p.config.Scheduler, status.Convert(r.err).Message())
		}
		if p.pause == 0 {
			p.config.Log.Warn("the scheduler is not reached", "scheduler", p.config.Scheduler, "error", status.Convert(r.err).Message())
		}
		p.pause = min(max(firstPause, 2*p.pause), longestPause)
		return nil
	}
	p.pause = 0
	p.tasks.keys.Set(r.reply.GetTicketKey())
	if r.reply.GetUnknown() && p.restarted(r.reply) {
		p.tasks.returnStatuses(r.request.GetStatuses())
		p.tasks.reads.back(r.request.GetReads())
		return nil
	}
	p.tasks.told(r.request.GetStatuses())
	if r.reply.GetUnknown() {
		p.config.Log.Warn("the scheduler does not know this executor any more: dropping all jobs", "executor", p.name)
		p.tasks.reset()
		p.name, p.registered, p.applied = newName(), false, 0
		return nil
	}
	if !p.registered {
		p.config.Log.Info("registered", "scheduler", p.config.Scheduler, "executor", p.name)
	}
	p.registered, p.rejoining, p.epoch = true, false, r.reply.GetRun()
	if c := r.request.GetCapabilities(); c != nil {
		p.devices = len(c.GetDevices())
	}
	for _, c := range r.reply.GetCommands() {
		if c.GetNumber() <= p.applied {
			continue
		}
		p.applied = c.GetNumber()
		switch c := c.GetCommand().(type) {
		case *controlv1.Command_Launch:
			p.tasks.launch(p.name, c.Launch)
		case *controlv1.Command_Stage:
			p.tasks.job(c.Stage.GetJob()).stages.add(c.Stage.GetHash(), c.Stage.GetEncoded())
		case *controlv1.Command_Located:
			p.tasks.job(c.Located.GetTask().GetJob()).places.locate(p.name, c.Located)
		case *controlv1.Command_Filter:
			p.tasks.job(c.Filter.GetJob()).filters.add(c.Filter.GetFilter())
		case *controlv1.Command_Abort:
			p.tasks.abort(taskOf(c.Abort))
		case *controlv1.Command_Drop:
			p.tasks.drop(c.Drop)
		}
	}
	return nil
}

// restarted reports whether a scheduler that does not know this executor was started again, and not this executor away for too long. Then outputs stay, under the same
// name, since the scheduler may go on with their jobs, and what runs goes on: the next poll tells it.
func (p *poller) restarted(reply *controlv1.PollReply) bool {
	now := reply.GetRun()
	if p.rejoining && now == p.epoch {
		return true
	}
	if now == "" || p.epoch == "" || now == p.epoch {
		return false
	}
	p.config.Log.Warn("the scheduler was started again", "running", p.tasks.count())
	p.tasks.interrupt()
	p.epoch, p.registered, p.rejoining, p.applied = now, false, true, 0
	return true
}

// leave is the last call.
func (p *poller) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	_, err := p.client.Poll(ctx, &controlv1.PollRequest{
		Version: version, Executor: p.name, Statuses: p.tasks.takeStatuses(), Acknowledged: p.applied, Draining: true, Leaving: true,
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		p.config.Log.Warn("left without a word", "error", status.Convert(err).Message())
		return
	}
	p.config.Log.Info("left", "executor", p.name)
}
