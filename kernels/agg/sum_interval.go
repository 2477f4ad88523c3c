package agg

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// intervalSum is sum and avg of intervals: months, days and microseconds each for themselves.
type intervalSum struct {
	totals  hash.Slice[intervalTotal]
	buf     []column.IntervalValue
	average bool
}

type intervalTotal struct {
	sum   column.IntervalValue
	count int64
}

func newIntervalSum(e *env, a kernels.Aggregate) *intervalSum {
	return &intervalSum{average: a.Op == kernels.AggAvg, totals: hash.Slice[intervalTotal]{Budget: e.budget}}
}

func isInterval(a kernels.Aggregate) bool {
	return len(a.ArgTypes) > 0 && a.ArgTypes[0].Kind == column.Interval
}

func (s *intervalSum) resize(groups int) error { return s.totals.Resize(groups) }
func (s *intervalSum) free()                   { s.totals.Free() }

func intervalRange() error { return fault.New(fault.DatetimeOverflow, "interval out of range") }

func (s *intervalSum) add(g uint32, v column.IntervalValue, count int64) error {
	p := &s.totals.S[g]
	m, d := int64(p.sum.Months)+int64(v.Months), int64(p.sum.Days)+int64(v.Days)
	us := p.sum.Micros + v.Micros
	if m != int64(int32(m)) || d != int64(int32(d)) || (p.sum.Micros^us)&(v.Micros^us) < 0 {
		return intervalRange()
	}
	p.sum = column.IntervalValue{Months: int32(m), Days: int32(d), Micros: us}
	p.count += count
	return nil
}

func (s *intervalSum) update(in *input) error {
	in = in.valid(0)
	s.buf = sized(s.buf, len(in.gids))
	for k, v := range dense(in, 0, s.buf) {
		if err := s.add(in.gids[k], v, 1); err != nil {
			return err
		}
	}
	return nil
}

func (s *intervalSum) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*intervalSum).totals.S
	for k, g := range gids {
		t := o[source(from, k)]
		if err := s.add(g, t.sum, t.count); err != nil {
			return err
		}
	}
	return nil
}

func (s *intervalSum) absorb(in *input) error {
	if !s.average {
		return s.update(in)
	}
	in = in.valid(0)
	s.buf = sized(s.buf, len(in.gids))
	counts := in.int64s(1)
	for k, v := range dense(in, 0, s.buf) {
		if err := s.add(in.gids[k], v, counts[k]); err != nil {
			return err
		}
	}
	return nil
}

func (s *intervalSum) finish(out *output, lo, hi int) (*column.Vector, error) {
	vals := make([]column.IntervalValue, hi-lo)
	for k, t := range s.totals.S[lo:hi] {
		vals[k] = t.sum
		if s.average && t.count > 0 {
			var err error
			if vals[k], err = divideInterval(t.sum, float64(t.count)); err != nil {
				return nil, err
			}
		}
	}
	v, err := flat(out, column.T(column.Interval), vals)
	if err != nil {
		return nil, err
	}
	return v, out.null(v, func(k int) bool { return s.totals.S[lo+k].count == 0 })
}

func (s *intervalSum) export(out *output, lo, hi int) ([]*column.Vector, error) {
	sums, counts := make([]column.IntervalValue, hi-lo), make([]int64, hi-lo)
	for k, t := range s.totals.S[lo:hi] {
		sums[k], counts[k] = t.sum, t.count
	}
	v, err := flat(out, column.T(column.Interval), sums)
	if err != nil {
		return nil, err
	}
	if err := out.null(v, func(k int) bool { return counts[k] == 0 }); err != nil || !s.average {
		return []*column.Vector{v}, err
	}
	n, err := flat(out, column.T(column.Int64), counts)
	return []*column.Vector{v, n}, err
}

// divideInterval is v/by as PostgreSQL divides: fractions of months become days, of which a month has 30, fractions of days time.
func divideInterval(v column.IntervalValue, by float64) (column.IntervalValue, error) {
	const daySeconds = column.MicrosPerDay / column.MicrosPerSecond
	micro := func(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }
	months, days := float64(v.Months)/by, float64(v.Days)/by
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	more := micro((months - wholeMonths) * 30)
	seconds := micro((days - wholeDays + more - math.Trunc(more)) * daySeconds)
	if math.Abs(seconds) >= daySeconds {
		full := math.Trunc(seconds / daySeconds)
		wholeDays += full
		seconds -= full * daySeconds
	}
	wholeDays += math.Trunc(more)
	us := math.RoundToEven(float64(v.Micros)/by + seconds*column.MicrosPerSecond)
	if math.Abs(wholeDays) > math.MaxInt32 || math.Abs(us) >= math.MaxInt64 {
		return v, intervalRange()
	}
	return column.IntervalValue{Months: int32(wholeMonths), Days: int32(wholeDays), Micros: int64(us)}, nil
}
