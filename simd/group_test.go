package simd

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestSumCount(t *testing.T) {
	r := rand.New(rand.NewPCG(50, 51))
	atLevels(t, func(t *testing.T) {
		codes, gids, values := guarded(t, longest, true), guardedOf[uint32](t, longest, true), guardedOf[int64](t, longest, true)
		for _, groups := range []int{1, 2, 7, 256} {
			byCode, byGroup := guardedOf[int64](t, 256*GroupWords, true), guardedOf[int64](t, groups*GroupWords, true)
			for _, n := range lengths() {
				c, g, v := codes[longest-n:], gids[longest-n:], values[longest-n:]
				sums, counts, magnitude := make([]int64, groups), make([]int64, groups), uint64(0)
				fill64(r, v)
				for k, x := range v {
					g[k] = r.Uint32N(uint32(groups))
					c[k] = uint8(g[k])
					sums[g[k]] += x
					counts[g[k]]++
					magnitude |= uint64(x ^ x>>63)
				}
				if got := SumCountCodes(byCode, c, v); got != magnitude {
					t.Fatalf("%d values: magnitude %x by codes, want %x", n, got, magnitude)
				}
				if got := SumCountGroups(byGroup, g, v); got != magnitude {
					t.Fatalf("%d values: magnitude %x by groups, want %x", n, got, magnitude)
				}
				for i := range groups {
					for what, acc := range map[string][]int64{"codes": byCode, "groups": byGroup} {
						if sum, count := FoldGroups(acc, i); sum != sums[i] || count != counts[i] {
							t.Fatalf("%d values, group %d of %d by %s: sum %d of %d values, want %d of %d", n, i, groups, what, sum, count, sums[i], counts[i])
						}
						if sum, count := FoldGroups(acc, i); sum != 0 || count != 0 {
							t.Fatalf("group %d keeps sum %d of %d values", i, sum, count)
						}
					}
				}
			}
		}
	})
}

func TestAddTotals(t *testing.T) {
	r := rand.New(rand.NewPCG(52, 53))
	atLevels(t, func(t *testing.T) {
		gids, values := guardedOf[uint32](t, longest, true), guardedOf[int64](t, longest, true)
		for _, groups := range []int{1, 3, 1000} {
			totals := guardedOf[uint64](t, groups*TotalWords, true)
			sums, counts := make([]*big.Int, groups), make([]uint64, groups)
			for i := range sums {
				sums[i] = new(big.Int)
			}
			for _, n := range lengths() {
				g, v := gids[longest-n:], values[longest-n:]
				fill64(r, v)
				for k, x := range v {
					g[k] = r.Uint32N(uint32(groups))
					sums[g[k]].Add(sums[g[k]], big.NewInt(x))
					counts[g[k]]++
				}
				AddTotals(totals, g, v)
			}
			for i, want := range sums {
				got := new(big.Int).Lsh(big.NewInt(int64(totals[i*TotalWords+1])), 64)
				got.Add(got, new(big.Int).SetUint64(totals[i*TotalWords]))
				if got.Cmp(want) != 0 || totals[i*TotalWords+2] != counts[i] {
					t.Fatalf("group %d of %d: %s of %d, want %s of %d", i, groups, got, totals[i*TotalWords+2], want, counts[i])
				}
			}
		}
	})
}

// TestGroupsBeyondPanic checks that a group without accumulators panics at every level.
func TestGroupsBeyondPanic(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		gids := make([]uint32, 20)
		gids[11] = 3
		for name, add := range map[string]func(){
			"sum":    func() { SumCountGroups(make([]int64, 3*GroupWords), gids, make([]int64, 20)) },
			"totals": func() { AddTotals(make([]uint64, 3*TotalWords), gids, make([]int64, 20)) },
			"codes":  func() { SumCountCodes(make([]int64, 255*GroupWords), make([]uint8, 1), make([]int64, 1)) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: a group beyond is taken", name)
					}
				}()
				add()
			}()
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(54, 55))
	codes, gids, values := make([]uint8, n), make([]uint32, n), make([]int64, n)
	for i := range values {
		values[i] = r.Int64N(10_000)
	}
	for _, groups := range []int{1, 4, 256} {
		for i := range codes {
			codes[i] = uint8(r.IntN(groups))
			gids[i] = uint32(codes[i])
		}
		acc := make([]int64, 256*GroupWords)
		b.Run(fmt.Sprintf("codes/%d", groups), func(b *testing.B) { benchLevels(b, 9*n, func() { SumCountCodes(acc, codes, values) }) })
		b.Run(fmt.Sprintf("groups/%d", groups), func(b *testing.B) { benchLevels(b, 12*n, func() { SumCountGroups(acc, gids, values) }) })
		b.Run(fmt.Sprintf("naive/%d", groups), func(b *testing.B) {
			var sums, counts [256]int64
			b.SetBytes(9 * n)
			for b.Loop() {
				for k, c := range codes {
					sums[c] += values[k]
					counts[c]++
				}
			}
		})
	}
	for _, groups := range []int{1000, 1 << 16, 1 << 20} {
		totals := make([]uint64, groups*TotalWords)
		all := make([]uint32, 64*n)
		for i := range all {
			all[i] = r.Uint32N(uint32(groups))
		}
		at := 0
		b.Run(fmt.Sprintf("totals/%d", groups), func(b *testing.B) {
			benchLevels(b, 12*n, func() {
				at = (at + 1) % 64
				AddTotals(totals, all[at*n:][:n], values)
			})
		})
	}
}
