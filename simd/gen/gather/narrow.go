package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lookupNarrow finds entries that fit one register of 256 bits, or four (of 32-bit entries), in full ones; the last rows are left.
func lookupNarrow(width, tables int) {
	count := 256 / width
	most := count * tables
	name := fmt.Sprintf("gather%dOf%dAVX2", width, most)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, entries *uint%d, codes *uint32, n int)", width))
	Doc(fmt.Sprintf("%s looks up n codes, a multiple of %d, among %d entries; each code has one.", name, count, most))
	Pragma("noescape")
	dst, entries, codes, n := GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("entries"), entries)
	Load(Param("codes"), codes)
	Load(Param("n"), n)
	held := make([]reg.VecVirtual, tables)
	for i := range held {
		held[i] = YMM()
		VMOVDQU(Mem{Base: entries, Disp: 32 * i}, held[i])
	}
	odd := YMM()
	if width == 64 {
		r := GP64()
		MOVQ(U64(1<<32), r)
		VMOVQ(r, odd.AsX())
		VPBROADCASTQ(odd.AsX(), odd)
	}
	Label("loop")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	code, at, found := YMM(), YMM(), make([]reg.VecVirtual, tables)
	if width == 32 {
		VMOVDQU(Mem{Base: codes}, code)
		at = code
	} else {
		// Both halves of an entry.
		half := YMM()
		VPMOVZXDQ(Mem{Base: codes}, code)
		VPSLLQ(Imm(1), code, at)
		VPSLLQ(Imm(33), code, half)
		VPOR(half, at, at)
		VPOR(odd, at, at)
	}
	for i := range found {
		found[i] = YMM()
		VPERMD(held[i], at, found[i])
	}
	if tables > 1 {
		// The bits above those within a register, as signs.
		lower, upper := YMM(), YMM()
		VPSLLD(Imm(28), code, lower)
		VPSLLD(Imm(27), code, upper)
		VBLENDVPS(lower, found[1], found[0], found[0])
		VBLENDVPS(lower, found[3], found[2], found[2])
		VBLENDVPS(upper, found[2], found[0], found[0])
	}
	VMOVDQU(found[0], Mem{Base: dst})
	ADDQ(Imm(uint64(4*count)), codes)
	ADDQ(Imm(32), dst)
	SUBQ(Imm(uint64(count)), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// fromMemory finds entries of any number, eight rows at a time and then four; the last ones are left. The processor's gathering instructions are no faster.
func fromMemory(width int) {
	name := fmt.Sprintf("gather%dAVX2", width)
	typ := fmt.Sprintf("uint%d", width)
	if width == 128 {
		typ = "uint64"
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, entries *%s, codes *uint32, n int)", typ))
	Doc(fmt.Sprintf("%s looks up n codes, a multiple of 4; each has an entry.", name))
	Pragma("noescape")
	dst, entries, codes, n := GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("entries"), entries)
	Load(Param("codes"), codes)
	Load(Param("n"), n)
	Label("loop")
	CMPQ(n, Imm(8))
	JL(LabelRef("four"))
	found(width, 8, dst, entries, codes)
	SUBQ(Imm(8), n)
	JMP(LabelRef("loop"))
	Label("four")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	found(width, 4, dst, entries, codes)
	Label("done")
	RET()
}

// found finds the entries of so many rows. Narrow ones are put together in a register: stores are what there can be fewest of at a time.
func found(width, rows int, dst, entries, codes reg.GPVirtual) {
	bytes := width / 8
	var both, at reg.GPVirtual
	var v reg.VecVirtual
	for i := range rows {
		if i%2 == 0 {
			both, at = GP64(), GP64()
			MOVQ(Mem{Base: codes, Disp: 4 * i}, both)
			MOVL(both.As32(), at.As32())
		} else {
			SHRQ(Imm(32), both)
			at = both
		}
		to, from := Mem{Base: dst, Disp: i * bytes}, Mem{Base: entries, Index: at, Scale: uint8(bytes)}
		switch width {
		case 8, 16:
			if i == 0 {
				v = XMM()
				VPXOR(v, v, v)
			}
			if width == 8 {
				VPINSRB(Imm(uint64(i)), from, v, v)
			} else {
				VPINSRW(Imm(uint64(i)), from, v, v)
			}
		case 32:
			if i%4 == 0 {
				v = XMM()
				VMOVD(from, v)
			} else {
				VPINSRD(Imm(uint64(i%4)), from, v, v)
			}
			if i%4 == 3 {
				VMOVDQU(v, Mem{Base: dst, Disp: (i - 3) * bytes})
			}
		case 64:
			r := GP64()
			MOVQ(from, r)
			MOVQ(r, to)
		case 128:
			v = XMM()
			SHLQ(Imm(4), at)
			VMOVDQU(Mem{Base: entries, Index: at, Scale: 1}, v)
			VMOVDQU(v, to)
		}
	}
	switch {
	case width == 16 && rows == 8:
		VMOVDQU(v, Mem{Base: dst})
	case width == 16 || width == 8 && rows == 8:
		VMOVQ(v, Mem{Base: dst})
	case width == 8:
		VMOVD(v, Mem{Base: dst})
	}
	ADDQ(Imm(uint64(4*rows)), codes)
	ADDQ(U32(uint32(rows*bytes)), dst)
}
