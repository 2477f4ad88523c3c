package simd

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestSumInt64(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 23))
	atLevels(t, func(t *testing.T) {
		values := guardedOf[int64](t, longest, true)
		for _, n := range lengths() {
			v := values[longest-n:]
			fill64(r, v)
			want := new(big.Int)
			for i := range v {
				if n%7 == 0 {
					v[i] = extremes64[0] // sums far below 64 bits
				}
				want.Add(want, big.NewInt(v[i]))
			}
			hi, lo := SumInt64(v)
			got := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(hi), 64), new(big.Int).SetUint64(lo))
			if got.Cmp(want) != 0 {
				t.Fatalf("the sum of %d values is %d, want %d", n, got, want)
			}
		}
	})
}

func TestSumGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(24, 25))
	atLevels(t, func(t *testing.T) {
		values, gids, words := guardedOf[int64](t, longest, true), guardedOf[uint32](t, longest, true), guardedOf[uint64](t, 2*longest, true)
		for _, n := range lengths() {
			for _, groups := range []int{1, 3, 4, 5, 8} {
				v, g, w := values[longest-n:], gids[longest-n:], words[2*(longest-n):]
				fill64(r, v)
				want := [MaxSumGroups]int64{5, 6, 7}
				got, wide := want, want
				bits := uint64(0)
				fits := true
				for i := range v {
					if g[i] = r.Uint32N(uint32(groups)); r.IntN(4) == 0 {
						v[i] = r.Int64()
					}
					want[g[i]] += v[i]
					bits |= uint64(v[i] ^ v[i]>>63)
					w[2*i], w[2*i+1] = uint64(v[i]), uint64(v[i]>>63)
				}
				if n > 0 && r.IntN(2) == 0 {
					// One value of more than 64 bits, by the least that there is.
					i := r.IntN(n)
					w[2*i+1] ^= 1
					fits = false
				}
				if m := SumGroups(&got, groups, g, v); got != want || m != bits {
					t.Fatalf("%d values of %d groups: %v, %x; want %v, %x", n, groups, got, m, want, bits)
				}
				m := SumWideGroups(&wide, groups, g, w)
				if fits && (wide != want || m != bits) || !fits && m != ^uint64(0) {
					t.Fatalf("%d wide values of %d groups, which fit %v: %v, %x; want %v, %x", n, groups, fits, wide, m, want, bits)
				}
			}
		}
	})
}

func BenchmarkSum(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(26, 27))
	values, gids, words := make([]int64, n), make([]uint32, n), make([]uint64, 2*n)
	for i := range values {
		values[i], gids[i] = r.Int64N(1e9), r.Uint32N(4)
		words[2*i] = uint64(values[i])
	}
	b.Run("SumInt64", func(b *testing.B) { benchLevels(b, 8*n, func() { SumInt64(values) }) })
	for _, groups := range []int{4, 8} {
		b.Run(fmt.Sprintf("SumGroups/%d", groups), func(b *testing.B) {
			benchLevels(b, 8*n, func() { SumGroups(new([MaxSumGroups]int64), groups, gids, values) })
		})
		b.Run(fmt.Sprintf("SumWideGroups/%d", groups), func(b *testing.B) {
			benchLevels(b, 16*n, func() { SumWideGroups(new([MaxSumGroups]int64), groups, gids, words) })
		})
	}
}
