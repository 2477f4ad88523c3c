// Command hash writes the hashing of 64-bit words and what looks them up in a Bloom filter.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

// The constants of kernels/hash.
const (
	k0 = 0x9E3779B97F4A7C15
	k1 = 0xD6E8FEB86659FD93
)

func main() {
	Constraint(buildtags.Term("amd64"))

	TEXT("mixAVX512", NOSPLIT, "func(dst, words *uint64, n int)")
	Doc("mixAVX512 hashes n words.")
	Pragma("noescape")
	each("words", false)

	TEXT("combineAVX512", NOSPLIT, "func(dst, words *uint64, n int)")
	Doc("combineAVX512 adds n words to the hashes in dst.")
	Pragma("noescape")
	each("words", true)

	eachAVX2("mixAVX2", false)
	eachAVX2("combineAVX2", true)

	bloomAVX2("bloomAVX2", false)
	bloomAVX2("bloomRowsAVX2", true)
	bloom("bloomAVX512", false)
	bloom("bloomRowsAVX512", true)
	Generate()
}

// folder multiplies by k1 and folds the product.
type folder struct {
	first, low, high, whole, mask reg.VecVirtual
}

func newFolder() *folder {
	f := &folder{ZMM(), ZMM(), ZMM(), ZMM(), ZMM()}
	constant := func(v uint64, to reg.VecVirtual) {
		r := GP64()
		MOVQ(U64(v), r)
		VPBROADCASTQ(r, to)
	}
	constant(k0, f.first)
	constant(k1&0xFFFFFFFF, f.low)
	constant(k1>>32, f.high)
	constant(k1, f.whole)
	constant(0xFFFFFFFF, f.mask)
	return f
}

// fold replaces x by the halves of the product of x^k0 and k1, one over the other. The upper one is put together from products of 32-bit halves.
func (f *folder) fold(x reg.VecVirtual) {
	upper, ll, hl, lh := ZMM(), ZMM(), ZMM(), ZMM()
	VPXORQ(f.first, x, x)
	VPSRLQ(Imm(32), x, upper)
	lower := ZMM()
	VPMULLQ(f.whole, x, lower)
	VPMULUDQ(f.low, x, ll)
	VPMULUDQ(f.low, upper, hl)
	VPMULUDQ(f.high, x, lh)
	VPMULUDQ(f.high, upper, upper)
	// None of these sums can overflow.
	t := ZMM()
	VPSRLQ(Imm(32), ll, t)
	VPADDQ(t, hl, hl)
	VPANDQ(f.mask, hl, t)
	VPADDQ(t, lh, lh)
	VPSRLQ(Imm(32), hl, hl)
	VPADDQ(hl, upper, upper)
	VPSRLQ(Imm(32), lh, t)
	VPADDQ(t, upper, upper)
	VPXORQ(lower, upper, x)
}

func each(words string, combine bool) {
	dst, from, n := GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param(words), from)
	Load(Param("n"), n)
	f := newFolder()
	x, h := ZMM(), ZMM()
	lanes.Loop(8, n, func(mask reg.OpmaskVirtual, tail bool) {
		if tail {
			VMOVDQU64_Z(Mem{Base: from}, mask, x)
		} else {
			VMOVDQU64(Mem{Base: from}, x)
		}
		if combine {
			if tail {
				VMOVDQU64_Z(Mem{Base: dst}, mask, h)
			} else {
				VMOVDQU64(Mem{Base: dst}, h)
			}
			VPROLQ(Imm(23), h, h)
			VPXORQ(h, x, x)
		}
		f.fold(x)
		if tail {
			VMOVDQU64(x, mask, Mem{Base: dst})
		} else {
			VMOVDQU64(x, Mem{Base: dst})
		}
	}, func() {
		ADDQ(Imm(64), from)
		ADDQ(Imm(64), dst)
	})
	VZEROUPPER()
	RET()
}

func beginBloom(name string, withRows bool) {
	signature := "func(out *uint32, words *uint64, n int, filter *uint64, shift uint64) int"
	if withRows {
		signature = "func(out *uint32, words *uint64, rows *uint32, n int, filter *uint64, shift uint64) int"
	}
	TEXT(name, NOSPLIT, signature)
	if withRows {
		Doc(name + " writes those of n rows whose words the filter may hold and returns how many. rows may be out.")
	} else {
		Doc(name + " writes the positions of those of n words that the filter may hold and returns how many. out has room for n.")
	}
	Pragma("noescape")
}

func bloom(name string, withRows bool) {
	beginBloom(name, withRows)
	from, n, filter, rows := GP64(), GP64(), GP64(), GP64()
	Load(Param("words"), from)
	Load(Param("n"), n)
	Load(Param("filter"), filter)
	shift := XMM()
	VMOVQ(Load(Param("shift"), GP64()), shift)
	if withRows {
		Load(Param("rows"), rows)
	}
	f := newFolder()
	s := lanes.NewSelection(8)
	one, six := ZMM(), ZMM()
	for i, to := range []reg.VecVirtual{one, six} {
		r := GP64()
		MOVQ(U64([]uint64{1, 63}[i]), r)
		VPBROADCASTQ(r, to)
	}
	x, at, want, have := ZMM(), ZMM(), ZMM(), ZMM()
	lanes.Loop(8, n, func(mask reg.OpmaskVirtual, tail bool) {
		if tail {
			VMOVDQU64_Z(Mem{Base: from}, mask, x)
		} else {
			VMOVDQU64(Mem{Base: from}, x)
		}
		f.fold(x)
		VPSRLQ(shift, x, at)
		gathered := K()
		if tail {
			KMOVW(mask, gathered)
		} else {
			KXNORB(gathered, gathered, gathered)
		}
		VPXORQ(have, have, have)
		VPGATHERQQ(Mem{Base: filter, Index: at, Scale: 8}, gathered, have)
		bit := ZMM()
		VPANDQ(six, x, at)
		VPSLLVQ(at, one, want)
		for i := 1; i < 4; i++ {
			VPSRLQ(Imm(6), x, x)
			VPANDQ(six, x, at)
			VPSLLVQ(at, one, bit)
			VPORQ(bit, want, want)
		}
		VPANDQ(want, have, have)
		chosen := K()
		VPCMPEQQ(want, have, chosen)
		if tail {
			KANDW(mask, chosen, chosen)
		}
		if withRows {
			if tail {
				VMOVDQU32_Z(Mem{Base: rows}, mask, s.Rows)
			} else {
				VMOVDQU32(Mem{Base: rows}, s.Rows)
			}
		}
		s.Take(chosen, tail)
	}, func() {
		ADDQ(Imm(64), from)
		if withRows {
			ADDQ(Imm(32), rows)
		}
	})
	VZEROUPPER()
	Store(s.Count, ReturnIndex(0))
	RET()
}
