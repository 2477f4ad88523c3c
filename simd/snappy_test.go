package simd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/snappy"
)

// keys is a column of sorted 64-bit keys, text one of words, noise is incompressible, runs repeats short periods.
func sample(kind string, n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var b []byte
	switch kind {
	case "keys":
		for k := uint64(0); len(b) < n; k += r.Uint64N(3) {
			b = binary.LittleEndian.AppendUint64(b, k)
		}
	case "prices":
		for len(b) < n {
			b = binary.LittleEndian.AppendUint64(b, 90000+r.Uint64N(10_000_000))
		}
	case "text":
		for len(b) < n {
			b = append(b, []string{"carefully ", "final ", "deposits ", "sleep ", "above the ", "furiously ", "x"}[r.IntN(7)]...)
		}
	case "noise":
		for len(b) < n {
			b = append(b, byte(r.Uint32()))
		}
	case "runs":
		for len(b) < n {
			period := make([]byte, 1+r.IntN(40))
			for i := range period {
				period[i] = byte(r.Uint32())
			}
			for range r.IntN(20) {
				b = append(b, period...)
			}
		}
	}
	return b[:n]
}

var kinds = []string{"keys", "prices", "text", "noise", "runs"}

func TestSnappyDecodesWhatEncodersWrite(t *testing.T) {
	encoders := map[string]func([]byte) []byte{
		"snappy": func(b []byte) []byte { return snappy.Encode(nil, b) },
		"best":   func(b []byte) []byte { return s2.EncodeSnappyBest(nil, b) },
		"better": func(b []byte) []byte { return s2.EncodeSnappyBetter(nil, b) },
	}
	atLevels(t, func(t *testing.T) {
		for _, kind := range kinds {
			for n := 0; n < 300; n++ {
				checkSnappy(t, sample(kind, n), encoders["better"])
			}
			for _, n := range []int{1000, 65535, 65536, 65537, 200_000} {
				if n == 65536 {
					t.Run(kind+"/several stretches", func(t *testing.T) { checkSnappy(t, sample(kind, 5*snappyStretch/2), encoders["snappy"]) })
				}
				for name, encode := range encoders {
					t.Run(fmt.Sprintf("%s/%s/%d", kind, name, n), func(t *testing.T) { checkSnappy(t, sample(kind, n), encode) })
				}
			}
		}
	})
}

// checkSnappy decodes into memory that ends at a border, from memory that does.
func checkSnappy(t *testing.T, want []byte, encode func([]byte) []byte) {
	t.Helper()
	block := encode(want)
	src, dst := guarded(t, len(block), true), guarded(t, len(want), true)
	copy(src, block)
	if err := SnappyDecode(dst, src); err != nil || !bytes.Equal(dst, want) {
		t.Fatalf("%d bytes: %v, equal %v", len(want), err, bytes.Equal(dst, want))
	}
	if len(want) > 0 {
		if err := SnappyDecode(dst[1:], src); !errors.Is(err, ErrSnappyLength) {
			t.Fatalf("a destination too short: %v", err)
		}
	}
}

// block makes a Snappy block of n decoded bytes from elements written out.
func block(n int, elements ...any) []byte {
	b := binary.AppendUvarint(nil, uint64(n))
	for _, e := range elements {
		switch e := e.(type) {
		case string:
			if len(e) > 60 {
				b = append(b, 61<<2, byte(len(e)-1), byte((len(e)-1)>>8))
			} else {
				b = append(b, byte(len(e)-1)<<2)
			}
			b = append(b, e...)
		case [2]int: // length, distance
			length, distance := e[0], e[1]
			switch {
			case length >= 4 && length < 12 && distance < 1<<11:
				b = append(b, 1|byte(length-4)<<2|byte(distance>>8)<<5, byte(distance))
			case distance < 1<<16:
				b = append(b, 2|byte(length-1)<<2, byte(distance), byte(distance>>8))
			default:
				b = binary.LittleEndian.AppendUint32(append(b, 3|byte(length-1)<<2), uint32(distance))
			}
		}
	}
	return b
}

// TestSnappyElements decodes every kind of element, in the middle of a block and at its ends.
func TestSnappyElements(t *testing.T) {
	head := string(sample("noise", 300))
	atLevels(t, func(t *testing.T) {
		for length := 1; length <= 64; length++ {
			for _, distance := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 23, 31, 32, 33, 47, 48, 63, 64, 65, 100, 255, 256, 299, 300} {
				for _, tail := range []string{"", "z", string(sample("text", 200))} {
					elements := []any{head, [2]int{length, distance}}
					if tail != "" {
						elements = append(elements, tail, [2]int{length, distance})
					}
					want := []byte(head)
					for _, e := range elements[1:] {
						switch e := e.(type) {
						case string:
							want = append(want, e...)
						case [2]int:
							for range length {
								want = append(want, want[len(want)-distance])
							}
						}
					}
					got := make([]byte, len(want))
					if err := SnappyDecode(got, block(len(want), elements...)); err != nil || !bytes.Equal(got, want) {
						t.Fatalf("length %d, distance %d: %v", length, distance, err)
					}
				}
			}
		}
		for length := 1; length <= 300; length++ {
			want := sample("noise", length+200)
			got := make([]byte, len(want))
			if err := SnappyDecode(got, block(len(want), string(want[:length]), string(want[length:]))); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("a literal of %d: %v", length, err)
			}
		}
	})
}

func TestSnappyRefusesMalformedBlocks(t *testing.T) {
	long := string(sample("noise", 300))
	atLevels(t, func(t *testing.T) {
		for name, b := range map[string][]byte{
			"nothing":                     {},
			"a length without end":        {0x80},
			"a length beyond 32 bits":     {0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
			"no elements":                 block(400),
			"too few":                     block(400, long),
			"too many":                    block(400, long, long),
			"distance 0":                  block(400, long, [2]int{8, 0}, long[:92]),
			"distance 0, two bytes":       block(400, long, [2]int{20, 0}, long[:80]),
			"distance beyond the start":   block(400, long, [2]int{8, 301}, long[:92]),
			"far beyond the start":        block(400, long, [2]int{8, 1<<32 - 1}, long[:92]),
			"a first copy":                block(400, [2]int{8, 1}, long, long[:92]),
			"a copy beyond the end":       block(400, long, long[:90], [2]int{64, 100}),
			"a literal cut off":           block(400, long, long[:100])[:350],
			"a literal's length cut off":  append(block(400, long), 62<<2, 1),
			"a literal of 4 GB":           append(block(400, long), 63<<2, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3),
			"a distance of 1 cut off":     append(block(400, long), 1),
			"a distance of 2 cut off":     append(block(400, long), 2, 1),
			"a distance of 4 cut off":     append(block(400, long), 3, 1, 0, 0),
			"a literal of 4 GB before 80": append(append(block(400, long), 63<<2, 0xFF, 0xFF, 0xFF, 0xFF), long...),
		} {
			n, _, err := SnappyLen(b)
			if err == nil {
				src, dst := guarded(t, len(b), true), guarded(t, n, true)
				copy(src, b)
				err = SnappyDecode(dst, src)
			}
			if !errors.Is(err, ErrSnappyCorrupt) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// FuzzSnappyDecode holds the decoder against another one on any input: both take it, with the same result, or none does.
func FuzzSnappyDecode(f *testing.F) {
	for _, kind := range kinds {
		f.Add(snappy.Encode(nil, sample(kind, 500)), uint16(77), byte(9))
	}
	f.Add(block(40, "12345678", [2]int{32, 3}), uint16(3), byte(1))
	f.Fuzz(func(t *testing.T, b []byte, at uint16, change byte) {
		if len(b) > 0 {
			b = bytes.Clone(b)
			b[int(at)%len(b)] ^= change
		}
		compareSnappy(t, b)
	})
}

// compareSnappy decodes b, which may be anything, at every level, between forbidden memory.
func compareSnappy(t *testing.T, b []byte) {
	n, _, err := SnappyLen(b)
	if err != nil || n > 1<<20 {
		return
	}
	want, wantErr := s2.Decode(nil, b)
	for l := None; l <= Available(); l++ {
		for _, end := range []bool{true, false} {
			src, dst := guarded(t, len(b), end), guarded(t, n, end)
			copy(src, b)
			before := Use(l)
			err := SnappyDecode(dst, src)
			Use(before)
			// The other decoder takes S2's elements as well: repeated distances, written as distance 0.
			if err == nil && (wantErr != nil || !bytes.Equal(dst, want)) {
				t.Fatalf("%s accepts %x, another decoder says %v", l, b, wantErr)
			}
			if err != nil && wantErr == nil && !hasRepeats(b) {
				t.Fatalf("%s refuses %x: %v", l, b, err)
			}
		}
	}
}

// hasRepeats reports whether a block has an element of S2 that Snappy does not: a distance of 0, in the form that has one byte for it.
func hasRepeats(b []byte) bool {
	_, s, err := SnappyLen(b)
	if err != nil {
		return false
	}
	for s < len(b) {
		tag := int(b[s])
		switch tag & 3 {
		case 0:
			length := tag>>2 + 1
			s++
			if length > 60 {
				extra := length - 60
				if extra > len(b)-s {
					return false
				}
				length = 1
				for i := range extra {
					length += int(b[s+i]) << (8 * i)
				}
				s += extra
			}
			s += length
		case 1:
			if s+1 < len(b) && tag>>5 == 0 && b[s+1] == 0 {
				return true
			}
			s += 2
		default:
			s += 2*(tag&3) - 1
		}
	}
	return false
}

// TestSnappyOnChangedBlocks changes bytes of sound blocks: what comes out is an error or as another decoder has it.
func TestSnappyOnChangedBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for _, kind := range kinds {
		for _, n := range []int{60, 200, 700, 5000} {
			good := snappy.Encode(nil, sample(kind, n))
			for range 60 {
				b := bytes.Clone(good)
				for range 1 + r.IntN(3) {
					b[r.IntN(len(b))] = byte(r.Uint32())
				}
				if r.IntN(4) == 0 {
					b = b[:r.IntN(len(b))]
				}
				compareSnappy(t, b)
			}
		}
	}
}

func BenchmarkSnappyDecode(b *testing.B) {
	for _, kind := range kinds {
		want := sample(kind, 160_000)
		src := snappy.Encode(nil, want)
		dst := make([]byte, len(want))
		b.Run(kind, func(b *testing.B) {
			benchLevels(b, len(want), func() {
				if err := SnappyDecode(dst, src); err != nil {
					b.Fatal(err)
				}
			})
			b.Run("klauspost", func(b *testing.B) {
				b.SetBytes(int64(len(want)))
				for b.Loop() {
					if _, err := s2.Decode(dst, src); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
