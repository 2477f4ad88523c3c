package executor

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
)

// exchangeSource reads this task's partition of an earlier stage. Blocks are shared out to the workers.
type exchangeSource struct {
	reader ExchangeReader
	next   atomic.Int64
}

func init() {
	register(func(b *Builder, n *plan.ExchangeRead) (*Stream, error) {
		if b.Task.Exchanges == nil {
			return nil, fmt.Errorf("executor: stage %d reads stage %d, but the task has no exchanges", b.Task.Stage.ID, n.Stage)
		}
		partition := 0
		if n.Kind.Partitioned() {
			partition = b.Task.Partition
		}
		reader, err := b.Task.Exchanges.Read(b.Ctx, n, partition)
		if err != nil {
			return nil, err
		}
		return &Stream{Source: &exchangeSource{reader: reader}}, nil
	})
}

func (s *exchangeSource) MaxWorkers() int { return max(1, s.reader.Blocks()) }

func (s *exchangeSource) Worker(w *Worker) (Reader, error) {
	return &exchangeReader{exchangeSource: s, w: w, arena: mem.NewArena(w.Task.Budget)}, nil
}

// Report is the number of blocks.
func (s *exchangeSource) Report() (int64, string) {
	return 0, fmt.Sprintf("%d blocks", s.reader.Blocks())
}

type exchangeReader struct {
	*exchangeSource
	w       *Worker
	arena   *mem.Arena
	batches []*column.Batch // of the current block, still to be given
}

func (r *exchangeReader) Next(b *column.Batch) (bool, error) {
	for len(r.batches) == 0 {
		i := int(r.next.Add(1) - 1)
		if i >= r.reader.Blocks() {
			return false, nil
		}
		r.arena.Reset()
		var err error
		if r.batches, err = r.reader.Read(r.w.Ctx, i, r.arena); err != nil {
			return false, err
		}
	}
	*b = *r.batches[0]
	r.batches = r.batches[1:]
	return true, nil
}

func (r *exchangeReader) Close() error {
	r.arena.Free()
	return nil
}

// LocalExchanges reads from a store that this process reaches.
type LocalExchanges struct {
	Store   shuffle.Store
	Outputs map[int][]shuffle.ID // by stage: one output for each of its tasks
}

// Read opens a partition of all outputs of n's stage.
func (x *LocalExchanges) Read(ctx context.Context, n *plan.ExchangeRead, partition int) (ExchangeReader, error) {
	outputs, ok := x.Outputs[n.Stage]
	if !ok {
		return nil, fault.New(fault.UndefinedObject, "there is no output of stage %d", n.Stage)
	}
	return shuffle.NewReader(ctx, x.Store, outputs, partition, n.Out)
}

// ExchangeOutput is the breaker that puts a task's rows into a store, spread as the stage's Output says. The output is committed when all rows are there,
// and aborted when the task ends before.
type ExchangeOutput struct {
	shared shuffle.Shared
	budget *mem.Budget
}

// NewExchangeOutput begins the output id of t.
func NewExchangeOutput(ctx context.Context, t *Task, store shuffle.Store, id shuffle.ID) (*ExchangeOutput, error) {
	partitioning := t.Stage.Output
	partitioning.Partitions = max(1, partitioning.Partitions)
	out, err := store.Create(ctx, id, partitioning.Partitions)
	if err != nil {
		return nil, err
	}
	// After a commit there is nothing to abort.
	t.Defer(out.Abort)
	return &ExchangeOutput{shared: shuffle.Shared{Out: out, Fields: t.Stage.Root.Fields(), Partitioning: partitioning}, budget: t.Budget}, nil
}

// Worker makes a worker's end.
func (x *ExchangeOutput) Worker(w *Worker) (Sink, error) {
	writer, err := x.shared.NewWriter(x.budget)
	if err != nil {
		return nil, err
	}
	w.Task.Defer(writer.Close)
	return &exchangeSink{w: w, writer: writer}, nil
}

// Seal commits the output.
func (x *ExchangeOutput) Seal(ctx context.Context) error { return x.shared.Out.Commit(ctx) }

type exchangeSink struct {
	w      *Worker
	writer *shuffle.Writer
}

func (s *exchangeSink) Push(b *column.Batch) error { return s.writer.Write(s.w.Ctx, b) }

func (s *exchangeSink) Finish() error {
	if err := s.writer.Flush(s.w.Ctx); err != nil {
		return err
	}
	s.writer.Close()
	return nil
}
