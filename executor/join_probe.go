package executor

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/kernels/join"
	"github.com/polybolos-db/polybolos/plan"
)

// gatherBelow is the share of a probe batch's rows under which matching rows are copied together instead of being selected: a vector of the whole
// batch's length would be mostly unused.
const gatherBelow = 0.25

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
}

func newMatcher(j *joined, w *Worker, next Sink) (m matcher, err error) {
	m = matcher{j: j, w: w, next: next, out: w.Task.NewArena(), cand: w.Task.NewArena()}
	if j.cond != nil {
		m.eval, err = cpu.NewEvaluator(j.cond, w.Arena)
	}
	return m, err
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
	for _, in := range m.j.condIn {
		var v *column.Vector
		var err error
		switch {
		case in.col < 0:
		case in.side == fromProbe:
			v, err = column.Gather(m.cand, b.Cols[in.col], probe)
		default:
			v, err = rows.Gather(m.cand, in.col, build)
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

// pushPairs pushes the output of pairs; NoRow as a build row gives NULLs.
func (m *matcher) pushPairs(b *column.Batch, probe, build []uint32) error {
	if len(build) == 0 {
		return nil
	}
	m.out.Reset()
	out := &column.Batch{Len: len(build), Cols: make([]*column.Vector, 0, len(m.j.outs))}
	for _, o := range m.j.outs {
		var v *column.Vector
		var err error
		if o.side == fromProbe {
			v, err = column.Gather(m.out, b.Cols[o.col], probe)
		} else {
			v, err = m.j.rows.Gather(m.out, o.col, build)
		}
		if err != nil {
			return err
		}
		out.Cols = append(out.Cols, v)
	}
	return m.next.Push(out)
}

// pushAligned pushes b's rows that have a partner, or with outer all, when none has two: probe columns stay where they are. heads[k] is the partner of
// the k-th row plus one, or 0.
func (m *matcher) pushAligned(b *column.Batch, heads []uint32, outer bool) error {
	matched := 0
	for _, h := range heads {
		if h != 0 {
			matched++
		}
	}
	if matched == 0 && !outer {
		return nil
	}
	few := float64(matched) < gatherBelow*float64(b.Len)
	if outer {
		few = float64(len(heads)) < gatherBelow*float64(b.Len)
	}
	if few {
		m.sel, m.idx = m.sel[:0], m.idx[:0]
		for k, h := range heads {
			// Without a partner, 0-1 is NoRow.
			if h != 0 || outer {
				m.sel, m.idx = append(m.sel, uint32(b.Row(k))), append(m.idx, h-1)
			}
		}
		return m.pushPairs(b, m.sel, m.idx)
	}
	sel := b.Sel
	if !outer && matched < len(heads) {
		m.sel = m.sel[:0]
		for k, h := range heads {
			if h != 0 {
				m.sel = append(m.sel, uint32(b.Row(k)))
			}
		}
		sel = m.sel
	}
	at := m.alignment(b, heads, outer)
	m.out.Reset()
	out := &column.Batch{Len: b.Len, Sel: sel, Cols: make([]*column.Vector, 0, len(m.j.outs))}
	for _, o := range m.j.outs {
		v := (*column.Vector)(nil)
		if o.side == fromProbe {
			v = b.Cols[o.col]
		} else {
			var err error
			if v, err = m.j.rows.Gather(m.out, o.col, at); err != nil {
				return err
			}
		}
		out.Cols = append(out.Cols, v)
	}
	return m.next.Push(out)
}

// alignment is the build row for every physical row of b. Rows that do not count get some row that exists, or none when there are none.
func (m *matcher) alignment(b *column.Batch, heads []uint32, outer bool) []uint32 {
	if b.Sel == nil && outer {
		m.idx = sizedRows(m.idx, b.Len)
		for k, h := range heads {
			m.idx[k] = h - 1
		}
		return m.idx
	}
	filler := uint32(0)
	if m.j.rows.Rows() == 0 {
		filler = column.NoRow
	}
	m.idx = sizedRows(m.idx, b.Len)
	for i := range m.idx {
		m.idx[i] = filler
	}
	for k, h := range heads {
		if h != 0 || outer {
			m.idx[b.Row(k)] = h - 1
		}
	}
	return m.idx
}

func sizedRows(s []uint32, n int) []uint32 {
	if cap(s) < n {
		return make([]uint32, n, max(n, column.BatchRows))
	}
	return s[:n]
}

// pushWhere pushes b's rows whose found flag is want.
func (m *matcher) pushWhere(b *column.Batch, want bool) error {
	n := b.Rows()
	m.sel = m.sel[:0]
	for k := range n {
		if m.found[k] == want {
			m.sel = append(m.sel, uint32(b.Row(k)))
		}
	}
	if len(m.sel) == 0 {
		return nil
	}
	out := &column.Batch{Len: b.Len, Sel: m.sel, Cols: make([]*column.Vector, 0, len(m.j.outs))}
	if len(m.sel) == b.Len {
		out.Sel = nil
	}
	for _, o := range m.j.outs {
		out.Cols = append(out.Cols, b.Cols[o.col])
	}
	return m.next.Push(out)
}

// pushOuter pushes b's rows without a partner, with NULL for build columns.
func (m *matcher) pushOuter(b *column.Batch) error {
	n := b.Rows()
	sel := m.sel[:0]
	for k := range n {
		if !m.found[k] {
			sel = append(sel, uint32(b.Row(k)))
		}
	}
	m.sel = sel
	if len(sel) == 0 {
		return nil
	}
	out := &column.Batch{Len: b.Len, Sel: sel, Cols: make([]*column.Vector, 0, len(m.j.outs))}
	for _, o := range m.j.outs {
		if o.side == fromProbe {
			out.Cols = append(out.Cols, b.Cols[o.col])
		} else {
			out.Cols = append(out.Cols, column.NewNull(m.j.build[m.j.kept[o.col]].Type, b.Len))
		}
	}
	return m.next.Push(out)
}

// pushMark pushes all of b's rows and whether they have a partner: NULL where none is found and the condition is open.
func (m *matcher) pushMark(b *column.Batch) error {
	m.out.Reset()
	mark, err := column.NewFlat(m.out, column.T(column.Bool), b.Len)
	if err != nil {
		return err
	}
	for k := range b.Rows() {
		r := b.Row(k)
		switch {
		case m.found[k]:
			mark.Data[r] = 1
		case m.open[k]:
			if mark.Valid == nil {
				if mark.Valid, err = column.AllocBitmap(m.out, b.Len); err != nil {
					return err
				}
			}
			mark.Valid.Clear(r)
		}
	}
	out := &column.Batch{Len: b.Len, Sel: b.Sel, Cols: make([]*column.Vector, 0, len(m.j.outs))}
	for _, o := range m.j.outs {
		if o.side == fromMark {
			out.Cols = append(out.Cols, mark)
		} else {
			out.Cols = append(out.Cols, b.Cols[o.col])
		}
	}
	return m.next.Push(out)
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
		if err := j.pushUnmarked(m.w, m.next); err != nil {
			return err
		}
	}
	m.free()
	return m.next.Finish()
}

// Worker makes a worker's end of the probe side.
func (j *hashJoin) Worker(w *Worker, next Sink) (Sink, error) {
	j.last.start(w.Task)
	m, err := newMatcher(j.joined, w, next)
	if err != nil {
		return nil, err
	}
	s := &probeSink{matcher: m, j: j, prober: join.NewProber(j.table)}
	if j.unknown != nil {
		s.unknown = j.unknown.worker()
	}
	return s, nil
}

// blockProber makes a worker's part of a spilled join.
func (j *hashJoin) blockProber(w *Worker, next Sink) (blockProber, error) {
	part := j.part()
	m, err := newMatcher(part.joined, w, next)
	if err != nil {
		return nil, err
	}
	return &probeBlock{of: j, s: &probeSink{matcher: m, j: part}}, nil
}

// probeBlock joins blocks of a spilled build side.
type probeBlock struct {
	of *hashJoin
	s  *probeSink
}

func (p *probeBlock) turn(ctx context.Context, b *mem.Budget, rows *column.Appender) error {
	part := p.of.part()
	part.rows = rows
	if err := part.make(ctx, b, 1); err != nil {
		part.drop(true)
		return err
	}
	s := p.s
	s.j, s.matcher.j, s.prober, s.unknown = part, part.joined, join.NewProber(part.table), nil
	if u := part.unknown; u != nil {
		if u.plain {
			// Of all build rows, not only of the block.
			u.some, u.someNull = p.of.side.spilled.rows > 0, p.of.side.null
		}
		s.unknown = u.worker()
	}
	return nil
}

func (p *probeBlock) free()                       { p.s.j.drop(true) }
func (p *probeBlock) build() *joined              { return p.s.j.joined }
func (p *probeBlock) unmarked() error             { return p.s.j.pushUnmarked(p.s.w, p.s.next) }
func (p *probeBlock) whole(b *column.Batch) error { return p.s.Push(b) }
func (p *probeBlock) close()                      { p.s.matcher.free() }

func (p *probeBlock) held(b *column.Batch, at int, flags *rowFlags) error {
	p.s.hold = true
	defer func() { p.s.hold = false }()
	if err := p.s.Push(b); err != nil {
		return err
	}
	return p.s.note(b, at, flags)
}

func (p *probeBlock) rest(b *column.Batch, at int, flags *rowFlags) error {
	return p.s.matcher.rest(b, at, flags)
}

// probeSink is one worker's part of a hash join's probe side.
type probeSink struct {
	matcher
	j       *hashJoin
	prober  *join.Prober
	unknown *unknownProbe
	heads   []uint32 // partners by position, for kinds with at most one
	chains  chainPairs
}

func (s *probeSink) Finish() error { return s.finish() }

func (s *probeSink) Push(b *column.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	heads := s.prober.Heads(b, s.j.n.ProbeKeys)
	if s.eval != nil {
		return s.pushTested(b, heads)
	}
	if s.j.marks != nil {
		for _, h := range heads {
			if h != 0 {
				s.j.marks.Set(h - 1)
			}
		}
	}
	if s.hold {
		s.reset(len(heads))
		for k, h := range heads {
			s.found[k] = h != 0
		}
	}
	outer := !s.hold
	unique := s.j.table.Unique()
	switch s.j.kind {
	case plan.BuildSemi, plan.BuildAnti:
		return nil
	case plan.Single:
		if !unique {
			for _, h := range heads {
				if h != 0 && s.j.table.Next(h) != 0 {
					return errTwoPartners()
				}
			}
		}
		return s.pushAligned(b, heads, outer)
	case plan.Inner, plan.BuildOuter:
		if unique {
			return s.pushAligned(b, heads, false)
		}
		return s.pushChains(b, heads, false)
	case plan.ProbeOuter, plan.FullOuter:
		if unique {
			return s.pushAligned(b, heads, outer)
		}
		return s.pushChains(b, heads, outer)
	}
	s.reset(len(heads))
	for k, h := range heads {
		s.found[k] = h != 0
	}
	return s.pushFound(b)
}

// pushFound pushes what semi joins, anti joins and marks make of found.
func (s *probeSink) pushFound(b *column.Batch) error {
	switch {
	case s.hold && !s.j.asksUnknown():
		return nil
	case s.j.kind == plan.ProbeSemi:
		return s.pushWhere(b, true)
	case s.j.kind == plan.ProbeAnti:
		return s.pushWhere(b, false)
	}
	if err := s.unknown.find(&s.matcher, b); err != nil {
		return err
	}
	if s.hold {
		return nil
	}
	if s.j.kind == plan.Mark {
		return s.pushMark(b)
	}
	for k, open := range s.open {
		s.found[k] = s.found[k] || open
	}
	return s.pushWhere(b, false)
}

// pushChains pushes every pair; with outer also rows without a partner.
func (s *probeSink) pushChains(b *column.Batch, heads []uint32, outer bool) error {
	s.chains.start(s.j.table, b, heads)
	for s.chains.next(outer, nil) {
		if err := s.w.Check(); err != nil {
			return err
		}
		if err := s.pushPairs(b, s.chains.probe, s.chains.build); err != nil {
			return err
		}
	}
	return nil
}

// pushTested is Push when pairs have to satisfy a condition.
func (s *probeSink) pushTested(b *column.Batch, heads []uint32) error {
	kind := s.j.kind
	s.reset(len(heads))
	exists := kind == plan.ProbeSemi || kind == plan.ProbeAnti || kind == plan.NullAwareAnti || kind == plan.Mark
	pairs := kind == plan.Inner || kind == plan.ProbeOuter || kind == plan.BuildOuter || kind == plan.FullOuter
	if kind == plan.Single {
		s.heads = sizedRows(s.heads, len(heads))
		clear(s.heads)
	}
	var enough []bool
	if exists {
		enough = s.found
	}
	s.chains.start(s.j.table, b, heads)
	for s.chains.next(false, enough) {
		if err := s.w.Check(); err != nil {
			return err
		}
		c := &s.chains
		sel, err := s.holds(b, s.j.rows, c.probe, c.build)
		if err != nil {
			return err
		}
		if s.j.asksUnknown() {
			for _, p := range s.nulls {
				s.open[c.at[p]] = true
			}
		}
		c.narrow(sel)
		for i, k := range c.at {
			if kind == plan.Single {
				if s.found[k] {
					return errTwoPartners()
				}
				s.heads[k] = c.build[i] + 1
			}
			s.found[k] = true
			if s.j.marks != nil {
				s.j.marks.Set(c.build[i])
			}
		}
		if pairs {
			if err := s.pushPairs(b, c.probe, c.build); err != nil {
				return err
			}
		}
	}
	switch kind {
	case plan.Inner, plan.BuildOuter, plan.BuildSemi, plan.BuildAnti:
		return nil
	case plan.Single:
		return s.pushAligned(b, s.heads, !s.hold)
	case plan.ProbeOuter, plan.FullOuter:
		if s.hold {
			return nil
		}
		return s.pushOuter(b)
	}
	return s.pushFound(b)
}

// chainPairs walks the chains of a batch in bounded pieces.
type chainPairs struct {
	table *join.Table
	b     *column.Batch
	heads []uint32
	k     int    // position at hand
	row   uint32 // its next partner plus one, 0: done with it
	at    []uint32
	probe []uint32
	build []uint32
}

func (c *chainPairs) start(t *join.Table, b *column.Batch, heads []uint32) {
	c.table, c.b, c.heads, c.k, c.row = t, b, heads, -1, 0
}

// next fills at (positions), probe and build with up to BatchRows pairs and reports whether there are any. With outer a row without a partner is a pair with
// NoRow. Positions whose enough is true are passed over.
func (c *chainPairs) next(outer bool, enough []bool) bool {
	c.at, c.probe, c.build = c.at[:0], c.probe[:0], c.build[:0]
	for len(c.build) < column.BatchRows {
		if c.row == 0 || enough != nil && enough[c.k] {
			if c.k+1 >= len(c.heads) {
				c.row = 0
				break
			}
			c.k++
			if c.row = c.heads[c.k]; c.row == 0 && outer {
				c.add(column.NoRow)
			}
			continue
		}
		c.add(c.row - 1)
		c.row = c.table.Next(c.row)
	}
	return len(c.build) > 0
}

func (c *chainPairs) add(row uint32) {
	c.at = append(c.at, uint32(c.k))
	c.probe = append(c.probe, uint32(c.b.Row(c.k)))
	c.build = append(c.build, row)
}

// narrow keeps the pairs at the given positions, nil: all.
func (c *chainPairs) narrow(sel []uint32) {
	if sel == nil {
		return
	}
	for i, p := range sel {
		c.at[i], c.probe[i], c.build[i] = c.at[p], c.probe[p], c.build[p]
	}
	c.at, c.probe, c.build = c.at[:len(sel)], c.probe[:len(sel)], c.build[:len(sel)]
}
