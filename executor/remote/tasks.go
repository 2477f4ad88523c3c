package remote

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/executor/spill"
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
	spill   *spill.Dir
	client  controlv1.ControlClient
	plans   plans
	reader  *transport.Client
	ctx     context.Context // of all attempts
	cancel  context.CancelFunc
	wake    chan struct{} // there is something to tell
	cleaned sync.WaitGroup
	keys    transport.Keys // of tickets that clients show
	reads   reads

	mu       sync.Mutex
	jobs     map[string]*job
	running  map[attempt]context.CancelCauseFunc
	launched map[attempt]*controlv1.RunningTask // what runs, or has ended and was not told yet, and does not wait for places of inputs
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

	stages  stages
	places  places
	filters filters

	once   sync.Once // makes budget
	budget *mem.Budget
}

func newTasks(c Config, store *shuffle.Tiered, budget *mem.Budget, client controlv1.ControlClient) *tasks {
	ctx, cancel := context.WithCancel(context.Background())
	x := &tasks{
		config: c, store: store, budget: budget, client: client, plans: client, reader: transport.NewClient(c.Security), ctx: ctx, cancel: cancel,
		spill: spill.NewDir(spillDir(c), c.SpillLimit),
		wake:  make(chan struct{}, 1), jobs: map[string]*job{}, running: map[attempt]context.CancelCauseFunc{},
		launched: map[attempt]*controlv1.RunningTask{},
	}
	x.reads.wake = x.notify
	return x
}

// close ends all attempts and waits for them.
func (x *tasks) close() error {
	x.cancel()
	x.reset()
	x.cleaned.Wait()
	return errors.Join(x.reader.Close(), x.spill.Close())
}

// spillDir is where tasks spill.
func spillDir(c Config) string {
	if c.SpillDir != "" {
		return c.SpillDir
	}
	return c.WorkDir
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

// told says that the scheduler knows the ends of these attempts.
func (x *tasks) told(list []*controlv1.TaskStatus) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range list {
		delete(x.launched, taskOf(s.GetTask()))
	}
}

// asLaunched is what another run of the scheduler has to know of an attempt to take it over.
func asLaunched(l *controlv1.Launch) *controlv1.RunningTask {
	out := &controlv1.RunningTask{Task: l.GetTask(), Plan: l.GetPlan()}
	for _, in := range l.GetInputs() {
		out.Inputs = append(out.Inputs, &controlv1.StageInput{Stage: in.GetStage(), Attempts: in.GetAttempts()})
	}
	return out
}

// attempts are those that the scheduler may take over.
func (x *tasks) attempts() []*controlv1.RunningTask {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Values(x.launched))
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

// job is what the attempts of a job share, made when it is new.
func (x *tasks) job(id string) *job {
	x.mu.Lock()
	defer x.mu.Unlock()
	j := x.jobs[id]
	if j == nil {
		j = &job{}
		x.jobs[id] = j
	}
	return j
}

// launch starts an attempt. self is the executor's name, which tells its own outputs.
func (x *tasks) launch(self string, l *controlv1.Launch) {
	a := taskOf(l.GetTask())
	ctx, cancel := context.WithCancelCause(x.ctx)
	j := x.job(a.job)
	x.mu.Lock()
	j.attempts.Add(1)
	x.running[a] = cancel
	if !l.GetPartial() {
		x.launched[a] = asLaunched(l)
	}
	x.mu.Unlock()
	go func() {
		x.config.Log.Debug("task started", "job", a.job, "stage", a.stage, "task", a.index, "attempt", a.attempt)
		s := &controlv1.TaskStatus{Task: a.message()}
		stats, err := x.attempt(ctx, self, j, a, l, s)
		x.config.Log.Debug("task ended", "job", a.job, "stage", a.stage, "task", a.index, "attempt", a.attempt, "error", err)
		s.Stats = statsMessage(stats)
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
		} else {
			delete(x.launched, a)
		}
		x.mu.Unlock()
		x.notify()
	}()
}

// attempt runs an attempt to its end, and says in s where its output is.
func (x *tasks) attempt(ctx context.Context, self string, j *job, a attempt, l *controlv1.Launch, s *controlv1.TaskStatus) (map[int]plan.NodeStats, error) {
	stage, settings, err := x.get(ctx, &j.stages, l.GetPlan())
	if err != nil {
		return nil, err
	}
	if a.stage != stage.ID || a.index >= stage.Tasks {
		return nil, fault.New(fault.Internal, "task %d of stage %d, but the plan is of stage %d with %d tasks", a.index, a.stage, stage.ID, stage.Tasks)
	}
	j.once.Do(func() { j.budget = mem.NewBudget("the query", settings.MemoryLimit, x.budget) })
	exchanges, err := newExchanges(x, self, a.job, l, stage, &j.places)
	if err != nil {
		return nil, err
	}
	t := &executor.Task{
		Stage: stage, Partition: a.index, Threads: x.threads(settings, stage), Budget: j.budget, Settings: settings, Measure: true,
		Progress: &j.progress, Exchanges: exchanges,
	}
	j.filters.use(t, stage)
	place := x.output(stage, settings)
	counted := shuffle.Count(place)
	out, err := executor.NewExchangeOutput(ctx, t, counted, shuffle.ID{Job: a.job, Stage: stage.ID, Task: a.index, Attempt: a.attempt})
	if err != nil {
		return nil, err
	}
	sink, err := newFiltering(out, stage)
	if err != nil {
		return nil, err
	}
	stats, err := executor.RunTask(ctx, t, sink)
	if err == nil {
		s.PartitionBytes = counted.Sizes()
		s.Filters = sink.messages()
		err = place.describe(s, x.config.Shuffle != nil)
	}
	return stats, err
}

// threads is how many workers an attempt has: as many tasks as threads run at once, so a task has one unless its stage has fewer tasks than the executor threads.
func (x *tasks) threads(settings plan.Settings, s *plan.Stage) int {
	n := max(1, x.config.Threads/max(1, s.Tasks))
	if limit := settings.Threads; limit > 0 {
		n = min(n, limit)
	}
	return n
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
		if x.config.Shuffle != nil {
			x.config.Shuffle.Forget(id)
		}
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
	clear(x.launched)
	x.mu.Unlock()
	for _, id := range all {
		x.drop(id)
	}
}

// held are the jobs of which something lies here.
func (x *tasks) held() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Keys(x.jobs))
}

// interrupt ends what waits to be told of places of its inputs, which another run of the scheduler does not do.
func (x *tasks) interrupt() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for a, cancel := range x.running {
		if x.launched[a] == nil {
			cancel(errAborted)
		}
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
