// Command bitmap writes the logic of bitmaps, counting, and the ways between bits and bytes.
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
	for _, l := range lanes.Levels {
		logic(l)
		count(l)
		expand(l)
		pack(l)
	}
	Generate()
}

// logic joins two bitmaps word by word.
func logic(l lanes.Level) {
	name := "bitLogic" + l.Name
	TEXT(name, NOSPLIT, "func(dst, a, b *uint64, words, op int)")
	Doc(name + " joins words of a and b, a multiple of 8: 0 and, 1 or, 2 and not, 3 exclusive or with the first 64 bytes of b for all. dst may be one of them.")
	Pragma("noescape")
	dst, a, b, n, op := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("a"), a)
	Load(Param("b"), b)
	Load(Param("words"), n)
	Load(Param("op"), op)
	body := func(one bool, join func(x, y reg.VecVirtual)) func(string) {
		return func(label string) {
			x, y := l.Vec(), l.Vec()
			if one {
				l.Load(Mem{Base: b}, y)
			}
			lanes.Rows(label, n, 8, func() {
				for at := 0; at < 64; at += l.Bytes {
					l.Load(Mem{Base: a, Disp: at}, x)
					if !one {
						l.Load(Mem{Base: b, Disp: at}, y)
					}
					join(x, y)
					l.Store(x, Mem{Base: dst, Disp: at})
				}
				ADDQ(Imm(64), dst)
				ADDQ(Imm(64), a)
				if !one {
					ADDQ(Imm(64), b)
				}
			})
		}
	}
	lanes.Choose(op, "op_",
		body(false, func(x, y reg.VecVirtual) { l.And(x, y, x) }),
		body(false, func(x, y reg.VecVirtual) { l.Or(x, y, x) }),
		body(false, func(x, y reg.VecVirtual) { l.AndNot(x, y, x) }),
		body(true, func(x, y reg.VecVirtual) { l.Xor(x, y, x) }))
	Label("done")
	VZEROUPPER()
	RET()
}

// count adds the set bits up, by the sums of two halves of a byte that are looked up: all processors of the level have that.
func count(l lanes.Level) {
	name := "bitCount" + l.Name
	TEXT(name, NOSPLIT, "func(words *uint64, n int) int")
	Doc(name + " is the number of bits that are set in n words, a multiple of 8.")
	Pragma("noescape")
	words, n := GP64(), GP64()
	Load(Param("words"), words)
	Load(Param("n"), n)
	table, low, sum, zero := l.Vec(), l.Vec(), l.Vec(), l.Vec()
	l.Load(halfByteCounts(), table)
	l.Repeat(0x0f, 1, low)
	l.Zero(sum, zero)
	lanes.Rows("words", n, 8, func() {
		for at := 0; at < 64; at += l.Bytes {
			v, upper := l.Vec(), l.Vec()
			l.Load(Mem{Base: words, Disp: at}, v)
			VPSRLW(Imm(4), v, upper)
			l.And(low, v, v)
			l.And(low, upper, upper)
			VPSHUFB(v, table, v)
			VPSHUFB(upper, table, upper)
			VPADDB(upper, v, v)
			VPSADBW(zero, v, v)
			VPADDQ(v, sum, sum)
		}
		ADDQ(Imm(64), words)
	})
	Label("done")
	if l.Wide() {
		half := YMM()
		VEXTRACTI64X4(Imm(1), sum, half)
		VPADDQ(half, sum.AsY(), sum.AsY())
	}
	quarter := XMM()
	VEXTRACTI128(Imm(1), sum.AsY(), quarter)
	VPADDQ(quarter, sum.AsX(), sum.AsX())
	VPSHUFD(Imm(0x4E), sum.AsX(), quarter)
	VPADDQ(quarter, sum.AsX(), sum.AsX())
	r := GP64()
	VMOVQ(sum.AsX(), r)
	VZEROUPPER()
	Store(r, ReturnIndex(0))
	RET()
}

var counts *Mem

func halfByteCounts() Mem {
	if counts == nil {
		m := GLOBL("halfByteCounts", RODATA|NOPTR)
		for i := range 4 {
			DATA(16*i, U64(0x0302020102010100))
			DATA(16*i+8, U64(0x0403030203020201))
		}
		counts = &m
	}
	return *counts
}

// expand writes a byte a bit.
func expand(l lanes.Level) {
	name := "bitExpand" + l.Name
	TEXT(name, NOSPLIT, "func(dst *uint8, words *uint64, n int)")
	Doc(name + " writes a byte, 0 or 1, for each of n bits, a multiple of 64.")
	Pragma("noescape")
	dst, words, n := GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("words"), words)
	Load(Param("n"), n)
	ones := l.Vec()
	l.Repeat(1, 1, ones)
	if l.Wide() {
		lanes.Rows("bits", n, 64, func() {
			k, v := K(), ZMM()
			KMOVQ(Mem{Base: words}, k)
			VMOVDQU8_Z(ones, k, v)
			VMOVDQU64(v, Mem{Base: dst})
			ADDQ(Imm(8), words)
			ADDQ(Imm(64), dst)
		})
	} else {
		places, single := YMM(), YMM()
		VMOVDQU(bytesOfBits(), places)
		l.Repeat(0x8040201008040201, 8, single)
		lanes.Rows("bits", n, 32, func() {
			v := YMM()
			VPBROADCASTD(Mem{Base: words}, v)
			VPSHUFB(places, v, v)
			VPAND(single, v, v)
			VPCMPEQB(single, v, v)
			VPAND(ones, v, v)
			VMOVDQU(v, Mem{Base: dst})
			ADDQ(Imm(4), words)
			ADDQ(Imm(32), dst)
		})
	}
	Label("done")
	VZEROUPPER()
	RET()
}

func bytesOfBits() Mem {
	m := GLOBL("bytesOfBits", RODATA|NOPTR)
	for i := range 4 {
		DATA(8*i, U64(0x0101010101010101*uint64(i)))
	}
	return m
}

// pack writes a bit a byte.
func pack(l lanes.Level) {
	name := "bitPack" + l.Name
	TEXT(name, NOSPLIT, "func(words *uint64, flags *uint8, n int)")
	Doc(name + " writes a bit for each of n bytes, a multiple of 64: the lowest.")
	Pragma("noescape")
	words, flags, n := GP64(), GP64(), GP64()
	Load(Param("words"), words)
	Load(Param("flags"), flags)
	Load(Param("n"), n)
	if l.Wide() {
		ones := ZMM()
		l.Repeat(1, 1, ones)
		lanes.Rows("bytes", n, 64, func() {
			k := K()
			VPTESTMB(Mem{Base: flags}, ones, k)
			KMOVQ(k, Mem{Base: words})
			ADDQ(Imm(64), flags)
			ADDQ(Imm(8), words)
		})
	} else {
		lanes.Rows("bytes", n, 32, func() {
			v, r := YMM(), GP32()
			VMOVDQU(Mem{Base: flags}, v)
			VPSLLW(Imm(7), v, v)
			VPMOVMSKB(v, r)
			MOVL(r, Mem{Base: words})
			ADDQ(Imm(32), flags)
			ADDQ(Imm(4), words)
		})
	}
	Label("done")
	VZEROUPPER()
	RET()
}
