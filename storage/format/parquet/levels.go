package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
)

// present reads k definition levels of a column whose level is 0 (NULL) or 1 and returns how many rows have a value. When all have one and
// must is false, nothing is written; otherwise the bits of rows with a value are set in bm from bit at on; they must be clear before. wrote
// says which it was.
func (h *hybrid) present(k int, bm column.Bitmap, at int, must bool) (set int, wrote bool, err error) {
	if h.repeats == 0 && h.at == h.count {
		if err := h.advance(); err != nil {
			return 0, false, err
		}
	}
	if !must && h.value == 1 && h.repeats >= k {
		h.repeats -= k
		return k, false, nil
	}
	for k > 0 {
		if n := min(h.repeats, k); n > 0 {
			if h.value == 1 {
				setRange(bm, at, n)
				set += n
			}
			h.repeats -= n
			at, k = at+n, k-n
		} else if n := min(h.count-h.at, k); n > 0 {
			set += copyBits(bm, at, h.packed, h.at, n)
			h.at += n
			at, k = at+n, k-n
		} else if err := h.advance(); err != nil {
			return 0, true, err
		}
	}
	return set, true, nil
}

// countPresent passes over k levels and returns how many were 1.
func (h *hybrid) countPresent(k int) (set int, err error) {
	for k > 0 {
		if n := min(h.repeats, k); n > 0 {
			set += n * int(h.value)
			h.repeats -= n
			k -= n
		} else if n := min(h.count-h.at, k); n > 0 {
			for i := 0; i < n; i += 64 {
				set += bits.OnesCount64(bitsFrom(h.packed, h.at+i, min(64, n-i)))
			}
			h.at += n
			k -= n
		} else if err := h.advance(); err != nil {
			return 0, err
		}
	}
	return set, nil
}

// setRange sets n bits from bit at on.
func setRange(bm column.Bitmap, at, n int) {
	for n > 0 {
		off := at & 63
		k := min(64-off, n)
		bm[at>>6] |= (^uint64(0) >> (64 - uint(k))) << uint(off)
		at, n = at+k, n-k
	}
}

// bitsFrom is n (at most 64) bits of src from bit at on.
func bitsFrom(src []byte, at, n int) uint64 {
	p, shift := at>>3, uint(at)&7
	var v, high uint64
	if p+9 <= len(src) {
		v = binary.LittleEndian.Uint64(src[p:])
		high = uint64(src[p+8])
	} else {
		var buf [16]byte
		copy(buf[:9], src[p:])
		v = binary.LittleEndian.Uint64(buf[:])
		high = uint64(buf[8])
	}
	v = v>>shift | high<<(64-shift)
	return v & (^uint64(0) >> (64 - uint(n)))
}

// copyBits ORs n bits of src from bit from on into bm from bit at on and returns how many were set.
func copyBits(bm column.Bitmap, at int, src []byte, from, n int) (set int) {
	for n > 0 {
		off := at & 63
		k := min(64-off, n)
		v := bitsFrom(src, from, k)
		bm[at>>6] |= v << uint(off)
		set += bits.OnesCount64(v)
		at, from, n = at+k, from+k, n-k
	}
	return set
}
