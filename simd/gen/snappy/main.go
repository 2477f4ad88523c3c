// Command snappy writes the decoder of Snappy's elements.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
)

// longLiteral stands for the length of literals whose length follows their tag: longer than any distance of a literal.
const longLiteral = 255

// literalDistance is the distance that literals are given, so that they pass as copies that do not overlap. It is above the longest short literal and low, since
// the same distance is compared with what was written.
const literalDistance = 128

func main() {
	Constraint(buildtags.Term("amd64"))
	tags, patterns := tagTable(), patternTable()

	TEXT("snappyAVX2", NOSPLIT, "func(dst, src []byte, d, s int) (nd, ns int)")
	Doc("snappyAVX2 decodes elements from src[s:] to dst[d:] as long as 64 bytes of dst and 80 of src are left and no element is wrong or a literal above 60 bytes.",
		"It returns where it stopped, always between two elements. d and s must not be negative.")
	Pragma("noescape")

	base := Load(Param("dst").Base(), GP64())
	start := Load(Param("src").Base(), GP64())
	op := Load(Param("d"), GP64())
	ip := Load(Param("s"), GP64())
	opEnd := Load(Param("dst").Len(), GP64())
	ipEnd := Load(Param("src").Len(), GP64())
	// Lengths below the margin make limits that no position is below.
	SUBQ(Imm(64), opEnd)
	JL(LabelRef("return"))
	SUBQ(Imm(80), ipEnd)
	JL(LabelRef("return"))
	ADDQ(base, op)
	ADDQ(start, ip)
	ADDQ(base, opEnd)
	ADDQ(start, ipEnd)
	table := GP64()
	LEAQ(tags, table)

	word, tag, entry, advance, length := GP64(), GP64(), GP64(), GP64(), GP64()
	distance, from, literal, end := GP64(), GP64(), GP64(), GP64()
	x := XMM()

	Label("loop")
	CMPQ(ip, ipEnd)
	JA(LabelRef("done"))
	CMPQ(op, opEnd)
	JA(LabelRef("done"))
	MOVQ(Mem{Base: ip}, word)
	MOVBLZX(word.As8(), tag.As32())
	MOVQ(Mem{Base: table, Index: tag, Scale: 8}, entry)
	MOVBLZX(entry.As8(), advance.As32())
	SHRQ(Imm(8), entry)
	SHRQ(Imm(8), word)
	MOVBLZX(entry.As8(), length.As32())
	SHRQ(Imm(8), entry)
	BZHIQ(entry, word, distance)
	SHRQ(Imm(16), entry)
	ADDQ(entry, distance)
	MOVQ(op, from)
	SUBQ(distance, from)
	// A distance beyond what was written ends the loop; so does the borrow of an address below the distance.
	JCS(LabelRef("done"))
	CMPQ(from, base)
	JCS(LabelRef("done"))
	LEAQ(Mem{Base: ip, Disp: 1}, literal)
	TESTB(Imm(3), tag.As8())
	CMOVQEQ(literal, from)
	LEAQ(Mem{Base: op, Index: length, Scale: 1}, end)
	CMPQ(distance, length)
	JCS(LabelRef("overlap"))
	CMPQ(length, Imm(16))
	JA(LabelRef("long"))
	MOVOU(Mem{Base: from}, x)
	ADDQ(advance, ip)
	MOVOU(x, Mem{Base: op})
	MOVQ(end, op)
	JMP(LabelRef("loop"))

	Label("overlap")
	CMPQ(length, Imm(longLiteral))
	JEQ(LabelRef("done"))
	TESTQ(distance, distance)
	JEQ(LabelRef("done"))
	CMPQ(distance, Imm(16))
	JCS(LabelRef("pattern"))
	Label("long")
	// In pieces of 16, each after the one before: right from a distance of 16 on.
	for i := range 4 {
		MOVOU(Mem{Base: from, Disp: 16 * i}, x)
		MOVOU(x, Mem{Base: op, Disp: 16 * i})
	}
	ADDQ(advance, ip)
	MOVQ(end, op)
	JMP(LabelRef("loop"))

	Label("pattern")
	// The first 16 bytes hold the period; a row of the table repeats it 64 bytes far.
	row := GP64()
	SHLQ(Imm(6), distance)
	LEAQ(patterns, row)
	ADDQ(distance, row)
	source, low, high := YMM(), YMM(), YMM()
	VBROADCASTI128(Mem{Base: from}, source)
	VPSHUFB(Mem{Base: row}, source, low)
	VPSHUFB(Mem{Base: row, Disp: 32}, source, high)
	VMOVDQU(low, Mem{Base: op})
	VMOVDQU(high, Mem{Base: op, Disp: 32})
	VZEROUPPER()
	ADDQ(advance, ip)
	MOVQ(end, op)
	JMP(LabelRef("loop"))

	Label("done")
	SUBQ(base, op)
	SUBQ(start, ip)
	Label("return")
	Store(op, ReturnIndex(0))
	Store(ip, ReturnIndex(1))
	RET()
	Generate()
}

// tagTable says for each tag, from the lowest byte on: how far the next element is, the element's length, how many bits of the bytes after the tag are its
// distance, nothing, and in the upper half what is added to that distance.
func tagTable() Mem {
	m := GLOBL("snappyTags", RODATA|NOPTR)
	for t := range 256 {
		var advance, length, bits, add int
		switch t & 3 {
		case 0:
			length = t>>2 + 1
			advance, add = 1+length, literalDistance
			if length > 60 {
				length = longLiteral
			}
		case 1:
			advance, length, bits, add = 2, t>>2&7+4, 8, t>>5<<8
		case 2:
			advance, length, bits = 3, t>>2+1, 16
		case 3:
			advance, length, bits = 5, t>>2+1, 32
		}
		DATA(8*t, U64(uint64(advance)|uint64(length)<<8|uint64(bits)<<16|uint64(add)<<32))
	}
	return m
}

// patternTable has a row of 64 bytes for each period up to 15: the numbers from 0 on modulo the period.
func patternTable() Mem {
	m := GLOBL("snappyPatterns", RODATA|NOPTR)
	for period := range 16 {
		for i := range 64 {
			v := 0
			if period > 0 {
				v = i % period
			}
			DATA(64*period+i, U8(v))
		}
	}
	return m
}

