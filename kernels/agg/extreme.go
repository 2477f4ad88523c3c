package agg

import (
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

func newExtreme(e *env, a kernels.Aggregate) (state, error) {
	greatest := a.Op == kernels.AggMax
	t := a.Result
	switch t.Physical() {
	case column.PhysBool, column.PhysUint8:
		return newOrdered[uint8](e, t, greatest), nil
	case column.PhysInt8:
		return newOrdered[int8](e, t, greatest), nil
	case column.PhysInt16:
		return newOrdered[int16](e, t, greatest), nil
	case column.PhysInt32:
		return newOrdered[int32](e, t, greatest), nil
	case column.PhysInt64:
		return newOrdered[int64](e, t, greatest), nil
	case column.PhysUint16:
		return newOrdered[uint16](e, t, greatest), nil
	case column.PhysUint32:
		return newOrdered[uint32](e, t, greatest), nil
	case column.PhysUint64:
		return newOrdered[uint64](e, t, greatest), nil
	case column.PhysFloat32:
		return newFloats[float32](e, t, greatest), nil
	case column.PhysFloat64:
		return newFloats[float64](e, t, greatest), nil
	case column.PhysInt128:
		if t.Kind == column.UUID {
			return newCompared(e, t, greatest, lessUUID), nil
		}
		return newCompared(e, t, greatest, func(a, b *column.Int128) bool { return a.Less(*b) }), nil
	case column.PhysInterval:
		return newCompared(e, t, greatest, func(a, b *column.IntervalValue) bool { return a.Compare(*b) < 0 }), nil
	case column.PhysView:
		return &extremeText{result: t, greatest: greatest, views: hash.Slice[column.View]{Budget: e.budget},
			room: hash.Slice[uint32]{Budget: e.budget}, seen: hash.Slice[uint8]{Budget: e.budget}, heap: hash.NewStrings(e.budget)}, nil
	}
	return nil, fault.New(fault.UndefinedFunction, "function %s(%s) does not exist", a.Op, t)
}

// lessFloat orders NaN after all other numbers.
func lessFloat[T float32 | float64](a, b *T) bool { return *a < *b || *a == *a && *b != *b }

func lessUUID(a, b *column.Int128) bool {
	return uint64(a.Hi) < uint64(b.Hi) || a.Hi == b.Hi && a.Lo < b.Lo
}

// extreme is min or max of fixed-width values.
type extreme[T any] struct {
	result column.Type
	vals   hash.Slice[T]
	seen   hash.Slice[uint8]
	buf    []T
	// take puts xs[k] into group gids[k] of vals where it is better than what is there.
	take func(vals []T, seen []uint8, gids []uint32, xs []T)
	// best is the one of xs that take would keep of those that valid says, nil where there is no fast way to it.
	best func(xs []T, valid []uint64) (x T, ok bool)
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func newOrdered[T integer](e *env, t column.Type, greatest bool) *extreme[T] {
	take := func(vals []T, seen []uint8, gids []uint32, xs []T) {
		for k, g := range gids {
			if x := xs[k]; x < vals[g] || seen[g] == 0 {
				vals[g], seen[g] = x, 1
			}
		}
	}
	if greatest {
		take = func(vals []T, seen []uint8, gids []uint32, xs []T) {
			for k, g := range gids {
				if x := xs[k]; x > vals[g] || seen[g] == 0 {
					vals[g], seen[g] = x, 1
				}
			}
		}
	}
	best := simd.Least[T]
	if greatest {
		best = simd.Greatest[T]
	}
	return &extreme[T]{result: t, vals: hash.Slice[T]{Budget: e.budget}, seen: hash.Slice[uint8]{Budget: e.budget}, take: take, best: best}
}

func newFloats[T float32 | float64](e *env, t column.Type, greatest bool) *extreme[T] {
	s := newCompared(e, t, greatest, lessFloat[T])
	if s.best = simd.LeastFloat[T]; greatest {
		s.best = simd.GreatestFloat[T]
	}
	return s
}

func newCompared[T any](e *env, t column.Type, greatest bool, less func(a, b *T) bool) *extreme[T] {
	take := func(vals []T, seen []uint8, gids []uint32, xs []T) {
		for k, g := range gids {
			better := seen[g] == 0
			if !better && greatest {
				better = less(&vals[g], &xs[k])
			} else if !better {
				better = less(&xs[k], &vals[g])
			}
			if better {
				vals[g], seen[g] = xs[k], 1
			}
		}
	}
	return &extreme[T]{result: t, vals: hash.Slice[T]{Budget: e.budget}, seen: hash.Slice[uint8]{Budget: e.budget}, take: take}
}

func (s *extreme[T]) resize(groups int) error {
	if err := s.vals.Resize(groups); err != nil {
		return err
	}
	return s.seen.Resize(groups)
}

func (s *extreme[T]) free() {
	s.vals.Free()
	s.seen.Free()
}

func (s *extreme[T]) update(in *input) error {
	if len(s.vals.S) == 1 && s.updateWhole(in) {
		return nil
	}
	in = in.valid(0)
	if len(in.gids) == 0 {
		return nil
	}
	s.buf = sized(s.buf, len(in.gids))
	s.take(s.vals.S, s.seen.S, in.gids, dense(in, 0, s.buf))
	return nil
}

func (s *extreme[T]) absorb(in *input) error { return s.update(in) }

func (s *extreme[T]) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*extreme[T])
	for k := range gids {
		if i := source(from, k); o.seen.S[i] != 0 {
			s.take(s.vals.S, s.seen.S, gids[k:k+1], o.vals.S[i:i+1])
		}
	}
	return nil
}

func (s *extreme[T]) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := flat(out, s.result, s.vals.S[lo:hi])
	if err != nil {
		return nil, err
	}
	return v, out.null(v, func(k int) bool { return s.seen.S[lo+k] == 0 })
}

func (s *extreme[T]) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := s.finish(out, lo, hi)
	return []*column.Vector{v}, err
}

// extremeText is min or max of strings, by their bytes. A group's string keeps its place as long as better ones fit into it, so that
// ascending input does not pile up what it has passed.
type extremeText struct {
	result   column.Type
	greatest bool
	views    hash.Slice[column.View]
	room     hash.Slice[uint32] // bytes at the address of a long view
	seen     hash.Slice[uint8]
	heap     *hash.Strings
	buf      []column.View
}

func (s *extremeText) resize(groups int) error {
	if err := s.views.Resize(groups); err != nil {
		return err
	}
	if err := s.room.Resize(groups); err != nil {
		return err
	}
	return s.seen.Resize(groups)
}

func (s *extremeText) free() {
	s.views.Free()
	s.room.Free()
	s.seen.Free()
	s.heap.Free()
}

func (s *extremeText) reserve(int) error { return s.heap.Pressed() }

func (s *extremeText) take(g uint32, x *column.View) error {
	old := &s.views.S[g]
	if s.seen.S[g] != 0 {
		if c := column.CompareViews(x, old); c == 0 || (c > 0) != s.greatest {
			return nil
		}
	}
	s.seen.S[g] = 1
	if x.IsInline() {
		*old, s.room.S[g] = *x, 0
		return nil
	}
	if room := s.room.S[g]; room >= x.Len {
		place := unsafe.Slice(unsafe.SliceData(old.Bytes()), int(x.Len))
		copy(place, x.Bytes())
		*old = column.MakeView(place)
		return nil
	}
	size := x.Len + x.Len/2
	if s.room.S[g] == 0 {
		size = x.Len
	}
	p, err := s.heap.Alloc(int(size))
	if err != nil {
		return err
	}
	copy(p, x.Bytes())
	*old, s.room.S[g] = column.MakeView(p[:x.Len]), size
	return nil
}

func (s *extremeText) update(in *input) error {
	in = in.valid(0)
	if len(in.gids) == 0 {
		return nil
	}
	s.buf = sized(s.buf, len(in.gids))
	vals := dense(in, 0, s.buf)
	for k, g := range in.gids {
		if err := s.take(g, &vals[k]); err != nil {
			return err
		}
	}
	return nil
}

func (s *extremeText) absorb(in *input) error { return s.update(in) }

func (s *extremeText) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*extremeText)
	for k, g := range gids {
		if i := source(from, k); o.seen.S[i] != 0 {
			if err := s.take(g, &o.views.S[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *extremeText) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := flat(out, s.result, s.views.S[lo:hi])
	if err != nil {
		return nil, err
	}
	return v, out.null(v, func(k int) bool { return s.seen.S[lo+k] == 0 })
}

func (s *extremeText) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := s.finish(out, lo, hi)
	return []*column.Vector{v}, err
}
