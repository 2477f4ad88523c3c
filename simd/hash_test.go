package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func fillWords(r *rand.Rand, dst []uint64) {
	for i := range dst {
		switch r.IntN(4) {
		case 0:
			dst[i] = uint64(extremes64[r.IntN(len(extremes64))])
		case 1:
			dst[i] = r.Uint64N(100)
		default:
			dst[i] = r.Uint64()
		}
	}
}

func TestHashWords(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 17))
	atLevels(t, func(t *testing.T) {
		words, hashes := guardedOf[uint64](t, longest, true), guardedOf[uint64](t, longest, true)
		for _, n := range lengths() {
			w, h := words[longest-n:], hashes[longest-n:]
			fillWords(r, w)
			want := make([]uint64, n)
			for i, x := range w {
				want[i] = Mix(x)
			}
			MixWords(h, w)
			if !slices.Equal(h, want) {
				t.Fatalf("hashes of %x are %x, want %x", w, h, want)
			}
			fillWords(r, w)
			for i, x := range w {
				want[i] = Combine(want[i], x)
			}
			CombineWords(h, w)
			if !slices.Equal(h, want) {
				t.Fatalf("with %x hashes are %x, want %x", w, h, want)
			}
		}
	})
}

// TestHashesStay pins hashes down: processes of different versions must agree on them.
func TestHashesStay(t *testing.T) {
	for x, want := range map[uint64]uint64{0: 0xC9D874CA57D9E055, 1: 0xF2F37271AD33E225, 1<<64 - 1: 0x8E1A4ACD601C1D69} {
		if got := Mix(x); got != want {
			t.Errorf("Mix(%d) = %#x, want %#x", x, got, want)
		}
	}
	if got := Combine(Mix(1), 2); got != 0x79253AAD2917F3F9 {
		t.Errorf("Combine(Mix(1), 2) = %#x", got)
	}
}

func TestSelectBloom(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 19))
	atLevels(t, func(t *testing.T) {
		words, out := guardedOf[uint64](t, longest, true), guardedOf[uint32](t, longest, true)
		for _, shift := range []uint{64, 63, 58, 54} {
			filter := guardedOf[uint64](t, 1<<(64-shift), true)
			for _, n := range lengths() {
				w, o := words[longest-n:], out[longest-n:]
				fillWords(r, w)
				clear(filter)
				for range 5 << (64 - shift) {
					h := r.Uint64()
					filter[h>>shift] |= BloomBits(h)
				}
				if n > 0 {
					h := Mix(w[n-1])
					filter[h>>shift] |= BloomBits(h)
				}
				// A selection may be narrowed in place.
				for _, rows := range [][]uint32{nil, o} {
					for i := range rows {
						rows[i] = uint32(3 * i)
					}
					want := []uint32{}
					for i, x := range w {
						h := Mix(x)
						if filter[h>>shift]&BloomBits(h) != BloomBits(h) {
							continue
						}
						if rows == nil {
							want = append(want, uint32(i))
						} else {
							want = append(want, uint32(3*i))
						}
					}
					if k := SelectBloom(o, w, rows, filter, shift); !slices.Equal(o[:k], want) {
						t.Fatalf("shift %d, %d words, rows given %v: %v, want %v", shift, n, rows != nil, o[:k], want)
					}
				}
			}
		}
	})
}

func BenchmarkHash(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(20, 21))
	words, hashes, out := make([]uint64, n), make([]uint64, n), make([]uint32, n)
	for i := range words {
		words[i] = r.Uint64N(1_500_000)
	}
	b.Run("MixWords", func(b *testing.B) { benchLevels(b, 8*n, func() { MixWords(hashes, words) }) })
	b.Run("CombineWords", func(b *testing.B) { benchLevels(b, 8*n, func() { CombineWords(hashes, words) }) })
	for _, shift := range []uint{54, 47, 44} {
		filter := make([]uint64, 1<<(64-shift))
		for i := range filter {
			filter[i] = r.Uint64() & r.Uint64()
		}
		b.Run(fmt.Sprintf("SelectBloom/%dkB", len(filter)*8>>10), func(b *testing.B) {
			benchLevels(b, 8*n, func() {
				for i := range words {
					words[i] += 7919
				}
				SelectBloom(out, words, nil, filter, shift)
			})
		})
	}
}
