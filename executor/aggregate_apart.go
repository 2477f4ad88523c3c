package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/kernels/agg"
)

const (
	// fewGroups is up to how many groups that do not fit are taken apart by their distinct values instead of by their keys.
	fewGroups = 64
	// manyGroups is from how many groups at once on that turns out to be a mistake.
	manyGroups = 16 * fewGroups
	// smallSpread is how many bytes a file must have to be spread over more: less goes with whatever memory there is, since beside a large result nothing might have room, and
	// spreading would shred the rows.
	smallSpread = 64 << 10
)

// groupSpread is where groups go that do not fit: files by the hash of their keys or, of few groups, by those of their distinct values, since rows of one group all have
// one hash.
type groupSpread struct {
	types    []column.Type
	files    []*spill.File // nil: all fits so far
	tuples   bool          // by distinct values
	keys     int           // how many times the rows were spread by keys
	values   int           // and by distinct values
	mistaken []*spill.File // by distinct values of groups that proved many: to be taken again, and spread by keys
}

// undone gives what is to be taken again.
func (to *groupSpread) undone() []*spill.File {
	files := to.mistaken
	to.mistaken = nil
	return files
}

// byTuples reports whether g's groups go, or are to go, apart by distinct values.
func (r *spilledGroupReader) byTuples(to *groupSpread) bool {
	if to.files != nil || to.tuples {
		return to.tuples
	}
	return r.g.HasDistinct() && r.g.Groups() > 0 && r.g.Groups() <= fewGroups
}

// helps reports whether less has to be together once g is spread. It does not when g has taken nothing since it was emptied: what comes next would be refused again.
func (r *spilledGroupReader) helps(to *groupSpread) bool {
	switch {
	case !r.taken:
		return false
	case r.byTuples(to):
		return to.values < maxLevel
	}
	return to.keys < maxLevel && r.g.Groups() > 1
}

// spread empties g into files.
func (r *spilledGroupReader) spread(to *groupSpread) error {
	tuples := r.byTuples(to)
	if tuples && to.files != nil && r.g.Groups() >= manyGroups && to.keys < maxLevel {
		r.written(to.files)
		to.mistaken, to.files, tuples = to.files, nil, false
	}
	to.tuples = tuples
	if to.files == nil {
		to.files = r.w.Task.store().CreateAll(to.types, r.w.Task.fanOut())
	}
	groups, level := r.g.Spill, to.keys+1
	if tuples {
		groups, level = r.g.SpillTuples, to.values+1
	}
	if err := spillGroups(r.w.Task, groups, to.files, level); err != nil {
		return err
	}
	return r.begin()
}

// complete lets g, which has all its rows, take what its results need: some states are sorted first, which cannot be put off.
func (r *spilledGroupReader) complete() (before mem.Class) {
	r.state.SetShare(0)
	return r.state.SetClass(mem.Urgent)
}

// written counts files that were written again.
func (r *spilledGroupReader) written(files []*spill.File) {
	for _, f := range files {
		r.s.bytes.Add(f.Bytes())
	}
}

// gather makes g of files that have distinct values apart from each other, spread of one with so many rows.
func (r *spilledGroupReader) gather(files []*spill.File, rows int64) error {
	whole, err := r.fresh(r.w.Task.urgent())
	if err != nil {
		return err
	}
	if err := r.bring(whole, files, rows, 1); err != nil {
		whole.Free()
		return err
	}
	r.drop()
	r.g = whole
	r.s.groups.Add(int64(whole.Groups()))
	return nil
}

// bring merges the groups of each file into whole; what does not fit is spread again, and so on. level says how many times the rows were spread by their values.
func (r *spilledGroupReader) bring(whole *agg.Aggregator, files []*spill.File, rows int64, level int) error {
	for _, f := range files {
		n := f.Rows()
		if n == 0 {
			continue
		}
		if err := r.begin(); err != nil {
			return err
		}
		to := &groupSpread{types: f.Types(), tuples: true, keys: maxLevel, values: level}
		if n > rows-rows/8 || f.Bytes() < smallSpread {
			// Of what has come together again most are not distinct values: it has to be together.
			to.values = maxLevel
		}
		if err := r.take(f, to); err != nil {
			return err
		}
		f.Remove()
		if to.files == nil {
			// The groups are few.
			before := r.complete()
			err := whole.MergeDistinct(r.g)
			r.state.SetClass(before)
			r.state.SetShare(r.w.Task.workerShare())
			if err != nil {
				return err
			}
			continue
		}
		if err := r.spread(to); err != nil {
			return err
		}
		r.drop()
		r.written(to.files)
		if err := r.bring(whole, to.files, n, level+1); err != nil {
			return err
		}
	}
	return nil
}
