package executor

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// scan reads a table. Its splits are a queue that the workers share; each reads a split to its end before it takes the next.
type scan struct {
	node    *plan.Scan
	format  storage.Format
	store   storage.Store
	request *storage.Scan
	filter  *filter // the node's filters, for readers that are not exact; nil: none
	out     []int   // positions in Columns that are passed on
	splits  []plan.Split
	workers int

	once   sync.Once // prunes and divides the splits, when the filters of the joins above are known
	err    error
	read   int // splits that pruning left
	pruned int
	next   atomic.Int64
	passed atomic.Int64 // rows that have passed all filters

	skipped atomic.Int64 // bad rows that the format left out, as an option allowed
}

// newScan makes the source of a scan node over the given splits.
func newScan(n *plan.Scan, format storage.Format, store storage.Store, splits []plan.Split) (*scan, error) {
	s := &scan{node: n, format: format, store: store, splits: splits, workers: useful(format, splits), out: n.Output, read: len(splits),
		request: &storage.Scan{Columns: n.Columns, Schema: n.Schema, Filters: n.Filters, Options: n.Options, Shared: &storage.Shared{}}}
	if s.out == nil {
		for i := range n.Columns {
			s.out = append(s.out, i)
		}
	}
	if len(n.Filters) > 0 {
		cond := n.Filters[0]
		if len(n.Filters) > 1 {
			cond = &expr.And{Terms: n.Filters}
		}
		types := make([]column.Type, len(n.Columns))
		for i, c := range n.Columns {
			types[i] = n.Schema[c].Type
		}
		var err error
		if s.filter, err = newFilter(cond, types); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// share is the splits of a scan that the task reads.
func (t *Task) share(n *plan.Scan) []plan.Split {
	if splits, ok := t.Splits[n.ID]; ok {
		return splits
	}
	return t.Stage.Splits(n, t.Partition)
}

func (s *scan) MaxWorkers() int { return s.workers }

// Report says how many splits metadata has excluded.
func (s *scan) Report() (int64, string) {
	detail := fmt.Sprintf("%d of %d splits read", s.read, s.read+s.pruned)
	if n := s.skipped.Load(); n > 0 {
		detail += plan.SkippedDetail(n)
	}
	return 0, detail
}

func (s *scan) Worker(w *Worker) (Reader, error) {
	// One worker prepares, the others wait for it: they would have nothing to do.
	s.once.Do(func() { s.err = s.prepare(w) })
	if s.err != nil {
		return nil, s.err
	}
	r := &scanReader{scan: s, w: w, out: column.Batch{Cols: make([]*column.Vector, len(s.out))}}
	for _, use := range s.node.Runtime {
		if f := w.Task.RuntimeFilter(use.Filter); f != nil {
			r.runtime = append(r.runtime, storage.Probe{Filter: f, Column: use.Column})
		}
	}
	var err error
	if r.reader, err = s.format.NewReader(s.store, s.request, w.Task.Budget); err != nil {
		return nil, err
	}
	if p, ok := r.reader.(storage.Prober); ok && len(r.runtime) > 0 && p.Probe(r.runtime) {
		r.runtime = nil
	}
	if s.filter != nil && !r.reader.Exact() {
		if r.evaluator, err = cpu.NewEvaluator(s.filter.program, w.Arena); err != nil {
			return nil, errors.Join(err, r.reader.Close())
		}
	}
	return r, nil
}

// scanReader is a worker's end of a scan.
type scanReader struct {
	*scan
	w         *Worker
	reader    storage.Reader
	started   bool
	evaluator *cpu.Evaluator  // nil: the reader's rows satisfy the filters
	runtime   []storage.Probe // those that the reader does not apply
	in        column.Batch
	sel       [2][]uint32 // of the runtime filters, in turn
	out       column.Batch
}

func (r *scanReader) Next(b *column.Batch) (bool, error) {
	for {
		if limit := r.node.Limit; limit >= 0 && r.passed.Load() >= limit {
			return false, nil
		}
		if err := r.w.Check(); err != nil {
			return false, err
		}
		if !r.started {
			i := int(r.next.Add(1) - 1)
			if i >= len(r.splits) {
				return false, nil
			}
			if err := r.reader.Start(r.w.Ctx, r.splits[i]); err != nil {
				return false, err
			}
			r.started = true
			r.w.reads(r.scan, r.splits[i])
		}
		more, err := r.reader.Next(r.w.Ctx, &r.in)
		if err != nil {
			return false, err
		}
		if p := r.w.Task.Progress; p != nil && more {
			p.Rows.Add(int64(r.in.Rows()))
		} else if p != nil {
			p.Done.Add(1)
		}
		if !more {
			r.started = false
			continue
		}
		if err := r.narrow(&r.in); err != nil {
			return false, err
		}
		if r.in.Rows() == 0 {
			continue
		}
		r.passed.Add(int64(r.in.Rows()))
		r.pass(b)
		return true, nil
	}
}

// narrow leaves the rows of b that satisfy the filters.
func (r *scanReader) narrow(b *column.Batch) error {
	if r.evaluator != nil && b.Rows() > 0 {
		sel, err := r.evaluator.Select(b)
		if err != nil {
			return err
		}
		b.Sel = sel
	}
	for i, use := range r.runtime {
		if b.Rows() == 0 {
			return nil
		}
		// A filter reads the selection before it, so two buffers take turns.
		sel, err := use.Filter.Apply(b.Cols[use.Column], b, r.sel[i%2][:0])
		if err != nil {
			return err
		}
		b.Sel, r.sel[i%2] = sel, sel
	}
	return nil
}

// pass makes b of the columns that go on.
func (r *scanReader) pass(b *column.Batch) {
	for i, c := range r.scan.out {
		r.out.Cols[i] = r.in.Cols[c]
	}
	r.out.Len, r.out.Sel = r.in.Len, r.in.Sel
	*b = r.out
}

func (r *scanReader) Close() error {
	r.w.reads(nil, plan.Split{})
	err := r.reader.Close()
	if k, ok := r.reader.(storage.Skipper); ok {
		r.scan.skipped.Add(k.Skipped())
	}
	return err
}
