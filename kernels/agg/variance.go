package agg

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// moments is the count, the mean and the sum of squared distances from it (Welford, "Note on a method for calculating corrected sums of
// squares and products", 1962).
type moments struct {
	n        int64
	mean, m2 float64
}

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / float64(m.n)
	m.m2 += d * (x - m.mean)
}

// merge is the pairwise form (Chan, Golub and LeVeque, 1979).
func (m *moments) merge(o moments) {
	if o.n == 0 {
		return
	}
	if m.n == 0 {
		*m = o
		return
	}
	n := float64(m.n + o.n)
	d := o.mean - m.mean
	m.m2 += o.m2 + d*d*float64(m.n)/n*float64(o.n)
	m.mean += d * float64(o.n) / n
	m.n += o.n
}

// variance is the variances and standard deviations.
type variance struct {
	sample, root bool
	s            hash.Slice[moments]
	buf          []float64
}

func newVariance(e *env, a kernels.Aggregate) (state, error) {
	if !a.ArgTypes[0].Kind.IsNumeric() {
		return nil, fault.New(fault.UndefinedFunction, "function %s(%s) does not exist", a.Op, a.ArgTypes[0])
	}
	return &variance{
		sample: a.Op == kernels.AggStddevSamp || a.Op == kernels.AggVarSamp,
		root:   a.Op == kernels.AggStddevSamp || a.Op == kernels.AggStddevPop,
		s:      hash.Slice[moments]{Budget: e.budget},
	}, nil
}

// numbers is numeric column c at the rows, as doubles.
func (in *input) numbers(c int, buf []float64) []float64 {
	t := in.cols[c].Type
	n := len(in.gids)
	buf = sized(buf, n)
	switch {
	case n == 0:
	case t.Kind.IsFloat():
		copy(buf, in.floats(c))
	case t.Kind == column.Uint64 || t.Physical() == column.PhysInt128:
		unit := column.Pow10(int(t.Scale)).Float64()
		for k, v := range in.int128s(c) {
			buf[k] = v.Float64() / unit
		}
	default:
		unit := column.Pow10(int(t.Scale)).Float64()
		for k, v := range in.int64s(c) {
			buf[k] = float64(v) / unit
		}
	}
	return buf
}

func (s *variance) resize(groups int) error { return s.s.Resize(groups) }
func (s *variance) free()                   { s.s.Free() }

func (s *variance) update(in *input) error {
	in = in.valid(0)
	s.buf = in.numbers(0, s.buf)
	for k, g := range in.gids {
		s.s.S[g].add(s.buf[k])
	}
	return nil
}

func (s *variance) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*variance).s.S
	for k, g := range gids {
		s.s.S[g].merge(o[source(from, k)])
	}
	return nil
}

func (s *variance) absorb(in *input) error {
	n, mean, m2 := in.cols[0], in.cols[1], in.cols[2]
	ns, means, m2s := column.Values[int64](n.Target()), column.Values[float64](mean.Target()), column.Values[float64](m2.Target())
	for k, g := range in.gids {
		r := in.row(k)
		s.s.S[g].merge(moments{n: ns[n.Index(r)], mean: means[mean.Index(r)], m2: m2s[m2.Index(r)]})
	}
	return nil
}

func (s *variance) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := column.NewFlat(out.arena, column.T(column.Float64), hi-lo)
	if err != nil {
		return nil, err
	}
	least := int64(1)
	if s.sample {
		least = 2
	}
	vals := column.Values[float64](v)
	for k := range vals {
		m := s.s.S[lo+k]
		if m.n < least {
			continue
		}
		vals[k] = m.m2 / float64(m.n-least+1)
		if s.root {
			vals[k] = math.Sqrt(vals[k])
		}
	}
	return v, out.null(v, func(k int) bool { return s.s.S[lo+k].n < least })
}

func (s *variance) export(out *output, lo, hi int) ([]*column.Vector, error) {
	n, err := column.NewFlat(out.arena, column.T(column.Int64), hi-lo)
	if err != nil {
		return nil, err
	}
	mean, err := column.NewFlat(out.arena, column.T(column.Float64), hi-lo)
	if err != nil {
		return nil, err
	}
	m2, err := column.NewFlat(out.arena, column.T(column.Float64), hi-lo)
	if err != nil {
		return nil, err
	}
	for k, m := range s.s.S[lo:hi] {
		column.Values[int64](n)[k] = m.n
		column.Values[float64](mean)[k] = m.mean
		column.Values[float64](m2)[k] = m.m2
	}
	return []*column.Vector{n, mean, m2}, nil
}
