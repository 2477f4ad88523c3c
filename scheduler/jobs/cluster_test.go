package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/shuffle"
)

// twoStages is a plan of constants that a second stage reads.
func twoStages(t *testing.T) []byte {
	t.Helper()
	fields := []column.Field{{Name: "n", Type: column.Type{Kind: column.Int64}}}
	gather := plan.Partitioning{Kind: plan.Gather, Partitions: 1}
	encoded, err := plan.Marshal(&plan.Plan{Stages: []*plan.Stage{
		{ID: 0, Root: &plan.Values{Info: plan.Info{ID: 1}, Out: fields, Rows: [][]column.Value{{column.IntValue(fields[0].Type, 7)}}}, Output: gather, Tasks: 1},
		{ID: 1, Root: &plan.ExchangeRead{Info: plan.Info{ID: 2}, Stage: 0, Kind: plan.Gather, Out: fields}, Output: gather, Tasks: 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// fake is an executor that does what the test says.
type fake struct {
	launched chan *Attempt
	aborted  chan core.Task
	dropped  chan core.JobID
}

func newFake() *fake {
	return &fake{launched: make(chan *Attempt, 100), aborted: make(chan core.Task, 100), dropped: make(chan core.JobID, 100)}
}

func (f *fake) Launch(a *Attempt)        { f.launched <- a }
func (f *fake) Locate(core.JobID, Input) {}
func (f *fake) Abort(t core.Task)        { f.aborted <- t }
func (f *fake) Drop(job core.JobID)      { f.dropped <- job }

// stored is the outputs that fetch finds: some batches of one row, then an error or the end.
type stored map[shuffle.ID]*output

type output struct {
	batches int
	err     error
}

func (s stored) fetch(_ context.Context, _ core.ExecutorID, id shuffle.ID, _ []column.Field, _ *mem.Budget) (Rows, error) {
	o := s[id]
	if o == nil {
		return nil, fault.New(fault.UndefinedObject, "no output %v", id)
	}
	return &output{o.batches, o.err}, nil
}

func (o *output) Next(context.Context) (*column.Batch, error) {
	if o.batches == 0 {
		return nil, o.err
	}
	o.batches--
	return &column.Batch{Len: 1}, nil
}

func (o *output) Close() error { return nil }

// cluster is jobs on fake executors, each with one slot.
func cluster(t *testing.T, s stored, executors ...*fake) *Jobs {
	t.Helper()
	j := NewCluster(Config{}, "test", s.fetch)
	t.Cleanup(func() { _ = j.Close() })
	for i, x := range executors {
		if err := j.Join(core.ExecutorID(fmt.Sprint(i)), core.Capabilities{Slots: 1}, x); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func run(t *testing.T, j *Jobs) session.Job {
	t.Helper()
	job, err := j.Run(t.Context(), twoStages(t))
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func report(t *testing.T, j *Jobs, r Report) {
	t.Helper()
	if err := j.Report(r); err != nil {
		t.Fatal(err)
	}
}

// rowsOf reads a job to its end.
func rowsOf(t *testing.T, job session.Job) (rows int, err error) {
	t.Helper()
	for {
		b, err := job.Next(t.Context())
		if err != nil || b == nil {
			return rows, errors.Join(err, job.Close())
		}
		rows += b.Rows()
	}
}

func TestResultIsFetchedFromWhereItLies(t *testing.T) {
	x := newFake()
	outputs := stored{{Job: "test-1", Stage: 1}: {batches: 3}}
	j := cluster(t, outputs, x)
	job := run(t, j)
	first := <-x.launched
	report(t, j, Report{Task: first.Task, Stats: map[int]plan.NodeStats{1: {Rows: 1}}})
	second := <-x.launched
	if in := second.Inputs[0]; len(in) != 1 || in[0].Output != (shuffle.ID{Job: "test-1"}) || in[0].Executor != "0" {
		t.Errorf("inputs %v", second.Inputs)
	}
	// A repeated status counts once.
	report(t, j, Report{Task: first.Task, Stats: map[int]plan.NodeStats{1: {Rows: 1}}})
	report(t, j, Report{Task: second.Task})
	if rows, err := rowsOf(t, job); rows != 3 || err != nil {
		t.Fatalf("%d rows, %v", rows, err)
	}
	if n := job.Stats()[1].Rows; n != 1 {
		t.Errorf("node 1 measured %d rows", n)
	}
	if id := <-x.dropped; id != "test-1" {
		t.Errorf("dropped %s", id)
	}
}

func TestResultThatIsGoneIsMadeAgain(t *testing.T) {
	x, y := newFake(), newFake()
	outputs := stored{{Job: "test-1", Stage: 1, Attempt: 1}: {batches: 2}}
	j := cluster(t, outputs, x, y)
	job := run(t, j)
	a := either(x, y)
	report(t, j, Report{Task: a.Task})
	a = either(x, y)
	report(t, j, Report{Task: a.Task})
	read := make(chan error, 1)
	go func() {
		rows, err := rowsOf(t, job)
		if err == nil && rows != 2 {
			err = fmt.Errorf("%d rows", rows)
		}
		read <- err
	}()
	again := either(x, y)
	if again.Task != (core.Task{Job: "test-1", Stage: 1, Attempt: 1}) {
		t.Fatalf("launched %v", again.Task)
	}
	report(t, j, Report{Task: again.Task})
	if err := <-read; err != nil {
		t.Fatal(err)
	}
}

func TestResultThatBreaksOffFailsTheQuery(t *testing.T) {
	x := newFake()
	outputs := stored{{Job: "test-1", Stage: 1}: {batches: 2, err: errors.New("connection reset")}}
	j := cluster(t, outputs, x)
	job := run(t, j)
	report(t, j, Report{Task: (<-x.launched).Task})
	report(t, j, Report{Task: (<-x.launched).Task})
	rows, err := rowsOf(t, job)
	if rows != 2 || fault.CodeOf(err) != fault.ConnectionFailure {
		t.Fatalf("%d rows, %v", rows, err)
	}
}

func TestMissingInputIsMadeAgain(t *testing.T) {
	x, y := newFake(), newFake()
	outputs := stored{{Job: "test-1", Stage: 1, Attempt: 1}: {batches: 1}}
	j := cluster(t, outputs, x, y)
	job := run(t, j)
	report(t, j, Report{Task: either(x, y).Task})
	reader := either(x, y)
	report(t, j, Report{Task: reader.Task, Err: errors.New("not there"), Retryable: true, Missing: []shuffle.ID{reader.Inputs[0][0].Output}})
	producer := either(x, y)
	if producer.Task != (core.Task{Job: "test-1", Attempt: 1}) {
		t.Fatalf("launched %v", producer.Task)
	}
	report(t, j, Report{Task: producer.Task})
	reader = either(x, y)
	if in := reader.Inputs[0][0].Output; in.Attempt != 1 {
		t.Fatalf("the reader reads %v", in)
	}
	report(t, j, Report{Task: reader.Task})
	if rows, err := rowsOf(t, job); rows != 1 || err != nil {
		t.Fatalf("%d rows, %v", rows, err)
	}
}

// either is the next attempt that one of two executors is given.
func either(x, y *fake) *Attempt {
	select {
	case a := <-x.launched:
		return a
	case a := <-y.launched:
		return a
	}
}

func TestErrorOfTheQueryEndsItAtOnceWithItsCode(t *testing.T) {
	x := newFake()
	j := cluster(t, nil, x)
	job := run(t, j)
	want := fault.New(fault.DivisionByZero, "division by zero").At(8)
	report(t, j, Report{Task: (<-x.launched).Task, Err: want})
	_, err := rowsOf(t, job)
	if f, ok := fault.As(err); !ok || f.Code != fault.DivisionByZero || f.Position != 8 {
		t.Fatalf("got %v", err)
	}
}

func TestErrorOfExecutorsEndsTheQueryAfterSomeAttemptsWithTheLastCause(t *testing.T) {
	x, y := newFake(), newFake()
	j := cluster(t, nil, x, y)
	job := run(t, j)
	for range core.MaxAttempts {
		report(t, j, Report{Task: either(x, y).Task, Err: fault.New(fault.IOError, "the disk broke"), Retryable: true})
	}
	_, err := rowsOf(t, job)
	if fault.CodeOf(err) != fault.IOError || !strings.Contains(err.Error(), "failed 4 times, last on executor ") {
		t.Fatalf("got %v", err)
	}
}

func TestClosingAJobAbortsWhatRuns(t *testing.T) {
	x := newFake()
	j := cluster(t, nil, x)
	job := run(t, j)
	a := <-x.launched
	if err := job.Close(); err != nil {
		t.Fatal(err)
	}
	if task := <-x.aborted; task != a.Task {
		t.Errorf("aborted %v", task)
	}
	if id := <-x.dropped; id != a.Task.Job {
		t.Errorf("dropped %v", id)
	}
}

func TestJobsEndWhenTheirSchedulerCloses(t *testing.T) {
	j := cluster(t, nil)
	job := run(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := job.Next(t.Context()); fault.CodeOf(err) != fault.AdminShutdown {
		t.Errorf("got %v", err)
	}
}
