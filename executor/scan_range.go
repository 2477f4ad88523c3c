package executor

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// bounded is what a task needs to read splits of which it has a part of the rows alone: those in its ranges of a column's values (plan.KeyRange).
type bounded struct {
	request *storage.Scan // with the range among its filters, by which pages are skipped
	filter  *filter
	splits  map[rowGroups]bool
}

// rowGroups names a split, or the one that it is a part of.
type rowGroups struct {
	url        string
	start, end int64
}

func groupsOf(s plan.Split) rowGroups { return rowGroups{s.File.URL, s.Start, s.End} }

// bind has s leave out rows of other tasks' ranges where a split has any.
func (s *scan) bind(t *Task) error {
	cond := s.node.RangeFilter(t.Partition, t.Stage.Tasks)
	if cond == nil {
		return nil
	}
	b := &bounded{splits: map[rowGroups]bool{}}
	_, given := t.Splits[s.node.ID]
	straddles := s.node.Range.Straddles(len(s.node.Splits))
	for i, p := range s.node.Splits {
		if given || straddles[i] {
			b.splits[groupsOf(p)] = true
		}
	}
	if len(b.splits) == 0 {
		return nil
	}
	request := *s.request
	request.Filters = append([]expr.Expr{cond}, s.node.Filters...)
	b.request = &request
	var err error
	if b.filter, err = s.compile(request.Filters); err != nil {
		return err
	}
	s.bounded = b
	return nil
}

// start begins a split with the reader that gives the task's rows of it.
func (r *scanReader) start(split plan.Split) error {
	r.rows = r.whole
	if b := r.bounded; b != nil && b.splits[groupsOf(split)] {
		if r.part == nil {
			request := *b.request
			request.Hints = r.request.Hints
			var err error
			if r.part, err = r.open(r.w, &request, b.filter); err != nil {
				return err
			}
		}
		r.rows = r.part
	}
	return r.rows.Start(r.w.Ctx, split)
}
