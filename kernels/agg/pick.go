package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

func newPick(e *env, a kernels.Aggregate) (state, error) {
	single := a.Op == kernels.AggSingle
	switch a.Result.Width() {
	case 0, 1:
		return makePick[uint8](e, a.Result, single), nil
	case 2:
		return makePick[uint16](e, a.Result, single), nil
	case 4:
		return makePick[uint32](e, a.Result, single), nil
	case 8:
		return makePick[uint64](e, a.Result, single), nil
	}
	if a.Result.Physical() == column.PhysView {
		p := makePick[column.View](e, a.Result, single)
		p.heap = hash.NewStrings(e.budget)
		p.keep = p.heap.Copy
		return p, nil
	}
	return makePick[column.Int128](e, a.Result, single), nil
}

// What a group of pick has seen.
const (
	seenNothing = iota
	seenNull
	seenValue
)

// pick is the first value of a group, NULL included; with single a second one is an error.
type pick[T any] struct {
	result column.Type
	single bool
	vals   hash.Slice[T]
	seen   hash.Slice[uint8]
	heap   *hash.Strings
	keep   func(v *T) (T, error) // copies what a value refers to
}

func makePick[T any](e *env, t column.Type, single bool) *pick[T] {
	return &pick[T]{result: t, single: single, vals: hash.Slice[T]{Budget: e.budget}, seen: hash.Slice[uint8]{Budget: e.budget}}
}

func (s *pick[T]) resize(groups int) error {
	if err := s.vals.Resize(groups); err != nil {
		return err
	}
	return s.seen.Resize(groups)
}

func (s *pick[T]) free() {
	s.vals.Free()
	s.seen.Free()
	if s.heap != nil {
		s.heap.Free()
	}
}

func (s *pick[T]) reserve(int) error {
	if s.heap == nil {
		return nil
	}
	return s.heap.Pressed()
}

// add gives group g a value, nil for NULL.
func (s *pick[T]) add(g uint32, v *T) (err error) {
	if s.seen.S[g] != seenNothing {
		if s.single {
			return fault.New(fault.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		return nil
	}
	s.seen.S[g] = seenNull
	if v == nil {
		return nil
	}
	s.seen.S[g] = seenValue
	if s.keep == nil {
		s.vals.S[g] = *v
		return nil
	}
	s.vals.S[g], err = s.keep(v)
	return err
}

func (s *pick[T]) update(in *input) error {
	return s.takeWhere(in, func(int) bool { return true })
}

func (s *pick[T]) takeWhere(in *input, counts func(row int) bool) error {
	v := in.cols[0]
	vals := column.Values[T](v.Target())
	for k, g := range in.gids {
		if s.seen.S[g] != seenNothing && !s.single {
			continue
		}
		r := in.row(k)
		if !counts(r) {
			continue
		}
		var x *T
		if !v.IsNull(r) {
			x = &vals[v.Index(r)]
		}
		if err := s.add(g, x); err != nil {
			return err
		}
	}
	return nil
}

func (s *pick[T]) absorb(in *input) error {
	// The second column says whether the group has seen a row: a boolean, or a count.
	marks := in.cols[1]
	if s.single {
		n := column.Values[int64](marks.Target())
		return s.takeWhere(in, func(r int) bool { return n[marks.Index(r)] != 0 })
	}
	seen := column.Values[uint8](marks.Target())
	return s.takeWhere(in, func(r int) bool { return seen[marks.Index(r)] != 0 })
}

func (s *pick[T]) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*pick[T])
	for k, g := range gids {
		i := source(from, k)
		var x *T
		switch o.seen.S[i] {
		case seenNothing:
			continue
		case seenValue:
			x = &o.vals.S[i]
		}
		if err := s.add(g, x); err != nil {
			return err
		}
	}
	return nil
}

func (s *pick[T]) finish(out *output, lo, hi int) (*column.Vector, error) {
	if s.result.Kind == column.Null {
		return column.NewNull(s.result, hi-lo), nil
	}
	v, err := flat(out, s.result, s.vals.S[lo:hi])
	if err != nil {
		return nil, err
	}
	return v, out.null(v, func(k int) bool { return s.seen.S[lo+k] != seenValue })
}

func (s *pick[T]) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := s.finish(out, lo, hi)
	if err != nil {
		return nil, err
	}
	t := column.T(column.Bool)
	if s.single {
		t = column.T(column.Int64)
	}
	marks, err := column.NewFlat(out.arena, t, hi-lo)
	if err != nil {
		return nil, err
	}
	for k := range hi - lo {
		if s.seen.S[lo+k] != seenNothing {
			marks.Data[k*t.Width()] = 1
		}
	}
	return []*column.Vector{v, marks}, nil
}
