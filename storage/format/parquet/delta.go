package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"

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
	unpacked  [256]uint32
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
			case w == 0:
				for i := range dst[:k] {
					last += low
					dst[i] = last
				}
			case w <= 32:
				// In pieces that stay on the stack; 256 values of any width begin at a byte.
				for at := 0; at < k; at += len(d.unpacked) {
					part := dst[at:min(at+len(d.unpacked), k)]
					// What lies behind the miniblock, as far as its buffer goes, may be read: that makes its end faster.
					simd.Unpack(d.unpacked[:len(part)], block[at/8*int(w):cap(block)], uint(w))
					for i := range part {
						last += low + int64(d.unpacked[i])
						part[i] = last
					}
				}
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
	var sum uint64
	for _, l := range lengths {
		var carry uint64
		if sum, carry = bits.Add64(sum, uint64(l), 0); l < 0 || carry != 0 || sum > uint64(limit) {
			return nil, nil, errDelta
		}
	}
	return lengths, rest, nil
}

// deltaLengthViews decodes n DELTA_LENGTH_BYTE_ARRAY strings into views of src.
func deltaLengthViews(dst []column.View, src []byte, scratch func(n int) ([]int64, error)) error {
	lengths, rest, err := deltaLengths(src, len(dst), len(src), scratch)
	if err != nil {
		return err
	}
	for i, l := range lengths {
		if int(l) > len(rest) {
			return errDelta
		}
		dst[i] = column.MakeView(rest[:l])
		rest = rest[l:]
	}
	return nil
}

// maxDeltaText bounds the strings that a DELTA_BYTE_ARRAY page unfolds to, in bytes: prefixes let a small page claim very much.
const maxDeltaText = 1 << 30

// deltaByteArray decodes len(dst) DELTA_BYTE_ARRAY strings: each is a prefix of the one before and a suffix. Their bytes go to memory from alloc.
func deltaByteArray(dst []column.View, src []byte, scratch func(n int) ([]int64, error), alloc func(n int) ([]byte, error)) error {
	prefixes, rest, err := deltaLengths(src, len(dst), maxDeltaText, scratch)
	if err != nil {
		return err
	}
	suffixes, rest, err := deltaLengths(rest, len(dst), len(src), scratch)
	if err != nil {
		return err
	}
	total := 0
	for i := range prefixes {
		if total += int(prefixes[i] + suffixes[i]); total > maxDeltaText {
			return errDelta
		}
	}
	out, err := alloc(total)
	if err != nil {
		return err
	}
	var before []byte
	for i := range dst {
		p, s := int(prefixes[i]), int(suffixes[i])
		if p > len(before) || s > len(rest) {
			return errDelta
		}
		copy(out, before[:p])
		copy(out[p:], rest[:s])
		before, out, rest = out[:p+s:p+s], out[p+s:], rest[s:]
		dst[i] = column.MakeView(before)
	}
	return nil
}

// unsplit undoes BYTE_STREAM_SPLIT: the k-th bytes of all n values stand together.
func unsplit(dst, src []byte, n, width int) {
	src = src[: n*width : n*width]
	switch width {
	case 4:
		d := column.SliceOf[uint32](dst)[:n]
		a, b, c, e := src[:n], src[n:2*n], src[2*n:3*n], src[3*n:]
		for i := range d {
			d[i] = uint32(a[i]) | uint32(b[i])<<8 | uint32(c[i])<<16 | uint32(e[i])<<24
		}
		return
	case 8:
		d := column.SliceOf[uint64](dst)[:n]
		// Two halves: eight streams at once are more than the processor follows well.
		for half := range 2 {
			s := src[4*half*n:]
			a, b, c, e, shift := s[:n], s[n:2*n], s[2*n:3*n], s[3*n:4*n], uint(32*half)
			for i := range d {
				v := uint64(uint32(a[i]) | uint32(b[i])<<8 | uint32(c[i])<<16 | uint32(e[i])<<24)
				if half == 0 {
					d[i] = v
				} else {
					d[i] |= v << (shift & 63)
				}
			}
		}
		return
	}
	for k := range width {
		stream := src[k*n : (k+1)*n]
		for i, b := range stream {
			dst[i*width+k] = b
		}
	}
}
