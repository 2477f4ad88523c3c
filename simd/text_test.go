package simd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"
)

// views makes views of strings; long ones lie in memory that ends where the last does.
func views(t testing.TB, list []string) []uint64 {
	total := 0
	for _, s := range list {
		if len(s) > inlineText {
			total += len(s)
		}
	}
	mem := guarded(t, max(total, 1), true)
	mem = mem[len(mem)-total:]
	out := guardedOf[uint64](t, max(1, 2*len(list)), true)[:2*len(list)]
	for i, s := range list {
		var word [16]byte
		binary.LittleEndian.PutUint32(word[:], uint32(len(s)))
		copy(word[4:], s[:min(len(s), inlineText)])
		if len(s) > inlineText {
			copy(mem, s)
			binary.LittleEndian.PutUint64(word[8:], uint64(uintptr(unsafe.Pointer(unsafe.SliceData(mem)))))
			mem = mem[len(s):]
		}
		out[2*i], out[2*i+1] = binary.LittleEndian.Uint64(word[:]), binary.LittleEndian.Uint64(word[8:])
	}
	return out
}

// few makes a string of few different bytes, so that parts of needles are found everywhere.
func few(r *rand.Rand, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = "aab\x00"[r.IntN(4)]
	}
	return string(out)
}

func TestTexts(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 1))
		for round := range 1500 {
			needle := few(r, 1+r.IntN(3))
			switch {
			case round%3 == 0:
				needle = few(r, 1+r.IntN(20))
			case round%31 == 0:
				needle = few(r, 1+r.IntN(80))
			}
			list := make([]string, r.IntN(20))
			for i := range list {
				s := few(r, r.IntN([]int{5, 14, 40, 150, 300}[r.IntN(5)]))
				switch r.IntN(6) {
				case 0:
					at := r.IntN(len(s) + 1)
					s = s[:at] + needle + s[at:]
				case 1:
					s += needle
				case 2:
					s = needle + s
				case 3:
					s = needle
				}
				list[i] = s
			}
			texts, at, flags := views(t, list), make([]uint32, len(list)), make([]uint8, len(list))
			wantAt := make([]uint32, len(list))
			for i, s := range list {
				at[i] = uint32(r.IntN(len(s) + 1))
				if r.IntN(2) == 0 {
					at[i] = 0
				}
				if r.IntN(8) == 0 {
					at[i], wantAt[i] = NotFound, NotFound
				} else if k := strings.Index(s[at[i]:], needle); k >= 0 {
					wantAt[i] = at[i] + uint32(k+len(needle))
				} else {
					wantAt[i] = NotFound
				}
			}
			FindText(at, texts, []byte(needle))
			for i, s := range list {
				if at[i] != wantAt[i] {
					t.Fatalf("%q is found in %q until %d, want %d", needle, s, at[i], wantAt[i])
				}
			}
			for name, f := range map[string]struct {
				flag func(dst []uint8, texts []uint64, needle []byte)
				want func(s, needle string) bool
			}{
				"prefix": {PrefixText, strings.HasPrefix}, "suffix": {SuffixText, strings.HasSuffix},
				"equal": {EqualText, func(s, needle string) bool { return s == needle }},
			} {
				f.flag(flags, texts, []byte(needle))
				for i, s := range list {
					if flags[i] != map[bool]uint8{true: 1}[f.want(s, needle)] {
						t.Fatalf("%s %q of %q is %d", name, needle, s, flags[i])
					}
				}
			}
		}
	})
}

func TestASCII(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 31, 32, 127, 128, 129, 255, 256, 257, 600} {
			p := guarded(t, n, n%2 == 0)
			copy(p, bytes.Repeat([]byte{0x7F}, n))
			if !ASCII(p) {
				t.Fatalf("%d bytes: not ASCII", n)
			}
			for i := range p {
				p[i] = 0x80
				if ASCII(p) {
					t.Fatalf("%d bytes: byte %d was not seen", n, i)
				}
				p[i] = 'x'
			}
		}
	})
}

// comments are strings as long as the orders' comments of the benchmark data.
func comments(b *testing.B) []uint64 {
	r := rand.New(rand.NewPCG(1, 1))
	words := strings.Fields("special requests deposits accounts packages foxes ideas theodolites pinto beans instructions carefully furiously quickly express final")
	list := make([]string, 4096)
	for i := range list {
		var s string
		for n := 19 + r.IntN(60); len(s) < n; {
			s += words[r.IntN(len(words))] + " "
		}
		list[i] = s
	}
	return views(b, list)
}

func BenchmarkTexts(b *testing.B) {
	texts := comments(b)
	at, flags := make([]uint32, len(texts)/2), make([]uint8, len(texts)/2)
	for _, needle := range []string{"a", "green", "requests", "nowhere at all"} {
		b.Run(fmt.Sprintf("find %s", needle), func(b *testing.B) {
			benchLevels(b, len(texts)/2*50, func() {
				clear(at)
				FindText(at, texts, []byte(needle))
			})
		})
	}
	for _, needle := range []string{"spec", "special requests"} {
		b.Run("prefix "+needle, func(b *testing.B) { benchLevels(b, 8*len(texts), func() { PrefixText(flags, texts, []byte(needle)) }) })
		b.Run("suffix "+needle, func(b *testing.B) { benchLevels(b, 8*len(texts), func() { SuffixText(flags, texts, []byte(needle)) }) })
		b.Run("equal "+needle, func(b *testing.B) { benchLevels(b, 8*len(texts), func() { EqualText(flags, texts, []byte(needle)) }) })
	}
}

func BenchmarkASCII(b *testing.B) {
	p := bytes.Repeat([]byte("a text page "), 4000)
	benchLevels(b, len(p), func() { ASCII(p) })
}
