package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

// Without groups an aggregate takes a flat column as it lies, with its validity: nothing is copied and no row's group looked at.

// whole is column c where all of a batch's rows count but for NULLs; nil where it is otherwise.
func (in *input) whole(c int) *column.Vector {
	if v := in.cols[c]; v.Form == column.Flat && in.rows == nil && len(in.gids) <= v.Len {
		return v
	}
	return nil
}

// valueCount is the number of rows that are not NULL.
func valueCount(v *column.Vector, n int) int64 {
	if v.Valid == nil {
		return int64(n)
	}
	return int64(simd.CountBits(v.Valid, n))
}

// updateWhole adds a column to the only group. It reports false, having done nothing, where that needs more than a look at the column.
func (s *exactSum) updateWhole(in *input) bool {
	v, n := in.whole(0), len(in.gids)
	if v == nil {
		return false
	}
	p := &s.totals.S[0]
	switch {
	case v.Type.Physical() == column.PhysInt64:
		hi, lo, count := simd.SumValid(column.Values[int64](v)[:n], v.Valid)
		p.sum = p.sum.Add(column.Int128{Lo: lo, Hi: hi})
		p.count += int64(count)
		return true
	case v.Type.Physical() == column.PhysInt128 && v.Valid == nil:
		hi, lo, ok := simd.Sum128(column.Values[uint64](v)[:2*n])
		if !ok {
			return false
		}
		sum, ok := p.sum.AddChecked(column.Int128{Lo: lo, Hi: hi})
		if !ok {
			return false
		}
		p.sum = sum
		p.count += int64(n)
		return true
	}
	return false
}

// manyFloats is from how many rows on floats are added up in another order than they come in: shorter columns, which people look at, keep theirs.
const manyFloats = 512

// updateWhole is that of exactSum, for doubles.
func (s *floatSum) updateWhole(in *input) bool {
	v, n := in.whole(0), len(in.gids)
	if v == nil || v.Type.Kind != column.Float64 || n < manyFloats {
		return false
	}
	s.sums.S[0] += simd.SumFloats(column.Values[float64](v)[:n], v.Valid)
	s.counts.S[0] += valueCount(v, n)
	return true
}

// updateWhole is that of exactSum, for the least or the greatest value.
func (s *extreme[T]) updateWhole(in *input) bool {
	v, n := in.whole(0), len(in.gids)
	if v == nil || s.best == nil {
		return false
	}
	if x, ok := s.best(column.Values[T](v)[:n], v.Valid); ok {
		s.buf = sized(s.buf, 1)
		s.buf[0] = x
		s.take(s.vals.S, s.seen.S, in.gids[:1], s.buf)
	}
	return true
}
