package executor

import (
	"context"
	"errors"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
)

// Results is the breaker that hands a task's rows to a consumer while the task runs. Workers copy rows into packets and wait when too many are
// not yet read; rows of an ordered source keep their order.
type Results struct {
	types  []column.Type
	budget *mem.Budget
	queue  chan *packet

	closed    chan struct{} // the consumer wants no more
	closeOnce sync.Once

	ended chan struct{} // the producer has ended; then err and stats are set
	err   error
	stats map[int]plan.NodeStats

	current *packet // the consumer's
	chunk   int
}

// packet is rows in memory of their own.
type packet struct {
	arena *mem.Arena
	rows  *column.Appender
}

// packetRows is how many rows a packet has before it is sent: fewer would make a channel operation and an arena cost more than the rows.
const packetRows = column.BatchRows / 2

// NewResults makes a queue of up to depth packets, of about a batch each, charged to budget.
func NewResults(fields []column.Field, budget *mem.Budget, depth int) *Results {
	return &Results{types: fieldTypes(fields), budget: budget, queue: make(chan *packet, depth),
		closed: make(chan struct{}), ended: make(chan struct{})}
}

// Start runs t on goroutines of its own and returns its results. Closing them ends the task.
func Start(ctx context.Context, t *Task) *Results {
	r := NewResults(t.Stage.Root.Fields(), t.Budget, max(2, t.Threads))
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-r.closed:
			cancel(errClosed)
		case <-r.ended:
		}
	}()
	go func() {
		defer cancel(nil)
		stats, err := RunTask(ctx, t, r)
		r.End(stats, err)
	}()
	return r
}

var errClosed = errors.New("executor: the results were closed")

// End says that no more rows come, because the task has run to its end or has failed with err. Whoever runs the task calls it once; Start does it.
func (r *Results) End(stats map[int]plan.NodeStats, err error) {
	r.stats, r.err = stats, err
	close(r.ended)
}

// Next returns the next rows, valid until the next call of Next or Close, or nil at the end.
func (r *Results) Next(ctx context.Context) (*column.Batch, error) {
	for {
		if r.current != nil {
			if r.chunk < r.current.rows.Chunks() {
				r.chunk++
				return r.current.rows.Chunk(r.chunk - 1), nil
			}
			r.current.arena.Free()
			r.current = nil
		}
		p, err := r.receive(ctx)
		if p == nil || err != nil {
			return nil, err
		}
		r.current, r.chunk = p, 0
	}
}

func (r *Results) receive(ctx context.Context) (*packet, error) {
	select {
	case <-r.closed:
		return nil, errClosed
	default:
	}
	select {
	case p := <-r.queue:
		return p, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-r.ended:
	}
	if r.err != nil {
		return nil, r.err
	}
	select {
	case p := <-r.queue:
		return p, nil
	default:
		return nil, nil
	}
}

// Close gives up what is not read, waits for the task's end, and frees the memory. It returns the task's error unless that is a consequence of closing.
func (r *Results) Close() error {
	r.closeOnce.Do(func() { close(r.closed) })
	<-r.ended
	for {
		select {
		case p := <-r.queue:
			p.arena.Free()
			continue
		default:
		}
		break
	}
	if r.current != nil {
		r.current.arena.Free()
		r.current = nil
	}
	if errors.Is(r.err, errClosed) {
		return nil
	}
	return r.err
}

// Stats is what was measured, once Next has returned nil or an error of the task, or Close has returned.
func (r *Results) Stats() map[int]plan.NodeStats {
	<-r.ended
	return r.stats
}

// Worker makes a worker's end.
func (r *Results) Worker(w *Worker) (Sink, error) {
	s := &resultSink{results: r, w: w}
	// Cleanup covers the worker that fails with a packet half full.
	w.Task.Defer(s.drop)
	return s, nil
}

// Seal has nothing to do.
func (r *Results) Seal(context.Context) error { return nil }

type resultSink struct {
	results *Results
	w       *Worker
	packet  *packet
}

func (s *resultSink) Push(b *column.Batch) error {
	if s.packet == nil {
		a := mem.NewArena(s.results.budget)
		s.packet = &packet{arena: a, rows: column.NewAppender(a, s.results.types)}
	}
	if err := s.packet.rows.Append(b); err != nil {
		return err
	}
	if s.packet.rows.Rows() < packetRows {
		return nil
	}
	return s.send()
}

func (s *resultSink) send() error {
	select {
	case s.results.queue <- s.packet:
		s.packet = nil
		return nil
	case <-s.results.closed:
		return ErrDone
	case <-s.w.Ctx.Done():
		return context.Cause(s.w.Ctx)
	}
}

func (s *resultSink) Finish() error {
	if s.packet == nil {
		return nil
	}
	return s.send()
}

func (s *resultSink) drop() {
	if s.packet != nil {
		s.packet.arena.Free()
		s.packet = nil
	}
}
