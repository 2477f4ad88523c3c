package parquet

import (
	"encoding/binary"
	"errors"

	"github.com/polybolos-db/polybolos/simd"
)

var (
	errRunsEnd   = errors.New("the runs of codes or levels end too soon")
	errRunHeader = errors.New("a run of codes or levels has a malformed header")
)

// hybrid reads the RLE and bit-packing hybrid of up to 32 bits a value, run by run, without keeping more than its place in the input.
type hybrid struct {
	src     []byte // what follows the current run
	width   uint
	repeats int    // values left of a run of equal ones
	value   uint32 // what is repeated
	packed  []byte // the bytes of a bit-packed run
	at      int    // values of it that were taken
	count   int    // values in it
}

func (h *hybrid) reset(src []byte, width uint) { *h = hybrid{src: src, width: width} }

// advance reads the next run's header.
func (h *hybrid) advance() error {
	head, n := binary.Uvarint(h.src)
	switch {
	case n == 0:
		return errRunsEnd
	case n < 0:
		return errRunHeader
	}
	h.src = h.src[n:]
	h.repeats, h.at, h.count = 0, 0, 0
	if head&1 == 0 {
		size := int(h.width+7) / 8
		if len(h.src) < size {
			return errRunsEnd
		}
		var v uint64
		for i := size - 1; i >= 0; i-- {
			v = v<<8 | uint64(h.src[i])
		}
		if v>>h.width != 0 {
			return errRunHeader
		}
		h.src = h.src[size:]
		h.value, h.repeats = uint32(v), clampRun(head>>1)
		return nil
	}
	groups := head >> 1
	if h.width == 0 {
		h.value, h.repeats = 0, clampRun(min(groups, 1<<40)*8)
		return nil
	}
	// Some writers leave out the padding of the last group.
	size := len(h.src)
	if g := groups * uint64(h.width); groups < 1<<32 && g < uint64(size) {
		size = int(g)
	}
	h.packed, h.src = h.src[:size], h.src[size:]
	h.count = size * 8 / int(h.width)
	if groups < 1<<32 {
		h.count = min(h.count, int(groups)*8)
	}
	return nil
}

// clampRun makes a run's length an int; no page has more values than 2^31.
func clampRun(n uint64) int { return int(min(n, 1<<31)) }

// next reads len(dst) values.
func (h *hybrid) next(dst []uint32) error {
	for len(dst) > 0 {
		if h.repeats == 0 && h.at == h.count && h.width > 0 {
			// Whole runs; what is not one that fits is found out about below.
			n, size := simd.DecodeRuns(dst, h.src, h.width)
			dst, h.src = dst[n:], h.src[size:]
			if len(dst) == 0 {
				break
			}
		}
		if n := min(h.repeats, len(dst)); n > 0 {
			v := h.value
			for i := range dst[:n] {
				dst[i] = v
			}
			h.repeats -= n
			dst = dst[n:]
			continue
		}
		if n := min(h.count-h.at, len(dst)); n > 0 {
			unpack(dst[:n], h.packed, h.at, h.width)
			h.at += n
			dst = dst[n:]
			continue
		}
		if err := h.advance(); err != nil {
			return err
		}
	}
	return nil
}

// skip passes over n values.
func (h *hybrid) skip(n int) error {
	for n > 0 {
		if k := min(h.repeats, n); k > 0 {
			h.repeats -= k
			n -= k
		} else if k := min(h.count-h.at, n); k > 0 {
			h.at += k
			n -= k
		} else if err := h.advance(); err != nil {
			return err
		}
	}
	return nil
}

// unpack reads len(dst) packed values of width bits (1 to 32), beginning with the one at position at. src holds them all.
func unpack(dst []uint32, src []byte, at int, width uint) {
	// What lies behind the run, as far as its buffer goes, may be read: that makes its end faster.
	src = src[:cap(src)]
	// Whole groups of eight values begin at a byte; what stands before goes value by value.
	for len(dst) > 0 && at&7 != 0 {
		dst[0] = simd.BitsAt(src, at, width)
		dst = dst[1:]
		at++
	}
	simd.Unpack(dst, src[at/8*int(width):], width)
}
