package executor

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// boundary stands before every sink: it notices the end of the query, knows whose code runs, drops empty batches, and measures. It works by batch, so
// that it costs nothing by row.
type boundary struct {
	w       *Worker
	next    Sink
	to      plan.Node // whose next is
	rows    int64
	batches int64
	time    time.Duration // in next and all that follows it
}

func (x *boundary) Push(b *column.Batch) error {
	rows := b.Rows()
	if rows == 0 {
		return nil
	}
	if err := x.w.Check(); err != nil {
		return err
	}
	from := x.w.at
	x.w.at = x.to
	start := x.w.Task.now()
	err := x.next.Push(b)
	x.time += x.w.Task.since(start)
	x.rows += int64(rows)
	x.batches++
	x.w.at = from
	return err
}

func (x *boundary) Finish() error {
	from := x.w.at
	x.w.at = x.to
	start := x.w.Task.now()
	err := x.next.Finish()
	x.time += x.w.Task.since(start)
	x.w.at = from
	return err
}

// now is the time when the task measures, otherwise zero.
func (t *Task) now() time.Time {
	if !t.Measure {
		return time.Time{}
	}
	return time.Now()
}

func (t *Task) since(start time.Time) time.Duration {
	if !t.Measure {
		return 0
	}
	return time.Since(start)
}

// record adds to what is known of a node: times, rows and batches add up, of memory and detail the greatest and the last count.
func (t *Task) record(n plan.Node, s plan.NodeStats) {
	if !t.Measure || n == nil || n.Meta().ID < 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stats == nil {
		t.stats = map[int]*plan.NodeStats{}
	}
	at := t.stats[n.Meta().ID]
	if at == nil {
		at = &plan.NodeStats{}
		t.stats[n.Meta().ID] = at
	}
	at.Rows += s.Rows
	at.Batches += s.Batches
	at.Time += s.Time
	at.Memory = max(at.Memory, s.Memory)
	if s.Detail != "" {
		at.Detail = s.Detail
	}
}

// account records what a worker's chain of sinks has measured. An operator's own time is what its sink took without the sink behind it; a node's output is
// what enters the first sink that is another's.
func (s *Stream) account(w *Worker, chain []*boundary) {
	if !w.Task.Measure {
		return
	}
	if len(s.nodes) == 0 || s.nodes[0] != s.source {
		w.Task.record(s.source, plan.NodeStats{Rows: chain[0].rows, Batches: chain[0].batches})
	}
	for i, n := range s.nodes {
		own := plan.NodeStats{Time: chain[i].time - chain[i+1].time}
		if i+1 == len(s.nodes) || s.nodes[i+1] != n {
			own.Rows, own.Batches = chain[i+1].rows, chain[i+1].batches
		}
		w.Task.record(n, own)
	}
}

// Reporter is implemented by sources, operators and breakers that have more to say for EXPLAIN ANALYZE.
type Reporter interface {
	// Report gives the bytes that the state holds and a remark (row groups pruned, size of the hash table). It is asked after the pipeline is sealed.
	Report() (memory int64, detail string)
}

// report asks the parts of a sealed pipeline for what they have to say.
func (t *Task) report(p *Pipeline) {
	if !t.Measure {
		return
	}
	t.reportOf(p.node, p.Breaker)
	p.Stream.report(t)
}

func (s *Stream) report(t *Task) {
	t.reportOf(s.source, s.Source)
	for i, op := range s.Operators {
		t.reportOf(s.nodes[i], op)
	}
	for _, in := range s.Inputs {
		in.report(t)
	}
}

func (t *Task) reportOf(n plan.Node, part any) {
	if r, ok := part.(Reporter); ok {
		memory, detail := r.Report()
		t.record(n, plan.NodeStats{Memory: memory, Detail: detail})
	}
}

// recovered turns a panic into an error that names the node whose code ran. It is deferred directly.
func recovered(err *error, at *plan.Node) {
	r := recover()
	if r == nil {
		return
	}
	e := fault.New(fault.Internal, "internal error in %s: %v", nodeName(*at), r)
	if cause, ok := r.(error); ok {
		e = fault.Wrap(fault.Internal, cause, "internal error in %s", nodeName(*at))
	}
	*err = e.WithDetail("%s", debug.Stack())
}

// nodeName is the node's kind and number.
func nodeName(n plan.Node) string {
	if n == nil {
		return "the task's output"
	}
	return fmt.Sprintf("%s (node %d)", strings.TrimPrefix(fmt.Sprintf("%T", n), "*plan."), n.Meta().ID)
}
