package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
)

// loopSink is one worker's part of the probe side.
type loopSink struct {
	matcher
	dense   *mem.Arena // of the probe batch without its selection
	one     *mem.Arena // of what repeats a single row
	heads   []uint32   // by probe row, kind Single: its partner plus one
	untried []uint32   // probe rows still to be tried
	holding []uint32
	probes  []uint32 // pairs that wait to be pushed together
	builds  []uint32
}

func (s *loopSink) Finish() error {
	s.dense.Free()
	s.one.Free()
	return s.finish()
}

func (s *loopSink) Push(b *column.Batch) error {
	s.dense.Reset()
	b, err := column.Compact(s.dense, b)
	if err != nil || b.Len == 0 {
		return err
	}
	s.reset(b.Len)
	s.probes, s.builds = s.probes[:0], s.builds[:0]
	if s.j.kind == plan.Single {
		s.heads = sizedRows(s.heads, b.Len)
		clear(s.heads)
	}
	if rows := s.j.rows; rows.Rows() <= b.Len*rows.Chunks() {
		err = s.byBuildRow(b)
	} else {
		err = s.byProbeRow(b)
	}
	if err != nil {
		return err
	}
	return s.end(b)
}

// end pushes what is known once b has met all build rows.
func (s *loopSink) end(b *column.Batch) error {
	if err := s.flush(b); err != nil {
		return err
	}
	switch s.j.kind {
	case plan.Inner, plan.BuildOuter, plan.BuildSemi, plan.BuildAnti:
		return nil
	case plan.Single:
		return s.pushAligned(b, s.heads, !s.hold)
	}
	if s.hold {
		return nil
	}
	switch s.j.kind {
	case plan.ProbeOuter, plan.FullOuter:
		return s.pushOuter(b)
	case plan.ProbeSemi:
		return s.pushWhere(b, true)
	case plan.Mark:
		return s.pushMark(b)
	case plan.NullAwareAnti:
		for k, u := range s.open {
			s.found[k] = s.found[k] || u
		}
	}
	return s.pushWhere(b, false)
}

// exists reports whether one partner is all that a probe row can have use for.
func (s *loopSink) exists() bool {
	switch s.j.kind {
	case plan.ProbeSemi, plan.ProbeAnti, plan.NullAwareAnti, plan.Mark:
		return true
	}
	return false
}

// pairs reports whether the kind gives pairs.
func (s *loopSink) givesPairs() bool {
	switch s.j.kind {
	case plan.Inner, plan.ProbeOuter, plan.BuildOuter, plan.FullOuter:
		return true
	}
	return false
}

// repeat is row r of v, n times.
func (s *loopSink) repeat(v *column.Vector, r, n int) (*column.Vector, error) {
	if v == nil {
		return nil, nil
	}
	if v.IsNull(r) || v.Type.Kind == column.Null {
		return column.NewNull(v.Type, n), nil
	}
	if v.Type.Kind.IsNested() {
		idx := make([]uint32, n)
		for k := range idx {
			idx[k] = uint32(r)
		}
		return column.Gather(s.one, v, idx)
	}
	w, at := v.Type.Width(), v.Index(r)
	return &column.Vector{Type: v.Type, Form: column.Constant, Len: n, Data: v.Target().Data[at*w : (at+1)*w]}, nil
}

// test returns the rows of the pair batch, whose columns come from probe and build, where the condition is true. unknownAt is called for rows where it is
// NULL, for kinds that ask.
func (s *loopSink) test(probe, build *column.Batch, n int, sel []uint32, unknownAt func(r int)) ([]uint32, error) {
	if s.eval == nil {
		if sel != nil {
			return sel, nil
		}
		s.holding = s.holding[:0]
		for r := range n {
			s.holding = append(s.holding, uint32(r))
		}
		return s.holding, nil
	}
	s.pair = column.Batch{Cols: s.pair.Cols[:0], Len: n, Sel: sel}
	for _, in := range s.j.condIn {
		var v *column.Vector
		switch {
		case in.col < 0:
		case in.side == fromProbe:
			v = probe.Cols[in.col]
		default:
			v = build.Cols[in.col]
		}
		s.pair.Cols = append(s.pair.Cols, v)
	}
	s.holding = s.holding[:0]
	if !s.j.asksUnknown() {
		got, err := s.eval.Select(&s.pair)
		if err != nil || got != nil {
			return got, err
		}
		for r := range n {
			s.holding = append(s.holding, uint32(r))
		}
		return s.holding, nil
	}
	got, err := s.decide()
	for _, r := range s.nulls {
		unknownAt(int(r))
	}
	return got, err
}

// byBuildRow tries each build row with all probe rows.
func (s *loopSink) byBuildRow(b *column.Batch) error {
	j := s.j
	exists := s.exists()
	s.untried = nil
	for i := range j.rows.Chunks() {
		chunk := j.rows.Chunk(i)
		for k := range chunk.Len {
			if err := s.w.Check(); err != nil {
				return err
			}
			s.one.Reset()
			row := &column.Batch{Len: b.Len, Cols: make([]*column.Vector, len(chunk.Cols))}
			for c, v := range chunk.Cols {
				var err error
				if row.Cols[c], err = s.repeat(v, k, b.Len); err != nil {
					return err
				}
			}
			id := uint32(i*column.ChunkRows + k)
			sel, err := s.test(b, row, b.Len, s.untried, func(r int) { s.open[r] = true })
			if err != nil {
				return err
			}
			if len(sel) == 0 {
				continue
			}
			if j.marks != nil {
				j.marks.Set(id)
			}
			for _, r := range sel {
				if err := s.meet(int(r), id); err != nil {
					return err
				}
			}
			if exists {
				if s.narrow(b.Len); len(s.untried) == 0 {
					return nil
				}
			}
			if s.givesPairs() {
				if err := s.give(b, b, row, sel, func(r uint32) (uint32, uint32) { return r, id }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// narrow makes untried the probe rows that have no partner yet.
func (s *loopSink) narrow(n int) {
	if s.untried == nil {
		s.untried = make([]uint32, 0, n)
	}
	s.untried = s.untried[:0]
	for r := range n {
		if !s.found[r] {
			s.untried = append(s.untried, uint32(r))
		}
	}
}

// meet notes that probe row r has build row id as a partner.
func (s *loopSink) meet(r int, id uint32) error {
	if s.j.kind == plan.Single {
		if s.found[r] {
			return errTwoPartners()
		}
		s.heads[r] = id + 1
	}
	s.found[r] = true
	return nil
}

// byProbeRow tries each probe row with all build rows.
func (s *loopSink) byProbeRow(b *column.Batch) error {
	j := s.j
	exists := s.exists()
	chunks := make([]*column.Batch, j.rows.Chunks())
	for i := range chunks {
		chunks[i] = j.rows.Chunk(i)
	}
	for r := range b.Len {
		for i, chunk := range chunks {
			if exists && s.found[r] {
				break
			}
			if err := s.w.Check(); err != nil {
				return err
			}
			s.one.Reset()
			row := &column.Batch{Len: chunk.Len, Cols: make([]*column.Vector, len(b.Cols))}
			for c, v := range b.Cols {
				var err error
				if row.Cols[c], err = s.repeat(v, r, chunk.Len); err != nil {
					return err
				}
			}
			sel, err := s.test(row, chunk, chunk.Len, nil, func(int) { s.open[r] = true })
			if err != nil {
				return err
			}
			if exists {
				s.found[r] = s.found[r] || len(sel) > 0
				continue
			}
			base := uint32(i * column.ChunkRows)
			for _, k := range sel {
				if j.marks != nil {
					j.marks.Set(base + k)
				}
				if err := s.meet(r, base+k); err != nil {
					return err
				}
			}
			if s.givesPairs() && len(sel) > 0 {
				if err := s.give(b, row, chunk, sel, func(k uint32) (uint32, uint32) { return uint32(r), base + k }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// give pushes pairs: at once and without a copy when they are many, otherwise together with later ones. ids turns a row of the pair batch into the rows of
// the probe batch and of the build side.
func (s *loopSink) give(b, probe, build *column.Batch, sel []uint32, ids func(r uint32) (uint32, uint32)) error {
	n := max(probe.Len, build.Len)
	if len(sel)*4 < n || len(sel) < 16 {
		for _, r := range sel {
			p, id := ids(r)
			s.probes, s.builds = append(s.probes, p), append(s.builds, id)
		}
		if len(s.builds) >= column.BatchRows {
			return s.flush(b)
		}
		return nil
	}
	out := &column.Batch{Len: n, Cols: make([]*column.Vector, 0, len(s.j.outs))}
	if len(sel) < n {
		out.Sel = sel
	}
	for _, o := range s.j.outs {
		if o.side == fromProbe {
			out.Cols = append(out.Cols, probe.Cols[o.col])
		} else {
			out.Cols = append(out.Cols, build.Cols[o.col])
		}
	}
	return s.next.Push(out)
}

// flush pushes the pairs that wait.
func (s *loopSink) flush(b *column.Batch) error {
	probes, builds := s.probes, s.builds
	s.probes, s.builds = s.probes[:0], s.builds[:0]
	for lo := 0; lo < len(builds); lo += column.BatchRows {
		hi := min(len(builds), lo+column.BatchRows)
		if err := s.pushPairs(b, probes[lo:hi], builds[lo:hi]); err != nil {
			return err
		}
	}
	return nil
}
