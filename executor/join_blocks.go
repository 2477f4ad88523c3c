package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
)

// blocks goes through the pairs of files of a spilled join on one worker: next loads build rows, all of a file or as many as fit, and probe meets them with
// all probe rows of the pair.
type blocks struct {
	x      *spilledJoin
	w      *Worker
	prober blockProber
	state  *mem.Budget
	arena  *mem.Arena // of the build rows

	took   bool // a pair that is not done
	pair   joinFiles
	in     *spill.Reader // of the pair's build rows
	ahead  *column.Batch // read from it and not yet in a block
	loaded bool          // a block is the prober's build side
	single bool          // it is all of the file
	last   bool          // it is the file's last
	flags  rowFlags
	notes  *mem.Arena // of flags
}

// tableBytes is about what a row takes in a join's table, beside its columns.
const tableBytes = 56

func newBlocks(x *spilledJoin, w *Worker, p blockProber) *blocks {
	b := &blocks{x: x, w: w, prober: p, state: w.Task.state()}
	b.arena, b.notes = mem.NewArena(b.state), mem.NewArena(b.state)
	return b
}

// close ends whatever was begun.
func (r *blocks) close() {
	r.end()
	r.arena.Free()
}

// drop frees the block at hand.
func (r *blocks) drop() {
	if r.loaded {
		r.prober.free()
		r.loaded = false
	}
	r.arena.Free()
}

// end ends the pair at hand.
func (r *blocks) end() {
	r.drop()
	if r.in != nil {
		r.in.Close()
		r.in = nil
	}
	r.notes.Free()
	r.ahead = nil
	if r.took {
		r.took = false
		r.x.queue.done()
	}
}

// next loads the next block: the first of the next pair when the pair at hand has no more.
func (r *blocks) next() (more bool, err error) {
	for {
		if r.took && !r.last {
			return true, r.load(r.x.task.workerShare())
		}
		if r.took {
			r.pair.build.Remove()
			r.pair.probe.Remove()
		}
		r.end()
		pair, level, ok, err := r.x.queue.take(r.w.Ctx)
		if err != nil || !ok {
			return false, err
		}
		r.took, r.pair = true, pair
		split, err := r.begin(level)
		if err != nil {
			return false, err
		}
		if !split {
			return true, nil
		}
		r.end()
	}
}

// begin loads a pair's first block, or spreads the pair over more files.
func (r *blocks) begin(level int) (split bool, err error) {
	share := r.x.task.workerShare()
	whole := r.pair.whole || level >= maxLevel
	need := r.pair.build.Bytes() + tableBytes*r.pair.build.Rows()
	if share > 0 && need > share && !whole {
		return true, r.split(level)
	}
	r.in = r.pair.build.NewReader(r.w.Task.Budget)
	err = r.load(share)
	if mem.Refused(err) && !whole {
		r.in.Close()
		r.in = nil
		return true, r.split(level)
	}
	if err != nil {
		return false, err
	}
	r.single = r.last
	if r.single {
		return false, nil
	}
	// Several blocks: what each finds about the probe rows is kept for the end.
	n := int(r.pair.probe.Rows())
	return false, grow(unlocked{}, r.state, func() error {
		if r.flags.found, err = clearBitmap(r.notes, n); err != nil {
			return err
		}
		r.flags.open, err = clearBitmap(r.notes, n)
		return err
	})
}

func clearBitmap(a *mem.Arena, n int) (column.Bitmap, error) {
	b, err := column.AllocBitmap(a, n)
	clear(b)
	return b, err
}

// load makes the next rows of the file the build side: all that are left, or about share bytes of them.
func (r *blocks) load(share int64) error {
	r.drop()
	rows := column.NewAppender(r.arena, r.pair.build.Types())
	r.last = true
	for {
		if err := r.w.Check(); err != nil {
			return err
		}
		b := r.ahead
		if b == nil {
			var err error
			if b, err = r.in.Next(); err != nil {
				return err
			}
		}
		r.ahead = nil
		if b == nil {
			break
		}
		if share > 0 && rows.Rows() > 0 && r.arena.Size()+tableBytes*int64(rows.Rows()+b.Rows()) > share {
			r.ahead, r.last = b, false
			break
		}
		if err := grow(unlocked{}, r.state, func() error { return rows.Append(b) }); err != nil {
			return err
		}
	}
	r.loaded = true
	return grow(unlocked{}, r.state, func() error { return r.prober.turn(r.w.Ctx, r.state, rows) })
}

// probe meets the block with the probe rows.
func (r *blocks) probe() error {
	return r.each(func(b *column.Batch, at int) error {
		if r.single {
			return r.prober.whole(b)
		}
		return r.prober.held(b, at, &r.flags)
	}, func(b *column.Batch, at int) error { return r.prober.rest(b, at, &r.flags) })
}

// each calls f with all probe rows of the pair and, when several blocks were gone through, then rest.
func (r *blocks) each(f, rest func(b *column.Batch, at int) error) error {
	steps := []func(b *column.Batch, at int) error{f}
	if r.last && !r.single && !r.x.j.onlyBuild() {
		steps = append(steps, rest)
	}
	for _, step := range steps {
		in := r.pair.probe.NewReader(r.w.Task.Budget)
		at := 0
		for {
			if err := r.w.Check(); err != nil {
				in.Close()
				return err
			}
			b, err := in.Next()
			if b == nil || err != nil {
				in.Close()
				if err != nil {
					return err
				}
				break
			}
			n := b.Len
			if err := step(r.widen(b), at); err != nil {
				in.Close()
				return err
			}
			at += n
		}
	}
	return nil
}

// widen puts the columns of a probe file where the join expects them; others are nil.
func (r *blocks) widen(b *column.Batch) *column.Batch {
	out := &column.Batch{Cols: make([]*column.Vector, len(r.x.j.probe)), Len: b.Len}
	for i, c := range r.x.cols {
		out.Cols[c] = b.Cols[i]
	}
	return out
}

// split spreads the pair over more files. Where most build rows go to one of them again, it is joined block by block.
func (r *blocks) split(level int) error {
	n := r.w.Task.fanOut()
	build, err := r.spread(r.pair.build, r.x.side.buildKeys, n, level+1)
	if err != nil {
		return err
	}
	probe, err := r.spread(r.pair.probe, r.x.keys, n, level+1)
	if err != nil {
		return err
	}
	var pairs []joinFiles
	total := r.pair.build.Rows()
	for i := range build {
		if r.x.matters(build[i], probe[i]) {
			pairs = append(pairs, joinFiles{build: build[i], probe: probe[i], whole: build[i].Rows() > total-total/8})
		}
	}
	r.pair.build.Remove()
	r.pair.probe.Remove()
	r.x.queue.add(pairs, level+1)
	return nil
}

func (r *blocks) spread(from *spill.File, keys []int, n, level int) ([]*spill.File, error) {
	files := r.w.Task.store().CreateAll(from.Types(), n)
	out := spill.NewWriter(r.w.Task.urgent(), files...)
	defer out.Close()
	x, err := newSpreader(from.Types(), keys, files, level)
	if err != nil {
		return nil, err
	}
	in := from.NewReader(r.w.Task.urgent())
	defer in.Close()
	for {
		if err := r.w.Check(); err != nil {
			return nil, err
		}
		b, err := in.Next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			return files, out.Flush()
		}
		if err := x.write(out, b); err != nil {
			return nil, err
		}
	}
}
