package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// elementState is a state that cannot travel as one row a group: it travels as a row for each value that it keeps, which Update would take again.
type elementState interface {
	state
	// elements calls f with batches of what the groups have, in an order that keeps that within each group: the group of each row, and the argument columns.
	elements(out *output, f func(gids []uint32, cols []*column.Vector) error) error
}

// elementTypes are the columns of a row of an elementState, or nil when a's state travels as PartialTypes.
func elementTypes(a kernels.Aggregate) []column.Type {
	if HasPartial(plain(a)) {
		return nil
	}
	if a.Distinct {
		return a.ArgTypes
	}
	switch a.Op {
	case kernels.AggMedian:
		return []column.Type{column.T(column.Float64)}
	case kernels.AggQuantileCont:
		return []column.Type{column.T(column.Float64), column.T(column.Float64)}
	case kernels.AggQuantileDisc:
		return []column.Type{a.ArgTypes[0], column.T(column.Float64)}
	}
	return a.ArgTypes
}

// plain is a without Distinct where duplicates change nothing.
func plain(a kernels.Aggregate) kernels.Aggregate {
	switch a.Op {
	case kernels.AggCountStar, kernels.AggMin, kernels.AggMax, kernels.AggBoolAnd, kernels.AggBoolOr, kernels.AggAny, kernels.AggApproxCount:
		a.Distinct = false
	}
	return a
}

// StateTypes are the types of the columns that hold a's state when it is spilled: PartialTypes where it has them, otherwise a value and whether there is one.
func StateTypes(a kernels.Aggregate) []column.Type {
	if types := elementTypes(a); types != nil {
		return append(types[:len(types):len(types)], column.T(column.Bool))
	}
	return PartialTypes(plain(a))
}

// SpillTypes are the columns of rows that Spill gives: the keys, then the aggregates' states.
func SpillTypes(keys []column.Type, aggs []kernels.Aggregate) []column.Type {
	types := append([]column.Type(nil), keys...)
	for _, a := range aggs {
		types = append(types, StateTypes(a)...)
	}
	return types
}

// spillRows is how many groups or values are given at once: a fraction of a batch, since memory is short.
const spillRows = column.BatchRows / 4

// Spill calls f with all that the aggregator knows, as rows of SpillTypes and with the hash of each row's keys, the same in all aggregators of such keys. The
// aggregator stays as it is. b is charged with what a batch takes; batches are valid during the call.
func (g *Aggregator) Spill(b *mem.Budget, f func(b *column.Batch, hashes []uint64) error) error {
	return g.spill(b, false, f)
}

// SpillTuples is Spill for groups whose distinct values are too many: the hash of a row with a distinct value is that of the value, and that of all others is 0. What
// goes apart by these hashes is aggregated apart and brought together by MergeDistinct.
func (g *Aggregator) SpillTuples(b *mem.Budget, f func(b *column.Batch, hashes []uint64) error) error {
	return g.spill(b, true, f)
}

// HasDistinct reports whether the aggregator keeps distinct values, which can go apart (see SpillTuples).
func (g *Aggregator) HasDistinct() bool { return g.hasDistinct() }

// MergeDistinct takes the groups of o, none of whose distinct values g has seen or will see. Distinct values are not kept: g takes no rows any more.
func (g *Aggregator) MergeDistinct(o *Aggregator) error {
	scratch := mem.NewArena(g.env.budget)
	defer scratch.Free()
	for lo := 0; lo < o.Groups(); lo += column.BatchRows {
		hi := min(lo+column.BatchRows, o.Groups())
		scratch.Reset()
		b, err := o.table.keysOf(&output{arena: scratch}, groups{lo: lo, hi: hi})
		if err != nil {
			return err
		}
		if err := g.find(b, g.table.ident); err != nil {
			return err
		}
		list := make([]uint32, hi-lo)
		for k := range list {
			list[k] = uint32(lo + k)
		}
		for i, s := range g.states {
			from := o.states[i]
			if d, ok := s.(*distinct); ok {
				s, from = d.inner, from.(*distinct).inner
			}
			if err := s.merge(g.gids[:hi-lo], from, list); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Aggregator) spill(b *mem.Budget, tuples bool, f func(b *column.Batch, hashes []uint64) error) error {
	s := &spilling{g: g, out: &output{arena: mem.NewArena(b)}, kept: mem.NewArena(b), tuples: tuples, f: f}
	defer s.out.arena.Free()
	defer s.kept.Free()
	// Groups that came last may not have their states yet, nor any value.
	if err := s.blanks(); err != nil {
		return err
	}
	for lo := 0; lo < g.sized; lo += spillRows {
		if err := s.groups(lo, min(lo+spillRows, g.sized)); err != nil {
			return err
		}
	}
	for i, st := range g.states {
		e, ok := st.(elementState)
		if !ok || elementTypes(g.aggs[i]) == nil {
			continue
		}
		if _, ok := st.(*distinct); ok && tuples {
			var err error
			if s.hasher, err = hash.NewHasher(g.aggs[i].ArgTypes); err != nil {
				return err
			}
		}
		err := e.elements(s.out, func(gids []uint32, cols []*column.Vector) error { return s.values(i, gids, cols) })
		if err != nil {
			return err
		}
		s.hasher = nil
	}
	return nil
}

// spilling is a Spill at work.
type spilling struct {
	g      *Aggregator
	out    *output
	f      func(b *column.Batch, hashes []uint64) error
	kept   *mem.Arena         // of blank's strings
	blank  [][]*column.Vector // by aggregate: the state of a group that has seen nothing, as constants
	hashes []uint64
	tuples bool
	hasher *hash.Hasher // of the values of the distinct aggregate at hand, when they decide
}

// blanks makes the states of groups that have seen nothing.
func (s *spilling) blanks() error {
	for _, a := range s.g.aggs {
		if types := elementTypes(a); types != nil {
			var cols []*column.Vector
			for _, t := range types {
				cols = append(cols, column.NewNull(t, 1))
			}
			s.blank = append(s.blank, append(cols, &column.Vector{Type: column.T(column.Bool), Form: column.Constant, Len: 1, Data: []byte{0}}))
			continue
		}
		cols, err := s.blankState(plain(a))
		if err != nil {
			return err
		}
		s.blank = append(s.blank, cols)
	}
	return nil
}

// blankState is what a fresh state exports.
func (s *spilling) blankState(a kernels.Aggregate) ([]*column.Vector, error) {
	empty, err := newPlain(&env{}, a)
	if err != nil {
		return nil, err
	}
	defer empty.free()
	p, ok := empty.(partialState)
	if !ok {
		return nil, fault.New(fault.Internal, "aggregate %s cannot be spilled", a.Op)
	}
	if err := empty.resize(1); err != nil {
		return nil, err
	}
	cols, err := p.export(&output{arena: s.kept}, 0, 1)
	for _, v := range cols {
		v.Form = column.Constant
	}
	return cols, err
}

// groups gives a row for each of the groups lo to hi-1.
func (s *spilling) groups(lo, hi int) error {
	g := s.g
	s.out.arena.Reset()
	b, err := g.table.keysOf(s.out, groups{lo: lo, hi: hi})
	if err != nil {
		return err
	}
	for i, st := range g.states {
		if elementTypes(g.aggs[i]) != nil {
			b.Cols = append(b.Cols, s.blanksOf(i, hi-lo)...)
			continue
		}
		cols, err := st.(partialState).export(s.out, lo, hi)
		if err != nil {
			return err
		}
		b.Cols = append(b.Cols, cols...)
	}
	if len(g.keyTypes) == 0 || s.tuples {
		s.hashes = sized(s.hashes, hi-lo)
		clear(s.hashes)
		return s.f(b, s.hashes)
	}
	return s.f(b, g.table.hashes.S[lo:hi])
}

// values gives rows of values of aggregate i.
func (s *spilling) values(i int, gids []uint32, cols []*column.Vector) error {
	g := s.g
	b, err := g.table.keysOf(s.out, groups{list: gids})
	if err != nil {
		return err
	}
	b.Len = len(gids)
	for k := range g.aggs {
		if k != i {
			b.Cols = append(b.Cols, s.blanksOf(k, b.Len)...)
			continue
		}
		b.Cols = append(b.Cols, cols...)
		b.Cols = append(b.Cols, &column.Vector{Type: column.T(column.Bool), Form: column.Constant, Len: b.Len, Data: []byte{1}})
	}
	if s.hasher != nil {
		of := &column.Batch{Cols: cols, Len: b.Len}
		at := make([]int, len(cols))
		for k := range at {
			at[k] = k
		}
		return s.f(b, s.hasher.Hash(of, at))
	}
	s.hashes = sized(s.hashes, len(gids))
	for k, id := range gids {
		s.hashes[k] = 0
		if len(g.keyTypes) > 0 && !s.tuples {
			s.hashes[k] = g.table.hashes.S[id]
		}
	}
	return s.f(b, s.hashes)
}

func (s *spilling) blanksOf(i, n int) []*column.Vector {
	for _, v := range s.blank[i] {
		v.Len = n
	}
	return s.blank[i]
}

// AbsorbSpilled takes rows that Spill gave. A refusal of memory leaves all values as they were.
func (g *Aggregator) AbsorbSpilled(b *column.Batch) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if err := g.find(b, g.table.ident); err != nil {
		return err
	}
	if err := g.reserve(n); err != nil {
		return err
	}
	first := len(g.keyTypes)
	for i, a := range g.aggs {
		width := len(StateTypes(a))
		in := &input{gids: g.gids[:n], rows: b.Sel, cols: b.Cols[first : first+width], buf: &g.buf}
		first += width
		var err error
		if elementTypes(a) == nil {
			err = g.states[i].(partialState).absorb(in)
		} else if in = in.filtered(in.cols[width-1]); len(in.gids) > 0 {
			in.cols = in.cols[:width-1]
			err = g.states[i].update(in)
		}
		if err != nil {
			return mem.Final(err)
		}
	}
	return nil
}

func (s *chosen) elements(out *output, f func(gids []uint32, cols []*column.Vector) error) error {
	var rows, gids []uint32
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		out.arena.Reset()
		b, err := s.gather(out.arena, rows)
		if err == nil {
			err = f(gids, b.Cols)
		}
		rows, gids = rows[:0], gids[:0]
		return err
	}
	for g, at := range s.at {
		if at == 0 {
			continue
		}
		rows, gids = append(rows, at-1), append(gids, uint32(g))
		if len(rows) == spillRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (s *gathered) elements(out *output, f func(gids []uint32, cols []*column.Vector) error) error {
	rows := make([]uint32, 0, spillRows)
	for lo := 0; lo < len(s.gids.S); lo += spillRows {
		hi := min(lo+spillRows, len(s.gids.S))
		rows = rows[:0]
		for r := lo; r < hi; r++ {
			rows = append(rows, uint32(r))
		}
		out.arena.Reset()
		v, err := s.rows.Gather(out.arena, 0, rows)
		if err != nil {
			return err
		}
		cols := []*column.Vector{v}
		if s.agg.Op == kernels.AggQuantileDisc {
			p, err := column.NewConstant(out.arena, column.FloatValue(s.parameter), hi-lo)
			if err != nil {
				return err
			}
			cols = append(cols, p)
		}
		if err := f(s.gids.S[lo:hi], cols); err != nil {
			return err
		}
	}
	return nil
}

func (s *median) elements(out *output, f func(gids []uint32, cols []*column.Vector) error) error {
	for lo := 0; lo < len(s.gids.S); lo += spillRows {
		hi := min(lo+spillRows, len(s.gids.S))
		out.arena.Reset()
		v, err := flat(out, column.T(column.Float64), s.vals.S[lo:hi])
		if err != nil {
			return err
		}
		cols := []*column.Vector{v}
		if s.withFraction {
			p, err := column.NewConstant(out.arena, column.FloatValue(s.fraction), hi-lo)
			if err != nil {
				return err
			}
			cols = append(cols, p)
		}
		if err := f(s.gids.S[lo:hi], cols); err != nil {
			return err
		}
	}
	return nil
}

func (s *stringAgg) elements(out *output, f func(gids []uint32, cols []*column.Vector) error) error {
	var gids []uint32
	var views []column.View
	flush := func() error {
		if len(gids) == 0 {
			return nil
		}
		out.arena.Reset()
		v, err := flat(out, column.T(column.Text), views)
		if err != nil {
			return err
		}
		sep := column.NewNull(column.T(column.Text), len(gids))
		if s.separator != nil {
			text, err := column.CopyView(out.arena, s.separator)
			if err != nil {
				return err
			}
			sep = &column.Vector{Type: sep.Type, Form: column.Constant, Len: len(gids), Data: append([]byte(nil), column.BytesOf([]column.View{text})...)}
		}
		err = f(gids, []*column.Vector{v, sep})
		gids, views = gids[:0], views[:0]
		return err
	}
	for g, head := range s.head.S {
		for at := head; at != 0; at = s.pieces.S[at-1].next {
			gids, views = append(gids, uint32(g)), append(views, s.pieces.S[at-1].text)
			if len(gids) == spillRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

func (s *distinct) elements(out *output, f func(gids []uint32, cols []*column.Vector) error) error {
	for lo := 0; lo < s.tuples.Len(); lo += spillRows {
		out.arena.Reset()
		b, err := s.tuples.keysOf(out, groups{lo: lo, hi: min(lo+spillRows, s.tuples.Len())})
		if err != nil {
			return err
		}
		if err := f(column.Values[uint32](b.Cols[0]), b.Cols[1:]); err != nil {
			return err
		}
	}
	return nil
}
