package executor

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/join"
	"github.com/polybolos-db/polybolos/plan"
)

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
