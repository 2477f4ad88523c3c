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
	filter  *filter  // the node's filters, for readers that are not exact; nil: none
	bounded *bounded // of splits that the task shares with others; nil: there are none
	out     []int    // positions in Columns that are passed on
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
	var err error
	s.filter, err = s.compile(n.Filters)
	return s, err
}

// compile makes a filter of conditions on the rows that are read; nil of none.
func (s *scan) compile(conds []expr.Expr) (*filter, error) {
	if len(conds) == 0 {
		return nil, nil
	}
	types := make([]column.Type, len(s.node.Columns))
	for i, c := range s.node.Columns {
		types[i] = s.node.Schema[c].Type
	}
	return newFilter(expr.Conjunction(conds), types)
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
	var err error
	r.whole, err = s.open(w, s.request, s.filter)
	r.rows = r.whole
	return r, err
}

// rowReader gives the rows of splits that satisfy conditions.
type rowReader struct {
	storage.Reader
	evaluator *cpu.Evaluator  // nil: the reader's rows satisfy the conditions
	runtime   []storage.Probe // those that the reader does not apply
}

// open makes a worker's reader of what a request asks for. filter is the request's; nil: it has none.
func (s *scan) open(w *Worker, request *storage.Scan, filter *filter) (*rowReader, error) {
	r := &rowReader{}
	for _, use := range s.node.Runtime {
		if f := w.Task.RuntimeFilter(use.Filter); f != nil {
			r.runtime = append(r.runtime, storage.Probe{Filter: f, Column: use.Column})
		}
	}
	var err error
	if r.Reader, err = s.format.NewReader(s.store, request, w.Task.Budget); err != nil {
		return nil, err
	}
	if p, ok := r.Reader.(storage.Prober); ok && len(r.runtime) > 0 && p.Probe(r.runtime) {
		r.runtime = nil
	}
	if filter != nil && !r.Exact() {
		if r.evaluator, err = cpu.NewEvaluator(filter.program, w.Arena); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// scanReader is a worker's end of a scan.
type scanReader struct {
	*scan
	w       *Worker
	whole   *rowReader // of splits that the task reads alone
	part    *rowReader // of those that it shares with other tasks; nil until there is one
	rows    *rowReader // the one of the current split
	started bool
	in      column.Batch
	sel     [2][]uint32 // of the runtime filters, in turn
	out     column.Batch
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
			if err := r.start(r.splits[i]); err != nil {
				return false, err
			}
			r.started = true
			r.w.reads(r.scan, r.splits[i])
		}
		more, err := r.rows.Next(r.w.Ctx, &r.in)
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
	if r.rows.evaluator != nil && b.Rows() > 0 {
		sel, err := r.rows.evaluator.Select(b)
		if err != nil {
			return err
		}
		b.Sel = sel
	}
	for i, use := range r.rows.runtime {
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
	err := r.end(r.whole)
	if r.part != nil {
		err = errors.Join(err, r.end(r.part))
	}
	return err
}

// end closes one of the readers.
func (r *scanReader) end(rows *rowReader) error {
	err := rows.Close()
	if k, ok := rows.Reader.(storage.Skipper); ok {
		r.scan.skipped.Add(k.Skipped())
	}
	return err
}
