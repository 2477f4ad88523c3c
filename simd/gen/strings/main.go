// Command strings writes the reading of strings that pages have: those of one length, and those that share the beginning of the one before.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	plain("plainStringsAVX2")
	cut("cutStringsAVX2")
	steady("steadyShortAVX2", true)
	steady("steadyLongAVX2", false)
	for _, l := range lanes.Levels {
		unprefix(l)
	}
	Generate()
}

const (
	inline = 12 // bytes of the longest string that a view holds itself
	steps  = 8  // strings of one length in a row, after which others of it are expected
)

// view writes views without a branch that their lengths could mislead.
type view struct {
	dst, masks, longer reg.GPVirtual
}

func newView(dst reg.GPVirtual) *view {
	v := &view{dst, Load(Param("masks"), GP64()).(reg.GPVirtual), GP64()}
	MOVQ(U64(inline+1), v.longer)
	return v
}

// write takes the length, the first word with bytes that may not be the string's, the address of all, and the memory of those from the fifth on.
func (v *view) write(n, first, address reg.GPVirtual, rest Mem) {
	k := GP64()
	MOVQ(n, k)
	CMPQ(n, Imm(inline+1))
	CMOVQHI(v.longer, k)
	SHLQ(Imm(4), k)
	ANDQ(Mem{Base: v.masks, Index: k, Scale: 1}, first)
	MOVQ(first, Mem{Base: v.dst})
	second := GP64()
	MOVQ(rest, second)
	ANDQ(Mem{Base: v.masks, Index: k, Scale: 1, Disp: 8}, second)
	CMPQ(n, Imm(inline))
	CMOVQHI(address, second)
	MOVQ(second, Mem{Base: v.dst, Disp: 8})
	ADDQ(Imm(16), v.dst)
}

// plain waits for nothing but each length, which says where the next is.
func plain(name string) {
	TEXT(name, NOSPLIT, "func(dst *uint64, src *byte, rows, left int, masks *uint64) (done, read int)")
	Doc(name+" writes the views of strings behind their lengths, and returns how many and how far it read. It stops in front of one that is not all there or of which 16 bytes",
		"cannot be read, and behind some of one length.")
	Pragma("noescape")
	dst, src, rows, last, end := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("rows"), rows)
	Load(Param("left"), end)
	v := newView(dst)
	ADDQ(src, end)
	LEAQ(Mem{Base: end, Disp: -16}, last)
	same, before, zero := GP64(), GP64(), GP64()
	XORQ(same, same)
	XORQ(zero, zero)
	MOVQ(I64(-1), before)
	Label("row")
	TESTQ(rows, rows)
	JEQ(LabelRef("done"))
	CMPQ(src, last)
	JHI(LabelRef("done"))
	first, n, next, address := GP64(), GP64(), GP64(), GP64()
	MOVQ(Mem{Base: src}, first)
	MOVL(first.As32(), n.As32())
	LEAQ(Mem{Base: src, Index: n, Scale: 1, Disp: 4}, next)
	CMPQ(next, end)
	JHI(LabelRef("done"))
	LEAQ(Mem{Base: src, Disp: 4}, address)
	v.write(n, first, address, Mem{Base: src, Disp: 8})
	MOVQ(next, src)
	DECQ(rows)
	INCQ(same)
	CMPQ(n, before)
	CMOVQNE(zero, same)
	MOVQ(n, before)
	CMPQ(same, Imm(steps))
	JNE(LabelRef("row"))
	Label("done")
	done, start := GP64(), GP64()
	Load(Param("rows"), done)
	SUBQ(rows, done)
	Store(done, ReturnIndex(0))
	Load(Param("src"), start)
	SUBQ(start, src)
	Store(src, ReturnIndex(1))
	RET()
}

// cut writes the views of strings whose lengths are known.
func cut(name string) {
	TEXT(name, NOSPLIT, "func(dst *uint64, src *byte, lengths *int64, rows, left int, masks *uint64) (done, read int)")
	Doc(name+" writes the views of strings of src, one after another, and returns how many and how far it read. It stops in front of one that is not all there or of which",
		"12 bytes cannot be read.")
	Pragma("noescape")
	dst, src, lengths, rows, last, end := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("lengths"), lengths)
	Load(Param("rows"), rows)
	Load(Param("left"), end)
	v := newView(dst)
	ADDQ(src, end)
	LEAQ(Mem{Base: end, Disp: -inline}, last)
	done := GP64()
	XORQ(done, done)
	Label("row")
	CMPQ(done, rows)
	JGE(LabelRef("done"))
	CMPQ(src, last)
	JHI(LabelRef("done"))
	first, n, next := GP64(), GP64(), GP64()
	MOVQ(Mem{Base: lengths, Index: done, Scale: 8}, n)
	LEAQ(Mem{Base: src, Index: n, Scale: 1}, next)
	CMPQ(next, end)
	JHI(LabelRef("done"))
	MOVL(Mem{Base: src}, first.As32())
	SHLQ(Imm(32), first)
	ORQ(n, first)
	v.write(n, first, src, Mem{Base: src, Disp: 4})
	MOVQ(next, src)
	INCQ(done)
	JMP(LabelRef("row"))
	Label("done")
	start := GP64()
	Store(done, ReturnIndex(0))
	Load(Param("src"), start)
	SUBQ(start, src)
	Store(src, ReturnIndex(1))
	RET()
}

// steady writes views. The lengths are compared one by one: that they are equal is predicted, so that nothing waits for them.
func steady(name string, short bool) {
	if short {
		TEXT(name, NOSPLIT, "func(dst *uint64, src *byte, rows, n int, first, second uint64) (done int)")
		Doc(name+" writes the views of strings of n bytes, up to 12, each behind its length, and returns how many there were before one of another length.",
			"first and second are the bits of a view that are the string's. 16 bytes can be read where each begins.")
	} else {
		TEXT(name, NOSPLIT, "func(dst *uint64, src *byte, rows, n int) (done int)")
		Doc(name + " writes the views of strings of n bytes, more than 12, each behind its length, and returns how many there were before one of another length.")
	}
	Pragma("noescape")
	dst, src, rows, n, step, step3 := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("rows"), rows)
	Load(Param("n"), n)
	left := GP64()
	MOVQ(rows, left)
	LEAQ(Mem{Base: n, Disp: 4}, step)
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step3)
	mask := XMM()
	if short {
		second := XMM()
		VMOVQ(NewParamAddr("first", 32), mask)
		VMOVQ(NewParamAddr("second", 40), second)
		VPUNPCKLQDQ(second, mask, mask)
	}
	view := func(k int) {
		at := []Mem{{Base: src}, {Base: src, Index: step, Scale: 1}, {Base: src, Index: step, Scale: 2}, {Base: src, Index: step3, Scale: 1}}[k]
		CMPL(n.As32(), at)
		JNE(LabelRef([]string{"done", "done1", "done2", "done3"}[k]))
		if short {
			v := XMM()
			VPAND(at, mask, v)
			VMOVDQU(v, Mem{Base: dst, Disp: 16 * k})
			return
		}
		word, address := GP64(), GP64()
		MOVQ(at, word)
		at.Disp = 4
		LEAQ(at, address)
		MOVQ(word, Mem{Base: dst, Disp: 16 * k})
		MOVQ(address, Mem{Base: dst, Disp: 16*k + 8})
	}
	Label("four")
	CMPQ(left, Imm(4))
	JL(LabelRef("one"))
	for k := range 4 {
		view(k)
	}
	LEAQ(Mem{Base: src, Index: step, Scale: 4}, src)
	ADDQ(Imm(64), dst)
	SUBQ(Imm(4), left)
	JMP(LabelRef("four"))
	Label("one")
	TESTQ(left, left)
	JEQ(LabelRef("done"))
	view(0)
	ADDQ(step, src)
	ADDQ(Imm(16), dst)
	DECQ(left)
	JMP(LabelRef("one"))
	Label("done3")
	DECQ(left)
	Label("done2")
	DECQ(left)
	Label("done1")
	DECQ(left)
	Label("done")
	SUBQ(left, rows)
	Store(rows, ReturnIndex(0))
	RET()
}

// unprefix keeps the string before in a register: what is not its beginning is replaced by bytes that are read from as far in front of the string's own as the beginning
// is long. A string does not wait for the one before to be written and read again.
func unprefix(l lanes.Level) {
	name := "unprefix" + l.Name
	TEXT(name, NOSPLIT, "func(dst, src *byte, prefixes, suffixes *int64, n, size, room, left int) (done, written, read int)")
	Doc(name+" writes n strings one after another, each the beginning of the one before, which has size bytes and lies in front of dst, and bytes of src.",
		"It stops in front of a string that is malformed or longer than 32 bytes (AVX-512: 63), and where less than a register's size of dst's room and of what is left of src",
		"remains. As many bytes can be read in front of src.")
	Pragma("noescape")
	to, from, prefixes, suffixes, n := GP64(), GP64(), GP64(), GP64(), GP64()
	size, room, left, done := GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), to)
	Load(Param("src"), from)
	Load(Param("prefixes"), prefixes)
	Load(Param("suffixes"), suffixes)
	Load(Param("n"), n)
	Load(Param("size"), size)
	Load(Param("room"), room)
	Load(Param("left"), left)
	XORQ(done, done)
	// The last places that a register can be written to and read from.
	LEAQ(Mem{Base: to, Index: room, Scale: 1, Disp: -l.Bytes}, room)
	LEAQ(Mem{Base: from, Index: left, Scale: 1, Disp: -l.Bytes}, left)
	CMPQ(to, room)
	JHI(LabelRef("done"))
	longest := uint64(l.Bytes)
	var ones, edge reg.GPVirtual
	if l.Wide() {
		longest-- // a shift by 64 would be one by none
		ones = GP64()
		MOVQ(I64(-1), ones)
	} else {
		edge = GP64()
		LEAQ(edges(), edge)
	}
	CMPQ(size, Imm(longest))
	JHI(LabelRef("done"))
	text, before := l.Vec(), GP64()
	MOVQ(to, before)
	SUBQ(size, before)
	l.Load(Mem{Base: before}, text)
	Label("row")
	CMPQ(done, n)
	JGE(LabelRef("done"))
	prefix, whole, suffix := GP64(), GP64(), GP64()
	MOVQ(Mem{Base: prefixes, Index: done, Scale: 8}, prefix)
	MOVQ(Mem{Base: suffixes, Index: done, Scale: 8}, suffix)
	CMPQ(prefix, size)
	JHI(LabelRef("done"))
	LEAQ(Mem{Base: prefix, Index: suffix, Scale: 1}, whole)
	CMPQ(whole, Imm(longest))
	JHI(LabelRef("done"))
	CMPQ(to, room)
	JHI(LabelRef("done"))
	CMPQ(from, left)
	JHI(LabelRef("done"))
	at := GP64()
	MOVQ(from, at)
	SUBQ(prefix, at)
	if l.Wide() {
		bits, behind := GP64(), K()
		SHLXQ(prefix, ones, bits)
		KMOVQ(bits, behind)
		VMOVDQU8(Mem{Base: at}, behind, text)
	} else {
		behind, place := YMM(), GP64()
		MOVQ(edge, place)
		SUBQ(prefix, place)
		VMOVDQU(Mem{Base: place, Disp: 32}, behind)
		VPBLENDVB(behind, Mem{Base: at}, text, text)
	}
	l.Store(text, Mem{Base: to})
	ADDQ(whole, to)
	ADDQ(suffix, from)
	MOVQ(whole, size)
	INCQ(done)
	JMP(LabelRef("row"))
	Label("done")
	start := GP64()
	Load(Param("dst"), start)
	SUBQ(start, to)
	Load(Param("src"), start)
	SUBQ(start, from)
	VZEROUPPER()
	Store(done, ReturnIndex(0))
	Store(to, ReturnIndex(1))
	Store(from, ReturnIndex(2))
	RET()
}

// edges is a register of zeros and one of ones.
func edges() Mem {
	m := GLOBL("edges", RODATA|NOPTR)
	for i := range 8 {
		if i < 4 {
			DATA(8*i, U64(0))
		} else {
			DATA(8*i, U64(^uint64(0)))
		}
	}
	return m
}
