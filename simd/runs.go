package simd

import "encoding/binary"

// DecodeRuns decodes the hybrid of runs of one value and runs of bit-packed values that Parquet has for levels and codes of width bits (1 to 32): whole runs from
// the front of src on, as long as each lies in src to its end and its values fit what is left of dst. It returns how many values it wrote and how many bytes
// those were. Zero bytes mean that the first run is not such a one: it is longer than dst, cut off, or malformed.
func DecodeRuns(dst []uint32, src []byte, width uint) (values, consumed int) {
	for values < len(dst) {
		n, size := 0, 0
		if level >= AVX2 && width <= widestNarrow {
			// Near the end of its input it stops before a run that Go can still decode.
			n, size = decodeRunsFast(dst[values:], src[consumed:], width)
			values, consumed = values+n, consumed+size
		}
		if values == len(dst) {
			break
		}
		if n, size = decodeRunGo(dst[values:], src[consumed:], width); size == 0 {
			break
		}
		values, consumed = values+n, consumed+size
	}
	return values, consumed
}

// longestHeader is how many bytes of a header are read: one of more belongs to a run that fits no batch.
const longestHeader = 3

// decodeRunGo decodes one run.
func decodeRunGo(dst []uint32, src []byte, width uint) (values, consumed int) {
	head, n := binary.Uvarint(src[:min(len(src), longestHeader)])
	if n <= 0 {
		return 0, 0
	}
	count, body := int(head>>1), src[n:]
	if head&1 == 0 {
		size := int(width+7) / 8
		if len(body) < size || count > len(dst) {
			return 0, 0
		}
		var word [8]byte
		copy(word[:], body[:size])
		v := binary.LittleEndian.Uint64(word[:])
		if v>>width != 0 {
			return 0, 0
		}
		for i := range dst[:count] {
			dst[i] = uint32(v)
		}
		return count, n + size
	}
	size := count * int(width)
	if len(body) < size || 8*count > len(dst) {
		return 0, 0
	}
	Unpack(dst[:8*count], body, width)
	return 8 * count, n + size
}
