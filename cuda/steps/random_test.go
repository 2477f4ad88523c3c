package steps

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// Random steps one after the other on one device, with sizes around the edges of their tiles, equal what Go makes of the same rows. POLYBOLOS_ROUNDS is how many.
func TestRandomSteps(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("POLYBOLOS_ROUNDS"))
	if err != nil {
		rounds = 24
		if emulate {
			rounds = 6
		}
	}
	for round := range rounds {
		g := newRig(t, uint64(1000+round))
		tile := []int{sortTile, partitionTile, moveTile, countChunks * chunkRows, joinTile, threads}[g.r.IntN(6)]
		n := max(1, tile*g.r.IntN(3)+g.r.IntN(5)-2)
		if emulate {
			n = min(n, 15_000)
		}
		// Keys from a few to as many as rows, near each other or far apart.
		distinct, apart := uint64(1)<<g.r.IntN(18), uint64(1)<<g.r.IntN(64)|1
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = g.r.Uint64N(distinct) * apart
		}
		p := up(g, keys)
		t.Run(fmt.Sprintf("%d: %d rows, %d keys %d apart", round, n, distinct, apart), func(t *testing.T) {
			outer := g.t
			g.t = t
			defer func() { g.t = outer }()
			for _, step := range g.r.Perm(4)[:2] {
				[]func(*rig, driver.Ptr, []uint64){randomSort, randomPartition, randomCompaction, randomJoin}[step](g, p, keys)
			}
		})
	}
}

func ascending(keys []uint64) []uint32 {
	order := make([]uint32, len(keys))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(keys[a], keys[b]) })
	return order
}

func randomSort(g *rig, p driver.Ptr, keys []uint64) {
	g.t.Helper()
	order := ascending(keys)
	sorted, list, err := g.Sort(p, 0, len(keys), 0, 64)
	g.keep(sorted, err)
	equal(g.t, "order", down[uint32](g, g.keep(list, err), len(keys)), order)
	n := 1 + g.r.IntN(len(keys))
	least, err := g.Top(p, len(keys), n)
	equal(g.t, fmt.Sprintf("the least %d", n), down[uint32](g, g.keep(least, err), n), order[:n])
}

func randomPartition(g *rig, p driver.Ptr, keys []uint64) {
	g.t.Helper()
	partitions := 1 + g.r.IntN(256)
	words, err := g.Hash(p, 1, len(keys))
	hashes := g.keep(words, err)
	place := make([]uint64, len(keys))
	for i, k := range keys {
		place[i] = uint64(hash.Partition(hash.Mix(k), partitions))
	}
	order := ascending(place)
	list, _, err := g.Partition(hashes, len(keys), partitions)
	equal(g.t, fmt.Sprintf("rows in %d partitions", partitions), down[uint32](g, g.keep(list, err), len(keys)), order)
	out, _, err := g.PartitionColumns(hashes, len(keys), partitions, []driver.Ptr{p}, []int{8})
	g.must(err)
	moved := down[uint64](g, g.keep(out[0], nil), len(keys))
	for i, r := range order {
		if moved[i] != keys[r] {
			g.t.Fatalf("value %d of %d partitions is %x, want %x", i, partitions, moved[i], keys[r])
		}
	}
}

func randomCompaction(g *rig, p driver.Ptr, keys []uint64) {
	g.t.Helper()
	words := make([]uint32, (len(keys)+31)/32)
	var rows []uint32
	var want []uint64
	share := g.r.IntN(101)
	for i, k := range keys {
		if g.r.IntN(100) < share {
			words[i/32] |= 1 << (i % 32)
			rows, want = append(rows, uint32(i)), append(want, k)
		}
	}
	bits := up(g, words)
	list, n, err := g.Compact(bits, len(keys))
	equal(g.t, "rows", down[uint32](g, g.keep(list, err), n), rows)
	out, n, err := g.CompactValues(bits, len(keys), []driver.Ptr{p}, []int{8})
	g.must(err)
	equal(g.t, "values", down[uint64](g, g.keep(out[0], nil), n), want)
}

func randomJoin(g *rig, p driver.Ptr, keys []uint64) {
	g.t.Helper()
	// The build side has some of the keys, each once or more often, and others.
	build := make([]uint64, 1+g.r.IntN(len(keys)))
	partners := map[uint64]int{}
	for i := range build {
		build[i] = keys[g.r.IntN(len(keys))] + uint64(g.r.IntN(2))
		partners[build[i]]++
	}
	table, err := g.BuildJoin(up(g, build), 1, len(build), 0)
	g.must(err)
	defer table.Free()
	heads := g.room(4 * len(keys))
	g.must(table.Probe(p, len(keys), 0, heads))
	want := 0
	for i, h := range down[uint32](g, heads, len(keys)) {
		if (h != 0) != (partners[keys[i]] > 0) || h != 0 && build[h-1] != keys[i] {
			g.t.Fatalf("probe row %d, key %x: head %d", i, keys[i], h)
		}
		want += partners[keys[i]]
	}
	if want > 1<<20 {
		return
	}
	left, right, found, err := table.Pairs(heads, len(keys), Inner)
	l, r := down[uint32](g, g.keep(left, err), found), down[uint32](g, g.keep(right, err), found)
	if found != want || !slices.IsSorted(l) {
		g.t.Fatalf("%d pairs, want %d; in the order of the probe rows: %v", found, want, slices.IsSorted(l))
	}
	seen := make(map[[2]uint32]bool, found)
	for k := range l {
		if seen[[2]uint32{l[k], r[k]}] || keys[l[k]] != build[r[k]] {
			g.t.Fatalf("pair of rows %d and %d: there before %v", l[k], r[k], seen[[2]uint32{l[k], r[k]}])
		}
		seen[[2]uint32{l[k], r[k]}] = true
	}
}
