package simd

import "encoding/binary"

// Unpack reads len(dst) values of width bits (0 to 32) that are packed one after the other from the lowest bit of src[0] on, as Parquet does. src must hold
// them all and may be longer: where it is, the end goes faster.
func Unpack(dst []uint32, src []byte, width uint) {
	if len(dst) == 0 {
		return
	}
	if width == 0 {
		clear(dst)
		return
	}
	_ = src[(len(dst)*int(width)+7)/8-1]
	done := 0
	if level >= AVX2 {
		done = unpackFast(dst, src, width)
	}
	unpackGo(dst, src, done, width)
}

// BitsAt is the width-bit value at position i of packed values; width is at most 32.
func BitsAt(src []byte, i int, width uint) uint32 {
	bit := i * int(width)
	p := bit >> 3
	var v uint64
	if p+8 <= len(src) {
		v = binary.LittleEndian.Uint64(src[p:])
	} else {
		for k := len(src) - 1; k >= p; k-- {
			v = v<<8 | uint64(src[k])
		}
	}
	return uint32(v >> (uint(bit) & 7) & (1<<width - 1))
}

// unpackGo is Unpack from value done on, which is a multiple of eight.
func unpackGo(dst []uint32, src []byte, done int, width uint) {
	rest, from := dst[done:], src[done/8*int(width):]
	switch {
	case width == 32:
		for ; len(rest) > 0; rest, from = rest[1:], from[4:] {
			rest[0] = binary.LittleEndian.Uint32(from)
		}
		return
	case width <= 8:
		done += unpack8(rest, from, width)
	case width <= 16:
		done += unpack16(rest, from, width)
	default:
		done += unpackWide(rest, from, width)
	}
	for i := done; i < len(dst); i++ {
		dst[i] = BitsAt(src, i, width)
	}
}

// unpack8 unpacks groups of eight values of up to 8 bits: one word holds a group. It returns how many values it wrote.
func unpack8(dst []uint32, src []byte, width uint) int {
	m := uint64(1)<<(width&63) - 1
	w := width & 63
	done, p := 0, 0
	for ; done+8 <= len(dst) && p+8 <= len(src); done, p = done+8, p+int(width) {
		v := binary.LittleEndian.Uint64(src[p:])
		d := dst[done : done+8 : done+8]
		d[0] = uint32(v & m)
		v >>= w
		d[1] = uint32(v & m)
		v >>= w
		d[2] = uint32(v & m)
		v >>= w
		d[3] = uint32(v & m)
		v >>= w
		d[4] = uint32(v & m)
		v >>= w
		d[5] = uint32(v & m)
		v >>= w
		d[6] = uint32(v & m)
		v >>= w
		d[7] = uint32(v & m)
	}
	return done
}

// unpack16 unpacks groups of eight values of 9 to 16 bits: each half of a group fits a word.
func unpack16(dst []uint32, src []byte, width uint) int {
	m := uint64(1)<<(width&63) - 1
	w := width & 63
	half, shift := int(width)/2, width%2*4
	done, p := 0, 0
	for ; done+8 <= len(dst) && p+half+8 <= len(src); done, p = done+8, p+int(width) {
		v := binary.LittleEndian.Uint64(src[p:])
		u := binary.LittleEndian.Uint64(src[p+half:]) >> (shift & 63)
		d := dst[done : done+8 : done+8]
		d[0] = uint32(v & m)
		d[4] = uint32(u & m)
		v >>= w
		u >>= w
		d[1] = uint32(v & m)
		d[5] = uint32(u & m)
		v >>= w
		u >>= w
		d[2] = uint32(v & m)
		d[6] = uint32(u & m)
		v >>= w
		u >>= w
		d[3] = uint32(v & m)
		d[7] = uint32(u & m)
	}
	return done
}

// unpackWide unpacks groups of eight values of 17 to 31 bits, a word a value.
func unpackWide(dst []uint32, src []byte, width uint) int {
	m := uint64(1)<<(width&63) - 1
	done, p := 0, 0
	for ; done+8 <= len(dst) && p+int(width)+8 <= len(src); done, p = done+8, p+int(width) {
		d := dst[done : done+8 : done+8]
		for k := range d {
			bit := uint(k) * width
			d[k] = uint32(binary.LittleEndian.Uint64(src[p+int(bit>>3):]) >> (bit & 7) & m)
		}
	}
	return done
}

// UnpackBits makes a byte, 0 or 1, of each of len(dst) bits, from the lowest of src[0] on.
func UnpackBits(dst []uint8, src []byte) {
	if len(dst) == 0 {
		return
	}
	_ = src[(len(dst)-1)/8]
	done := 0
	if level >= AVX2 {
		done = len(dst) &^ 63
		unpackBitsFast(dst[:done], src)
	}
	unpackBitsGo(dst[done:], src[done/8:])
}

// unpackBitsGo multiplies four bits to their places: of the product's bits, every eighth is one of them, and no two sums meet.
func unpackBitsGo(dst []uint8, src []byte) {
	i := 0
	for ; i+8 <= len(dst); i += 8 {
		b := uint64(src[i/8])
		low := b & 0x0F * 0x00204081 & 0x01010101
		high := b >> 4 * 0x00204081 & 0x01010101
		binary.LittleEndian.PutUint64(dst[i:], low|high<<32)
	}
	for ; i < len(dst); i++ {
		dst[i] = src[i/8] >> (i % 8) & 1
	}
}
