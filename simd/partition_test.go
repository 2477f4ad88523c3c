package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestPartitions(t *testing.T) {
	r := rand.New(rand.NewPCG(80, 81))
	atLevels(t, func(t *testing.T) {
		hashes, dst := guardedOf[uint64](t, longest, true), guardedOf[uint32](t, longest, true)
		for _, count := range []int{1, 2, 3, 7, 64, 1000, 1<<31 + 1, 1<<32 - 1} {
			for _, n := range lengths() {
				h, d := hashes[longest-n:], dst[longest-n:]
				fillWords(r, h)
				Partitions(d, h, count)
				for k, p := range d {
					if want := Partition(h[k], count); int(p) != want || want >= count {
						t.Fatalf("hash %x, %d of %d: partition %d of %d, want %d", h[k], k, n, p, count, want)
					}
				}
			}
		}
	})
}

// TestPartitionsStay pins partitions down: processes of different versions must agree on them.
func TestPartitionsStay(t *testing.T) {
	for _, c := range []struct {
		hash    uint64
		n, want int
	}{{0, 7, 0}, {0xC9D874CA57D9E055, 7, 4}, {0xF2F37271AD33E225, 1000, 505}, {1<<64 - 1, 64, 23}} {
		if got := Partition(c.hash, c.n); got != c.want {
			t.Errorf("hash %x is in partition %d of %d, not %d", c.hash, got, c.n, c.want)
		}
	}
}

func TestSplitRows(t *testing.T) {
	r := rand.New(rand.NewPCG(82, 83))
	atLevels(t, func(t *testing.T) {
		parts, rows := guardedOf[uint32](t, longest, true), guardedOf[uint32](t, longest, true)
		for _, count := range []int{1, 2, 9, 300} {
			starts := guardedOf[uint32](t, count+1, true)
			for _, n := range lengths() {
				p, w := parts[longest-n:], rows[longest-n:]
				want := make([][]uint32, count)
				for k := range p {
					p[k] = r.Uint32N(uint32(count))
					want[p[k]] = append(want[p[k]], uint32(k))
				}
				SplitRows(w, starts, p)
				if starts[0] != 0 || int(starts[count]) != n {
					t.Fatalf("%d rows go from %d to %d", n, starts[0], starts[count])
				}
				for i := range count {
					if got := w[starts[i]:starts[i+1]]; fmt.Sprint(got) != fmt.Sprint(want[i]) {
						t.Fatalf("%d rows, part %d of %d: %v, want %v", n, i, count, got, want[i])
					}
				}
			}
		}
	})
}

func TestSplitRowsRefusesParts(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("a part beyond the last is taken")
			}
		}()
		SplitRows(make([]uint32, 3), make([]uint32, 3), []uint32{0, 2, 1})
	})
}

func BenchmarkPartition(b *testing.B) {
	const n = 1 << 16
	r := rand.New(rand.NewPCG(84, 85))
	hashes, parts, rows := make([]uint64, n), make([]uint32, n), make([]uint32, n)
	for k := range hashes {
		hashes[k] = r.Uint64()
	}
	for _, count := range []int{16, 256} {
		starts := make([]uint32, count+1)
		b.Run(fmt.Sprintf("Partitions/%d", count), func(b *testing.B) { benchLevels(b, 8*n, func() { Partitions(parts, hashes, count) }) })
		b.Run(fmt.Sprintf("SplitRows/%d", count), func(b *testing.B) { benchLevels(b, 4*n, func() { SplitRows(rows, starts, parts) }) })
	}
}
