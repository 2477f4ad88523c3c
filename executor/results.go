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
// not yet read, or when those take more than unreadShare of the limit or the last of it: a consumer that is slow must not make the query fail. Rows of an ordered source
// keep their order.
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

	mu      sync.Mutex    // of what follows
	unread  int64         // bytes of packets that were sent and are not freed
	freed   int64         // how many have been
	changed chan struct{} // closed, and made anew, when one is freed
}

// packet is rows in memory of their own.
type packet struct {
	arena *mem.Arena
	rows  *column.Appender
	bytes int64 // once sent
}

// packetRows is how many rows a packet has before it is sent: fewer would make a channel operation and an arena cost more than the rows.
const packetRows = column.BatchRows / 2

// unreadShare of the limit is what packets may take that are not read.
const unreadShare = 8

// NewResults makes a queue of up to depth packets, of about a batch each, charged to budget.
func NewResults(fields []column.Field, budget *mem.Budget, depth int) *Results {
	return &Results{types: fieldTypes(fields), budget: budget, queue: make(chan *packet, depth),
		closed: make(chan struct{}), ended: make(chan struct{}), changed: make(chan struct{})}
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
			r.free(r.current)
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
			r.free(p)
			continue
		default:
		}
		break
	}
	if r.current != nil {
		r.free(r.current)
		r.current = nil
	}
	if errors.Is(r.err, errClosed) {
		return nil
	}
	return r.err
}

// sends counts p among what is not read.
func (r *Results) sends(p *packet) {
	p.bytes = p.arena.Size()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unread += p.bytes
}

// free gives p's memory back, which was sent, and wakes workers that wait for it.
func (r *Results) free(p *packet) {
	p.arena.Free()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unread -= p.bytes
	r.freed++
	close(r.changed)
	r.changed = make(chan struct{})
}

// wait returns once what is not read takes at most the given number of bytes.
func (r *Results) wait(ctx context.Context, most int64) error {
	for {
		r.mu.Lock()
		over, changed := r.unread > most, r.changed
		r.mu.Unlock()
		if !over {
			return nil
		}
		select {
		case <-changed:
		case <-r.closed:
			return ErrDone
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// frees is how many packets were freed.
func (r *Results) frees() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.freed
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
	if err := s.add(b); err != nil {
		return err
	}
	if s.packet.rows.Rows() < packetRows {
		return nil
	}
	return s.send()
}

// add copies b's rows into the packet at hand. When there is no memory for them the packet is sent as it is, and b begins one once the consumer has read the
// rest. Only when nothing was read meanwhile is there nothing to wait for.
func (s *resultSink) add(b *column.Batch) error {
	r := s.results
	for {
		if s.packet == nil {
			if limit := r.budget.Tightest(); limit > 0 {
				if err := r.wait(s.w.Ctx, limit/unreadShare); err != nil {
					return err
				}
			}
			a := mem.NewArena(r.budget)
			s.packet = &packet{arena: a, rows: column.NewAppender(a, r.types)}
		}
		before, freed := s.packet.rows.Rows(), r.frees()
		err := s.packet.rows.Append(b)
		if !mem.Refused(err) || s.packet.rows.Rows() != before {
			return err
		}
		if before > 0 {
			if err := s.send(); err != nil {
				return err
			}
		} else {
			s.drop()
		}
		if err := r.wait(s.w.Ctx, 0); err != nil {
			return err
		}
		if before == 0 && r.frees() == freed {
			return err
		}
	}
}

func (s *resultSink) send() error {
	s.results.sends(s.packet)
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
