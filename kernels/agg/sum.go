package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

func newSum(e *env, a kernels.Aggregate) (state, error) {
	t := a.ArgTypes[0]
	average := a.Op == kernels.AggAvg
	switch {
	case t.Kind == column.Interval:
		return newIntervalSum(e, a), nil
	case t.Kind.IsFloat():
		return &floatSum{result: a.Result, average: average, sums: hash.Slice[float64]{Budget: e.budget}, counts: hash.Slice[int64]{Budget: e.budget}}, nil
	case t.Kind.IsInteger() || t.Kind == column.Decimal:
		return &exactSum{result: a.Result, partial: sumType(a), name: a.Op.String(), average: average,
			wide:   t.Kind == column.Uint64 || t.Physical() == column.PhysInt128,
			totals: hash.Slice[total]{Budget: e.budget}}, nil
	}
	return nil, fault.New(fault.UndefinedFunction, "function %s(%s) does not exist", a.Op, t)
}

// exactSum is sum and avg of integers and decimals: 128-bit sums, which no number of 64-bit arguments can overflow in practice, so that only 128-bit
// arguments are checked one by one.
type exactSum struct {
	result  column.Type
	partial column.Type
	name    string
	average bool
	wide    bool // arguments have 128 bits
	totals  hash.Slice[total]
}

// total is the sum and the number of a group's values, together since they are always touched together.
type total struct {
	sum   column.Int128
	count int64
}

func (s *exactSum) resize(groups int) error { return s.totals.Resize(groups) }
func (s *exactSum) free()                   { s.totals.Free() }

func (s *exactSum) overflow(t column.Type) error {
	return fault.New(fault.NumericOutOfRange, "%s is out of range for type %s", s.name, t)
}

func (s *exactSum) update(in *input) error {
	if len(s.totals.S) == 1 && s.updateWhole(in) {
		return nil
	}
	in = in.valid(0)
	if !s.wide {
		vals := in.int64s(0)
		if n := len(s.totals.S); n < 2 || n > len(vals)/rowsPerGroup || !s.updateFew(in, vals) {
			s.update64(in.gids, vals)
		}
		return nil
	}
	vals := in.int128s(0)
	if len(s.totals.S) <= simd.MaxSumGroups && len(vals) <= column.BatchRows {
		var sums [simd.MaxSumGroups]int64
		if simd.SumWideGroups(&sums, len(s.totals.S), in.gids, column.SliceOf[uint64](column.BytesOf(vals)))>>smallBits == 0 {
			return s.addFew(in, &sums)
		}
	}
	for k, v := range vals {
		if err := s.add(in.gids[k], total{sum: v, count: 1}); err != nil {
			return err
		}
	}
	return nil
}

// addFew adds the sums of a batch to the totals of few groups.
func (s *exactSum) addFew(in *input, sums *[simd.MaxSumGroups]int64) error {
	counts := in.perGroup(len(s.totals.S))
	for g := range s.totals.S {
		if err := s.add(uint32(g), total{column.Int128FromInt64(sums[g]), counts[g]}); err != nil {
			return err
		}
	}
	return nil
}

func (s *exactSum) update64(gids []uint32, vals []int64) {
	totals := s.totals.S
	vals = vals[:len(gids)]
	if len(totals) == 1 {
		hi, lo := simd.SumInt64(vals)
		totals[0].sum = totals[0].sum.Add(column.Int128{Lo: lo, Hi: hi})
		totals[0].count += int64(len(vals))
		return
	}
	// A total is three words, as simd has it.
	simd.AddTotals(column.SliceOf[uint64](column.BytesOf(totals)), gids, vals)
}

// rowsPerGroup is how many rows a group has in a batch, on average, from which on sums are collected by batch: their putting together costs as much as adding
// three rows to totals.
const rowsPerGroup = 6

// fastGroups is the level from which on sums of up to eight groups are best kept in registers: 4 times as fast as in memory with AVX-512, as fast without.
const fastGroups = simd.AVX512

// smallBits bounds values whose sum over a batch fits 64 bits: 2^50 times up to 2^12 rows, with a bit for the sign.
const smallBits = 50

// updateFew is update64 for few groups. It reports false, having done nothing, when values are so large that 64 bits might not hold their sum.
func (s *exactSum) updateFew(in *input, vals []int64) bool {
	if len(vals) > column.BatchRows {
		return false
	}
	if len(s.totals.S) <= simd.MaxSumGroups && simd.Current() >= fastGroups {
		var sums [simd.MaxSumGroups]int64
		if simd.SumGroups(&sums, len(s.totals.S), in.gids, vals)>>smallBits != 0 {
			return false
		}
		counts := in.perGroup(len(s.totals.S))
		for g := range s.totals.S {
			p := &s.totals.S[g]
			p.sum = p.sum.Add(column.Int128FromInt64(sums[g]))
			p.count += counts[g]
		}
		return true
	}
	acc := in.buf.accumulators(len(s.totals.S))
	large := simd.SumCountGroups(acc, in.gids, vals)>>smallBits != 0
	if large {
		clear(acc)
		return false
	}
	for g := range s.totals.S {
		sum, count := simd.FoldGroups(acc, g)
		p := &s.totals.S[g]
		p.sum = p.sum.Add(column.Int128FromInt64(sum))
		p.count += count
	}
	return true
}

func (s *exactSum) add(g uint32, t total) error {
	p := &s.totals.S[g]
	sum, ok := p.sum.AddChecked(t.sum)
	if !ok {
		return s.overflow(s.partial)
	}
	p.sum = sum
	p.count += t.count
	return nil
}

func (s *exactSum) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*exactSum).totals.S
	for k, g := range gids {
		if err := s.add(g, o[source(from, k)]); err != nil {
			return err
		}
	}
	return nil
}

func (s *exactSum) absorb(in *input) error {
	in = in.valid(0)
	counts := func(int) int64 { return 1 }
	if s.average {
		// The sums below are read into another buffer than the counts.
		c := in.int64s(1)
		counts = func(k int) int64 { return c[k] }
	}
	for k, v := range in.int128s(0) {
		if err := s.add(in.gids[k], total{v, counts(k)}); err != nil {
			return err
		}
	}
	return nil
}

func (s *exactSum) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := column.NewFlat(out.arena, s.result, hi-lo)
	if err != nil {
		return nil, err
	}
	var narrow []int64
	var wide []column.Int128
	switch s.result.Physical() {
	case column.PhysInt128:
		wide = column.Values[column.Int128](v)
	case column.PhysInt64:
		narrow = column.Values[int64](v)
	default:
		return nil, fault.New(fault.Internal, "%s cannot give %s", s.name, s.result)
	}
	up := column.Pow10(0)
	if s.average {
		up = column.Pow10(max(0, int(s.result.Scale)-int(s.partial.Scale)))
	}
	for k := range hi - lo {
		sum, n := s.totals.S[lo+k].sum, s.totals.S[lo+k].count
		if n == 0 {
			continue
		}
		ok := true
		if s.average {
			sum, ok = quotient(sum, up, n)
		}
		if s.result.Kind == column.Decimal {
			ok = ok && sum.FitsPrecision(int(s.result.Precision))
		}
		if narrow != nil {
			ok = ok && sum.IsInt64()
		}
		switch {
		case !ok:
			return nil, s.overflow(s.result)
		case narrow != nil:
			narrow[k] = int64(sum.Lo)
		default:
			wide[k] = sum
		}
	}
	return v, out.null(v, func(k int) bool { return s.totals.S[lo+k].count == 0 })
}

// quotient is sum*up/n rounded half away from zero; ok is false when it does not fit.
func quotient(sum, up column.Int128, n int64) (q column.Int128, ok bool) {
	d := column.Int128FromInt64(n)
	// Whole part and remainder apart: the product with up may not fit although the quotient does.
	whole, rem := sum.QuoRem(d)
	if q, ok = whole.MulChecked(up); !ok {
		return q, false
	}
	scaled, ok := rem.MulChecked(up)
	if !ok {
		return q, false
	}
	part, rest := scaled.QuoRem(d)
	if q, ok = q.AddChecked(part); !ok {
		return q, false
	}
	if rest.Sign() < 0 {
		rest = rest.Neg()
	}
	if rest.Less(d.Sub(rest)) {
		return q, true
	}
	if sum.Sign() < 0 {
		return q.SubChecked(column.Int128FromInt64(1))
	}
	return q.AddChecked(column.Int128FromInt64(1))
}

func (s *exactSum) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := column.NewFlat(out.arena, s.partial, hi-lo)
	if err != nil {
		return nil, err
	}
	n, err := column.NewFlat(out.arena, column.T(column.Int64), hi-lo)
	if err != nil {
		return nil, err
	}
	for k, t := range s.totals.S[lo:hi] {
		column.Values[column.Int128](v)[k] = t.sum
		column.Values[int64](n)[k] = t.count
	}
	if err := out.null(v, func(k int) bool { return s.totals.S[lo+k].count == 0 }); err != nil {
		return nil, err
	}
	if !s.average {
		return []*column.Vector{v}, nil
	}
	return []*column.Vector{v, n}, nil
}

// floatSum is sum and avg of floats, added in the order in which they come.
type floatSum struct {
	result  column.Type
	average bool
	sums    hash.Slice[float64]
	counts  hash.Slice[int64]
}

func (s *floatSum) resize(groups int) error {
	if err := s.sums.Resize(groups); err != nil {
		return err
	}
	return s.counts.Resize(groups)
}

func (s *floatSum) free() {
	s.sums.Free()
	s.counts.Free()
}

func (s *floatSum) update(in *input) error {
	if len(s.sums.S) == 1 && s.updateWhole(in) {
		return nil
	}
	in = in.valid(0)
	sums, counts := s.sums.S, s.counts.S
	for k, v := range in.floats(0) {
		g := in.gids[k]
		sums[g] += v
		counts[g]++
	}
	return nil
}

func (s *floatSum) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*floatSum)
	for k, g := range gids {
		i := source(from, k)
		s.sums.S[g] += o.sums.S[i]
		s.counts.S[g] += o.counts.S[i]
	}
	return nil
}

func (s *floatSum) absorb(in *input) error {
	in = in.valid(0)
	for k, v := range in.floats(0) {
		s.sums.S[in.gids[k]] += v
		if !s.average {
			s.counts.S[in.gids[k]]++
		}
	}
	if s.average {
		for k, n := range in.int64s(1) {
			s.counts.S[in.gids[k]] += n
		}
	}
	return nil
}

func (s *floatSum) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := flat(out, column.T(column.Float64), s.sums.S[lo:hi])
	if err != nil {
		return nil, err
	}
	if s.average {
		vals := column.Values[float64](v)
		for k := range vals {
			if n := s.counts.S[lo+k]; n != 0 {
				vals[k] /= float64(n)
			}
		}
	}
	return v, out.null(v, func(k int) bool { return s.counts.S[lo+k] == 0 })
}

func (s *floatSum) export(out *output, lo, hi int) ([]*column.Vector, error) {
	v, err := flat(out, column.T(column.Float64), s.sums.S[lo:hi])
	if err != nil {
		return nil, err
	}
	if err := out.null(v, func(k int) bool { return s.counts.S[lo+k] == 0 }); err != nil || !s.average {
		return []*column.Vector{v}, err
	}
	n, err := flat(out, column.T(column.Int64), s.counts.S[lo:hi])
	return []*column.Vector{v, n}, err
}
