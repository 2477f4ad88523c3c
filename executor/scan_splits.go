package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

const (
	// minMorsel is the number of rows below which a split is not divided: 16 batches. What starting a split costs is then a few parts in a hundred.
	minMorsel = 1 << 16
	// morselsPerWorker is how many splits there should be for each worker, so that the last ones to end leave the others idle for a short time only.
	morselsPerWorker = 4
)

// useful is how many workers can be of use for splits.
func useful(format storage.Format, splits []plan.Split) int {
	n := len(splits)
	if !divides(format) {
		return max(1, n)
	}
	for _, s := range splits {
		if more := s.Rows/minMorsel - 1; more > 0 {
			n += int(min(more, 1<<16))
		}
	}
	return max(1, n)
}

// divides reports whether a format's splits can be divided. A format that stands for another one may tell.
func divides(format storage.Format) bool {
	if d, ok := format.(interface{ Divides() bool }); ok {
		return d.Divides()
	}
	_, ok := format.(storage.Divider)
	return ok
}

// prepare prunes the splits and divides what is left where it is too little for the task's workers.
func (s *scan) prepare(w *Worker) error {
	err := s.prune(w)
	if err == nil {
		err = s.divide(w)
	}
	if w.Task.Progress != nil {
		w.Task.Progress.Splits.Add(int64(len(s.splits)))
	}
	return err
}

// prune drops the splits that the filters exclude, those made by joins included.
func (s *scan) prune(w *Worker) error {
	s.request.Hints = s.hints(w.Task)
	// By metadata, filters and hints say the same.
	request := *s.request
	request.Filters, request.Hints = append(request.Filters[:len(request.Filters):len(request.Filters)], request.Hints...), nil
	if len(request.Filters) == 0 || len(s.splits) == 0 {
		return nil
	}
	left, err := s.format.Prune(w.Ctx, s.store, s.splits, &request)
	if err != nil {
		return err
	}
	s.read, s.pruned = len(left), len(s.splits)-len(left)
	s.splits = left
	return nil
}

// divide cuts large splits where there are few for each worker.
func (s *scan) divide(w *Worker) error {
	d, ok := s.format.(storage.Divider)
	want := morselsPerWorker * w.Task.Threads
	if !ok || w.Task.Threads < 2 || len(s.splits) == 0 || len(s.splits) >= want {
		return nil
	}
	var total int64
	for _, p := range s.splits {
		total += max(p.Rows, 0)
	}
	rows := max(minMorsel, total/int64(want))
	var parts []plan.Split
	for _, p := range s.splits {
		more, err := d.Divide(w.Ctx, s.store, p, s.request, rows)
		if err != nil {
			return err
		}
		parts = append(parts, more...)
	}
	s.splits = parts
	return nil
}

// maxHintKeys is the number of keys of a build side up to which each is looked for in metadata, beyond the least and the greatest.
const maxHintKeys = 64

// hints are the conditions that joins put on the scan's columns: least and greatest key, and the keys themselves where they are few.
func (s *scan) hints(t *Task) []expr.Expr {
	var out []expr.Expr
	for _, use := range s.node.Runtime {
		f := t.RuntimeFilter(use.Filter)
		if f == nil {
			continue
		}
		field := s.node.Schema[s.node.Columns[use.Column]]
		ref := &expr.Ref{Index: use.Column, Name: field.Name, Typ: field.Type}
		low, high := f.Bounds()
		if low != nil && low.Type.Equal(field.Type) {
			out = append(out, &expr.Comparison{Op: expr.Ge, Left: ref, Right: &expr.Literal{Value: *low}})
		}
		if high != nil && high.Type.Equal(field.Type) {
			out = append(out, &expr.Comparison{Op: expr.Le, Left: ref, Right: &expr.Literal{Value: *high}})
		}
		if k, ok := f.(interface {
			Keys(most int) ([]column.Value, bool)
		}); ok {
			if keys, ok := k.Keys(maxHintKeys); ok && (len(keys) == 0 || keys[0].Type.Equal(field.Type)) {
				out = append(out, &expr.In{Arg: ref, List: keys})
			}
		}
	}
	return out
}

// Release gives back what the readers have in common; none is left.
func (s *scan) Release() {
	_ = s.request.Shared.Close() // memory alone
}
