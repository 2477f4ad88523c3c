package steps

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// patterns are keys of n rows in orders that radix sorts and look-backs may mind; where each thread's instructions are emulated, some of them.
func (g *rig) patterns(n int) map[string][]uint64 {
	out := map[string][]uint64{}
	// The more rows, the fewer.
	some := []string{"random", "skewed", "equal"}[:3-min(2, n/5000)]
	for name, f := range map[string]func(i int) uint64{
		"equal":     func(int) uint64 { return 0xABCD_0000_0000_1234 },
		"sorted":    func(i int) uint64 { return uint64(i) },
		"reverse":   func(i int) uint64 { return ^uint64(i) },
		"random":    func(int) uint64 { return g.r.Uint64() },
		"skewed":    func(int) uint64 { return min(g.r.Uint64(), uint64(g.r.IntN(3))<<40|uint64(g.r.IntN(8)/7)<<8) },
		"one digit": func(int) uint64 { return 7<<56 | uint64(g.r.IntN(256))<<24 | 9 },
		"greatest":  func(int) uint64 { return ^uint64(g.r.IntN(2)) },
	} {
		if emulate && !slices.Contains(some, name) {
			continue
		}
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = f(i)
		}
		out[name] = keys
	}
	return out
}

// edges are numbers of rows around those of a tile, and one of several tiles.
func edges(tile int) []int {
	if emulate {
		return []int{0, 1, tile, 2*tile + 17}
	}
	return []int{0, 1, 2, 31, tile - 1, tile, tile + 1, 5*tile + 17}
}

func TestSortOfPatterns(t *testing.T) {
	g := newRig(t, 21)
	for _, n := range edges(sortTile) {
		for name, keys := range g.patterns(n) {
			for _, bits := range [][2]int{{0, 64}, {24, 32}, {3, 45}, {0, 1}} {
				if (n > sortTile || emulate) && bits[1] != 64 && name != "random" {
					continue
				}
				part := func(i uint32) uint64 { return keys[i] << (64 - bits[1]) >> (64 - bits[1] + bits[0]) }
				order, numbers := make([]uint32, n), make([]uint32, n)
				for i := range order {
					order[i] = uint32(i)
				}
				slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(part(a), part(b)) })
				sorted, list, err := g.Sort(up(g, keys), 0, n, bits[0], bits[1])
				what := fmt.Sprintf("%d %s keys by bits %v", n, name, bits)
				gotKeys, got := down[uint64](g, g.keep(sorted, err), n), down[uint32](g, g.keep(list, err), n)
				equal(t, what, got, order)
				for i, r := range order {
					if gotKeys[i] != keys[r] {
						t.Fatalf("%s: key %d is %x, want %x", what, i, gotKeys[i], keys[r])
					}
					numbers[i] = r ^ 0x5555
				}
				// Numbers of the caller's own go along.
				own := make([]uint32, n)
				for i := range own {
					own[i] = uint32(i) ^ 0x5555
				}
				sorted, list, err = g.Sort(up(g, keys), up(g, own), n, bits[0], bits[1])
				g.keep(sorted, err)
				equal(t, what+" with numbers", down[uint32](g, g.keep(list, err), n), numbers)
			}
		}
	}
}

func TestSortRefusesImpossibleBits(t *testing.T) {
	g := newRig(t, 22)
	keys := up(g, []uint64{1})
	for _, bits := range [][2]int{{-1, 8}, {8, 8}, {9, 8}, {0, 65}} {
		if _, _, err := g.Sort(keys, 0, 1, bits[0], bits[1]); err == nil {
			t.Errorf("bits %v: no error", bits)
		}
	}
}

func TestPartitionOfPatterns(t *testing.T) {
	g := newRig(t, 23)
	for _, n := range append(edges(partitionTile), edges(moveTile)[3:]...) {
		for name, keys := range g.patterns(n) {
			for _, partitions := range []int{1, 2, 255, 256} {
				if emulate && partitions != 256 {
					continue
				}
				lists := make([][]uint32, partitions)
				for i, h := range keys {
					p := hash.Partition(h, partitions)
					lists[p] = append(lists[p], uint32(i))
				}
				list, starts, err := g.Partition(up(g, keys), n, partitions)
				what := fmt.Sprintf("%d %s hashes in %d partitions", n, name, partitions)
				equal(t, what, down[uint32](g, g.keep(list, err), n), slices.Concat(lists...))
				begin := uint32(0)
				for p, l := range lists {
					if starts[p] != begin {
						t.Fatalf("%s: partition %d begins at %d, not %d", what, p, starts[p], begin)
					}
					begin += uint32(len(l))
				}
				if starts[partitions] != uint32(n) {
					t.Fatalf("%s: the end is %d", what, starts[partitions])
				}
				if partitions%2 == 0 {
					g.moves(what, up(g, keys), n, partitions, slices.Concat(lists...), starts)
				}
			}
		}
	}
}

// moves compares columns of every width that move to their partitions with the rows that lie there.
func (g *rig) moves(what string, hashes driver.Ptr, n, partitions int, order, starts []uint32) {
	g.t.Helper()
	widths := []int{8, 1, 16, 2, 4}
	var columns []driver.Ptr
	var values [][]byte
	for _, w := range widths {
		column := make([]byte, n*w)
		for i := range column {
			column[i] = byte(g.r.Uint32())
		}
		columns, values = append(columns, up(g, column)), append(values, column)
	}
	out, begins, err := g.PartitionColumns(hashes, n, partitions, columns, widths)
	g.must(err)
	equal(g.t, what+", where columns move", begins, starts)
	for i, w := range widths {
		got := down[byte](g, g.keep(out[i], nil), n*w)
		for k, r := range order {
			if !bytes.Equal(got[k*w:(k+1)*w], values[i][int(r)*w:(int(r)+1)*w]) {
				g.t.Fatalf("%s: value %d of %d bytes is %x, want that of row %d", what, k, w, got[k*w:(k+1)*w], r)
			}
		}
	}
}

func TestTopOfPatterns(t *testing.T) {
	g := newRig(t, 24)
	const n = topFew + 5000
	if emulate {
		t.Skip("its kernels are those of TestSortAndTop")
	}
	for name, keys := range g.patterns(n) {
		order := make([]uint32, n)
		for i := range order {
			order[i] = uint32(i)
		}
		slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(keys[a], keys[b]) })
		list, err := g.Top(up(g, keys), n, 50)
		equal(t, name, down[uint32](g, g.keep(list, err), 50), order[:50])
	}
}
