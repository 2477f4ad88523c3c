// Command text writes the search in strings.
package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	find(false)
	find(true)
	for _, k := range []kind{{"prefix", prefix}, {"suffix", suffix}, {"equal", equal}} {
		match(k, false)
		match(k, true)
	}
	ascii(false)
	ascii(true)
	Generate()
}

const (
	prefix = iota
	suffix
	equal
)

type kind struct {
	name string
	what int
}

// inline is the length of the longest string that its view holds itself.
const inline = 12

func level(name string, wide bool) string {
	if wide {
		return name + "AVX512"
	}
	return name + "AVX2"
}

// needle is what is looked for.
type needle struct {
	wide   bool
	p, m   reg.GPVirtual
	whole  reg.VecVirtual    // AVX-512: all of it
	bytes  reg.OpmaskVirtual // its places
	prefix string            // of labels
	labels int
}

func newNeedle(labels string, wide bool) *needle {
	x := &needle{wide: wide, p: GP64(), m: GP64(), prefix: labels}
	Load(Param("needle"), x.p)
	Load(Param("m"), x.m)
	if wide {
		x.whole, x.bytes = ZMM(), K()
		bits := GP64()
		MOVQ(I64(-1), bits)
		BZHIQ(x.m, bits, bits)
		KMOVQ(bits, x.bytes)
		VMOVDQU8_Z(Mem{Base: x.p}, x.bytes, x.whole)
	}
	return x
}

func (x *needle) label() string {
	x.labels++
	return x.prefix + "_" + strconv.Itoa(x.labels)
}

// unless jumps when the bytes at p, of which there are as many as the needle's, are not the needle.
func (x *needle) unless(p reg.GPVirtual, to string) {
	if x.wide {
		v, k := ZMM(), K()
		VMOVDQU8_Z(Mem{Base: p}, x.bytes, v)
		VPCMPUB(Imm(4), x.whole, v, x.bytes, k)
		KORTESTQ(k, k)
		JNE(LabelRef(to))
		return
	}
	// Two words that overlap, of the largest size that fits.
	same, eight, four, two := x.label(), x.label(), x.label(), x.label()
	a, b := GP64(), GP64()
	CMPQ(x.m, Imm(16))
	JL(LabelRef(eight))
	v, w := XMM(), XMM()
	VMOVDQU(Mem{Base: p}, v)
	VPCMPEQB(Mem{Base: x.p}, v, v)
	VMOVDQU(Mem{Base: p, Index: x.m, Scale: 1, Disp: -16}, w)
	VPCMPEQB(Mem{Base: x.p, Index: x.m, Scale: 1, Disp: -16}, w, w)
	VPAND(v, w, w)
	VPMOVMSKB(w, a.As32())
	CMPL(a.As32(), U32(0xFFFF))
	JNE(LabelRef(to))
	JMP(LabelRef(same))
	Label(eight)
	CMPQ(x.m, Imm(8))
	JL(LabelRef(four))
	MOVQ(Mem{Base: p}, a)
	XORQ(Mem{Base: x.p}, a)
	MOVQ(Mem{Base: p, Index: x.m, Scale: 1, Disp: -8}, b)
	XORQ(Mem{Base: x.p, Index: x.m, Scale: 1, Disp: -8}, b)
	ORQ(a, b)
	JNE(LabelRef(to))
	JMP(LabelRef(same))
	Label(four)
	CMPQ(x.m, Imm(4))
	JL(LabelRef(two))
	MOVL(Mem{Base: p}, a.As32())
	XORL(Mem{Base: x.p}, a.As32())
	MOVL(Mem{Base: p, Index: x.m, Scale: 1, Disp: -4}, b.As32())
	XORL(Mem{Base: x.p, Index: x.m, Scale: 1, Disp: -4}, b.As32())
	ORL(a.As32(), b.As32())
	JNE(LabelRef(to))
	JMP(LabelRef(same))
	Label(two) // one to three bytes: the first, the one at the middle, the last
	mid, c := GP64(), GP64()
	MOVQ(x.m, mid)
	SHRQ(Imm(1), mid)
	MOVBLZX(Mem{Base: p}, a.As32())
	XORB(Mem{Base: x.p}, a.As8())
	MOVBLZX(Mem{Base: p, Index: mid, Scale: 1}, b.As32())
	XORB(Mem{Base: x.p, Index: mid, Scale: 1}, b.As8())
	MOVBLZX(Mem{Base: p, Index: x.m, Scale: 1, Disp: -1}, c.As32())
	XORB(Mem{Base: x.p, Index: x.m, Scale: 1, Disp: -1}, c.As8())
	ORL(a.As32(), b.As32())
	ORL(c.As32(), b.As32())
	JNE(LabelRef(to))
	Label(same)
}

// view makes p and n of the string whose view texts points to.
func view(texts reg.Register, p, n reg.GPVirtual) {
	within := GP64()
	MOVL(Mem{Base: texts}, n.As32())
	MOVQ(Mem{Base: texts, Disp: 8}, p)
	LEAQ(Mem{Base: texts, Disp: 4}, within)
	CMPQ(n, Imm(inline))
	CMOVQLS(within, p)
}

// find looks for a needle's first and last byte in as many places at once as a register has, and then for what is between.
func find(wide bool) {
	name := level("findText", wide)
	TEXT(name, NOSPLIT, "func(at *uint32, texts *uint64, n int, needle *byte, m int)")
	Doc(name + " is FindText for a needle of 1 to 32 bytes (AVX-512: 64).")
	Pragma("noescape")
	at, texts, rows := Load(Param("at"), GP64()), Load(Param("texts"), GP64()), Load(Param("n"), GP64())
	x := newNeedle("find", wide)
	first, last := YMM(), YMM()
	firsts, lasts := first, last
	if wide {
		firsts, lasts = ZMM(), ZMM()
		tmp := GP32()
		MOVBLZX(Mem{Base: x.p}, tmp)
		VPBROADCASTB(tmp, firsts)
		MOVBLZX(Mem{Base: x.p, Index: x.m, Scale: 1, Disp: -1}, tmp)
		VPBROADCASTB(tmp, lasts)
	} else {
		VPBROADCASTB(Mem{Base: x.p}, first)
		VPBROADCASTB(Mem{Base: x.p, Index: x.m, Scale: 1, Disp: -1}, last)
	}
	p, start, count, tail := GP64(), GP64(), GP64(), GP64()
	distance := GP64()
	if wide {
		LEAQ(Mem{Base: x.m, Disp: -1}, distance)
	}
	i, hits, candidate := GP64(), GP64(), GP64()

	Label("row")
	TESTQ(rows, rows)
	JEQ(LabelRef("done"))
	MOVL(Mem{Base: at}, i.As32())
	CMPL(i.As32(), I32(-1))
	JEQ(LabelRef("next")) // it was not found before
	view(texts, start, count)
	MOVQ(start, p)
	ADDQ(i, p)
	var ends reg.GPVirtual
	if wide {
		ends = GP64()
		MOVQ(count, ends)
	}
	SUBQ(i, count)
	SUBQ(x.m, count)
	JLT(LabelRef("none"))
	INCQ(count) // the places where it may begin

	// tryHits goes through the places of hits, of those from p on.
	tryHits := func(label string) {
		Label(label)
		TZCNTQ(hits, candidate)
		ADDQ(p, candidate)
		x.unless(candidate, label+"_not")
		SUBQ(start, candidate)
		ADDQ(x.m, candidate)
		MOVL(candidate.As32(), Mem{Base: at})
		JMP(LabelRef("next"))
		Label(label + "_not")
		BLSRQ(hits, hits)
		JNE(LabelRef(label))
	}
	if wide {
		// A string that fits a register is read once: where the first byte is as far in front of the last as the needle is long.
		CMPQ(ends, Imm(64))
		JHI(LabelRef("block"))
		text, of, begins, later := ZMM(), K(), K(), GP64()
		bits := GP64()
		MOVQ(I64(-1), bits)
		BZHIQ(ends, bits, ends)
		KMOVQ(ends, of)
		VMOVDQU8_Z(Mem{Base: start}, of, text)
		VPCMPUB(Imm(0), firsts, text, of, begins)
		VPCMPUB(Imm(0), lasts, text, of, of)
		KMOVQ(begins, hits)
		KMOVQ(of, later)
		SHRXQ(distance, later, later)
		SHLXQ(i, bits, bits)
		ANDQ(bits, hits)
		MOVQ(start, p)
		ANDQ(later, hits)
		JEQ(LabelRef("none"))
		tryHits("short")
		JMP(LabelRef("none"))

		Label("block")
		ones, places, found := GP64(), K(), K()
		MOVQ(I64(-1), ones)
		CMPQ(count, Imm(64))
		JGE(LabelRef("full"))
		BZHIQ(count, ones, ones)
		Label("full")
		KMOVQ(ones, places)
		v, w := ZMM(), ZMM()
		VMOVDQU8_Z(Mem{Base: p}, places, v)
		VMOVDQU8_Z(Mem{Base: p, Index: x.m, Scale: 1, Disp: -1}, places, w)
		VPCMPUB(Imm(0), firsts, v, places, found)
		VPCMPUB(Imm(0), lasts, w, found, found)
		KMOVQ(found, hits)
		TESTQ(hits, hits)
		JEQ(LabelRef("step"))
		tryHits("hit")
		Label("step")
		ADDQ(Imm(64), p)
		SUBQ(Imm(64), count)
		JGT(LabelRef("block"))
	} else {
		// look looks at as many places as a register has from p on.
		look := func(size int, label, none string) {
			mask := hits
			switch size {
			case 32:
				v, w := YMM(), YMM()
				VPCMPEQB(Mem{Base: p}, first, v)
				VPCMPEQB(Mem{Base: p, Index: x.m, Scale: 1, Disp: -1}, last, w)
				VPAND(v, w, w)
				VPMOVMSKB(w, mask.As32())
			case 16:
				v, w := XMM(), XMM()
				VPCMPEQB(Mem{Base: p}, first.AsX(), v)
				VPCMPEQB(Mem{Base: p, Index: x.m, Scale: 1, Disp: -1}, last.AsX(), w)
				VPAND(v, w, w)
				VPMOVMSKB(w, mask.As32())
			case 8:
				v, w := XMM(), XMM()
				VMOVQ(Mem{Base: p}, v)
				VPCMPEQB(first.AsX(), v, v)
				VMOVQ(Mem{Base: p, Index: x.m, Scale: 1, Disp: -1}, w)
				VPCMPEQB(last.AsX(), w, w)
				VPAND(v, w, w)
				VPMOVMSKB(w, mask.As32())
				ANDL(Imm(0xFF), mask.As32())
			}
			TESTL(mask.As32(), mask.As32())
			JEQ(LabelRef(none))
			tryHits(label)
			Label(none)
		}
		LEAQ(Mem{Base: p, Index: count, Scale: 1}, tail) // behind the last place
		CMPQ(count, Imm(32))
		JL(LabelRef("few"))
		Label("block")
		look(32, "hit", "step")
		ADDQ(Imm(32), p)
		SUBQ(Imm(32), count)
		JEQ(LabelRef("none"))
		CMPQ(count, Imm(32))
		JGE(LabelRef("block"))
		LEAQ(Mem{Base: tail, Disp: -32}, p)
		look(32, "hit_end", "none_32")
		JMP(LabelRef("none"))
		Label("few")
		for _, size := range []int{16, 8} {
			s := strconv.Itoa(size)
			CMPQ(count, Imm(uint64(size)))
			JL(LabelRef("below" + s))
			look(size, "hit"+s, "none"+s)
			LEAQ(Mem{Base: tail, Disp: -size}, p)
			look(size, "hit_end"+s, "none_end"+s)
			JMP(LabelRef("none"))
			Label("below" + s)
		}
		Label("one")
		MOVQ(p, candidate)
		x.unless(candidate, "one_not")
		SUBQ(start, candidate)
		ADDQ(x.m, candidate)
		MOVL(candidate.As32(), Mem{Base: at})
		JMP(LabelRef("next"))
		Label("one_not")
		INCQ(p)
		CMPQ(p, tail)
		JLT(LabelRef("one"))
	}
	Label("none")
	MOVL(I32(-1), Mem{Base: at})
	Label("next")
	ADDQ(Imm(4), at)
	ADDQ(Imm(16), texts)
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// match compares the beginning, the end or all of strings.
func match(k kind, wide bool) {
	name := level(k.name+"Text", wide)
	TEXT(name, NOSPLIT, "func(dst *uint8, texts *uint64, n int, needle *byte, m int, head, mask uint32)")
	Doc(name + " flags the strings; the needle has 1 to 32 bytes (AVX-512: 64), head is the first of them, mask those that there are.")
	Pragma("noescape")
	dst, texts, rows := Load(Param("dst"), GP64()), Load(Param("texts"), GP64()), Load(Param("n"), GP64())
	x := newNeedle("match", wide)
	head, mask := Load(Param("head"), GP32()), Load(Param("mask"), GP32())
	p, n, flag, word := GP64(), GP64(), GP32(), GP32()
	Label("row")
	TESTQ(rows, rows)
	JEQ(LabelRef("done"))
	XORL(flag, flag)
	MOVL(Mem{Base: texts}, n.As32())
	CMPQ(n, x.m)
	if k.what == equal {
		JNE(LabelRef("no"))
	} else {
		JL(LabelRef("no"))
	}
	if k.what != suffix {
		MOVL(Mem{Base: texts, Disp: 4}, word)
		XORL(head, word)
		TESTL(mask, word)
		JNE(LabelRef("no"))
	}
	view(texts, p, n)
	if k.what == suffix {
		ADDQ(n, p)
		SUBQ(x.m, p)
	}
	x.unless(p, "no")
	MOVL(U32(1), flag)
	Label("no")
	MOVB(flag.As8(), Mem{Base: dst})
	INCQ(dst)
	ADDQ(Imm(16), texts)
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// ascii looks for a byte whose highest bit is set.
func ascii(wide bool) {
	name := level("ascii", wide)
	TEXT(name, NOSPLIT, "func(p *byte, blocks int) bool")
	Doc(name + " is ASCII for blocks of 128 bytes (AVX-512: 256).")
	Pragma("noescape")
	p, blocks, ok := Load(Param("p"), GP64()), Load(Param("blocks"), GP64()), GP8()
	vector, size := YMM, 32
	if wide {
		vector, size = ZMM, 64
	}
	var high reg.OpmaskVirtual
	bits := GP32()
	if wide {
		high = K()
	}
	Label("loop")
	TESTQ(blocks, blocks)
	JEQ(LabelRef("yes"))
	v := [2]reg.VecVirtual{vector(), vector()}
	for i := range v {
		if wide {
			VMOVDQU64(Mem{Base: p, Disp: 2 * size * i}, v[i])
			VPORQ(Mem{Base: p, Disp: 2*size*i + size}, v[i], v[i])
		} else {
			VMOVDQU(Mem{Base: p, Disp: 2 * size * i}, v[i])
			VPOR(Mem{Base: p, Disp: 2*size*i + size}, v[i], v[i])
		}
	}
	if wide {
		VPORQ(v[0], v[1], v[1])
		VPMOVB2M(v[1], high)
		KORTESTQ(high, high)
	} else {
		VPOR(v[0], v[1], v[1])
		VPMOVMSKB(v[1], bits)
		TESTL(bits, bits)
	}
	JNE(LabelRef("no"))
	ADDQ(U32(uint32(4*size)), p)
	DECQ(blocks)
	JMP(LabelRef("loop"))
	Label("yes")
	MOVB(U8(1), ok)
	Store(ok, ReturnIndex(0))
	VZEROUPPER()
	RET()
	Label("no")
	MOVB(U8(0), ok)
	Store(ok, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
