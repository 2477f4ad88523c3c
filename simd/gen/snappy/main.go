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
	// No distance, of at most 32 bits, may lead below address 0. Memory lies much higher.
	top := GP64()
	MOVQ(base, top)
	SHRQ(Imm(33), top)
	JEQ(LabelRef("return"))
	// Lengths below the margin make limits that no position is below.
	SUBQ(Imm(64), opEnd)
	JL(LabelRef("return"))
	SUBQ(Imm(80), ipEnd)
	JL(LabelRef("return"))
	ADDQ(base, op)
	ADDQ(start, ip)
	ADDQ(base, opEnd)
	ADDQ(start, ipEnd)
	table, shifts := GP64(), GP64()
	LEAQ(tags, table)
	// How many bits an element with a distance takes, by the two low bits of its tag, whatever the third is.
	MOVQ(Imm(0x2818100028181000), shifts)

	// The next element's tag is found in the word of the current one, without waiting for a table or for memory: tag holds it in its low byte,
	// and anything above.
	word, tag, entry, size, short := GP64(), GP64(), GP64(), GP64(), GP64()
	length, distance, from, end, next := GP64(), GP64(), GP64(), GP64(), GP64()
	x := XMM()

	CMPQ(ip, ipEnd)
	JA(LabelRef("done"))
	MOVBLZX(Mem{Base: ip}, tag.As32())
	Label("loop")
	CMPQ(ip, ipEnd)
	JA(LabelRef("done"))
	CMPQ(op, opEnd)
	JA(LabelRef("done"))
	MOVQ(Mem{Base: ip}, word)
	MOVQ(tag, size)
	SHLQ(Imm(3), size)
	LEAQ(Mem{Base: tag, Index: tag, Scale: 1, Disp: 16}, short)
	MOVBLZX(tag.As8(), length.As32())
	SHRXQ(size, shifts, size)
	MOVQ(Mem{Base: table, Index: length, Scale: 8}, entry)
	TESTB(Imm(3), tag.As8())
	CMOVQEQ(short, size)
	SHRXQ(size, word, short) // the next tag
	SHRQ(Imm(8), word)
	BZHIQ(entry, word, distance)
	MOVBLZX(size.As8(), size.As32())
	SHRQ(Imm(8), entry)
	MOVBLZX(entry.As8(), length.As32())
	SHRQ(Imm(8), entry)
	ADDQ(entry, distance)
	MOVQ(op, from)
	SUBQ(distance, from)
	CMPQ(from, base) // a distance beyond what was written
	JCS(LabelRef("done"))
	LEAQ(Mem{Base: ip, Disp: 1}, next)
	TESTB(Imm(3), tag.As8())
	CMOVQEQ(next, from)
	LEAQ(Mem{Base: op, Index: length, Scale: 1}, end)
	SHRL(Imm(3), size.As32())
	CMPQ(distance, length)
	JCS(LabelRef("special"))
	MOVQ(short, tag)
	CMPQ(length, Imm(16))
	JA(LabelRef("long"))
	CMPQ(distance, Imm(16))
	JCS(LabelRef("near"))
	Label("short")
	MOVOU(Mem{Base: from}, x)
	ADDQ(size, ip)
	MOVOU(x, Mem{Base: op})
	MOVQ(end, op)
	JMP(LabelRef("loop"))

	Label("near")
	// What is read was written just before, perhaps by two stores, and a load waits for the cache unless one store holds all of it. Sorted keys are such
	// copies, of all bytes of the key before but the ones that changed: read those alone.
	SUBQ(Imm(4), length)
	CMPQ(length, Imm(4))
	JA(LabelRef("short"))
	MOVL(Mem{Base: from, Index: length, Scale: 1}, distance.As32())
	MOVL(Mem{Base: from}, from.As32())
	SHLQ(Imm(3), length)
	SHLXQ(length, distance, distance)
	ORQ(distance, from)
	ADDQ(size, ip)
	MOVQ(from, Mem{Base: op})
	MOVQ(end, op)
	JMP(LabelRef("loop"))

	Label("special")
	// A literal that is longer than its word, or a copy of what it writes itself.
	TESTB(Imm(3), tag.As8())
	JNE(LabelRef("overlap"))
	MOVBLZX(tag.As8(), length.As32())
	SHRL(Imm(2), length.As32())
	INCL(length.As32())
	CMPL(length.As32(), Imm(60))
	JA(LabelRef("done"))
	MOVOU(Mem{Base: ip, Disp: 1}, x)
	MOVOU(x, Mem{Base: op})
	LEAQ(Mem{Base: ip, Index: length, Scale: 1, Disp: 1}, ip)
	MOVBLZX(Mem{Base: ip}, tag.As32())
	MOVQ(op, end)
	ADDQ(length, op)
	CMPL(length.As32(), Imm(16))
	JLS(LabelRef("loop"))
	for i := 1; i < 4; i++ {
		MOVOU(Mem{Base: next, Disp: 16 * i}, x)
		MOVOU(x, Mem{Base: end, Disp: 16 * i})
	}
	JMP(LabelRef("loop"))

	Label("overlap")
	TESTQ(distance, distance)
	JEQ(LabelRef("done"))
	MOVQ(short, tag)
	CMPQ(distance, Imm(16))
	JCS(LabelRef("pattern"))
	Label("long")
	// In pieces of 16, each after the one before: right from a distance of 16 on.
	for i := range 4 {
		MOVOU(Mem{Base: from, Disp: 16 * i}, x)
		MOVOU(x, Mem{Base: op, Disp: 16 * i})
	}
	ADDQ(size, ip)
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
	ADDQ(size, ip)
	MOVQ(end, op)
	JMP(LabelRef("loop"))

	Label("done")
	SUBQ(base, op)
	SUBQ(Load(Param("src").Base(), GP64()), ip)
	Label("return")
	Store(op, ReturnIndex(0))
	Store(ip, ReturnIndex(1))
	RET()
	Generate()
}

// tagTable says for each tag, from the lowest byte on: how many bits of the bytes after the tag are the distance, how long the element is,
// and in the rest what is added to the distance.
func tagTable() Mem {
	m := GLOBL("snappyTags", RODATA|NOPTR)
	for t := range 256 {
		var length, bits, add int
		switch t & 3 {
		case 0:
			length, add = t>>2+1, literalDistance
			if length > 6 {
				length = longLiteral
			}
		case 1:
			length, bits, add = t>>2&7+4, 8, t>>5<<8
		case 2:
			length, bits = t>>2+1, 16
		case 3:
			length, bits = t>>2+1, 32
		}
		DATA(8*t, U64(uint64(bits)|uint64(length)<<8|uint64(add)<<16))
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
