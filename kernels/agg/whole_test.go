package agg

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// TestWithoutGroups adds columns up, with and without NULLs, at every level, against big integers; no batch allocates.
func TestWithoutGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(70, 71))
	bigint, wide, double := column.T(column.Int64), column.DecimalType(30, 0), column.T(column.Float64)
	aggregate := func(op kernels.AggOp, arg int, result column.Type) kernels.Aggregate {
		return kernels.Aggregate{Op: op, Args: []int{arg}, ArgTypes: []column.Type{[]column.Type{bigint, wide, double}[arg]}, Result: result, Filter: -1}
	}
	list := []kernels.Aggregate{
		aggregate(kernels.AggSum, 0, column.DecimalType(38, 0)), aggregate(kernels.AggSum, 1, column.DecimalType(38, 0)), aggregate(kernels.AggSum, 2, double),
		aggregate(kernels.AggMin, 0, bigint), aggregate(kernels.AggMax, 0, bigint),
	}
	for level := simd.None; level <= simd.Available(); level++ {
		defer simd.Use(simd.Use(level))
		for _, rows := range []int{1, 31, 600, column.BatchRows} {
			for _, nulls := range []bool{false, true} {
				a := mem.NewArena(nil)
				b := &column.Batch{Len: rows}
				for _, ty := range []column.Type{bigint, wide, double} {
					v, err := column.NewFlat(a, ty, rows)
					if err != nil {
						t.Fatal(err)
					}
					if nulls {
						if v.Valid, err = column.AllocBitmap(a, rows); err != nil {
							t.Fatal(err)
						}
					}
					b.Cols = append(b.Cols, v)
				}
				var sums [2]big.Int
				var floats float64
				var least, greatest int64
				some := false
				for i := range rows {
					x, w, f := int64(r.Uint64()), column.Int128FromInt64(int64(r.Uint64())), float64(r.IntN(1000))
					column.Values[int64](b.Cols[0])[i], column.Values[column.Int128](b.Cols[1])[i], column.Values[float64](b.Cols[2])[i] = x, w, f
					if nulls && r.IntN(2) == 0 {
						for _, v := range b.Cols {
							v.Valid.Clear(i)
						}
						continue
					}
					sums[0].Add(&sums[0], big.NewInt(x))
					sums[1].Add(&sums[1], w.Big())
					floats += f
					if !some || x < least {
						least = x
					}
					if !some || x > greatest {
						greatest = x
					}
					some = true
				}
				g, err := New(nil, nil, list)
				if err != nil {
					t.Fatal(err)
				}
				passes := 0
				update := func() {
					passes++
					if err := g.Update(b, nil); err != nil {
						t.Fatal(err)
					}
				}
				update()
				if n := testing.AllocsPerRun(10, update); n != 0 && rows == column.BatchRows {
					t.Errorf("%s, %d rows, NULLs %v: %v allocations a batch", level, rows, nulls, n)
				}
				total := func(k int) *big.Int { return new(big.Int).Mul(&sums[k], big.NewInt(int64(passes))) }
				s := g.states
				if got := s[0].(*exactSum).totals.S[0].sum.Big(); got.Cmp(total(0)) != 0 {
					t.Errorf("%s, %d rows, NULLs %v: sum %d, want %d", level, rows, nulls, got, total(0))
				}
				if got := s[1].(*exactSum).totals.S[0].sum.Big(); got.Cmp(total(1)) != 0 {
					t.Errorf("%s, %d rows, NULLs %v: wide sum %d, want %d", level, rows, nulls, got, total(1))
				}
				if got := s[2].(*floatSum).sums.S[0]; got != floats*float64(passes) {
					t.Errorf("%s, %d rows, NULLs %v: sum of floats %v, want %v", level, rows, nulls, got, floats*float64(passes))
				}
				min, max := s[3].(*extreme[int64]), s[4].(*extreme[int64])
				if some && (min.vals.S[0] != least || max.vals.S[0] != greatest) || (min.seen.S[0] != 0) != some {
					t.Errorf("%s, %d rows, NULLs %v: from %d to %d, want %d to %d", level, rows, nulls, min.vals.S[0], max.vals.S[0], least, greatest)
				}
				g.Free()
				a.Free()
			}
		}
	}
}
