package simd

import "math/bits"

// Constants of the hash, which kernels/hash explains. Partitions of different processes rest on them: they and the functions below never change apart.
const (
	hashK0 = 0x9E3779B97F4A7C15
	hashK1 = 0xD6E8FEB86659FD93
)

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Mix is the hash of one 64-bit word.
func Mix(x uint64) uint64 { return fold(x^hashK0, hashK1) }

// Combine is the hash of what h is the hash of, followed by word x.
func Combine(h, x uint64) uint64 { return fold(bits.RotateLeft64(h, 23)^x^hashK0, hashK1) }

// MixWords writes the hash of each word to dst, which has their number and may be the words' own memory.
func MixWords(dst, words []uint64) {
	words = words[:len(dst)]
	if level >= AVX2 && len(dst) > 0 {
		mixFast(dst, words)
		return
	}
	for k, x := range words {
		dst[k] = Mix(x)
	}
}

// CombineWords makes each of dst, which are hashes, the hash of what it is the hash of followed by a word. There are as many words.
func CombineWords(dst, words []uint64) {
	words = words[:len(dst)]
	if level >= AVX2 && len(dst) > 0 {
		combineFast(dst, words)
		return
	}
	for k, x := range words {
		dst[k] = Combine(dst[k], x)
	}
}

// BloomBits is the four bits, perhaps fewer, that stand for hash h within its word of a filter.
func BloomBits(h uint64) uint64 {
	return 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63) | 1<<(h>>18&63)
}

// SelectBloom writes the rows whose words the filter may hold to out, in order, and returns how many. The k-th word is that of row rows[k]; with nil rows,
// of row k. The filter has 1<<(64-shift) words; the word of it that a hash's bits are in is the hash shifted right by shift, 0 for a shift of 64. out has
// room for as many rows as there are words and may be rows.
func SelectBloom(out []uint32, words []uint64, rows []uint32, filter []uint64, shift uint) int {
	out = out[:len(words)]
	if rows != nil {
		rows = rows[:len(words)]
	}
	filter = filter[:1<<(64-shift)]
	if level >= AVX2 && len(words) > 0 {
		return bloomFast(out, words, rows, filter, shift)
	}
	m := 0
	for k, w := range words {
		r := uint32(k)
		if rows != nil {
			r = rows[k]
		}
		out[m] = r
		h := Mix(w)
		if want := BloomBits(h); filter[h>>shift]&want == want {
			m++
		}
	}
	return m
}
