//go:build linux

package simd

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestPlainStrings reads strings, of which some have one length, from memory that ends behind them, and what is cut off.
func TestPlainStrings(t *testing.T) {
	r := rand.New(rand.NewPCG(80, 81))
	atLevels(t, func(t *testing.T) {
		for round := range 300 {
			var lengths []int64
			for rows := []int{0, 1, 3, 30, 300}[round%5]; len(lengths) < rows; {
				n := r.Int64N([]int64{1, 4, 14, 20, 60}[r.IntN(5)])
				for range 1 + r.IntN(20)*r.IntN(2) {
					lengths = append(lengths, n)
				}
			}
			var plain, joined []byte
			for _, n := range lengths {
				plain = binary.LittleEndian.AppendUint32(plain, uint32(n))
				for range n {
					plain, joined = append(plain, byte(r.Uint32())), append(joined, 0)
					joined[len(joined)-1] = plain[len(plain)-1]
				}
			}
			src, bytes := guarded(t, len(plain), true), guarded(t, len(joined), true)
			copy(src, plain)
			copy(bytes, joined)
			views := guardedOf[View](t, len(lengths), true)
			end, ok := PlainStrings(views, src)
			checkViews(t, views, src, lengths, 4, end, ok)
			clear(views)
			end, ok = CutStrings(views, bytes, lengths)
			checkViews(t, views, bytes, lengths, 0, end, ok)
			if len(src) == 0 {
				continue
			}
			if _, ok := PlainStrings(views, src[:r.IntN(len(src))]); ok {
				t.Fatalf("%d strings that are cut off are whole", len(lengths))
			}
			if len(bytes) > 0 {
				if _, ok := CutStrings(views, bytes[:r.IntN(len(bytes))], lengths); ok {
					t.Fatalf("%d strings that are cut off are whole", len(lengths))
				}
			}
			// A length beyond what there is, at a place from which on all of it could be addressed.
			binary.LittleEndian.PutUint32(src, ^uint32(0)>>r.IntN(2))
			if _, ok := PlainStrings(views, src); ok {
				t.Fatal("a string of gigabytes is there")
			}
		}
	})
}

func checkViews(t *testing.T, views []View, src []byte, lengths []int64, front, end int, ok bool) {
	t.Helper()
	if !ok || end != len(src) {
		t.Fatalf("%d strings: ok %v, %d bytes of %d are read", len(lengths), ok, end, len(src))
	}
	at := 0
	for i, n := range lengths {
		if want := viewOf(src[at+front:][:n]); views[i] != want {
			t.Fatalf("string %d of %d, %d bytes: %x, want %x", i, len(lengths), n, views[i], want)
		}
		at += front + int(n)
	}
}

// prefixed is a random list of strings and what they are put together from.
func prefixed(r *rand.Rand, rows, longest int) (prefixes, suffixes []int64, src, want []byte) {
	var before []byte
	for range rows {
		p, n := r.IntN(len(before)+1), 0
		if r.IntN(3) > 0 {
			n = r.IntN(max(1, longest-p) + 1)
		}
		s := append([]byte{}, before[:p]...)
		for range n {
			s = append(s, byte(r.Uint32()))
		}
		prefixes, suffixes = append(prefixes, int64(p)), append(suffixes, int64(n))
		src, want = append(src, s[p:]...), append(want, s...)
		before = s
	}
	return prefixes, suffixes, src, want
}

func TestUnprefix(t *testing.T) {
	r := rand.New(rand.NewPCG(82, 83))
	atLevels(t, func(t *testing.T) {
		for round := range 400 {
			rows := []int{0, 1, 5, 40, 300}[round%5]
			prefixes, suffixes, src, want := prefixed(r, rows, []int{0, 5, 16, 31, 33, 62, 64, 200}[r.IntN(8)])
			// What is in front of the strings is the lengths; nothing may be read or written behind.
			front, at := r.IntN(130), r.IntN(3)
			in, out := guarded(t, front+len(src), true), guarded(t, at+len(want), true)
			copy(in[front:], src)
			rest, ok := Unprefix(out, at, in, front, prefixes, suffixes)
			if !ok || rest != len(in) || !bytes.Equal(out[at:], want) {
				t.Fatalf("%d strings: ok %v, rest %d of %d,\n%q, want\n%q", rows, ok, rest, len(in), out[at:], want)
			}
			if len(src) > 0 {
				if _, ok := Unprefix(out, at, in[:len(in)-1], front, prefixes, suffixes); ok {
					t.Fatalf("%d strings of a byte less are whole", rows)
				}
			}
			if rows > 0 {
				k := r.IntN(rows)
				size := int64(0)
				if k > 0 {
					size = prefixes[k-1] + suffixes[k-1]
				}
				prefixes[k] = size + 1 + r.Int64N(3)
				room := guarded(t, len(out)+10_000, true)
				if _, ok := Unprefix(room, at, in, front, prefixes[:k+1], suffixes[:k+1]); ok {
					t.Fatalf("string %d has a prefix of %d bytes of one of %d", k, prefixes[k], size)
				}
			}
		}
	})
}

func BenchmarkStrings(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(84, 85))
	views := make([]View, n)
	for _, c := range []struct {
		name     string
		from, to int
	}{{"1", 1, 1}, {"18", 18, 18}, {"1 to 12", 1, 12}, {"1 to 24", 1, 24}, {"10 to 43", 10, 43}} {
		var src []byte
		lengths := make([]int64, n)
		for i := range lengths {
			k := c.from + r.IntN(c.to-c.from+1)
			src = append(binary.LittleEndian.AppendUint32(src, uint32(k)), make([]byte, k)...)
			lengths[i] = int64(k)
		}
		b.Run("Plain/"+c.name, func(b *testing.B) { benchLevels(b, 4*n, func() { PlainStrings(views, src) }) })
		b.Run("Cut/"+c.name, func(b *testing.B) { benchLevels(b, 4*n, func() { CutStrings(views, src, lengths) }) })
	}
	prefixes, suffixes, src, want := prefixed(r, n, 30)
	src, want = append(make([]byte, 64), src...), append(want, make([]byte, 64)...)
	b.Run("Unprefix", func(b *testing.B) { benchLevels(b, 4*n, func() { Unprefix(want, 0, src, 64, prefixes, suffixes) }) })
}
