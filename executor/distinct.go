package executor

import (
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/agg"
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

// distinctOn passes the first row of each key. Workers share one table; rows that have an order come on one worker, so that the first is what the query means.
type distinctOn struct {
	n     *plan.DistinctOn
	mu    sync.Mutex
	table *agg.Table
	state *mem.Budget
}

func (d *distinctOn) Worker(w *Worker, next Sink) (Sink, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.table == nil {
		in := d.n.Input.Fields()
		var types []column.Type
		for _, k := range d.n.Keys {
			types = append(types, in[k].Type)
		}
		d.state = w.Task.state()
		t, err := agg.NewTable(d.state, types)
		if err != nil {
			return nil, err
		}
		d.table = t
		w.Task.Defer(t.Free)
	}
	return &distinctSink{d: d, next: next}, nil
}

type distinctSink struct {
	d    *distinctOn
	next Sink
	ids  []uint32
	seen []bool
	sel  []uint32
}

func (s *distinctSink) Push(b *column.Batch) error {
	sel, err := s.fresh(b)
	if err != nil || len(sel) == 0 {
		return err
	}
	return s.next.Push(&column.Batch{Cols: b.Cols, Len: b.Len, Sel: sel})
}

// fresh returns the rows of b whose key has not been met before.
func (s *distinctSink) fresh(b *column.Batch) ([]uint32, error) {
	n := b.Rows()
	s.ids = sizedRows(s.ids, n)
	s.d.mu.Lock()
	before := uint32(s.d.table.Len())
	// Keys that were met cannot leave memory: any later row may have the same.
	err := grow(unlocked{}, s.d.state, func() error { return s.d.table.Find(b, s.d.n.Keys, s.ids) })
	added := s.d.table.Len() - int(before)
	s.d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if cap(s.seen) < added {
		s.seen = make([]bool, added, max(added, column.BatchRows))
	}
	s.seen = s.seen[:added]
	clear(s.seen)
	s.sel = s.sel[:0]
	for k, id := range s.ids {
		if id >= before && !s.seen[id-before] {
			s.seen[id-before] = true
			s.sel = append(s.sel, uint32(b.Row(k)))
		}
	}
	return s.sel, nil
}

func (s *distinctSink) Finish() error { return s.next.Finish() }
