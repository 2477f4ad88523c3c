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
	taken bool        // g has taken rows
	state *mem.Budget // of g, but for groups that were brought together
	next  int         // first group of g that is not out
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
func (r *spilledGroupReader) read(file *spill.File, level int) error {
	if file.Rows() == 0 {
		return nil
	}
	r.state = r.w.Task.state()
	r.state.SetShare(r.w.Task.workerShare())
	r.next = 0
	if err := r.begin(); err != nil {
		return err
	}
	rows := file.Rows()
	to := &groupSpread{types: file.Types(), keys: level}
	if file.Bytes() < smallSpread {
		to.keys, to.values = maxLevel, maxLevel
	}
	for in := []*spill.File{file}; len(in) > 0; in = to.undone() {
		for _, f := range in {
			if err := r.take(f, to); err != nil {
				return err
			}
			f.Remove()
		}
		if to.files == nil {
			r.s.groups.Add(int64(r.g.Groups()))
			r.complete()
			return nil
		}
		if err := r.spread(to); err != nil {
			return err
		}
	}
	r.drop()
	r.written(to.files)
	if to.tuples {
		return r.gather(to.files, rows)
	}
	r.s.files.add(to.files, level+1)
	return nil
}

// take has g take all rows of a file, spread to more files as often as it does not fit.
func (r *spilledGroupReader) take(f *spill.File, to *groupSpread) error {
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
		if err := r.absorb(b, to); err != nil {
			return err
		}
	}
}

// absorb has g take b. Where spreading g would not make less of what has to be together, or g is empty already, b gets all the memory that there is: each call takes b
// after at most one spread, or fails.
func (r *spilledGroupReader) absorb(b *column.Batch, to *groupSpread) error {
	for {
		err := r.g.AbsorbSpilled(b)
		if mem.Refused(err) && !r.helps(to) {
			err = r.force(b)
		}
		if err == nil {
			r.taken = true
			return nil
		}
		if !mem.Refused(err) || !r.helps(to) {
			return err
		}
		if err := r.spread(to); err != nil {
			return err
		}
	}
}

// force has g take b with more than the worker's share.
func (r *spilledGroupReader) force(b *column.Batch) error {
	r.state.SetShare(0)
	defer r.state.SetShare(r.w.Task.workerShare())
	return grow(unlocked{}, r.state, func() error { return r.g.AbsorbSpilled(b) })
}

// begin makes g an empty aggregator, which may pass the worker's share.
func (r *spilledGroupReader) begin() error {
	r.drop()
	r.taken = false
	return grow(unlocked{}, r.state, func() (err error) {
		r.drop()
		r.g, err = r.fresh(r.state)
		return err
	})
}

func (r *spilledGroupReader) fresh(b *mem.Budget) (*agg.Aggregator, error) {
	g, err := agg.New(b, keyTypes(r.s.n), r.s.n.Aggs)
	if err != nil && g != nil {
		g.Free()
		g = nil
	}
	return g, err
}

func (r *spilledGroupReader) Close() error {
	r.done()
	r.out.Free()
	return nil
}
