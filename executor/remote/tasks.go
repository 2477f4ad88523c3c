package remote

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/shuffle/transport"
)

// plans is where plans come from.
type plans interface {
	GetPlan(ctx context.Context, r *controlv1.GetPlanRequest, o ...grpc.CallOption) (*controlv1.GetPlanReply, error)
}

// tasks runs attempts and keeps what belongs to their jobs. Its methods do not wait for tasks, but for close.
type tasks struct {
	config  Config
	store   *shuffle.Tiered
	budget  *mem.Budget
	client  controlv1.ControlClient
	plans   plans
	reader  *transport.Client
	ctx     context.Context // of all attempts
	cancel  context.CancelFunc
	wake    chan struct{} // there is something to tell
	cleaned sync.WaitGroup

	mu       sync.Mutex
	jobs     map[string]*job
	running  map[attempt]context.CancelCauseFunc
	statuses []*controlv1.TaskStatus
	sending  int // statuses that calls under way have taken
}

// attempt names an attempt of a task.
type attempt struct {
	job                   string
	stage, index, attempt int
}

func taskOf(t *controlv1.Task) attempt {
	return attempt{job: t.GetJob(), stage: int(t.GetStage()), index: int(t.GetIndex()), attempt: int(t.GetAttempt())}
}

func (a attempt) message() *controlv1.Task {
	return &controlv1.Task{Job: a.job, Stage: uint32(a.stage), Index: uint32(a.index), Attempt: uint32(a.attempt)}
}

// job is what the attempts of a job share on this executor.
type job struct {
	progress executor.Progress
	attempts sync.WaitGroup

	mu     sync.Mutex // held while the plan is fetched
	plan   *plan.Plan // nil until an attempt has fetched it
	budget *mem.Budget
}

func newTasks(c Config, store *shuffle.Tiered, budget *mem.Budget, client controlv1.ControlClient) *tasks {
	ctx, cancel := context.WithCancel(context.Background())
	return &tasks{
		config: c, store: store, budget: budget, client: client, plans: client, reader: transport.NewClient(), ctx: ctx, cancel: cancel,
		wake: make(chan struct{}, 1), jobs: map[string]*job{}, running: map[attempt]context.CancelCauseFunc{},
	}
}

// close ends all attempts and waits for them.
func (x *tasks) close() error {
	x.cancel()
	x.reset()
	x.cleaned.Wait()
	return x.reader.Close()
}

// notify wakes the poller.
func (x *tasks) notify() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// count is how many attempts run.
func (x *tasks) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.running)
}

// idle reports whether nothing runs, nothing is to be told and nothing lies here that somebody may read.
func (x *tasks) idle() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.running)+len(x.statuses)+x.sending+len(x.jobs) == 0
}

// takeStatuses are the ends of tasks that are to be told; returnStatuses brings them back when that failed.
func (x *tasks) takeStatuses() []*controlv1.TaskStatus {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := x.statuses
	x.statuses = nil
	x.sending += len(out)
	return out
}

func (x *tasks) returnStatuses(list []*controlv1.TaskStatus) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.statuses = append(x.statuses, list...)
}

// sent says that a call that had taken so many statuses is over.
func (x *tasks) sent(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sending -= n
}

// pending reports whether there are ends of tasks that no call has taken.
func (x *tasks) pending() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.statuses) > 0
}

// progress is that of the jobs whose attempts run.
func (x *tasks) progress() []*controlv1.JobProgress {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []*controlv1.JobProgress
	for id, j := range x.jobs {
		out = append(out, &controlv1.JobProgress{
			Job: id, Splits: j.progress.Splits.Load(), Done: j.progress.Done.Load(), Rows: j.progress.Rows.Load(),
		})
	}
	return out
}

// launch starts an attempt. self is the executor's name, which tells its own outputs.
func (x *tasks) launch(self string, l *controlv1.Launch) {
	a := taskOf(l.GetTask())
	ctx, cancel := context.WithCancelCause(x.ctx)
	x.mu.Lock()
	j := x.jobs[a.job]
	if j == nil {
		j = &job{}
		x.jobs[a.job] = j
	}
	j.attempts.Add(1)
	x.running[a] = cancel
	x.mu.Unlock()
	go func() {
		x.config.Log.Debug("task started", "job", a.job, "stage", a.stage, "task", a.index, "attempt", a.attempt)
		stats, err := x.attempt(ctx, self, j, a, l)
		x.config.Log.Debug("task ended", "job", a.job, "stage", a.stage, "task", a.index, "attempt", a.attempt, "error", err)
		s := &controlv1.TaskStatus{Task: a.message(), Stats: statsMessage(stats)}
		if err != nil {
			describe(s, err)
		}
		// An attempt that was aborted is of no interest to anybody.
		aborted := ctx.Err() != nil
		cancel(nil)
		j.attempts.Done()
		x.mu.Lock()
		delete(x.running, a)
		if !aborted {
			x.statuses = append(x.statuses, s)
		}
		x.mu.Unlock()
		x.notify()
	}()
}

// attempt runs an attempt to its end.
func (x *tasks) attempt(ctx context.Context, self string, j *job, a attempt, l *controlv1.Launch) (map[int]plan.NodeStats, error) {
	if err := x.prepare(ctx, j, l.GetPlan()); err != nil {
		return nil, err
	}
	if a.stage >= len(j.plan.Stages) {
		return nil, fault.New(fault.Internal, "task of stage %d of a plan of %d stages", a.stage, len(j.plan.Stages))
	}
	exchanges, err := newExchanges(x, self, a.job, l)
	if err != nil {
		return nil, err
	}
	stage := j.plan.Stages[a.stage]
	t := &executor.Task{
		Stage: stage, Partition: a.index, Threads: x.threads(j.plan, stage), Budget: j.budget, Settings: j.plan.Settings, Measure: true,
		Progress: &j.progress, Exchanges: exchanges,
	}
	out, err := executor.NewExchangeOutput(ctx, t, x.store, shuffle.ID{Job: a.job, Stage: stage.ID, Task: a.index, Attempt: a.attempt})
	if err != nil {
		return nil, err
	}
	return executor.RunTask(ctx, t, out)
}

// threads is how many workers an attempt has: as many tasks as threads run at once, so a task has one unless its stage has fewer tasks than the executor threads.
func (x *tasks) threads(p *plan.Plan, s *plan.Stage) int {
	n := max(1, x.config.Threads/max(1, s.Tasks))
	if limit := p.Settings.Threads; limit > 0 {
		n = min(n, limit)
	}
	return n
}

// planTime is how long the scheduler may take to give a plan.
const planTime = 20 * time.Second

// prepare gives a job its plan and its budget; the first attempt that comes fetches it for all.
func (x *tasks) prepare(ctx context.Context, j *job, hash []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.plan != nil {
		return nil
	}
	p, err := x.fetch(ctx, hash)
	if err != nil {
		return err
	}
	j.plan, j.budget = p, mem.NewBudget("the query", p.Settings.MemoryLimit, x.budget)
	return nil
}

// fetch gets a plan from the scheduler.
func (x *tasks) fetch(ctx context.Context, hash []byte) (*plan.Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, planTime)
	defer cancel()
	reply, err := x.plans.GetPlan(ctx, &controlv1.GetPlanRequest{Version: version, Plan: hash}, grpc.WaitForReady(true))
	if err != nil {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "get the plan from the scheduler")
	}
	if sum := sha256.Sum256(reply.GetEncoded()); string(sum[:]) != string(hash) {
		return nil, fault.New(fault.DataCorrupted, "the plan that the scheduler sent is not the one that the task names")
	}
	return plan.Unmarshal(reply.GetEncoded())
}

// errAborted ends an attempt that nobody wants any more.
var errAborted = errors.New("the scheduler aborted the task")

// abort ends an attempt.
func (x *tasks) abort(a attempt) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if cancel := x.running[a]; cancel != nil {
		cancel(errAborted)
	}
}

// drop ends what runs of a job and frees its outputs when that has ended.
func (x *tasks) drop(id string) {
	x.mu.Lock()
	j := x.jobs[id]
	delete(x.jobs, id)
	for a, cancel := range x.running {
		if a.job == id {
			cancel(errAborted)
		}
	}
	if j != nil {
		x.cleaned.Add(1)
	}
	x.mu.Unlock()
	if j == nil {
		return
	}
	go func() {
		defer x.cleaned.Done()
		j.attempts.Wait()
		x.store.Drop(id)
		x.notify()
	}()
}

// reset drops all jobs and what was to be told of them.
func (x *tasks) reset() {
	x.mu.Lock()
	var all []string
	for id := range x.jobs {
		all = append(all, id)
	}
	x.statuses = nil
	x.mu.Unlock()
	for _, id := range all {
		x.drop(id)
	}
}

// sweep drops jobs of which nothing runs and nothing was written or read since a time.
func (x *tasks) sweep(since time.Time) {
	for id, used := range x.store.Jobs() {
		if used.After(since) {
			continue
		}
		x.mu.Lock()
		busy := false
		for a := range x.running {
			busy = busy || a.job == id
		}
		x.mu.Unlock()
		if !busy {
			x.config.Log.Warn("dropping a job whose outputs nobody reads", "job", id)
			x.drop(id)
		}
	}
}
