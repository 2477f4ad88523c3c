package agg

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// pairs is moments of pairs (y, x): count, means, sums of squared distances from them and of their product.
type pairs struct {
	n             int64
	x, y          float64
	sxx, syy, sxy float64
}

func (p *pairs) add(y, x float64) {
	p.n++
	n := float64(p.n)
	dx, dy := x-p.x, y-p.y
	p.x += dx / n
	p.y += dy / n
	p.sxx += dx * (x - p.x)
	p.syy += dy * (y - p.y)
	p.sxy += dx * (y - p.y)
}

func (p *pairs) merge(o pairs) {
	if o.n == 0 {
		return
	}
	if p.n == 0 {
		*p = o
		return
	}
	n := float64(p.n + o.n)
	share := float64(p.n) * float64(o.n) / n
	dx, dy := o.x-p.x, o.y-p.y
	p.sxx += o.sxx + dx*dx*share
	p.syy += o.syy + dy*dy*share
	p.sxy += o.sxy + dx*dy*share
	p.x += dx * float64(o.n) / n
	p.y += dy * float64(o.n) / n
	p.n += o.n
}

// pairResults are the aggregates of pairs; ok is false where the result is NULL.
var pairResults = map[kernels.AggOp]func(p *pairs) (v float64, ok bool){
	kernels.AggCovarPop:  func(p *pairs) (float64, bool) { return p.sxy / float64(p.n), p.n > 0 },
	kernels.AggCovarSamp: func(p *pairs) (float64, bool) { return p.sxy / float64(p.n-1), p.n > 1 },
	kernels.AggCorr: func(p *pairs) (float64, bool) {
		return p.sxy / math.Sqrt(p.sxx*p.syy), p.n > 0 && p.sxx != 0 && p.syy != 0
	},
	kernels.AggRegrSlope:     func(p *pairs) (float64, bool) { return p.sxy / p.sxx, p.n > 0 && p.sxx != 0 },
	kernels.AggRegrIntercept: func(p *pairs) (float64, bool) { return p.y - p.sxy/p.sxx*p.x, p.n > 0 && p.sxx != 0 },
	kernels.AggRegrR2: func(p *pairs) (float64, bool) {
		if p.syy == 0 {
			return 1, p.n > 0 && p.sxx != 0
		}
		return p.sxy * p.sxy / (p.sxx * p.syy), p.n > 0 && p.sxx != 0
	},
	kernels.AggRegrAvgX:  func(p *pairs) (float64, bool) { return p.x, p.n > 0 },
	kernels.AggRegrAvgY:  func(p *pairs) (float64, bool) { return p.y, p.n > 0 },
	kernels.AggRegrSXX:   func(p *pairs) (float64, bool) { return p.sxx, p.n > 0 },
	kernels.AggRegrSYY:   func(p *pairs) (float64, bool) { return p.syy, p.n > 0 },
	kernels.AggRegrSXY:   func(p *pairs) (float64, bool) { return p.sxy, p.n > 0 },
	kernels.AggRegrCount: func(p *pairs) (float64, bool) { return float64(p.n), true },
}

// bivariate is the aggregates of two numbers, over the rows where both are there.
type bivariate struct {
	op     kernels.AggOp
	s      hash.Slice[pairs]
	bufs   [2][]float64
	values func(p *pairs) (float64, bool)
}

func newBivariate(e *env, a kernels.Aggregate) (state, error) {
	for _, t := range a.ArgTypes {
		if !t.Kind.IsNumeric() {
			return nil, fault.New(fault.UndefinedFunction, "function %s(%s) does not exist", a.Op, t)
		}
	}
	return &bivariate{op: a.Op, s: hash.Slice[pairs]{Budget: e.budget}, values: pairResults[a.Op]}, nil
}

func (s *bivariate) resize(groups int) error { return s.s.Resize(groups) }
func (s *bivariate) free()                   { s.s.Free() }

func (s *bivariate) update(in *input) error {
	y, x := in.cols[0], in.cols[1]
	if y.Valid != nil || x.Valid != nil {
		in = in.where(1, func(r int) bool { return !y.IsNull(r) && !x.IsNull(r) })
	}
	s.bufs[0], s.bufs[1] = in.numbers(0, s.bufs[0]), in.numbers(1, s.bufs[1])
	for k, g := range in.gids {
		s.s.S[g].add(s.bufs[0][k], s.bufs[1][k])
	}
	return nil
}

func (s *bivariate) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*bivariate).s.S
	for k, g := range gids {
		s.s.S[g].merge(o[source(from, k)])
	}
	return nil
}

// pairTypes are the columns of a partial state: the count, then x, y, sxx, syy, sxy.
func pairTypes() []column.Type {
	f := column.T(column.Float64)
	return []column.Type{column.T(column.Int64), f, f, f, f, f}
}

func (p *pairs) parts() []*float64 { return []*float64{&p.x, &p.y, &p.sxx, &p.syy, &p.sxy} }

func (s *bivariate) absorb(in *input) error {
	for k, g := range in.gids {
		r := in.row(k)
		p := pairs{n: in.cols[0].ValueAt(r).Int64()}
		for i, f := range p.parts() {
			*f = in.cols[1+i].ValueAt(r).Float
		}
		s.s.S[g].merge(p)
	}
	return nil
}

func (s *bivariate) export(out *output, lo, hi int) ([]*column.Vector, error) {
	var cols []*column.Vector
	for _, t := range pairTypes() {
		v, err := column.NewFlat(out.arena, t, hi-lo)
		if err != nil {
			return nil, err
		}
		cols = append(cols, v)
	}
	for k := range hi - lo {
		p := &s.s.S[lo+k]
		column.Values[int64](cols[0])[k] = p.n
		for i, f := range p.parts() {
			column.Values[float64](cols[1+i])[k] = *f
		}
	}
	return cols, nil
}

func (s *bivariate) finish(out *output, lo, hi int) (*column.Vector, error) {
	t := column.T(column.Float64)
	if s.op == kernels.AggRegrCount {
		t = column.T(column.Int64)
	}
	v, err := column.NewFlat(out.arena, t, hi-lo)
	if err != nil {
		return nil, err
	}
	for k := range hi - lo {
		p := &s.s.S[lo+k]
		if s.op == kernels.AggRegrCount {
			column.Values[int64](v)[k] = p.n
		} else if r, ok := s.values(p); ok {
			column.Values[float64](v)[k] = r
		}
	}
	return v, out.null(v, func(k int) bool {
		_, ok := s.values(&s.s.S[lo+k])
		return !ok
	})
}
