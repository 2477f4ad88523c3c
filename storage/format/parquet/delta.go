package parquet

import (
	"encoding/binary"
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

var errDelta = errors.New("delta-encoded values are malformed")

// deltaReader reads DELTA_BINARY_PACKED integers.
type deltaReader struct {
	src       []byte
	total     int // values in all
	blockSize int
	minis     int
	miniSize  int
	last      int64
}

func newDeltaReader(src []byte) (*deltaReader, error) {
	d := &deltaReader{src: src}
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(d.src)
		if n <= 0 || v > 1<<31 {
			return nil, errDelta
		}
		head[i], d.src = v, d.src[n:]
	}
	first, n := binary.Varint(d.src)
	if n <= 0 {
		return nil, errDelta
	}
	d.src, d.last = d.src[n:], first
	d.blockSize, d.minis, d.total = int(head[0]), int(head[1]), int(head[2])
	if d.minis == 0 || d.blockSize == 0 || d.blockSize%d.minis != 0 || d.blockSize/d.minis%8 != 0 {
		return nil, errDelta
	}
	d.miniSize = d.blockSize / d.minis
	return d, nil
}

// read writes all of the values, total of them, to dst, and returns what follows them in the input.
func (d *deltaReader) read(dst []int64) (rest []byte, err error) {
	if len(dst) != d.total {
		return nil, errDelta
	}
	if d.total == 0 {
		return d.src, nil
	}
	dst[0] = d.last
	dst = dst[1:]
	last := d.last
	for len(dst) > 0 {
		low, n := binary.Varint(d.src)
		if n <= 0 || len(d.src) < n+d.minis {
			return nil, errDelta
		}
		widths := d.src[n : n+d.minis]
		d.src = d.src[n+d.minis:]
		for _, w := range widths {
			if len(dst) == 0 {
				break // widths of miniblocks that hold nothing mean nothing
			}
			size := int(w) * d.miniSize / 8
			if w > 64 {
				return nil, errDelta
			}
			k := min(d.miniSize, len(dst))
			// The last miniblock's padding may be missing.
			if need := (k*int(w) + 7) / 8; len(d.src) < need {
				return nil, errDelta
			}
			size = min(size, len(d.src))
			block := d.src[:size]
			d.src = d.src[size:]
			switch {
			case w <= 32:
				// What lies behind the miniblock, as far as its buffer goes, may be read: that makes its end faster.
				last = simd.DeltaSums(dst[:k], block[:cap(block)], uint(w), low, last)
			default:
				for i := range dst[:k] {
					last += low + int64(bits64At(block, i*int(w), uint(w)))
					dst[i] = last
				}
			}
			dst = dst[k:]
		}
	}
	return d.src, nil
}

// bits64At is the value of width (1 to 64) bits that begins at the given bit.
func bits64At(src []byte, bit int, width uint) uint64 {
	p, shift := bit>>3, uint(bit)&7
	var lo, hi uint64
	if p+9 <= len(src) {
		lo, hi = binary.LittleEndian.Uint64(src[p:]), uint64(src[p+8])
	} else {
		var buf [16]byte
		copy(buf[:9], src[p:])
		lo, hi = binary.LittleEndian.Uint64(buf[:]), uint64(buf[8])
	}
	v := lo>>shift | hi<<(64-shift)
	return v & (^uint64(0) >> (64 - width))
}

// deltaLengths reads a run of lengths, which must not be negative nor add up to more than limit.
func deltaLengths(src []byte, n, limit int, scratch func(n int) ([]int64, error)) (lengths []int64, rest []byte, err error) {
	d, err := newDeltaReader(src)
	if err != nil {
		return nil, nil, err
	}
	if d.total != n {
		return nil, nil, errDelta
	}
	if lengths, err = scratch(n); err != nil {
		return nil, nil, err
	}
	if rest, err = d.read(lengths); err != nil {
		return nil, nil, err
	}
	// A length beyond 32 bits is more than any limit, and the sum of others, of which a page has fewer than 2^31, is below 2^63.
	var all, sum int64
	for _, l := range lengths {
		all |= l
		sum += l
	}
	if uint64(all) >= 1<<32 || sum > int64(limit) {
		return nil, nil, errDelta
	}
	return lengths, rest, nil
}

// deltaLengthViews decodes n DELTA_LENGTH_BYTE_ARRAY strings into views of src, and returns the bytes of all of them.
func deltaLengthViews(dst []column.View, src []byte, scratch func(n int) ([]int64, error)) (all []byte, err error) {
	lengths, rest, err := deltaLengths(src, len(dst), len(src), scratch)
	if err != nil {
		return nil, err
	}
	end, ok := simd.CutStrings(viewsOf(dst), rest, lengths)
	if !ok {
		return nil, errDelta
	}
	return rest[:end], nil
}

// maxDeltaText bounds the strings that a DELTA_BYTE_ARRAY page unfolds to, in bytes: prefixes let a small page claim very much.
const maxDeltaText = 1 << 30

// deltaByteArray decodes len(dst) DELTA_BYTE_ARRAY strings: each is a prefix of the one before and a suffix. Their bytes go to memory from alloc,
// and are returned.
func deltaByteArray(dst []column.View, src []byte, scratch func(n int) ([]int64, error), alloc func(n int) ([]byte, error)) (all []byte, err error) {
	prefixes, rest, err := deltaLengths(src, len(dst), maxDeltaText, scratch)
	if err != nil {
		return nil, err
	}
	suffixes, rest, err := deltaLengths(rest, len(dst), len(src), scratch)
	if err != nil {
		return nil, err
	}
	suffixes = suffixes[:len(prefixes)]
	total := 0
	for i, p := range prefixes {
		if total += int(p + suffixes[i]); total > maxDeltaText {
			return nil, errDelta
		}
	}
	out, err := alloc(total)
	if err != nil {
		return nil, err
	}
	if _, ok := simd.Unprefix(out[:total], 0, src, len(src)-len(rest), prefixes, suffixes); !ok {
		return nil, errDelta
	}
	simd.Add(suffixes, suffixes, prefixes, false, false) // the lengths of all
	simd.CutStrings(viewsOf(dst), out[:total], suffixes)
	return out[:total], nil
}

// unsplit undoes BYTE_STREAM_SPLIT: the k-th bytes of all n values stand together.
func unsplit(dst, src []byte, n, width int) {
	src = src[: n*width : n*width]
	if width == 4 || width == 8 {
		simd.Unsplit(dst[:n*width], src, width)
		return
	}
	for k := range width {
		stream := src[k*n : (k+1)*n]
		for i, b := range stream {
			dst[i*width+k] = b
		}
	}
}
