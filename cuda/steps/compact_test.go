package steps

import (
	"fmt"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

func TestCompactionOfPatterns(t *testing.T) {
	g := newRig(t, 31)
	for _, n := range append(edges(chunkRows), edges(countChunks * chunkRows)[4:]...) {
		for name, set := range map[string]func(i int) bool{
			"none":  func(int) bool { return false },
			"all":   func(int) bool { return true },
			"few":   func(i int) bool { return i%997 == 5 },
			"half":  func(int) bool { return g.r.IntN(2) == 0 },
			"last":  func(i int) bool { return i == n-1 },
			"words": func(i int) bool { return i/32%3 == 1 },
		} {
			if (n > 4*chunkRows*countChunks || emulate && n > 4*chunkRows) && name != "half" {
				continue
			}
			bits := make([]uint32, (n+31)/32)
			ids := make([]uint32, n)
			var want []uint32
			for i := range n {
				ids[i] = uint32(i) * 2654435761
				if set(i) {
					bits[i/32] |= 1 << (i % 32)
					want = append(want, uint32(i))
				}
			}
			what := fmt.Sprintf("%s of %d rows", name, n)
			b := up(g, bits)
			list, count, err := g.Compact(b, n)
			equal(t, what, down[uint32](g, g.keep(list, err), count), want)

			wide := make([]column.Int128, n)
			for i := range wide {
				wide[i] = column.MulInt64(int64(ids[i]), int64(i))
			}
			out, count, err := g.CompactValues(b, n, []driver.Ptr{up(g, ids), up(g, wide)}, []int{4, 16})
			g.must(err)
			gotIDs, gotWide := down[uint32](g, g.keep(out[0], nil), count), down[column.Int128](g, g.keep(out[1], nil), count)
			if count != len(want) {
				t.Fatalf("%s: %d values", what, count)
			}
			for k, r := range want {
				if gotIDs[k] != ids[r] || gotWide[k] != wide[r] {
					t.Fatalf("%s: value %d is %d and %s", what, k, gotIDs[k], gotWide[k])
				}
			}

			// Spreading what was compacted gives each row its own again.
			spread, err := g.Spread(out[0].Ptr, 4, b, n)
			again := down[uint32](g, g.keep(spread, err), n)
			for i, v := range again {
				if w := ids[i] * (bits[i/32] >> (i % 32) & 1); v != w {
					t.Fatalf("%s: row %d is %d, want %d", what, i, v, w)
				}
			}
		}
	}
}
