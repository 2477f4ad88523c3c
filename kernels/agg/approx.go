package agg

import (
	"math"
	"math/bits"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// sketchBits gives 2048 registers, a byte each, and a standard error of 1.04/sqrt(2048), 2.3 %.
const (
	sketchBits = 11
	registers  = 1 << sketchBits
)

// approx is a HyperLogLog sketch for each group (Flajolet, Fusy, Gandouet and Meunier, 2007).
type approx struct {
	s      hash.Slice[uint8] // registers a group
	hasher *hash.Hasher
}

func newApprox(e *env, a kernels.Aggregate) (state, error) {
	h, err := hash.NewHasher(a.ArgTypes[:1])
	if err != nil {
		return nil, err
	}
	return &approx{s: hash.Slice[uint8]{Budget: e.budget}, hasher: h}, nil
}

func (s *approx) resize(groups int) error { return s.s.Resize(groups * registers) }
func (s *approx) free()                   { s.s.Free() }

func (s *approx) of(g int) []uint8 { return s.s.S[g*registers : (g+1)*registers] }

func (s *approx) update(in *input) error {
	in = in.valid(0)
	for k, w := range s.hasher.Words(0, in.cols[0], in.rows, len(in.gids)) {
		// One round leaves sequential values more evenly spread than chance would, which the estimate does not expect.
		h := hash.Mix(hash.Mix(w))
		rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))) + 1
		if p := &s.of(int(in.gids[k]))[h>>(64-sketchBits)]; rank > *p {
			*p = rank
		}
	}
	return nil
}

func (s *approx) union(g int, o []uint8) {
	p := s.of(g)
	for i, r := range o {
		p[i] = max(p[i], r)
	}
}

func (s *approx) merge(gids []uint32, other state, from []uint32) error {
	for k, g := range gids {
		s.union(int(g), other.(*approx).of(source(from, k)))
	}
	return nil
}

func (s *approx) absorb(in *input) error {
	in = in.valid(0)
	v := in.cols[0]
	vals := column.Values[column.View](v.Target())
	for k, g := range in.gids {
		p := vals[v.Index(in.row(k))].Bytes()
		if len(p) != registers {
			return fault.New(fault.DataCorrupted, "state of approx_count_distinct has %d bytes, not %d", len(p), registers)
		}
		if slices.Max(p) > 64-sketchBits+1 {
			return fault.New(fault.DataCorrupted, "state of approx_count_distinct has a register of %d", slices.Max(p))
		}
		s.union(int(g), p)
	}
	return nil
}

func (s *approx) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := column.NewFlat(out.arena, column.T(column.Int64), hi-lo)
	if err != nil {
		return nil, err
	}
	for k := range hi - lo {
		column.Values[int64](v)[k] = estimate(s.of(lo + k))
	}
	return v, nil
}

// estimate is Ertl's improved raw estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017), which has no bias to correct
// where small and large counts meet.
func estimate(p []uint8) int64 {
	const m, q = float64(registers), 64 - sketchBits
	var counts [q + 2]float64
	for _, r := range p {
		counts[r]++
	}
	z := m * tau(1-counts[q+1]/m)
	for k := q; k >= 1; k-- {
		z = 0.5 * (z + counts[k])
	}
	z += m * sigma(counts[0]/m)
	return int64(math.Round(m * m / (2 * math.Ln2 * z)))
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for before := -1.0; z != before; {
		x *= x
		before = z
		z += x * y
		y += y
	}
	return z
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for before := -1.0; z != before; {
		x = math.Sqrt(x)
		before = z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
	}
	return z / 3
}

func (s *approx) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := column.NewFlat(out.arena, column.T(column.Binary), hi-lo)
	if err != nil {
		return nil, err
	}
	for k := range hi - lo {
		if column.Values[column.View](v)[k], err = column.CopyView(out.arena, s.of(lo+k)); err != nil {
			return nil, err
		}
	}
	return []*column.Vector{v}, nil
}
