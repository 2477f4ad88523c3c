// Command gather writes the looking up of codes in dictionaries.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, pairs := range []int{1, 2, 4} {
		for _, to := range []int{8, 16, 32} {
			lookup(32, to, pairs)
		}
		lookup(64, 64, pairs)
	}
	// Four registers of 64-bit entries are no faster than loading each.
	lookupNarrow(32, 1)
	lookupNarrow(32, 4)
	lookupNarrow(64, 1)
	for _, width := range []int{8, 16, 32, 64, 128} {
		fromMemory(width)
	}
	Generate()
}

// lookup finds entries that fit one pair of registers, two or four, and writes their lower bits.
func lookup(width, written, pairs int) {
	count := 512 / width
	most := 2 * count * pairs
	name := fmt.Sprintf("gather%dOf%dAVX512", written, most)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst *uint%d, entries *uint%d, size int, codes *uint32, n int)", written, width))
	Doc(fmt.Sprintf("%s looks up n codes among at most %d entries; each code has one.", name, most))
	Pragma("noescape")
	dst, entries, codes, n := GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("entries"), entries)
	Load(Param("codes"), codes)
	Load(Param("n"), n)
	held := make([]reg.VecVirtual, 2*pairs)
	size, bits, ones, none := GP64(), GP64(), GP64(), GP64()
	Load(Param("size"), size)
	MOVQ(I64(-1), ones)
	XORQ(none, none)
	for i := range held {
		held[i] = ZMM()
		// The entries left, all of the register's if there are more: BZHI keeps all bits for numbers from 64 on.
		BZHIQ(size, ones, bits)
		k := K()
		KMOVQ(bits, k)
		loadEntries(width, Mem{Base: entries, Disp: 64 * i}, k, held[i])
		SUBQ(Imm(uint64(count)), size)
		CMOVQLT(none, size)
	}
	var bit [2]reg.VecVirtual
	if pairs > 1 {
		for i := range bit[:pairs/2] {
			bit[i] = ZMM()
			r := GP64()
			MOVQ(U64(2*count<<i), r)
			if width == 32 {
				VPBROADCASTD(r.As32(), bit[i])
			} else {
				VPBROADCASTQ(r, bit[i])
			}
		}
	}
	code := ZMM()
	found := make([]reg.VecVirtual, pairs)
	for i := range found {
		found[i] = ZMM()
	}
	lanes.Loop(count, n, func(mask reg.OpmaskVirtual, tail bool) {
		switch {
		case width == 32 && tail:
			VMOVDQU32_Z(Mem{Base: codes}, mask, code)
		case width == 32:
			VMOVDQU32(Mem{Base: codes}, code)
		case tail:
			VPMOVZXDQ_Z(Mem{Base: codes}, mask, code)
		default:
			VPMOVZXDQ(Mem{Base: codes}, code)
		}
		for i, f := range found {
			VMOVDQA64(code, f)
			if width == 32 {
				VPERMI2D(held[2*i+1], held[2*i], f)
			} else {
				VPERMI2Q(held[2*i+1], held[2*i], f)
			}
		}
		if pairs > 1 {
			odd, upper := K(), K()
			choose := VPBLENDMQ
			if width == 32 {
				choose = VPBLENDMD
				VPTESTMD(bit[0], code, odd)
				if pairs > 2 {
					VPTESTMD(bit[1], code, upper)
				}
			} else {
				VPTESTMQ(bit[0], code, odd)
				if pairs > 2 {
					VPTESTMQ(bit[1], code, upper)
				}
			}
			choose(found[1], found[0], odd, found[0])
			if pairs > 2 {
				choose(found[3], found[2], odd, found[2])
				choose(found[2], found[0], upper, found[0])
			}
		}
		to := Mem{Base: dst}
		switch {
		case written == 8 && tail:
			VPMOVDB(found[0], mask, to)
		case written == 8:
			VPMOVDB(found[0], to)
		case written == 16 && tail:
			VPMOVDW(found[0], mask, to)
		case written == 16:
			VPMOVDW(found[0], to)
		case width == 32 && tail:
			VMOVDQU32(found[0], mask, to)
		case tail:
			VMOVDQU64(found[0], mask, to)
		default:
			VMOVDQU64(found[0], to)
		}
	}, func() {
		ADDQ(Imm(uint64(4*count)), codes)
		ADDQ(Imm(uint64(count*written/8)), dst)
	})
	VZEROUPPER()
	RET()
}

func loadEntries(width int, from Mem, k reg.OpmaskVirtual, to reg.VecVirtual) {
	if width == 32 {
		VMOVDQU32_Z(from, k, to)
	} else {
		VMOVDQU64_Z(from, k, to)
	}
}
