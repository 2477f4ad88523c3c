package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// fold joins values by an operation that does not depend on their order: bit_and, bit_or, bit_xor and product.
type fold[T int64 | float64] struct {
	result column.Type
	vals   hash.Slice[T]
	seen   hash.Slice[uint8]
	join   func(a, b T) T
	read   func(in *input) []T
	write  func(out *output, vals []T) (*column.Vector, error)
}

func newBits(e *env, a kernels.Aggregate) (state, error) {
	if !a.ArgTypes[0].Kind.IsInteger() {
		return nil, fault.New(fault.UndefinedFunction, "function %s(%s) does not exist", a.Op, a.ArgTypes[0])
	}
	s := &fold[int64]{result: a.Result, vals: hash.Slice[int64]{Budget: e.budget}, seen: hash.Slice[uint8]{Budget: e.budget}}
	switch a.Op {
	case kernels.AggBitAnd:
		s.join = func(a, b int64) int64 { return a & b }
	case kernels.AggBitOr:
		s.join = func(a, b int64) int64 { return a | b }
	default:
		s.join = func(a, b int64) int64 { return a ^ b }
	}
	s.read = func(in *input) []int64 {
		if in.cols[0].Type.Kind != column.Uint64 {
			return in.int64s(0)
		}
		wide := in.int128s(0)
		out := make([]int64, len(wide))
		for i, v := range wide {
			out[i] = int64(v.Lo)
		}
		return out
	}
	s.write = func(out *output, vals []int64) (*column.Vector, error) {
		v, err := column.NewFlat(out.arena, a.Result, len(vals))
		if err != nil {
			return nil, err
		}
		for i, x := range vals {
			if err := column.SetValue(out.arena, v, i, column.IntValue(a.Result, x)); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
	return s, nil
}

func newProduct(e *env, a kernels.Aggregate) (state, error) {
	if !a.ArgTypes[0].Kind.IsNumeric() {
		return nil, fault.New(fault.UndefinedFunction, "function %s(%s) does not exist", a.Op, a.ArgTypes[0])
	}
	s := &fold[float64]{result: a.Result, vals: hash.Slice[float64]{Budget: e.budget}, seen: hash.Slice[uint8]{Budget: e.budget}}
	s.join = func(a, b float64) float64 { return a * b }
	var buf []float64
	s.read = func(in *input) []float64 {
		buf = in.numbers(0, buf)
		return buf
	}
	s.write = func(out *output, vals []float64) (*column.Vector, error) { return flat(out, a.Result, vals) }
	return s, nil
}

func (s *fold[T]) resize(groups int) error {
	if err := s.vals.Resize(groups); err != nil {
		return err
	}
	return s.seen.Resize(groups)
}

func (s *fold[T]) free() {
	s.vals.Free()
	s.seen.Free()
}

func (s *fold[T]) add(g uint32, v T) {
	if s.seen.S[g] == 0 {
		s.seen.S[g], s.vals.S[g] = 1, v
		return
	}
	s.vals.S[g] = s.join(s.vals.S[g], v)
}

func (s *fold[T]) update(in *input) error {
	in = in.valid(0)
	for k, v := range s.read(in) {
		s.add(in.gids[k], v)
	}
	return nil
}

func (s *fold[T]) absorb(in *input) error { return s.update(in) }

func (s *fold[T]) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*fold[T])
	for k, g := range gids {
		if i := source(from, k); o.seen.S[i] != 0 {
			s.add(g, o.vals.S[i])
		}
	}
	return nil
}

func (s *fold[T]) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := s.write(out, s.vals.S[lo:hi])
	if err != nil {
		return nil, err
	}
	return v, out.null(v, func(k int) bool { return s.seen.S[lo+k] == 0 })
}

func (s *fold[T]) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := s.finish(out, lo, hi)
	return []*column.Vector{v}, err
}
