package simd

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// probeTable is slots, half of them taken by random words below some number, in hashes of few different lower halves.
type probeTable struct {
	slots, salts []uint64 // by word, and by salt
	shift        uint
	rows         map[uint64]uint32
	words        []uint64
}

func weakHash(w uint64) uint64 { return Mix(w)>>2<<2&^0xFFFFFFF0 | w&3<<2 }

// newProbeTable fills size slots by the plain rule: from the hash's slot on, the first that is empty.
func newProbeTable(t testing.TB, r *rand.Rand, size, taken int, hash func(uint64) uint64) *probeTable {
	p := &probeTable{slots: guardedOf[uint64](t, 2*size, true), salts: guardedOf[uint64](t, size, true), shift: uint(64 - bits.TrailingZeros(uint(size))), rows: map[uint64]uint32{}}
	for len(p.rows) < taken {
		w := r.Uint64N(uint64(4 * size))
		if p.rows[w] != 0 {
			continue
		}
		row := uint32(len(p.rows) + 1)
		p.rows[w] = row
		p.words = append(p.words, w)
		h := hash(w)
		at := h >> p.shift
		for p.salts[at] != 0 {
			at = (at + 1) % uint64(size)
		}
		p.salts[at] = h<<32 | uint64(row)
		p.slots[2*at], p.slots[2*at+1] = h<<32|uint64(row), w
	}
	return p
}

func TestProbe(t *testing.T) {
	r := rand.New(rand.NewPCG(40, 41))
	atLevels(t, func(t *testing.T) {
		allWords, allHashes := guardedOf[uint64](t, longest, true), guardedOf[uint64](t, longest, true)
		allOut, allPending := guardedOf[uint32](t, longest, true), guardedOf[uint32](t, longest, true)
		for _, size := range []int{2, 4, 64, 1024, 128 << 10} {
			for _, taken := range []int{0, size / 2, size - 1} {
				if size > 1024 && taken > size/2 {
					continue
				}
				for _, hash := range []func(uint64) uint64{Mix, weakHash} {
					p := newProbeTable(t, r, size, taken, hash)
					for _, n := range lengths() {
						words, hashes, out, pending := allWords[longest-n:], allHashes[longest-n:], allOut[longest-n:], allPending[longest-n:]
						for k := range words {
							words[k] = r.Uint64N(uint64(4 * size))
							hashes[k] = hash(words[k])
						}
						ProbeWords(out, pending, p.slots, hashes, words, p.shift)
						for k, w := range words {
							if out[k] != p.rows[w] {
								t.Fatalf("%d slots, %d taken: word %d of %d, %d, is in row %d, want %d", size, taken, k, n, w, out[k], p.rows[w])
							}
						}
						ProbeSalts(out, pending, p.salts, hashes, p.shift)
						for k, h := range hashes {
							at := h >> p.shift
							for p.salts[at] != 0 && uint32(p.salts[at]>>32) != uint32(h) {
								at = (at + 1) % uint64(size)
							}
							if want := uint32(p.salts[at]); out[k] != want {
								t.Fatalf("%d slots, %d taken: hash %d of %d, %x, is in row %d, want %d", size, taken, k, n, h, out[k], want)
							}
						}
					}
				}
			}
		}
	})
}

// TestProbeRefusesShifts checks that no hash can name a slot beyond the last.
func TestProbeRefusesShifts(t *testing.T) {
	one, two := make([]uint64, 1), make([]uint32, 1)
	for name, probe := range map[string]func(){
		"shift": func() { ProbeWords(two, two, make([]uint64, 8), one, one, 61) },
		"slots": func() { ProbeSalts(two, two, make([]uint64, 6), one, 62) },
		"none":  func() { ProbeSalts(two, two, nil, one, 63) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: is taken", name)
				}
			}()
			probe()
		}()
	}
}

func TestProbeDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(42, 43))
	p := newProbeTable(t, r, 1<<10, 1<<9, Mix)
	hashes, out, pending := make([]uint64, len(p.words)), make([]uint32, len(p.words)), make([]uint32, len(p.words))
	MixWords(hashes, p.words)
	if n := testing.AllocsPerRun(10, func() {
		ProbeWords(out, pending, p.slots, hashes, p.words, p.shift)
		ProbeSalts(out, pending, p.salts, hashes, p.shift)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if slices.Contains(out, 0) {
		t.Error("a word of the table is not found")
	}
}

func BenchmarkProbe(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(44, 45))
	for _, size := range []int{1 << 9, 1 << 12, 1 << 17, 1 << 22} {
		p := newProbeTable(b, r, size, size/2, Mix)
		const sets = 64
		words, hashes := make([]uint64, sets*n), make([]uint64, sets*n)
		for k := range words {
			words[k] = p.words[r.IntN(len(p.words))]
		}
		MixWords(hashes, words)
		out, pending := make([]uint32, n), make([]uint32, n)
		set := 0
		next := func() (h, w []uint64) {
			set = (set + 1) % sets
			return hashes[set*n:][:n], words[set*n:][:n]
		}
		b.Run(fmt.Sprintf("words/%dkB", size*16>>10), func(b *testing.B) {
			benchLevels(b, 8*n, func() {
				h, w := next()
				ProbeWords(out, pending, p.slots, h, w, p.shift)
			})
		})
		b.Run(fmt.Sprintf("salts/%dkB", size*8>>10), func(b *testing.B) {
			benchLevels(b, 8*n, func() {
				h, _ := next()
				ProbeSalts(out, pending, p.salts, h, p.shift)
			})
		})
	}
}
