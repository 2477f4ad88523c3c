package executor

import (
	"context"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/plan"
)

// spilledJoin is a join whose build side is in files. Its probe rows are spread over files in the same way, in a pipeline of their own (see Pipeline.cut); then
// each pair of files is joined by itself: in memory when the build rows fit, spread over more files when they do not, and block by block of build rows, each
// with all probe rows, when spreading does not help because one key has too many.
type spilledJoin struct {
	side  *buildSide
	j     *joined
	task  *Task
	build []*spill.File
	probe []*spill.File
	rows  int64 // of the build side
	bytes int64
	cols  []int // probe columns that are of use
	place []int // by probe column: its position in cols, -1
	keys  []int // positions in cols of side.probeKeys

	mu     sync.Mutex
	queue  *fileQueue[joinFiles] // once the probe rows are there
	probes []blockProber         // by worker
}

// joinFiles are build and probe rows that belong together.
type joinFiles struct {
	build, probe *spill.File
	whole        bool // spreading does not help
}

func newSpilledJoin(s *buildSide) *spilledJoin {
	x := &spilledJoin{side: s, j: s.j, task: s.j.task, build: s.files}
	for _, f := range x.build {
		x.rows += f.Rows()
		x.bytes += f.Bytes()
	}
	x.place = make([]int, len(x.j.probe))
	for i := range x.place {
		x.place[i] = -1
	}
	use := func(c int) int {
		if x.place[c] < 0 {
			x.place[c] = len(x.cols)
			x.cols = append(x.cols, c)
		}
		return x.place[c]
	}
	for _, k := range s.probeKeys {
		x.keys = append(x.keys, use(k))
	}
	for _, k := range s.allProbeKeys {
		use(k)
	}
	for _, o := range append(append([]joinColumn(nil), x.j.outs...), x.j.condIn...) {
		if o.side == fromProbe && o.col >= 0 {
			use(o.col)
		}
	}
	var types []column.Type
	for _, c := range x.cols {
		types = append(types, x.j.probe[c].Type)
	}
	x.probe = s.j.task.store().CreateAll(types, len(x.build))
	return x
}

func (x *spilledJoin) maxWorkers() int { return len(x.build) }

// Worker makes a worker's end of the probe rows.
func (x *spilledJoin) Worker(w *Worker) (Sink, error) {
	types := x.probe[0].Types()
	spread, err := newSpreader(types, x.keys, x.probe, 1)
	if err != nil {
		return nil, err
	}
	s := &probeSpreader{x: x, out: spill.NewWriter(w.Task.Budget, x.probe...), spread: spread}
	w.Task.Defer(s.out.Close)
	return s, nil
}

// Seal makes the pairs of files.
func (x *spilledJoin) Seal(context.Context) error {
	var pairs []joinFiles
	for i, b := range x.build {
		x.bytes += x.probe[i].Bytes()
		if x.matters(b, x.probe[i]) {
			pairs = append(pairs, joinFiles{build: b, probe: x.probe[i], whole: len(x.keys) == 0})
		}
	}
	x.queue = newFileQueue(pairs)
	return nil
}

// matters reports whether a pair of files can give rows.
func (x *spilledJoin) matters(build, probe *spill.File) bool {
	switch x.j.kind {
	case plan.Inner, plan.ProbeSemi:
		return build.Rows() > 0 && probe.Rows() > 0
	case plan.BuildOuter, plan.BuildSemi, plan.BuildAnti:
		return build.Rows() > 0
	case plan.FullOuter:
		return build.Rows() > 0 || probe.Rows() > 0
	}
	return probe.Rows() > 0
}

// probeSpreader is one worker's end of the probe rows.
type probeSpreader struct {
	x      *spilledJoin
	out    *spill.Writer
	spread *spreader
	in     column.Batch
}

func (s *probeSpreader) Push(b *column.Batch) error {
	s.in = column.Batch{Cols: s.in.Cols[:0], Len: b.Len, Sel: b.Sel}
	for _, c := range s.x.cols {
		s.in.Cols = append(s.in.Cols, b.Cols[c])
	}
	return s.spread.write(s.out, &s.in)
}

func (s *probeSpreader) Finish() error {
	err := s.out.Flush()
	s.out.Close()
	return err
}

// blockProber is one worker's part of a join that can turn from one build side to another.
type blockProber interface {
	// turn takes rows as the build side, charged to b; pairs of files that are joined in one piece go through whole, others through held. free ends it.
	turn(ctx context.Context, b *mem.Budget, rows *column.Appender) error
	free()
	// whole pushes what b's rows give with the build side.
	whole(b *column.Batch) error
	// held is whole but for what depends on other blocks of the build side: which rows have a partner, or possibly have one, is noted from at on.
	held(b *column.Batch, at int, flags *rowFlags) error
	// rest pushes what probe rows give by themselves, once all blocks have been gone through.
	rest(b *column.Batch, at int, flags *rowFlags) error
	// unmarked pushes the build rows without a partner, for kinds that give them beside pairs.
	unmarked() error
	// build is the build side.
	build() *joined
	// close ends the worker's part.
	close()
}

// rowFlags says of the probe rows of a file which have a partner, and which possibly have one.
type rowFlags struct{ found, open column.Bitmap }

// spilledProbe is the operator and the source of a spilled join: the source does the work, since it knows the files, and pushes into what follows.
type spilledProbe struct {
	x  *spilledJoin
	op blockOperator
}

// blockOperator is a join's operator that can join block by block.
type blockOperator interface {
	joinOperator
	blockProber(w *Worker, next Sink) (blockProber, error)
}

func (p spilledProbe) Worker(w *Worker, next Sink) (Sink, error) {
	prober, err := p.op.blockProber(w, next)
	if err != nil {
		return nil, err
	}
	p.x.mu.Lock()
	defer p.x.mu.Unlock()
	for len(p.x.probes) <= w.ID {
		p.x.probes = append(p.x.probes, nil)
	}
	p.x.probes[w.ID] = prober
	return &spilledEnd{prober: prober, next: next}, nil
}

// Release frees what is left of the build side.
func (p spilledProbe) Release() { p.x.j.Release() }

// spilledEnd stands where rows would come in.
type spilledEnd struct {
	prober blockProber
	next   Sink
}

func (s *spilledEnd) Push(*column.Batch) error { return nil }

func (s *spilledEnd) Finish() error {
	s.prober.close()
	return s.next.Finish()
}

// spilledPairs is the source.
type spilledPairs struct{ x *spilledJoin }

func (s spilledPairs) MaxWorkers() int { return max(1, s.x.maxWorkers()) }

// Report is how much was spilled.
func (s spilledPairs) Report() (int64, string) { return 0, "spilled " + formatBytes(s.x.bytes) }

func (s spilledPairs) Worker(w *Worker) (Reader, error) {
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	return &pairReader{blocks: newBlocks(s.x, w, s.x.probes[w.ID])}, nil
}

// pairReader joins pairs of files.
type pairReader struct{ *blocks }

// Next joins all pairs that the worker gets.
func (r *pairReader) Next(*column.Batch) (bool, error) {
	for {
		more, err := r.next()
		if !more || err != nil {
			return false, err
		}
		if err := r.probe(); err != nil {
			return false, err
		}
		if k := r.x.j.kind; k == plan.BuildOuter || k == plan.FullOuter {
			if err := r.prober.unmarked(); err != nil {
				return false, err
			}
		}
		if r.w.enough() {
			return false, nil
		}
	}
}

func (r *pairReader) Close() error {
	r.close()
	return nil
}

// spilledMarks is the reader of a join that gives build rows alone.
type spilledMarks struct {
	*blocks
	chunk int
	sel   []uint32
}

func newSpilledMarks(x *spilledJoin, op joinOperator, w *Worker) (Reader, error) {
	prober, err := op.(blockOperator).blockProber(w, nil)
	if err != nil {
		return nil, err
	}
	return &spilledMarks{blocks: newBlocks(x, w, prober)}, nil
}

func (r *spilledMarks) Next(b *column.Batch) (bool, error) {
	for {
		if r.loaded {
			j := r.prober.build()
			for r.chunk < j.rows.Chunks() {
				var made *column.Batch
				r.chunk++
				if made, r.sel = j.unmarked(r.chunk-1, j.kind == plan.BuildSemi, r.sel); made != nil {
					*b = *made
					return true, nil
				}
			}
		}
		more, err := r.next()
		if !more || err != nil {
			return false, err
		}
		if err := r.probe(); err != nil {
			return false, err
		}
		r.prober.build().spread()
		r.chunk = 0
	}
}

func (r *spilledMarks) Close() error {
	r.close()
	r.prober.close()
	return nil
}
