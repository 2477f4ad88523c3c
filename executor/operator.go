package executor

import (
	"context"
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
)

// ErrDone is what Push returns when no further batch is wanted (a limit is reached): the worker stops its source and finishes. It is no failure.
var ErrDone = errors.New("executor: no more rows wanted")

// Worker is one of the goroutines that run a pipeline.
type Worker struct {
	ID    int // 0 to the number of workers - 1
	Ctx   context.Context
	Task  *Task
	Arena *mem.Arena // for what lives as long as the pipeline runs on this worker; owned by the pipeline

	at      plan.Node // whose code runs, for the report of a panic
	streams []*Stream // being read, outermost first
	morsel  morsel    // where the rows at hand come from
}

// morsel is a split that a worker reads.
type morsel struct {
	number int   // of this worker's: another one when it reads another split, or none
	scan   *scan // nil: none
	split  plan.Split
}

// reads says that the rows from now on are of another split of s, or with nil of none.
func (w *Worker) reads(s *scan, split plan.Split) {
	w.morsel = morsel{number: w.morsel.number + 1, scan: s, split: split}
}

// Check returns an error when the query has ended, by a failure elsewhere or by its user. Pipelines check between batches; an operator that
// works much longer than that on one batch calls it in between.
func (w *Worker) Check() error {
	if w.Ctx.Err() != nil {
		return context.Cause(w.Ctx)
	}
	return nil
}

// enough reports whether an operator that the rows of the stream being read would reach wants no more of them.
func (w *Worker) enough() bool {
	for _, s := range w.streams {
		for _, op := range s.Operators {
			if e, ok := op.(Enough); ok && e.Enough() {
				return true
			}
		}
	}
	return false
}

// Sink takes the batches of one worker. It is used by that worker's goroutine alone.
type Sink interface {
	// Push takes a batch, which is valid until Push returns and must not be changed, except that the receiver may narrow what it passes on by
	// a Batch of its own. Batches may be empty.
	Push(b *column.Batch) error
	// Finish says that this worker has no more input: what is buffered is pushed on, and the next sink is finished.
	Finish() error
}

// Source gives batches to the workers of a pipeline. Its morsels are shared out as workers ask for them.
type Source interface {
	// Worker makes a worker's end of the source.
	Worker(w *Worker) (Reader, error)
	// MaxWorkers is how many workers can be of use; 1 for sources whose order matters.
	MaxWorkers() int
}

// Reader is one worker's end of a source.
type Reader interface {
	// Next fills b and reports true, or reports false at the end. The batch is valid until the next call.
	Next(b *column.Batch) (bool, error)
	Close() error
}

// Operator is a step within a pipeline.
type Operator interface {
	// Worker makes a worker's part in front of next.
	Worker(w *Worker, next Sink) (Sink, error)
}

// Breaker ends a pipeline: it takes all rows before it gives any.
type Breaker interface {
	// Worker makes a worker's end. Its Finish hands the worker's part over.
	Worker(w *Worker) (Sink, error)
	// Seal runs once after every worker has finished without error, before any pipeline that depends on this one starts.
	Seal(ctx context.Context) error
}
