package executor

import (
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

// maxLevel is how many times rows are spread over files before what is left together must fit: by then only rows of one key, or of one hash, are.
const maxLevel = 6

// fewGroups is up to how many groups that do not fit are taken apart by their distinct values instead of by their keys.
const fewGroups = 64

// spilledGroups is the source of groups that were spilled. Workers take files; a file's groups that do not fit the memory of a worker are spread over more
// files, and so on.
type spilledGroups struct {
	n      *plan.Aggregate
	task   *Task
	files  *fileQueue[*spill.File]
	groups atomic.Int64
	bytes  atomic.Int64 // written again
}

func newSpilledGroups(t *Task, n *plan.Aggregate, files []*spill.File) *spilledGroups {
	return &spilledGroups{n: n, task: t, files: newFileQueue(files)}
}

func (s *spilledGroups) worker(w *Worker) Reader {
	return &spilledGroupReader{s: s, w: w, out: w.Task.NewArena()}
}

// spilledGroupReader is one worker's end.
type spilledGroupReader struct {
	s     *spilledGroups
	w     *Worker
	out   *mem.Arena
	took  bool // a file that is not done
	g     *agg.Aggregator
	state *mem.Budget
	next  int // first group of g that is not out
}

func (r *spilledGroupReader) Next(b *column.Batch) (bool, error) {
	for r.g == nil || r.next >= r.g.Groups() {
		r.done()
		file, level, ok, err := r.s.files.take(r.w.Ctx)
		if err != nil || !ok {
			return false, err
		}
		r.took = true
		if err := r.read(file, level); err != nil {
			return false, err
		}
	}
	r.out.Reset()
	r.next += column.BatchRows
	return true, emitGroups(b, r.g, r.out, r.next-column.BatchRows)
}

// done ends the file at hand.
func (r *spilledGroupReader) done() {
	r.drop()
	if r.took {
		r.took = false
		r.s.files.done()
	}
}

func (r *spilledGroupReader) drop() {
	if r.g != nil {
		r.g.Free()
		r.g = nil
	}
}

// read makes the groups of a file, or spreads them over more files.
func (r *spilledGroupReader) read(file *spill.File, level int) (err error) {
	if file.Rows() == 0 {
		return nil
	}
	defer file.Remove()
	r.state = r.w.Task.state()
	r.state.SetShare(r.w.Task.workerShare())
	r.next = 0
	if r.g, err = r.fresh(); err != nil {
		return err
	}
	in := file.NewReader(r.w.Task.Budget)
	defer in.Close()
	var more []*spill.File
	tuples := false // more is by distinct values
	for {
		if err := r.w.Check(); err != nil {
			return err
		}
		b, err := in.Next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		for {
			err := r.g.AbsorbSpilled(b)
			if err == nil {
				break
			}
			if !mem.Refused(err) {
				return err
			}
			if more == nil && r.g.HasDistinct() && r.g.Groups() > 0 && r.g.Groups() <= fewGroups {
				tuples, more = true, r.w.Task.store().CreateAll(file.Types(), r.w.Task.fanOut())
			}
			if !tuples && (level >= maxLevel || r.g.Groups() <= 1) {
				// Spreading does not help any more: all the memory that there is, then.
				r.state.SetShare(0)
				if err := grow(unlocked{}, r.state, func() error { return r.g.AbsorbSpilled(b) }); err != nil {
					return err
				}
				break
			}
			if more == nil {
				more = r.w.Task.store().CreateAll(file.Types(), r.w.Task.fanOut())
			}
			if err := r.spread(more, level+1, tuples); err != nil {
				return err
			}
		}
	}
	if more == nil {
		r.s.groups.Add(int64(r.g.Groups()))
		return nil
	}
	if err := r.spread(more, level+1, tuples); err != nil {
		return err
	}
	for _, f := range more {
		r.s.bytes.Add(f.Bytes())
	}
	if tuples {
		return r.gather(more)
	}
	r.drop()
	r.s.files.add(more, level+1)
	return nil
}

// spread empties g into files.
func (r *spilledGroupReader) spread(files []*spill.File, level int, tuples bool) (err error) {
	groups := r.g.Spill
	if tuples {
		groups = r.g.SpillTuples
	}
	if err := spillGroups(r.w.Task, groups, files, level); err != nil {
		return err
	}
	r.drop()
	r.g, err = r.fresh()
	return err
}

// gather makes g of files that have distinct values apart from each other.
func (r *spilledGroupReader) gather(files []*spill.File) error {
	whole := r.g // empty
	r.g = nil
	defer func() {
		r.drop()
		r.g = whole
	}()
	r.state.SetShare(0)
	for _, f := range files {
		if f.Rows() == 0 {
			continue
		}
		var err error
		if r.g, err = r.fresh(); err != nil {
			return err
		}
		if err := r.absorb(f); err != nil {
			return err
		}
		// The groups are few.
		class := r.state.SetClass(mem.Urgent)
		err = whole.MergeDistinct(r.g)
		r.state.SetClass(class)
		if err != nil {
			return err
		}
		r.drop()
		f.Remove()
	}
	r.s.groups.Add(int64(whole.Groups()))
	return nil
}

// absorb takes all of a file into g, with whatever memory there is.
func (r *spilledGroupReader) absorb(f *spill.File) error {
	in := f.NewReader(r.w.Task.Budget)
	defer in.Close()
	for {
		if err := r.w.Check(); err != nil {
			return err
		}
		b, err := in.Next()
		if b == nil || err != nil {
			return err
		}
		if err := grow(unlocked{}, r.state, func() error { return r.g.AbsorbSpilled(b) }); err != nil {
			return err
		}
	}
}

func (r *spilledGroupReader) fresh() (*agg.Aggregator, error) {
	return agg.New(r.state, keyTypes(r.s.n), r.s.n.Aggs)
}

func (r *spilledGroupReader) Close() error {
	r.done()
	r.out.Free()
	return nil
}
