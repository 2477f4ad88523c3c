package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

// The records of a job, below jobs/ID/: spec once, plan/EPOCH for each re-plan, done/NUMBER for finished attempts, many together.
const (
	jobsPrefix = "jobs/"
	specKey    = "/spec"
	planKey    = "/plan/"
	doneKey    = "/done/"
)

// doneBytes is how many bytes of finished attempts go into one record, well below MaxValue.
const doneBytes = 48 << 10

// planRef is a plan in a record: a small one itself, of a larger one the blob.
type planRef struct {
	Plan    string `json:"plan,omitempty"`
	Encoded []byte `json:"encoded,omitempty"`
}

// smallPlan is how large a plan may be to be in its record, where base64 makes it longer by a third.
const smallPlan = 24 << 10

// submission is the record of a job.
type submission struct {
	planRef
	Spec      core.JobSpec `json:"spec"`
	Submitted time.Time    `json:"submitted"`
}

// replan is the record of a re-plan.
type replan struct {
	planRef
	Stages []core.StageSpec `json:"stages"`
}

// Attempt is a finished attempt and what is known of its output.
type Attempt struct {
	core.Finished
	Sizes  []int64       `json:",omitempty"` // bytes of each partition
	Rows   map[int]int64 `json:",omitempty"` // by node
	Inline []byte        `json:",omitempty"` // the output itself, where it is small
	Undone bool          `json:",omitempty"` // it counts no more
}

// Journal writes down what jobs need to go on in another scheduler. Its methods return at once: what they are told is written by a goroutine of the journal, in order, and
// what came together is written together. A job's last moments may so be missing after a crash: they run again.
type Journal struct {
	store Store
	blobs Blobs
	claim Claim // under which everything is written; may be nil
	log   *slog.Logger

	mu      sync.Mutex
	entries []entry
	wake    chan struct{}
	closed  bool

	cancel context.CancelFunc
	done   chan struct{}
	jobs   map[core.JobID]*written // of the goroutine alone
}

// entry is what the journal was told.
type entry struct {
	job     core.JobID
	encoded []byte
	spec    *core.JobSpec
	stages  []core.StageSpec
	epoch   int
	attempt *Attempt
	ended   bool
	flushed chan struct{} // closed when all before it is written
}

// written is what is known of a job's records.
type written struct {
	keys []string
	done int
}

// NewJournal begins to write. Close ends it.
func NewJournal(store Store, blobs Blobs, claim Claim, log *slog.Logger) *Journal {
	ctx, cancel := context.WithCancel(context.Background())
	j := &Journal{
		store: store, blobs: blobs, claim: claim, log: log, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}), jobs: map[core.JobID]*written{},
	}
	go j.run(ctx)
	return j
}

func (j *Journal) add(e entry) {
	j.mu.Lock()
	if !j.closed {
		j.entries = append(j.entries, e)
	} else if e.flushed != nil {
		close(e.flushed)
	}
	j.mu.Unlock()
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Submitted notes a new job.
func (j *Journal) Submitted(job core.JobID, encoded []byte, spec core.JobSpec) {
	j.add(entry{job: job, encoded: encoded, spec: &spec})
}

// Finished notes that an attempt has succeeded. inline is its output, where it lies nowhere else.
func (j *Journal) Finished(f core.Finished, inline []byte, sizes []int64, stats map[int]plan.NodeStats) {
	a := &Attempt{Finished: f, Sizes: sizes, Inline: inline, Rows: map[int]int64{}}
	for id, s := range stats {
		a.Rows[id] = s.Rows
	}
	j.add(entry{job: f.Task.Job, attempt: a})
}

// Undone notes that the output of an attempt counts no more.
func (j *Journal) Undone(t core.Task) {
	j.add(entry{job: t.Job, attempt: &Attempt{Finished: core.Finished{Task: t}, Undone: true}})
}

// Replanned notes that a job goes on with another plan.
func (j *Journal) Replanned(job core.JobID, epoch int, encoded []byte, specs []core.StageSpec) {
	j.add(entry{job: job, epoch: epoch, encoded: encoded, stages: specs})
}

// Ended notes that a job is over.
func (j *Journal) Ended(job core.JobID) { j.add(entry{job: job, ended: true}) }

// Flush waits until everything is written that was told before.
func (j *Journal) Flush(ctx context.Context) error {
	flushed := make(chan struct{})
	j.add(entry{flushed: flushed})
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close writes what it was told, as far as the store takes it before ctx ends.
func (j *Journal) Close(ctx context.Context) error {
	err := j.Flush(ctx)
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	<-j.done
	return err
}

// gatherTime is how long the journal waits for more before it writes: a job that is lost with its first moments has cost as much.
const gatherTime = 10 * time.Millisecond

// The pauses between tries of a store that does not answer.
const firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second

func (j *Journal) run(ctx context.Context) {
	defer close(j.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.wake:
		}
		// Jobs that are over meanwhile need no record, and what comes together is written together.
		select {
		case <-ctx.Done():
		case <-time.After(gatherTime):
		}
		for {
			j.mu.Lock()
			list := j.entries
			j.entries = nil
			j.mu.Unlock()
			if len(list) == 0 {
				break
			}
			j.write(ctx, list)
		}
	}
}

// write writes entries down, in commits as large as they may be.
func (j *Journal) write(ctx context.Context, list []entry) {
	// A job that has come and gone meanwhile leaves nothing to write.
	come, gone := map[core.JobID]bool{}, map[core.JobID]bool{}
	for _, e := range list {
		if e.spec != nil {
			come[e.job] = true
		}
		if e.ended {
			gone[e.job] = true
		}
	}
	var c Commit
	finished := map[core.JobID][]*Attempt{}
	var waiting []chan struct{}
	flush := func() {
		for _, id := range slices.Sorted(maps.Keys(finished)) {
			for _, r := range j.doneRecords(id, finished[id]) {
				c.Put = append(c.Put, r)
				if len(c.Put)+len(c.Delete) >= MaxOps {
					c = j.commit(ctx, c)
				}
			}
		}
		clear(finished)
		if len(c.Put)+len(c.Delete) > 0 {
			c = j.commit(ctx, c)
		}
	}
	for _, e := range list {
		if come[e.job] && gone[e.job] {
			continue
		}
		switch {
		case e.flushed != nil:
			waiting = append(waiting, e.flushed)
		case e.ended:
			delete(finished, e.job)
			// What was put before must not meet its removal in one commit.
			flush()
			if w := j.jobs[e.job]; w != nil {
				for _, k := range w.keys {
					c.Delete = append(c.Delete, k)
					if len(c.Put)+len(c.Delete) >= MaxOps {
						c = j.commit(ctx, c)
					}
				}
				delete(j.jobs, e.job)
			}
		case e.attempt != nil:
			if j.jobs[e.job] != nil {
				finished[e.job] = append(finished[e.job], e.attempt)
			}
		default:
			if r, ok := j.planRecord(ctx, e); ok {
				c.Put = append(c.Put, r)
			}
		}
		if len(c.Put)+len(c.Delete) >= MaxOps {
			flush()
		}
	}
	flush()
	for _, w := range waiting {
		close(w)
	}
}

// planRecord keeps a plan, and makes the record that names it.
func (j *Journal) planRecord(ctx context.Context, e entry) (Record, bool) {
	ref := planRef{Encoded: e.encoded}
	if len(e.encoded) > smallPlan {
		ref.Encoded = nil
		if !j.retry(ctx, "keep a plan", func() (err error) {
			ref.Plan, err = j.blobs.Put(ctx, e.encoded)
			return err
		}) {
			return Record{}, false
		}
	}
	var r Record
	var value any
	if e.spec != nil {
		j.jobs[e.job] = &written{}
		r.Key, value = jobsPrefix+string(e.job)+specKey, submission{planRef: ref, Spec: *e.spec, Submitted: time.Now().UTC()}
	} else {
		r.Key, value = fmt.Sprint(jobsPrefix, e.job, planKey, fmt.Sprintf("%06d", e.epoch)), replan{planRef: ref, Stages: e.stages}
	}
	w := j.jobs[e.job]
	if w == nil {
		return Record{}, false
	}
	var err error
	if r.Value, err = json.Marshal(value); err != nil || len(r.Value) > MaxValue {
		// A job that cannot be written down runs, and ends with this scheduler.
		j.log.Warn("a job is not durable: its description is too large", "job", e.job, "bytes", len(r.Value), "error", err)
		return Record{}, false
	}
	if !slices.Contains(w.keys, r.Key) {
		w.keys = append(w.keys, r.Key)
	}
	return r, true
}

// doneRecords packs finished attempts into records.
func (j *Journal) doneRecords(job core.JobID, list []*Attempt) (out []Record) {
	w := j.jobs[job]
	if w == nil {
		return nil
	}
	var packed []json.RawMessage
	size := 0
	pack := func() {
		if len(packed) == 0 {
			return
		}
		value, err := json.Marshal(packed)
		if err != nil || len(value) > MaxValue {
			j.log.Warn("finished tasks are not durable", "job", job, "bytes", len(value), "error", err)
		} else {
			key := fmt.Sprint(jobsPrefix, job, doneKey, fmt.Sprintf("%08d", w.done))
			w.done++
			w.keys = append(w.keys, key)
			out = append(out, Record{Key: key, Value: value})
		}
		packed, size = nil, 0
	}
	for _, a := range list {
		p, err := json.Marshal(a)
		if err == nil && len(p) > doneBytes {
			// Without the sizes of partitions a later re-plan knows less.
			small := *a
			small.Sizes, small.Rows = nil, nil
			p, err = json.Marshal(small)
		}
		if err != nil || len(p) > doneBytes {
			j.log.Warn("a finished task is not durable", "job", job, "bytes", len(p), "error", err)
			continue
		}
		if size+len(p) > doneBytes {
			pack()
		}
		packed, size = append(packed, p), size+len(p)+1
	}
	pack()
	return out
}

// commit writes a commit down, and returns an empty one.
func (j *Journal) commit(ctx context.Context, c Commit) Commit {
	c.Claim = j.claim
	j.retry(ctx, "write the journal", func() error {
		_, err := j.store.Commit(ctx, c)
		return err
	})
	return Commit{}
}

// retry calls f until it succeeds, or there is no sense in it.
func (j *Journal) retry(ctx context.Context, attempt string, f func() error) bool {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := f()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		j.log.Warn("the scheduler's state was not written", "attempt", attempt, "error", err)
		if code := fault.CodeOf(err); errors.Is(err, ErrLost) || code != fault.ConnectionFailure && code != fault.IOError && code != fault.DiskFull {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

// Resumed is a job that another scheduler has begun.
type Resumed struct {
	ID        core.JobID
	Spec      core.JobSpec // with the stages of the last epoch
	Encoded   []byte       // the plan of the last epoch
	Epoch     int
	Finished  []Attempt // the last of each task
	Submitted time.Time

	at map[[2]int]int // where the attempt of a stage's task is in Finished
}

// Load returns the jobs that were running, in order of submission, and continues their records. It is called before the journal is told anything.
func (j *Journal) Load(ctx context.Context) ([]Resumed, error) {
	records, err := j.store.List(ctx, jobsPrefix)
	if err != nil {
		return nil, err
	}
	jobs := map[core.JobID]*Resumed{}
	plans := map[core.JobID]*planRef{}
	keys := map[core.JobID]*written{}
	for _, r := range records {
		name, rest, _ := strings.Cut(strings.TrimPrefix(r.Key, jobsPrefix), "/")
		id := core.JobID(name)
		if keys[id] == nil {
			keys[id] = &written{}
			jobs[id] = &Resumed{ID: id, at: map[[2]int]int{}}
		}
		w, x := keys[id], jobs[id]
		w.keys = append(w.keys, r.Key)
		if err := x.take("/"+rest, r.Value, plans, w); err != nil {
			return nil, fault.Wrap(fault.DataCorrupted, err, "the record %q of the scheduler's state is damaged", r.Key)
		}
	}
	var out []Resumed
	for _, id := range slices.Sorted(maps.Keys(jobs)) {
		x := jobs[id]
		var err error
		switch ref := plans[id]; {
		case ref == nil:
			err = errors.New("there is no description of it")
		case ref.Plan == "":
			x.Encoded = ref.Encoded
		default:
			x.Encoded, err = j.blobs.Get(ctx, ref.Plan)
		}
		if err != nil {
			if ctx.Err() != nil || fault.CodeOf(err) == fault.ConnectionFailure {
				return nil, err
			}
			j.log.Warn("a job cannot be resumed", "job", id, "error", err)
			_, err := j.store.Commit(ctx, Commit{Delete: keys[id].keys[:min(len(keys[id].keys), MaxOps)], Claim: j.claim})
			if err != nil {
				return nil, err
			}
			continue
		}
		j.jobs[id] = keys[id]
		x.Finished = slices.DeleteFunc(x.Finished, func(a Attempt) bool { return a.Undone })
		out = append(out, *x)
	}
	slices.SortStableFunc(out, func(a, b Resumed) int { return a.Submitted.Compare(b.Submitted) })
	return out, nil
}

// take adds what a record says. Records come in order: finished attempts, plans, the specification.
func (x *Resumed) take(kind string, value []byte, plans map[core.JobID]*planRef, w *written) error {
	switch {
	case strings.HasPrefix(kind, doneKey):
		var list []Attempt
		if err := json.Unmarshal(value, &list); err != nil {
			return err
		}
		for _, a := range list {
			task := [2]int{a.Task.Stage, a.Task.Index}
			if at, ok := x.at[task]; ok {
				x.Finished[at] = a
			} else {
				x.at[task] = len(x.Finished)
				x.Finished = append(x.Finished, a)
			}
		}
		if _, err := fmt.Sscanf(strings.TrimPrefix(kind, doneKey), "%d", &w.done); err != nil {
			return err
		}
		w.done++
	case strings.HasPrefix(kind, planKey):
		var r replan
		if err := json.Unmarshal(value, &r); err != nil {
			return err
		}
		if _, err := fmt.Sscanf(strings.TrimPrefix(kind, planKey), "%d", &x.Epoch); err != nil {
			return err
		}
		plans[x.ID], x.Spec.Stages = &r.planRef, r.Stages
	case kind == specKey:
		var s submission
		if err := json.Unmarshal(value, &s); err != nil {
			return err
		}
		if stages := x.Spec.Stages; stages != nil {
			s.Spec.Stages = stages
		}
		x.Spec, x.Submitted = s.Spec, s.Submitted
		if plans[x.ID] == nil {
			plans[x.ID] = &s.planRef
		}
	}
	return nil
}

// Plans are the blobs that the jobs of the journal's records need.
func (j *Journal) Plans(ctx context.Context) (map[string]bool, error) {
	records, err := j.store.List(ctx, jobsPrefix)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, r := range records {
		if strings.Contains(r.Key, doneKey) {
			continue
		}
		var p planRef
		if err := json.Unmarshal(r.Value, &p); err == nil && p.Plan != "" {
			out[p.Plan] = true
		}
	}
	return out, nil
}
