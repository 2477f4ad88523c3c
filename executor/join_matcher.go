package executor

import (
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/plan"
)

// errTwoPartners is what a scalar subquery with more than one row is.
func errTwoPartners() error {
	return fault.New(fault.CardinalityViolation, "more than one row returned by a subquery used as an expression")
}

// matcher evaluates a join's condition on pairs and makes output batches. It belongs to one worker.
type matcher struct {
	j    *joined
	w    *Worker
	next Sink
	eval *cpu.Evaluator
	out  *mem.Arena // of the batch being pushed
	cand *mem.Arena // of the candidate pairs being tested
	pair column.Batch

	verdict [1]*column.Vector
	truths  []uint32
	nulls   []uint32 // pairs whose condition was NULL at the last call of holds, for kinds that ask

	// A block of a spilled build side is met: what depends on other blocks is not pushed.
	hold bool

	found []bool // by position in the probe batch: a partner exists
	open  []bool // by position: with some row the condition is NULL
	idx   []uint32
	sel   []uint32
	runs  runs

	made    column.Batch    // being pushed
	vectors []column.Vector // of made, by output column
	mark    column.Vector   // of made
	pairs   []column.Vector // of pair, by input of the condition
}

func newMatcher(j *joined, w *Worker, next Sink) (m matcher, err error) {
	m = matcher{j: j, w: w, next: next, out: w.Task.NewArena(), cand: w.Task.NewArena()}
	if j.cond != nil {
		m.eval, err = cpu.NewEvaluator(j.cond, w.Arena)
	}
	return m, err
}

// batch is made anew, without columns yet.
func (m *matcher) batch(n int, sel []uint32) *column.Batch {
	if m.vectors == nil {
		m.vectors = make([]column.Vector, len(m.j.outs))
	}
	m.made = column.Batch{Cols: m.made.Cols[:0], Len: n, Sel: sel}
	return &m.made
}

func (m *matcher) free() {
	m.out.Free()
	m.cand.Free()
}

// asksUnknown reports whether the kind tells a NULL condition from a false one.
func (j *joined) asksUnknown() bool { return j.kind == plan.Mark || j.kind == plan.NullAwareAnti }

// holds returns which of the pairs (probe row of b, row of rows) satisfy the condition, as positions; nil means all. For kinds that ask, nulls lists those for
// which it is NULL.
func (m *matcher) holds(b *column.Batch, rows *column.Appender, probe, build []uint32) ([]uint32, error) {
	m.cand.Reset()
	m.pair = column.Batch{Cols: m.pair.Cols[:0], Len: len(build)}
	if m.pairs == nil {
		m.pairs = make([]column.Vector, len(m.j.condIn))
	}
	for i, in := range m.j.condIn {
		v := &m.pairs[i]
		var err error
		switch {
		case in.col < 0:
			v = nil
		case in.side == fromProbe:
			err = column.GatherInto(v, m.cand, b.Cols[in.col], probe)
		default:
			err = rows.GatherInto(v, m.cand, in.col, build)
		}
		if err != nil {
			return nil, err
		}
		m.pair.Cols = append(m.pair.Cols, v)
	}
	if !m.j.asksUnknown() {
		return m.eval.Select(&m.pair)
	}
	return m.decide()
}

// decide evaluates the condition on pair, row by row true, NULL or false.
func (m *matcher) decide() ([]uint32, error) {
	if err := m.eval.Eval(&m.pair, m.verdict[:]); err != nil {
		return nil, err
	}
	v := m.verdict[0]
	vals := column.Values[uint8](v.Target())
	m.truths, m.nulls = m.truths[:0], m.nulls[:0]
	if m.truths == nil {
		m.truths = []uint32{} // nil would mean all
	}
	for k := range m.pair.Rows() {
		r := m.pair.Row(k)
		switch {
		case v.IsNull(r):
			m.nulls = append(m.nulls, uint32(r))
		case vals[v.Index(r)] != 0:
			m.truths = append(m.truths, uint32(r))
		}
	}
	return m.truths, nil
}

// reset makes found and open n times false.
func (m *matcher) reset(n int) {
	m.found, m.open = falses(m.found, n), falses(m.open, n)
}

// falses is s with length n, all false.
func falses(s []bool, n int) []bool {
	if cap(s) < n {
		return make([]bool, n, max(n, column.BatchRows))
	}
	s = s[:n]
	clear(s)
	return s
}

// note adds what is known of b's rows, of which the first is row at of its file, to flags.
func (m *matcher) note(b *column.Batch, at int, flags *rowFlags) error {
	for k := range b.Rows() {
		r := at + b.Row(k)
		if m.found[k] {
			if m.j.kind == plan.Single && flags.found.Get(r) {
				return errTwoPartners()
			}
			flags.found.Set(r)
		}
		if m.open[k] {
			flags.open.Set(r)
		}
	}
	return nil
}

// rest pushes what b's rows give by themselves, after all blocks.
func (m *matcher) rest(b *column.Batch, at int, flags *rowFlags) error {
	m.reset(b.Rows())
	for k := range b.Rows() {
		r := at + b.Row(k)
		m.found[k], m.open[k] = flags.found.Get(r), flags.open.Get(r)
	}
	switch m.j.kind {
	case plan.ProbeOuter, plan.FullOuter, plan.Single:
		return m.pushOuter(b)
	case plan.ProbeSemi:
		return m.pushWhere(b, true)
	case plan.ProbeAnti:
		return m.pushWhere(b, false)
	case plan.Mark:
		return m.pushMark(b)
	case plan.NullAwareAnti:
		for k, open := range m.open {
			m.found[k] = m.found[k] || open
		}
		return m.pushWhere(b, false)
	}
	return nil
}

// finish ends the worker's part of the probe side.
func (m *matcher) finish() error {
	j := m.j
	if j.onlyBuild() {
		m.free()
		return nil
	}
	if (j.kind == plan.BuildOuter || j.kind == plan.FullOuter) && j.last.done() {
		// What follows is finished also when it wants no more rows.
		if err := j.pushUnmarked(m.w, m.next); err != nil && !errors.Is(err, ErrDone) {
			return err
		}
	}
	m.free()
	return m.next.Finish()
}
