package simd

import (
	"math/bits"
	"unsafe"
)

// Comparison is a relation of two values.
type Comparison uint8

// The comparisons.
const (
	Equal Comparison = iota
	NotEqual
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
)

// Number is a type of up to 64 bits that routines compare and compute with.
type Number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

type kind uint8

const (
	kindInt8 kind = iota
	kindInt16
	kindInt32
	kindInt64
	kindUint8
	kindUint16
	kindUint32
	kindUint64
	kindFloat32
	kindFloat64
)

// kindOf is T as a number to switch on.
func kindOf[T Number]() kind {
	var zero T
	k := kind(bits.TrailingZeros64(uint64(unsafe.Sizeof(zero))))
	switch {
	case T(1)/2 != zero:
		return kindFloat32 + k - 2
	case zero-1 > zero:
		return kindUint8 + k
	}
	return k
}

// predicate is what the loops compute; the other comparisons are these turned around.
type predicate int

const (
	equalTo predicate = iota
	lessThan
)

// reduced turns a comparison of a with b into one of a few, of b with a where swap is true, and the opposite of it where not is.
func (c Comparison) reduced() (p predicate, swap, not bool) {
	switch c {
	case Equal:
		return equalTo, false, false
	case NotEqual:
		return equalTo, false, true
	case Less:
		return lessThan, false, false
	case LessOrEqual:
		return lessThan, true, true
	case Greater:
		return lessThan, true, false
	}
	return lessThan, false, true
}

// Compare writes a bit for each of n rows to words, of which there are enough: whether a compares so with b. The rest of the last word is zero. An operand that
// is constant has one number for all rows, others have one a row. Floats are ordered as SQL orders them: NaN equals itself and is greater than all
// others, and -0 equals 0.
func Compare[T Number](words []uint64, c Comparison, a, b []T, aConst, bConst bool, n int) {
	if n == 0 {
		return
	}
	words = words[:(n+63)/64]
	p, swap, not := c.reduced()
	if swap {
		a, b, aConst, bConst = b, a, bConst, aConst
	}
	a, b = rowsOf(a, n, 1, aConst), rowsOf(b, n, 1, bConst)
	from := 0
	if level >= AVX2 && n >= 64 {
		from = n &^ 63
		compareFast(words, p, a, b, aConst, bConst, from)
	}
	for ; from < n; from += 64 {
		x, y, end := a, b, min(from+64, n)
		if !aConst {
			x = x[from:end]
		}
		if !bConst {
			y = y[from:end]
		}
		if aConst && bConst {
			// One row stands for all.
			words[from/64] = -compareGo(p, x, y, false, true) >> (64 - uint(end-from))
			continue
		}
		words[from/64] = compareGo(p, x, y, aConst, bConst)
	}
	finish(words, n, not)
}

// Compare128 is Compare for numbers of two words, low ones first, with n rows: signed ones, or with unsigned those that order as unsigned.
func Compare128(words []uint64, c Comparison, a, b []uint64, aConst, bConst, unsigned bool, n int) {
	if n == 0 {
		return
	}
	words = words[:(n+63)/64]
	p, swap, not := c.reduced()
	if swap {
		a, b, aConst, bConst = b, a, bConst, aConst
	}
	a, b = rowsOf(a, 2*n, 2, aConst), rowsOf(b, 2*n, 2, bConst)
	from := 0
	if level >= AVX2 && n >= 64 {
		from = n &^ 63
		compareWideFast(words, p, a, b, aConst, bConst, unsigned, from)
	}
	am, bm := every(aConst), every(bConst)
	var bias uint64
	if !unsigned {
		bias = 1 << 63
	}
	for ; from < n; from += 64 {
		var w uint64
		for i := from; i < min(from+64, n); i++ {
			x, y := a[2*(i&am):][:2], b[2*(i&bm):][:2]
			holds := x[0] == y[0] && x[1] == y[1]
			if p == lessThan {
				holds = x[1]^bias < y[1]^bias || x[1] == y[1] && x[0] < y[0]
			}
			w |= uint64(flag(holds)) << (uint(i) % 64)
		}
		words[from/64] = w
	}
	finish(words, n, not)
}

// finish turns the bits around, if not is true, and clears those beyond the n-th.
func finish(words []uint64, n int, not bool) {
	if not {
		NotBits(words, words)
		if rest := uint(n) % 64; rest != 0 {
			words[len(words)-1] &= 1<<rest - 1
		}
	}
}

// rowsOf is an operand cut to what it must have: so many values for all rows, or if it is constant for one.
func rowsOf[T any](v []T, all, one int, constant bool) []T {
	if constant {
		return v[:one]
	}
	return v[:all]
}

// every is 0 for a constant operand, whose only number every row reads, and all ones otherwise.
func every(constant bool) int {
	if constant {
		return 0
	}
	return -1
}

// register is room for the widest register at an address that is a multiple of its size, so that loading it takes one line of the cache.
type register [15]uint64

func (r *register) words() []uint64 {
	at := -uintptr(unsafe.Pointer(r)) / 8 % 8
	return r[at : at+8 : at+8]
}

// repeat fills r with v and gives it as an operand.
func repeat[T Number](r *register, v T) []T {
	var word uint64
	*(*T)(unsafe.Pointer(&word)) = v
	for width := 8 * unsafe.Sizeof(v); width < 64; width *= 2 {
		word |= word << width
	}
	all := r.words()
	for i := range all {
		all[i] = word
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(all))), 64/unsafe.Sizeof(v))
}

// repeatPair is repeat for a number of two words.
func repeatPair(r *register, v []uint64) []uint64 {
	all := r.words()
	for i := range all {
		all[i] = v[i%2]
	}
	return all
}

// pointerTo is the first value of v as another type of the same size.
func pointerTo[To, From any](v []From) *To { return (*To)(unsafe.Pointer(unsafe.SliceData(v))) }

// step is how many registers an operand goes on by.
func step(constant bool) int {
	if constant {
		return 0
	}
	return 1
}
