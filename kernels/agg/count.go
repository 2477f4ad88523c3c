package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// count is count(*) and count(x).
type count struct {
	n        hash.Slice[int64]
	argument bool // rows without the argument do not count
}

func newCount(e *env, argument bool) *count {
	return &count{n: hash.Slice[int64]{Budget: e.budget}, argument: argument}
}

func (s *count) resize(groups int) error { return s.n.Resize(groups) }
func (s *count) free()                   { s.n.Free() }

func (s *count) update(in *input) error {
	if s.argument {
		in = in.valid(0)
	}
	n := s.n.S
	if len(n) == 1 {
		n[0] += int64(len(in.gids))
		return nil
	}
	if len(n) <= fewGroups && len(in.gids) >= fewGroups {
		counts := in.perGroup(len(n))
		for g := range n {
			n[g] += counts[g]
		}
		return nil
	}
	for _, g := range in.gids {
		n[g]++
	}
	return nil
}

func (s *count) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*count).n.S
	for k, g := range gids {
		s.n.S[g] += o[source(from, k)]
	}
	return nil
}

func (s *count) absorb(in *input) error {
	for k, v := range in.int64s(0) {
		s.n.S[in.gids[k]] += v
	}
	return nil
}

func (s *count) finish(out *output, lo, hi int) (*column.Vector, error) {
	return flat(out, column.T(column.Int64), s.n.S[lo:hi])
}

func (s *count) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := s.finish(out, lo, hi)
	return []*column.Vector{v}, err
}

// source is the k-th of a list of groups, nil standing for all in order.
func source(from []uint32, k int) int {
	if from != nil {
		return int(from[k])
	}
	return k
}

// boolean is bool_and and bool_or. A group's byte is 0 before any value, then 1 (false) or 2 (true).
type boolean struct {
	s  hash.Slice[uint8]
	or bool
}

func newBool(e *env, op kernels.AggOp) *boolean {
	return &boolean{s: hash.Slice[uint8]{Budget: e.budget}, or: op == kernels.AggBoolOr}
}

func (s *boolean) resize(groups int) error { return s.s.Resize(groups) }
func (s *boolean) free()                   { s.s.Free() }

func (s *boolean) add(g uint32, v uint8) {
	old := s.s.S[g]
	if old == 0 || (v > old) == s.or {
		s.s.S[g] = v
	}
}

func (s *boolean) update(in *input) error {
	in = in.valid(0)
	for k, v := range in.int64s(0) {
		s.add(in.gids[k], uint8(v)+1)
	}
	return nil
}

func (s *boolean) absorb(in *input) error { return s.update(in) }

func (s *boolean) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*boolean).s.S
	for k, g := range gids {
		if v := o[source(from, k)]; v != 0 {
			s.add(g, v)
		}
	}
	return nil
}

func (s *boolean) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := flat(out, column.T(column.Bool), s.s.S[lo:hi])
	if err != nil {
		return nil, err
	}
	for k, b := range v.Data {
		v.Data[k] = b >> 1
	}
	return v, out.null(v, func(k int) bool { return s.s.S[lo+k] == 0 })
}

func (s *boolean) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := s.finish(out, lo, hi)
	return []*column.Vector{v}, err
}
