package simd

import (
	"encoding/binary"
	"errors"
)

// Errors of SnappyDecode.
var (
	ErrSnappyCorrupt = errors.New("snappy: the data is malformed")
	ErrSnappyLength  = errors.New("snappy: the data has another length than expected")
)

// SnappyLen is how many bytes a Snappy block says that it decodes to, and where its elements begin.
func SnappyLen(src []byte) (n, header int, err error) {
	v, header := binary.Uvarint(src)
	if header <= 0 || v > 1<<32-1 {
		return 0, 0, ErrSnappyCorrupt
	}
	return int(v), header, nil
}

// snappyStretch is how many bytes assembly decodes at once, a quarter of a millisecond's work: the garbage collector cannot stop it in between.
const snappyStretch = 1 << 20

// SnappyDecode decodes a Snappy block (https://github.com/google/snappy/blob/main/format_description.txt), framing excluded, whose decoded bytes
// fill dst exactly. src may be anything: what is wrong gives an error, and dst then holds no meaning. dst and src must not overlap.
func SnappyDecode(dst, src []byte) error {
	n, s, err := SnappyLen(src)
	if err != nil {
		return err
	}
	if n != len(dst) {
		return ErrSnappyLength
	}
	d := 0
	for s < len(src) {
		if level >= AVX2 {
			if d, s = snappyFast(dst[:min(len(dst), d+snappyStretch)], src, d, s); s >= len(src) {
				break
			}
		}
		if d, s = snappyElement(dst, src, d, s); d < 0 {
			return ErrSnappyCorrupt
		}
	}
	if d != len(dst) {
		return ErrSnappyCorrupt
	}
	return nil
}

// snappyElement decodes the element at src[s], which exists, to dst[d:]. It returns the places after it, or a negative one when the element is
// malformed or does not fit.
func snappyElement(dst, src []byte, d, s int) (int, int) {
	tag := src[s]
	length, distance := int(tag>>2)+1, 0
	switch tag & 3 {
	case 0:
		s++
		if length > 60 {
			extra := length - 60
			if extra > len(src)-s {
				return -1, -1
			}
			length = 1
			for i := range extra {
				length += int(src[s+i]) << (8 * i)
			}
			s += extra
		}
		if length > len(dst)-d || length > len(src)-s {
			return -1, -1
		}
		copy(dst[d:d+length], src[s:])
		return d + length, s + length
	case 1:
		if len(src)-s < 2 {
			return -1, -1
		}
		length, distance = int(tag>>2&7)+4, int(tag>>5)<<8|int(src[s+1])
		s += 2
	case 2:
		if len(src)-s < 3 {
			return -1, -1
		}
		distance = int(src[s+1]) | int(src[s+2])<<8
		s += 3
	case 3:
		if len(src)-s < 5 {
			return -1, -1
		}
		distance = int(binary.LittleEndian.Uint32(src[s+1:]))
		s += 5
	}
	if distance == 0 || distance > d || length > len(dst)-d {
		return -1, -1
	}
	if from := d - distance; distance >= length {
		copy(dst[d:d+length], dst[from:])
	} else {
		// Bytes that the copy itself writes are copied again: in whole periods, each twice as long.
		out := dst[from : d+length]
		for k := distance; k < len(out); k *= 2 {
			copy(out[k:], out[:k])
		}
	}
	return d + length, s
}
