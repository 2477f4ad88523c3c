package executor

import (
	"context"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/join"
)

// unknowns answers for NOT IN and IN (NullAwareAnti, Mark): which probe rows without a partner have a build row that could be one, were a NULL known.
//
// The condition as a whole, equality of the keys and the residual, is NULL for such a pair: each key that is not null-safe is equal or NULL on a side, null-safe
// ones agree, and the residual is not false. Pairs whose keys are all equal are met by the join itself. The others have a NULL in a key that is not
// null-safe, of the probe row or of the build row; so two tables over the null-safe keys suffice: of all build rows, and of those with a NULL.
type unknowns struct {
	j        *hashJoin
	compared []int // key numbers
	safe     []int // probe columns of null-safe keys
	all      *join.Table
	withNull *join.Table // nil: no build row has a NULL in a compared key
	nulls    *mem.Arena  // of withNull's rows
	// For a plain IN or NOT IN (see plainIn) no table is asked: whether there is a build row at all, and one that is NULL.
	plain, some, someNull bool
}

func (u *unknowns) free() {
	if u.all != nil {
		u.all.Free()
	}
	if u.withNull != nil {
		u.withNull.Free()
	}
	if u.nulls != nil {
		u.nulls.Free()
	}
}

// newUnknowns makes those of j's rows, charged to b.
func newUnknowns(ctx context.Context, b *mem.Budget, j *hashJoin, threads int) (_ *unknowns, err error) {
	u := &unknowns{j: j}
	if j.plainIn() {
		u.plain, u.some = true, j.rows.Rows() > 0
		for i := 0; i < j.rows.Chunks() && !u.someNull; i++ {
			u.someNull = hasNull(j.rows.Chunk(i).Cols[j.buildKeys[0]])
		}
		return u, nil
	}
	defer func() {
		if err != nil {
			u.free()
		}
	}()
	var build []int
	var safe []bool
	for i, c := range j.buildKeys {
		if j.n.NullSafe == nil || !j.n.NullSafe[i] {
			u.compared = append(u.compared, i)
			continue
		}
		u.safe = append(u.safe, j.n.ProbeKeys[i])
		build, safe = append(build, c), append(safe, true)
	}
	if len(u.compared) == 0 || j.rows.Rows() == 0 {
		u.compared = nil
		return u, nil
	}
	workers := joinWorkers(j.task, j.n, threads)
	if u.nullableProbe() {
		if u.all, err = join.BuildWith(ctx, b, j.rows, build, safe, workers); err != nil {
			return nil, err
		}
	}
	u.nulls = mem.NewArena(b)
	nulls := column.NewAppender(u.nulls, j.rows.Types())
	var sel []uint32
	for i := range j.rows.Chunks() {
		chunk := j.rows.Chunk(i)
		sel = sel[:0]
		for r := range chunk.Len {
			for _, key := range u.compared {
				if chunk.Cols[j.buildKeys[key]].IsNull(r) {
					sel = append(sel, uint32(r))
					break
				}
			}
		}
		if err := nulls.AppendRows(chunk, sel); err != nil {
			return nil, err
		}
	}
	if nulls.Rows() == 0 {
		return u, nil
	}
	u.withNull, err = join.BuildWith(ctx, b, nulls, build, safe, workers)
	return u, err
}

// nullableProbe reports whether a compared key of the probe side may be NULL.
func (u *unknowns) nullableProbe() bool {
	for _, key := range u.compared {
		if !u.j.probe[u.j.n.ProbeKeys[key]].NotNull {
			return true
		}
	}
	return false
}

// unknownProbe is one worker's part.
type unknownProbe struct {
	*unknowns
	all, withNull *join.Prober
	chains        chainPairs
	sel           []uint32
	at            []uint32 // positions of sel in the batch
	either        []uint32
}

func (u *unknowns) worker() *unknownProbe {
	p := &unknownProbe{unknowns: u, either: []uint32{}}
	if u.all != nil {
		p.all = join.NewProber(u.all)
	}
	if u.withNull != nil {
		p.withNull = join.NewProber(u.withNull)
	}
	return p
}

// find sets open for b's rows that are not found and could have a partner.
func (p *unknownProbe) find(m *matcher, b *column.Batch) error {
	isNull := func(r int) bool {
		for _, key := range p.compared {
			if b.Cols[p.j.n.ProbeKeys[key]].IsNull(r) {
				return true
			}
		}
		return false
	}
	if p.plain {
		for k, found := range m.found {
			m.open[k] = m.open[k] || !found && (p.someNull || p.some && b.Cols[p.j.n.ProbeKeys[0]].IsNull(b.Row(k)))
		}
		return nil
	}
	if p.all != nil {
		if err := p.search(m, b, p.all, p.unknowns.all, func(k int) bool { return !m.found[k] && !m.open[k] && isNull(b.Row(k)) }); err != nil {
			return err
		}
	}
	if p.withNull != nil {
		if err := p.search(m, b, p.withNull, p.unknowns.withNull, func(k int) bool { return !m.found[k] && !m.open[k] }); err != nil {
			return err
		}
	}
	return nil
}

// search sets open for the positions that ask and have a possible partner in t.
func (p *unknownProbe) search(m *matcher, b *column.Batch, prober *join.Prober, t *join.Table, asks func(k int) bool) error {
	p.sel, p.at = p.sel[:0], p.at[:0]
	for k := range b.Rows() {
		if asks(k) {
			p.sel, p.at = append(p.sel, uint32(b.Row(k))), append(p.at, uint32(k))
		}
	}
	if len(p.sel) == 0 {
		return nil
	}
	some := &column.Batch{Cols: b.Cols, Len: b.Len, Sel: p.sel}
	heads := prober.Heads(some, p.safe)
	if len(p.compared) == 1 && m.eval == nil {
		for i, h := range heads {
			m.open[p.at[i]] = m.open[p.at[i]] || h != 0
		}
		return nil
	}
	enough := make([]bool, len(heads))
	p.chains.start(t, some, heads)
	for p.chains.next(false, enough) {
		if err := m.w.Check(); err != nil {
			return err
		}
		c := &p.chains
		if m.eval != nil {
			sel, err := m.holds(some, t.Rows(), c.probe, c.build)
			if err != nil {
				return err
			}
			// True and NULL alike leave the pair open.
			p.either = append(append(p.either[:0], sel...), m.nulls...)
			slices.Sort(p.either)
			c.narrow(p.either)
		}
		if err := p.couldMatch(m, b, t); err != nil {
			return err
		}
		for _, k := range c.at {
			enough[k] = true
			m.open[p.at[k]] = true
		}
	}
	return nil
}

// couldMatch narrows the pairs to those whose compared keys are equal or NULL on a side.
func (p *unknownProbe) couldMatch(m *matcher, b *column.Batch, t *join.Table) error {
	if len(p.compared) == 1 {
		// One of the two is NULL, or the pair would not be looked at.
		return nil
	}
	c := &p.chains
	for _, key := range p.compared {
		m.cand.Reset()
		theirs, err := t.Rows().Gather(m.cand, p.j.buildKeys[key], c.build)
		if err != nil {
			return err
		}
		ours := b.Cols[p.j.n.ProbeKeys[key]]
		sel := make([]uint32, 0, len(c.build))
		for i, r := range c.probe {
			if ours.IsNull(int(r)) || theirs.IsNull(i) || equalValues(ours.ValueAt(int(r)), theirs.ValueAt(i)) {
				sel = append(sel, uint32(i))
			}
		}
		c.narrow(sel)
	}
	return nil
}

// equalValues reports whether two values of one type, not NULL, are equal.
func equalValues(a, b column.Value) bool {
	switch {
	case a.Type.Kind.IsFloat():
		return a.Float == b.Float || a.Float != a.Float && b.Float != b.Float
	case a.Type.Kind == column.Interval:
		return a.Interval.Compare(b.Interval) == 0
	}
	return a.Int == b.Int && a.Str == b.Str
}
