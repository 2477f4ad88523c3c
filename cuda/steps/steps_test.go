package steps

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/driver/realcard"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// real is the driver of a machine with a card, where the tests were built for one.
var real = realcard.ForTests()

// rig is steps on a device, whose buffers are freed at the end.
type rig struct {
	*Steps
	t *testing.T
	r *rand.Rand
}

func newRig(t *testing.T, seed uint64) *rig {
	t.Helper()
	drv, options := real, cuda.Options{MemoryLimit: 4 << 30}
	var machine *fake.Driver
	if drv == nil {
		machine = fake.New(fake.Config{Seed: seed, Emulate: emulate, Races: emulate, Weak: emulate})
		drv, options = machine, cuda.Options{}
	}
	d, err := cuda.Open(drv, 0, options)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if used := d.Pool.Used(); used != 0 {
			t.Errorf("%d bytes of device memory are still in use", used)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if machine != nil {
			if leaks := machine.Device(0).Leaks(); leaks != "" {
				t.Errorf("left: %s", leaks)
			}
		}
	})
	return &rig{s, t, rand.New(rand.NewPCG(seed, 1))}
}

// must fails the test on an error.
func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// keep frees a buffer at the end.
func (g *rig) keep(b cuda.Buffer, err error) driver.Ptr {
	g.t.Helper()
	g.must(err)
	g.t.Cleanup(b.Free)
	return b.Ptr
}

func up[T any](g *rig, vals []T) driver.Ptr {
	g.t.Helper()
	b, err := Up(g.Steps, vals)
	return g.keep(b, err)
}

func down[T any](g *rig, p driver.Ptr, n int) []T {
	g.t.Helper()
	out, err := Down[T](g.Steps, p, n)
	g.must(err)
	return out
}

func (g *rig) room(bytes int) driver.Ptr {
	g.t.Helper()
	b, err := g.D.Pool.Alloc(int64(bytes))
	return g.keep(b, err)
}

// sizes are numbers of rows around the edges of warps, blocks and tiles.
var sizes = []int{1, 31, 32, 33, 255, 1024, 1025, 4095, 4097, 9000}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func TestCompactAndGather(t *testing.T) {
	g := newRig(t, 1)
	for _, n := range sizes {
		for _, one := range []int{0, 1, 5, 8} {
			words := make([]uint64, (n+63)/64)
			var want []uint32
			for i := range n {
				if g.r.IntN(8) < one {
					words[i/64] |= 1 << (i % 64)
					want = append(want, uint32(i))
				}
			}
			p := up(g, words)
			list, count, err := g.Compact(p, n)
			rows := g.keep(list, err)
			equal(t, "rows", down[uint32](g, rows, count), want)
			for _, width := range []int{1, 2, 4, 8, 16} {
				values := make([]byte, width*n)
				for i := range values {
					values[i] = byte(g.r.Uint32())
				}
				out, err := g.Gather(up(g, values), width, rows, count)
				got := down[byte](g, g.keep(out, err), width*count)
				direct, n, err := g.CompactValues(p, n, []driver.Ptr{up(g, values)}, []int{width})
				g.must(err)
				equal(t, fmt.Sprintf("values of width %d", width), down[byte](g, g.keep(direct[0], nil), width*n), got)
				for k, r := range want {
					if !bytes.Equal(got[k*width:(k+1)*width], values[int(r)*width:(int(r)+1)*width]) {
						t.Fatalf("row %d of width %d: %x", r, width, got[k*width:(k+1)*width])
					}
				}
			}
			valid := make([]uint64, len(words))
			for i := range valid {
				valid[i] = g.r.Uint64()
			}
			out, err := g.GatherBits(up(g, valid), rows, count)
			bits := down[uint32](g, g.keep(out, err), (count+31)/32)
			for k, r := range want {
				if got, w := bits[k/32]>>(k%32)&1, valid[r/64]>>(r%64)&1; uint64(got) != w {
					t.Fatalf("bit of row %d is %d", r, got)
				}
			}
		}
	}
}

func TestWordsAndHashesEqualTheCPUs(t *testing.T) {
	g := newRig(t, 2)
	a := mem.NewArena(nil)
	defer a.Free()
	h := hash.NewWidener()
	for _, typ := range columntest.Types() {
		if p := typ.Physical(); p == column.PhysView || p == column.PhysInterval {
			continue
		}
		const n = 700
		v := columntest.Vector(a, typ, columntest.Values(g.r, typ, n, 0))
		out, err := g.Words(up(g, v.Data), typ, n)
		equal(t, typ.String(), down[uint64](g, g.keep(out, err), n), h.Words(0, v, nil, n))
	}
	const rows = 1000
	for count := 1; count <= 4; count++ {
		words := make([]uint64, rows*count)
		for i := range words {
			words[i] = g.r.Uint64() >> g.r.IntN(64)
		}
		want := make([]uint64, rows)
		for i := range want {
			want[i] = hash.Mix(words[i])
			for j := 1; j < count; j++ {
				want[i] = hash.Combine(want[i], words[j*rows+i])
			}
		}
		out, err := g.Hash(up(g, words), count, rows)
		equal(t, "hashes", down[uint64](g, g.keep(out, err), rows), want)
	}
}

func TestPartition(t *testing.T) {
	g := newRig(t, 3)
	for _, n := range sizes {
		for _, partitions := range []int{1, 7, 256} {
			hashes := make([]uint64, n)
			for i := range hashes {
				hashes[i] = hash.Mix(uint64(g.r.IntN(50)))
			}
			list, starts, err := g.Partition(up(g, hashes), n, partitions)
			got := down[uint32](g, g.keep(list, err), n)
			var want []uint32
			var begins []uint32
			for p := range partitions {
				begins = append(begins, uint32(len(want)))
				for i, h := range hashes {
					if hash.Partition(h, partitions) == p {
						want = append(want, uint32(i))
					}
				}
			}
			equal(t, "rows", got, want)
			equal(t, "starts", starts, append(begins, uint32(n)))
		}
	}
}

func TestSortAndTop(t *testing.T) {
	g := newRig(t, 4)
	for _, n := range sizes {
		for _, distinct := range []uint64{3, 1 << 20, ^uint64(0)} {
			if emulate && n%2 == 0 {
				continue
			}
			keys := make([]uint64, n)
			order := make([]uint32, n)
			for i := range keys {
				keys[i] = g.r.Uint64N(distinct)
				if distinct == ^uint64(0) {
					keys[i] = g.r.Uint64()
				}
				order[i] = uint32(i)
			}
			slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(keys[a], keys[b]) })
			p := up(g, keys)
			sorted, numbers, err := g.Sort(p, 0, n, 0, 64)
			got := down[uint64](g, g.keep(sorted, err), n)
			equal(t, "order", down[uint32](g, g.keep(numbers, err), n), order)
			if !slices.IsSorted(got) {
				t.Fatal("keys are not in order")
			}
			for _, top := range []int{1, min(n, 10), n} {
				list, err := g.Top(p, n, top)
				equal(t, "least", down[uint32](g, g.keep(list, err), top), order[:top])
			}
		}
	}
}

func TestJoins(t *testing.T) {
	g := newRig(t, 5)
	for _, n := range sizes {
		for _, distinct := range []int{1, 10, n, 10 * n} {
			if distinct == 1 && n > 100 {
				continue
			}
			count := 1 + g.r.IntN(3)
			build, probe := make([]uint64, n*count), make([]uint64, 500*count)
			for j := range count {
				for i := range n {
					build[j*n+i] = uint64(g.r.IntN(distinct)) * uint64(btoi(j == 0))
				}
				for i := range 500 {
					probe[j*500+i] = uint64(g.r.IntN(distinct)) * uint64(btoi(j == 0))
				}
			}
			valid := make([]uint64, (n+63)/64)
			probeValid := make([]uint64, 8)
			for i := range valid {
				valid[i] = g.r.Uint64() | g.r.Uint64()
			}
			for i := range probeValid {
				probeValid[i] = g.r.Uint64() | g.r.Uint64()
			}
			partners := map[uint64][]uint32{}
			for i := range n {
				if valid[i/64]>>(i%64)&1 != 0 {
					partners[build[i]] = append(partners[build[i]], uint32(i))
				}
			}
			keys := up(g, build)
			table, err := g.BuildJoin(keys, count, n, up(g, valid))
			g.must(err)
			heads := g.room(4 * 500)
			g.must(table.Probe(up(g, probe), 500, up(g, probeValid), heads))
			for _, kind := range []JoinKind{Inner, Left, Semi, Anti} {
				left, right, count, err := table.Pairs(heads, 500, kind)
				l, r := down[uint32](g, g.keep(left, err), count), down[uint32](g, g.keep(right, err), count)
				var got, want []string
				for k := range l {
					got = append(got, fmt.Sprint(l[k], int32(r[k])))
				}
				if !slices.IsSorted(l) {
					t.Fatal("pairs are not in the order of the probe rows")
				}
				for i := range 500 {
					var list []uint32
					if probeValid[i/64]>>(i%64)&1 != 0 {
						list = partners[probe[i]]
					}
					switch {
					case kind == Semi && len(list) > 0, kind == Anti && len(list) == 0, kind == Left && len(list) == 0:
						want = append(want, fmt.Sprint(i, -1))
					case kind == Inner || kind == Left:
						for _, r := range list {
							want = append(want, fmt.Sprint(i, int32(r)))
						}
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				equal(t, fmt.Sprintf("pairs of kind %d, %d rows of %d keys", kind, n, distinct), got, want)
			}
			table.Free()
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestUniqueJoin(t *testing.T) {
	g := newRig(t, 6)
	for _, n := range sizes {
		keys := make([]uint64, n)
		at := map[uint64]uint32{}
		for i := range keys {
			keys[i] = uint64(i)*7919 - 5
			at[keys[i]] = uint32(i + 1)
		}
		table, err := g.BuildUnique(up(g, keys), n)
		g.must(err)
		probe := make([]uint64, 3000)
		want := make([]uint32, len(probe))
		for i := range probe {
			probe[i] = uint64(g.r.IntN(2*n))*7919 - 5
			want[i] = at[probe[i]]
		}
		heads := g.room(4 * len(probe))
		g.must(table.Probe(up(g, probe), len(probe), 0, heads))
		equal(t, "heads", down[uint32](g, heads, len(probe)), want)
		table.Free()
	}
}

// hybrid writes numbers in Parquet's encoding, in runs of random kinds.
func (g *rig) hybrid(numbers []uint32, width int) []byte {
	var out []byte
	for at := 0; at < len(numbers); {
		same := at
		for same < len(numbers) && numbers[same] == numbers[at] {
			same++
		}
		if same-at >= 8 || same == len(numbers) && g.r.IntN(2) == 0 {
			out = binary.AppendUvarint(out, uint64(same-at)<<1)
			var word [4]byte
			binary.LittleEndian.PutUint32(word[:], numbers[at])
			out = append(out, word[:(width+7)/8]...)
			at = same
			continue
		}
		groups := 1 + g.r.IntN(20)
		out = binary.AppendUvarint(out, uint64(groups)<<1|1)
		packed := make([]byte, groups*width)
		for k := 0; k < 8*groups && at < len(numbers); k, at = k+1, at+1 {
			for b := range width {
				if numbers[at]>>b&1 != 0 {
					packed[(k*width+b)/8] |= 1 << ((k*width + b) % 8)
				}
			}
		}
		out = append(out, packed...)
	}
	return out
}

func TestDecoding(t *testing.T) {
	g := newRig(t, 7)
	for _, n := range sizes {
		for _, width := range []int{0, 1, 3, 8, 13, 20, 32} {
			numbers := make([]uint32, n)
			entries := 1
			for i := range numbers {
				numbers[i] = uint32(g.r.Uint64() & (1<<width - 1))
				if g.r.IntN(3) > 0 && i > 0 {
					numbers[i] = numbers[i-1]
				}
				if width < 16 {
					entries = max(entries, int(numbers[i])+1)
				}
			}
			page := g.hybrid(numbers, width)
			runs, err := ReadRuns(page, width, n)
			g.must(err)
			data, words := up(g, page), up(g, runs.Words)
			out := g.room(4 * n)
			g.must(g.DecodeCodes(data, words, runs.Count(), width, n, out))
			equal(t, fmt.Sprintf("numbers of %d bits", width), down[uint32](g, out, n), numbers)
			if width >= 16 {
				continue
			}
			for _, size := range []int{1, 4, 8, 16} {
				dictionary := make([]byte, entries*size)
				for i := range dictionary {
					dictionary[i] = byte(g.r.Uint32())
				}
				values, trouble := g.room(size*n), up(g, []uint32{0, 0})
				g.must(g.DecodeDictionary(data, words, runs.Count(), width, n, up(g, dictionary), entries, size, values, trouble))
				got := down[byte](g, values, size*n)
				for i, c := range numbers {
					if !bytes.Equal(got[i*size:(i+1)*size], dictionary[int(c)*size:(int(c)+1)*size]) {
						t.Fatalf("value %d of size %d", i, size)
					}
				}
				if down[uint32](g, trouble, 1)[0] != 0 {
					t.Fatal("trouble without need")
				}
			}
			if entries > 1 {
				trouble := up(g, []uint32{0, 0})
				g.must(g.DecodeDictionary(data, words, runs.Count(), width, n, up(g, make([]uint32, entries)), entries-1, 4, g.room(4*n), trouble))
				if down[uint32](g, trouble, 1)[0] == 0 {
					t.Fatal("a number beyond the dictionary goes unnoticed")
				}
			}
		}
	}
}

func TestLevelsAndSpread(t *testing.T) {
	g := newRig(t, 8)
	for _, n := range sizes {
		levels := make([]uint32, n)
		var dense []uint64
		want := make([]uint64, n)
		for i := range levels {
			levels[i] = uint32(btoi(g.r.IntN(3) > 0))
			if levels[i] == 1 {
				want[i] = g.r.Uint64()
				dense = append(dense, want[i])
			}
		}
		page := g.hybrid(levels, 1)
		runs, err := ReadRuns(page, 1, n)
		g.must(err)
		bits := g.room(4 * ((n + 31) / 32))
		g.must(g.DecodeLevels(up(g, page), up(g, runs.Words), runs.Count(), 1, n, 1, bits))
		out, err := g.Spread(up(g, append(dense, 0)), 8, bits, n)
		equal(t, "values", down[uint64](g, g.keep(out, err), n), want)
	}
}

func TestReadRunsRefusesDamage(t *testing.T) {
	for name, page := range map[string][]byte{
		"empty": {}, "half a header": {0x80}, "no group": {1}, "no length": {0}, "too few bytes": {3, 1}, "run without its number": {4},
	} {
		if _, err := ReadRuns(page, 9, 5); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := ReadRuns(nil, 33, 1); err == nil {
		t.Error("33 bits: no error")
	}
}

func TestTexts(t *testing.T) {
	g := newRig(t, 9)
	var texts []string
	for range 900 {
		texts = append(texts, columntest.Text(g.r))
	}
	offsets := []uint32{0}
	var all []byte
	for _, s := range texts {
		all = append(all, s...)
		offsets = append(offsets, uint32(len(all)))
	}
	o, b := up(g, offsets), up(g, all)
	for _, pattern := range []string{"", "1", "common prefix", "common prefix of all 7", "aaaa", "fix of", "zzz"} {
		p, out := up(g, []byte(pattern)), g.room(len(texts))
		check := func(what string, f func(s string) bool) {
			t.Helper()
			got := down[byte](g, out, len(texts))
			for i, s := range texts {
				if (got[i] != 0) != f(s) {
					t.Fatalf("%q %s %q: %d", s, what, pattern, got[i])
				}
			}
		}
		for op, f := range []func(c int) bool{
			func(c int) bool { return c == 0 }, func(c int) bool { return c != 0 }, func(c int) bool { return c < 0 },
			func(c int) bool { return c <= 0 }, func(c int) bool { return c > 0 }, func(c int) bool { return c >= 0 },
		} {
			g.must(g.TextCompare(o, b, len(texts), p, len(pattern), op, out))
			check(fmt.Sprintf("compared by %d with", op), func(s string) bool { return f(cmp.Compare(s, pattern)) })
		}
		for where, f := range []func(a, b []byte) bool{bytes.HasPrefix, bytes.HasSuffix, bytes.Contains} {
			g.must(g.TextMatch(o, b, len(texts), p, len(pattern), where, out))
			check(fmt.Sprintf("matched at %d with", where), func(s string) bool { return f([]byte(s), []byte(pattern)) })
		}
	}
}
