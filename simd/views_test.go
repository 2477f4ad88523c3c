//go:build linux

package simd

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// viewOf makes a view of p, which must stay where it is.
func viewOf(p []byte) (v View) {
	var buf [inlineBytes]byte
	n := copy(buf[:], p)
	v[0] = uint64(len(p)) | uint64(binary.LittleEndian.Uint32(buf[:]))<<32
	v[1] = binary.LittleEndian.Uint64(buf[4:])
	if n < len(p) {
		v[1] = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p))))
	}
	return v
}

func TestHashViews(t *testing.T) {
	r := rand.New(rand.NewPCG(60, 61))
	// Strings of all lengths up to 100 that end where memory ends, and begin where it begins.
	text := [2][]byte{guarded(t, 100, false), guarded(t, 100, true)}
	for _, p := range text {
		for i := range p {
			p[i] = byte(r.Uint32())
		}
	}
	string := func() []byte {
		n := r.IntN(101)
		if r.IntN(2) == 0 {
			return text[0][:n]
		}
		return text[1][100-n:]
	}
	atLevels(t, func(t *testing.T) {
		views, out, rows := guardedOf[View](t, longest, true), guardedOf[uint64](t, longest, true), guardedOf[uint32](t, longest, true)
		for _, n := range lengths() {
			v, o, w := views[longest-n:], out[longest-n:], rows[longest-n:]
			want := make([]uint64, n)
			for k := range v {
				s := string()
				v[k] = viewOf(s)
				if want[k] = HashBytes(s); len(s) <= inlineBytes {
					first := append(append([]byte{}, s...), make([]byte, inlineBytes)...)
					want[k] = fold((uint64(binary.LittleEndian.Uint32(first))|uint64(len(s))<<32)^hashS3, binary.LittleEndian.Uint64(first[4:])^hashS1)
				}
			}
			HashViews(o, v)
			for k, h := range o {
				if h != want[k] {
					t.Fatalf("string %d of %d, %d bytes: hash %x, want %x", k, n, uint32(v[k][0]), h, want[k])
				}
			}
			for k := range w {
				w[k] = r.Uint32N(uint32(n))
			}
			HashViewsOf(o, v, w)
			for k, h := range o {
				if h != want[w[k]] {
					t.Fatalf("row %d of %d, %d bytes: hash %x, want %x", w[k], n, uint32(v[w[k]][0]), h, want[w[k]])
				}
			}
		}
	})
}

// TestHashOfStringsStays pins hashes down: processes of different versions must agree on them.
func TestHashOfStringsStays(t *testing.T) {
	for text, want := range map[string][2]uint64{
		"":                                  {0xD3516188C0F51FDD, 0xD3516188C0F51FDD},
		"abc":                               {0xF63835C83150DF87, 0x4BF6DD3CD729C2D0},
		"twelve bytes":                      {0x7F83E9890A9798CC, 0x7829418F98EDBFB3},
		"Customer#000001":                   {0x3DD17F72AF00BA42, 0x3DD17F72AF00BA42},
		"a text of more than sixteen bytes": {0x24F39BB9AD412BFD, 0x24F39BB9AD412BFD},
	} {
		p := []byte(text)
		v := viewOf(p)
		if got := [2]uint64{HashBytes(p), HashView(&v)}; got != want {
			t.Errorf("%q: %#x, want %#x", text, got, want)
		}
	}
}

func TestHashViewsRefusesRows(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("a row beyond the views is hashed")
			}
		}()
		HashViewsOf(make([]uint64, 9), make([]View, 3), []uint32{0, 0, 0, 0, 0, 0, 0, 3, 0})
	})
}

func BenchmarkHashViews(b *testing.B) {
	const n = 4096
	for _, length := range []int{8, 18, 40} {
		text := guarded(b, n*length, true)
		views, out := make([]View, n), make([]uint64, n)
		for k := range views {
			copy(text[k*length:], fmt.Sprintf("%0*d", length, k))
			views[k] = viewOf(text[k*length:][:length])
		}
		b.Run(fmt.Sprint(length), func(b *testing.B) { benchLevels(b, n*(16+length), func() { HashViews(out, views) }) })
	}
}
