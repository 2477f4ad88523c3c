package steps

import (
	"fmt"
	"math"
	"testing"
)

// The mixing of narrow.cu backwards, for keys of so many bits.
func unmixed(x uint64, bits int) uint64 {
	keep, half := ^uint64(0)>>(64-bits), (bits+1)/2
	for _, factor := range []uint64{0xD6E8FEB86659FD93, 0x9E3779B97F4A7C15} {
		inverse := factor // Newton's iteration doubles the right bits
		for range 6 {
			inverse *= 2 - factor*inverse
		}
		x = x * inverse & keep
		x ^= x >> half
	}
	return x
}

func TestLayoutsOfTables(t *testing.T) {
	const rows = 2500
	for _, c := range []struct {
		name string
		key  func(i int) uint64
		want layout
	}{
		{"dense", func(i int) uint64 { return uint64(3*i - 900) }, dense},
		{"one bit wider than dense", func(i int) uint64 { return uint64(4 * i * rows / (rows - 1)) }, narrow},
		{"spaced", func(i int) uint64 { return uint64(i)*7919 - 5000 }, narrow},
		{"of 33 bits", func(i int) uint64 { return uint64(i) * (1<<33 - 1) / (rows - 1) }, narrow},
		{"of 34 bits", func(i int) uint64 { return uint64(i) * (1<<34 - 1) / (rows - 1) }, whole},
		{"from the least to the greatest", func(i int) uint64 { return uint64(i)*(math.MaxUint64/rows) + 1<<63 }, whole},
		// Homes have eleven bits, so 22 are left: all of these belong to one of them, which lets keys lie 1024 pairs behind.
		{"crowded", func(i int) uint64 { return unmixed(5<<22|uint64(i)*977, 33) }, whole},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t, 41)
			keys, at := make([]uint64, rows), map[uint64]uint32{}
			order := g.r.Perm(rows)
			if c.name == "crowded" { // the bounds of the range come with them
				order[0], order[1] = 0, 0
			}
			for i, k := range order {
				keys[i] = c.key(k)
				if c.name == "crowded" && i < 2 {
					keys[i] = uint64(i) * (1<<33 - 1)
				}
				at[keys[i]] = uint32(i + 1)
			}
			// Keys that are there and, for each, some that are not.
			var probe []uint64
			for _, k := range keys {
				probe = append(probe, k, k+1, k-1, k^1<<32, k^1<<40, ^k, g.r.Uint64())
			}
			want := make([]uint32, len(probe))
			for i, k := range probe {
				want[i] = at[k]
			}
			p, heads := up(g, probe), g.room(4*len(probe))
			unique, err := g.BuildUnique(up(g, keys), rows)
			g.must(err)
			defer unique.Free()
			if unique.layout != c.want {
				t.Errorf("the layout for different keys is %d, want %d", unique.layout, c.want)
			}
			g.must(unique.Probe(p, len(probe), 0, heads))
			equal(t, "heads of different keys", down[uint32](g, heads, len(probe)), want)
			table, err := g.BuildJoin(up(g, keys), 1, rows, 0)
			g.must(err)
			defer table.Free()
			if table.layout != c.want {
				t.Errorf("the layout is %d, want %d", table.layout, c.want)
			}
			g.must(table.Probe(p, len(probe), 0, heads))
			equal(t, "heads", down[uint32](g, heads, len(probe)), want)
		})
	}
}

// Rows with equal keys are all found, in every layout, and those without a key by nobody.
func TestDuplicatesInEveryLayout(t *testing.T) {
	g := newRig(t, 42)
	for want, spread := range map[layout]uint64{dense: 1, narrow: 1 << 20, whole: 1 << 50} {
		for _, rows := range []int{1, 2, 300, 3000} {
			keys, valid := make([]uint64, rows), make([]uint64, (rows+63)/64)
			for i := range keys {
				keys[i] = uint64(g.r.IntN(rows/3+1))*spread - 3*spread
				if g.r.IntN(5) > 0 {
					valid[i/64] |= 1 << (i % 64)
				}
			}
			table, err := g.BuildJoin(up(g, keys), 1, rows, up(g, valid))
			g.must(err)
			if rows == 3000 && table.layout != want {
				t.Errorf("keys %d apart: the layout is %d, want %d", spread, table.layout, want)
			}
			n := rows/3 + 3
			probe := make([]uint64, n)
			for i := range probe {
				probe[i] = uint64(i)*spread - 4*spread
			}
			heads := g.room(4 * n)
			g.must(table.Probe(up(g, probe), n, up(g, []uint64{^uint64(0) - 2, ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0),
				^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}), heads))
			left, right, pairs, err := table.Pairs(heads, n, Inner)
			l, r := down[uint32](g, g.keep(left, err), pairs), down[uint32](g, g.keep(right, err), pairs)
			seen := map[string]bool{}
			for k := range l {
				if probe[l[k]] != keys[r[k]] || valid[r[k]/64]>>(r[k]%64)&1 == 0 || l[k] == 1 {
					t.Fatalf("probe row %d meets row %d", l[k], r[k])
				}
				seen[fmt.Sprint(l[k], r[k])] = true
			}
			count := 0
			for i, key := range probe {
				for j, k := range keys {
					if i != 1 && key == k && valid[j/64]>>(j%64)&1 != 0 {
						count++
					}
				}
			}
			if len(seen) != count || pairs != count {
				t.Fatalf("%d rows, %d apart: %d pairs, %d different, want %d", rows, spread, pairs, len(seen), count)
			}
			table.Free()
		}
	}
}
