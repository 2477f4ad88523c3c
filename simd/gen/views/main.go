// Command views writes the hashing of strings.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of the hash of strings.
const (
	k1 = 0xD6E8FEB86659FD93
	k2 = 0xA0761D6478BD642F
	k3 = 0xE7037ED1A0B428DB

	inline = 12 // bytes of the longest string that a view holds itself
)

func main() {
	Constraint(buildtags.Term("amd64"))
	views("hashViewsAVX2", false)
	views("hashViewsOfAVX2", true)
	Generate()
}

func views(name string, withRows bool) {
	if withRows {
		TEXT(name, NOSPLIT, "func(dst, views *uint64, rows *uint32, n int)")
		Doc(name + " hashes the strings of n rows, at least one, of views.")
	} else {
		TEXT(name, NOSPLIT, "func(dst, views *uint64, n int)")
		Doc(name + " hashes the strings of n views, at least one.")
	}
	Pragma("noescape")
	dst, from, rows, n := GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("views"), from)
	if withRows {
		Load(Param("rows"), rows)
	}
	Load(Param("n"), n)
	one, three := GP64(), GP64()
	MOVQ(U64(k1), one)
	MOVQ(U64(k3), three)
	at, length, a, b, hash := GP64(), GP64(), GP64(), GP64(), GP64()
	Label("loop")
	if withRows {
		MOVL(Mem{Base: rows}, at.As32())
		SHLQ(Imm(4), at)
		ADDQ(from, at)
	} else {
		MOVQ(from, at)
	}
	MOVL(Mem{Base: at}, length.As32())
	CMPL(length.As32(), Imm(inline))
	JHI(LabelRef("long"))
	// The first four bytes under the length, and the others.
	RORXQ(Imm(32), Mem{Base: at}, a)
	XORQ(three, a)
	MOVQ(Mem{Base: at, Disp: 8}, b)
	XORQ(one, b)
	fold(a, b, hash)
	Label("store")
	MOVQ(hash, Mem{Base: dst})
	ADDQ(Imm(8), dst)
	if withRows {
		ADDQ(Imm(4), rows)
	} else {
		ADDQ(Imm(16), from)
	}
	DECQ(n)
	JNE(LabelRef("loop"))
	RET()

	Label("long")
	p := GP64()
	MOVQ(Mem{Base: at, Disp: 8}, p)
	MOVQ(U64(k2), hash)
	IMULQ(length, hash)
	CMPL(length.As32(), Imm(16))
	JHI(LabelRef("longer"))
	MOVQ(Mem{Base: p}, a)
	XORQ(three, a)
	XORQ(hash, a)
	MOVQ(Mem{Base: p, Index: length, Scale: 1, Disp: -8}, b)
	XORQ(one, b)
	fold(a, b, hash)
	JMP(LabelRef("store"))

	Label("longer")
	end := GP64()
	LEAQ(Mem{Base: p, Index: length, Scale: 1, Disp: -16}, end)
	Label("block")
	MOVQ(Mem{Base: p}, a)
	XORQ(three, a)
	XORQ(hash, a)
	MOVQ(Mem{Base: p, Disp: 8}, b)
	XORQ(one, b)
	fold(a, b, hash)
	ADDQ(Imm(16), p)
	CMPQ(p, end)
	JCS(LabelRef("block"))
	// The last 16 bytes, some of them once more.
	MOVQ(Mem{Base: end}, a)
	XORQ(three, a)
	XORQ(hash, a)
	MOVQ(Mem{Base: end, Disp: 8}, b)
	XORQ(one, b)
	fold(a, b, hash)
	JMP(LabelRef("store"))
}

// fold makes hi the halves of the product of a and b, one over the other.
func fold(a, b, hi reg.GPVirtual) {
	lo := GP64()
	MOVQ(a, reg.RDX)
	MULXQ(b, lo, hi)
	XORQ(lo, hi)
}
