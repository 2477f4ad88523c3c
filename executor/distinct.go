package executor

import (
	"errors"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

func init() {
	register(func(b *Builder, n *plan.DistinctOn) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		if sortedBy(n.Input, n.Keys) {
			return s.Then(distinctRuns{n}), nil
		}
		return s.Then(&distinctOn{n: n}), nil
	})
}

// distinctOn passes the first row of each key. Workers share the keys; rows that have an order come on one worker, so that the first is what the query means. Once the
// keys have no memory, rows wait in files until the last worker has finished; those that are first then follow in the order in which they came.
type distinctOn struct {
	n     *plan.DistinctOn
	last  finishers
	mu    sync.Mutex
	met   *metKeys
	rows  int64 // that came, as numbers of those that wait
	arena *mem.Arena
}

func (d *distinctOn) runsIn(s *Stream) { d.last.stream = s }

func (d *distinctOn) Worker(w *Worker, next Sink) (Sink, error) {
	d.last.start(w.Task)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.met == nil {
		types := append(fieldTypes(d.n.Input.Fields()), column.T(column.Int64))
		m, err := newMetKeys(w.Task, types, d.n.Keys, false)
		if err != nil {
			return nil, err
		}
		d.met, d.arena = m, w.Task.NewArena()
	}
	return &distinctSink{d: d, w: w, next: next}, nil
}

// Report is what was spilled.
func (d *distinctOn) Report() (int64, string) {
	if d.met == nil || d.met.bytes == 0 {
		return 0, ""
	}
	return 0, "spilled " + formatBytes(d.met.bytes)
}

type distinctSink struct {
	d    *distinctOn
	w    *Worker
	next Sink
	sel  []uint32
}

func (s *distinctSink) Push(b *column.Batch) error {
	sel, err := s.fresh(b)
	if err != nil || len(sel) == 0 {
		return err
	}
	return s.next.Push(&column.Batch{Cols: b.Cols, Len: b.Len, Sel: sel})
}

// fresh returns the rows of b whose key has not been met before, as far as that is known already.
func (s *distinctSink) fresh(b *column.Batch) ([]uint32, error) {
	d := s.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.met.spilled() {
		sel, waits, err := d.met.take(b)
		if !waits || err != nil {
			s.sel = append(s.sel[:0], sel...)
			return s.sel, err
		}
	}
	d.arena.Reset()
	number, err := column.NewFlat(d.arena, column.T(column.Int64), b.Len)
	if err != nil {
		return nil, err
	}
	for i := range column.Values[int64](number) {
		column.Values[int64](number)[i] = d.rows + int64(i)
	}
	d.rows += int64(b.Len)
	return nil, d.met.wait(&column.Batch{Cols: append(b.Cols[:len(b.Cols):len(b.Cols)], number), Len: b.Len, Sel: b.Sel})
}

// Finish gives the rows that have waited, when no worker brings more.
func (s *distinctSink) Finish() error {
	if s.d.last.done() && s.d.met.spilled() {
		if err := s.settle(); err != nil {
			return err
		}
	}
	return s.next.Finish()
}

// settle finds the first rows among those that wait, file by file, and pushes them in order.
func (s *distinctSink) settle() error {
	d, t := s.d, s.w.Task
	fields := append(d.n.Input.Fields()[:len(d.n.Input.Fields()):len(d.n.Input.Fields())], column.Field{Name: "number", Type: column.T(column.Int64)})
	in := &plan.Values{Info: d.n.Info, Out: fields}
	order, err := newSorter(t, &plan.Sort{Info: d.n.Info, Input: in, Keys: []kernels.SortKey{{Column: len(fields) - 1}}, Count: -1}, -1)
	if err != nil {
		return err
	}
	var out *spill.Writer
	flush := func() error {
		if out == nil {
			return nil
		}
		defer out.Close()
		return out.Flush()
	}
	begin := func() error {
		if err := flush(); err != nil {
			return err
		}
		out = spill.NewWriter(t.urgent(), order.files.newRun())
		return nil
	}
	err = d.met.settle(s.w.Ctx, begin, func(b *column.Batch) error { return out.Write(0, b) })
	if err = errors.Join(err, flush()); err != nil || !order.files.any() {
		return err
	}
	if err := order.files.narrow(s.w.Ctx); err != nil {
		return err
	}
	stream := order.files.open(s.w)
	defer stream.close()
	for {
		if err := s.w.Check(); err != nil {
			return err
		}
		d.arena.Reset()
		b, err := stream.Next(d.arena, column.BatchRows)
		if b == nil || err != nil {
			return err
		}
		if err := s.next.Push(&column.Batch{Cols: b.Cols[:len(b.Cols)-1], Len: b.Len}); err != nil {
			return err
		}
	}
}
