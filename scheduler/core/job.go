package core

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// job is a job that is not over.
type job struct {
	spec   JobSpec
	seq    int // order of submission
	weight float64
	stages []stage
	queued bool // waits for its turn; none of its tasks runs
	held   bool // nothing of it is launched
	until  time.Time

	epoch      int  // of the last Replan
	replanning bool // it has not been answered
	gang       bool // all stages start at once

	pool  *pool
	share *share // its session's, in the pool
	used  int    // slots
	turn  int    // when it last got one
	at    int    // place in the session's heap
}

// stage is a stage while its job runs.
type stage struct {
	spec  StageSpec
	tasks []task
	next  int   // tasks from here on have never been waiting in again
	again []int // tasks that wait once more
	held  int   // tasks that wait, but for a time or for an executor of their own

	firstAttempt int // that no task has had

	running  int // tasks
	done     int // tasks
	missing  int // stages that it reads and that are not complete
	softly   int // stages of After that are not complete
	readers  int // stages that read it and are not complete
	followed []int
	readBy   []int
	started  bool // a task was launched once: its spec is frozen

	inputs    map[int][]Producer // of launches, nil when they have to be made anew
	partial   bool               // some of inputs have no place
	holders   []holder           // the executors that hold most of its inputs; valid with inputs
	durations ring
	rare      map[int]*rarity
}

// task is one task over all its attempts.
type task struct {
	executor *executor // where it runs or ran
	avoid    *executor // where it failed last
	begun    int32     // milliseconds from the core's first event
	output   uint32    // KiB
	attempt  uint16    // the current or next attempt
	state    taskState
	failures uint8 // attempts that failed, and outputs that were lost while their executor was there
	crashes  uint8 // executors that were lost while it ran there
	ooms     uint8 // times that it ran out of memory
	flags    taskFlags
}

type taskState uint8

const (
	waiting taskState = iota
	running
	finished
)

type taskFlags uint8

const (
	durable taskFlags = 1 << iota
	early             // launched before its inputs were complete
	twinned           // a second attempt runs
)

// rarity is what few tasks have.
type rarity struct {
	history []Failure
	issued  int // the highest attempt number given
	slots   int // that the running attempt takes, where these are more than one
	twin    *twin
}

// twin is the second attempt of a slow task.
type twin struct {
	executor *executor
	attempt  int
	begun    int32
}

// newJob checks a spec.
func newJob(spec JobSpec) (*job, error) {
	j := &job{spec: spec}
	if err := j.check(spec.Stages); err != nil {
		return nil, err
	}
	if len(spec.Stages) > 0 && spec.Stages[len(spec.Stages)-1].Skip {
		return nil, fmt.Errorf("the last stage is skipped")
	}
	j.spec.Priority = max(-MaxPriority, min(MaxPriority, spec.Priority))
	j.weight = math.Pow(2, float64(j.spec.Priority))
	j.stages = make([]stage, len(spec.Stages))
	for i, s := range spec.Stages {
		j.stages[i] = stage{spec: s, tasks: make([]task, s.Tasks)}
	}
	j.link()
	return j, nil
}

func (j *job) check(stages []StageSpec) error {
	for i, s := range stages {
		for _, r := range slices.Concat(s.Reads, s.After) {
			if r < 0 || r >= i {
				return fmt.Errorf("stage %d reads stage %d, which does not come before it", i, r)
			}
		}
		if s.Tasks < 1 || s.Tasks > math.MaxInt32 {
			return fmt.Errorf("stage %d has %d tasks", i, s.Tasks)
		}
	}
	return nil
}

// link counts anew what depends on what.
func (j *job) link() {
	for i := range j.stages {
		s := &j.stages[i]
		s.missing, s.softly, s.readers = 0, 0, 0
		s.followed, s.readBy = s.followed[:0], s.readBy[:0]
	}
	for i := range j.stages {
		s := &j.stages[i]
		for _, r := range s.spec.Reads {
			j.stages[r].readBy = append(j.stages[r].readBy, i)
			if !s.complete() {
				j.stages[r].readers++
			}
			if !j.stages[r].complete() {
				s.missing++
			}
		}
		for _, r := range s.spec.After {
			j.stages[r].followed = append(j.stages[r].followed, i)
			if !j.stages[r].complete() {
				s.softly++
			}
		}
	}
}

func (s *stage) complete() bool { return s.spec.Skip || s.done == len(s.tasks) }

// completed and uncompleted keep count when a stage has become complete, or is so no more.
func (j *job) completed(si int)   { j.count(si, -1) }
func (j *job) uncompleted(si int) { j.count(si, 1) }

func (j *job) count(si, by int) {
	s := &j.stages[si]
	for _, r := range s.spec.Reads {
		j.stages[r].readers += by
	}
	for _, r := range s.readBy {
		j.stages[r].missing += by
		j.stages[r].inputs = nil
	}
	for _, r := range s.followed {
		j.stages[r].softly += by
	}
}

// last is the index of the last stage.
func (j *job) last() int { return len(j.stages) - 1 }

// needed reports whether a stage that is not complete reads stage i, or i is the result.
func (j *job) needed(i int) bool { return i == j.last() || j.stages[i].readers > 0 }

// waits is how many tasks could be launched as far as their stage is concerned.
func (s *stage) waits() int { return len(s.tasks) - s.next + len(s.again) }

// runnable reports whether tasks of stage i may be launched with complete inputs.
func (j *job) runnable(i int) bool {
	s := &j.stages[i]
	return s.missing == 0 && s.softly == 0 && !s.spec.Skip && s.waits() > 0 && (s.started || !j.replanning)
}

// first is the first stage with a task that may be launched, or -1.
func (j *job) first() int {
	if j.queued || j.held {
		return -1
	}
	for i := range j.stages {
		if j.runnable(i) {
			return i
		}
	}
	return -1
}

// peek is the task of a stage that is launched next; take removes it from those that wait.
func (s *stage) peek() int {
	if n := len(s.again); n > 0 {
		return s.again[n-1]
	}
	return s.next
}

func (s *stage) take() int {
	if n := len(s.again); n > 0 {
		i := s.again[n-1]
		s.again = s.again[:n-1]
		return i
	}
	s.next++
	return s.next - 1
}

// rarely is what few tasks have of task i, made when missing.
func (s *stage) rarely(i int) *rarity {
	r := s.rare[i]
	if r == nil {
		if s.rare == nil {
			s.rare = map[int]*rarity{}
		}
		r = &rarity{}
		s.rare[i] = r
	}
	return r
}

// newAttempt gives task i its next number. What is left of a second attempt has been ended before.
func (s *stage) newAttempt(i int) {
	k := &s.tasks[i]
	n := max(int(k.attempt)+1, s.firstAttempt)
	if r := s.rare[i]; r != nil {
		n = max(n, r.issued+1)
		r.issued = n
	}
	k.attempt = uint16(min(n, maxAttemptNumber))
}

// maxAttemptNumber is the highest number of an attempt; the job of a task that comes there fails.
const maxAttemptNumber = math.MaxUint16

// task names the current attempt of a task.
func (j *job) task(si, ti int) Task {
	return Task{Job: j.spec.ID, Stage: si, Index: ti, Attempt: int(j.stages[si].tasks[ti].attempt)}
}

// at is the task that t is an attempt of, nil when there is none.
func (j *job) find(t Task) *task {
	if t.Stage < 0 || t.Stage >= len(j.stages) || t.Index < 0 || t.Index >= len(j.stages[t.Stage].tasks) {
		return nil
	}
	return &j.stages[t.Stage].tasks[t.Index]
}

// holds reports whether t is the attempt whose output counts.
func (j *job) holds(t Task) bool {
	k := j.find(t)
	return k != nil && k.state == finished && int(k.attempt) == t.Attempt
}

// producers names the attempts whose output stage i reads. Tasks that have not succeeded have no place.
func (j *job) producers(i int) map[int][]Producer {
	s := &j.stages[i]
	if s.inputs == nil {
		s.inputs = make(map[int][]Producer, len(s.spec.Reads))
		s.partial = false
		for _, r := range s.spec.Reads {
			s.inputs[r] = j.outputs(r)
			s.partial = s.partial || !j.stages[r].complete()
		}
		s.holders = j.findHolders(i)
	}
	return s.inputs
}

// outputs are those of all tasks of stage i.
func (j *job) outputs(i int) []Producer {
	if j.stages[i].spec.Skip {
		return nil
	}
	out := make([]Producer, len(j.stages[i].tasks))
	for ti := range out {
		out[ti] = j.output(i, ti)
	}
	return out
}

// output is where the output of a task lies.
func (j *job) output(si, ti int) Producer {
	p := Producer{Task: j.task(si, ti)}
	if k := &j.stages[si].tasks[ti]; k.state == finished {
		p.Executor = k.executor.id
	}
	return p
}
