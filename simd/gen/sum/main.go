// Command sum writes sums by group.
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
	for _, groups := range []int{4, 8} {
		byGroup(groups, false)
		byGroup(groups, true)
	}
	Generate()
}

func zero(vs ...reg.VecVirtual) {
	for _, v := range vs {
		VPXORQ(v, v, v)
	}
}

func load(from Mem, mask reg.OpmaskVirtual, tail bool, v reg.VecVirtual) {
	if tail {
		VMOVDQU64_Z(from, mask, v)
	} else {
		VMOVDQU64(from, v)
	}
}

// across is the sum of v's lanes, or what is in any of them.
func across(v reg.VecVirtual, or bool) reg.GPVirtual {
	join := func(a, b reg.VecVirtual) {
		if or {
			VPORQ(a, b, b)
		} else {
			VPADDQ(a, b, b)
		}
	}
	other := ZMM()
	for _, lanesOf := range []uint8{0x4E, 0xB1} { // halves, then quarters
		VSHUFI64X2(Imm(uint64(lanesOf)), v, v, other)
		join(other, v)
	}
	VPSHUFD(Imm(0x4E), v, other)
	join(other, v)
	r := GP64()
	VMOVQ(v.AsX(), r)
	return r
}

// byGroup adds each value to one of a few registers: to the lanes of those whose group it is.
func byGroup(groups int, wide bool) {
	name, kind, what := fmt.Sprintf("sumGroups%dAVX512", groups), "int64", "64-bit values"
	if wide {
		name, kind, what = fmt.Sprintf("sumWideGroups%dAVX512", groups), "uint64", "128-bit values, low words first, modulo 2^64"
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(sums *int64, gids *uint32, values *%s, n int) (magnitude uint64, beyond uint64)", kind))
	Doc(fmt.Sprintf("%s adds n %s to sums[gid]; rows of groups from %d on are passed over. magnitude has the bits of all values, complemented if negative;", name, what, groups),
		"beyond is not 0 when a value does not fit 64 bits.")
	Pragma("noescape")
	gids, values, n := GP64(), GP64(), GP64()
	Load(Param("gids"), gids)
	Load(Param("values"), values)
	Load(Param("n"), n)
	sums, ids := make([]reg.VecVirtual, groups), make([]reg.VecVirtual, groups)
	for g := range groups {
		sums[g], ids[g] = ZMM(), YMM()
		zero(sums[g])
		r := GP32()
		MOVL(U32(g), r)
		VPBROADCASTD(r, ids[g])
	}
	magnitude, beyond := ZMM(), ZMM()
	zero(magnitude, beyond)
	gid, v, sign := YMM(), ZMM(), ZMM()
	var high, lows, highs reg.VecVirtual
	if wide {
		high, lows, highs = ZMM(), ZMM(), ZMM()
		VMOVDQU64(table("lows", 0), lows)
		VMOVDQU64(table("highs", 1), highs)
	}
	lanes.Loop(8, n, func(mask reg.OpmaskVirtual, tail bool) {
		if tail {
			VMOVDQU32_Z(Mem{Base: gids}, mask, gid)
		} else {
			VMOVDQU32(Mem{Base: gids}, gid)
		}
		if !wide {
			load(Mem{Base: values}, mask, tail, v)
		} else {
			first, second, firstMask, secondMask := ZMM(), ZMM(), mask, mask
			if tail {
				// Two words a value: 2n bits, the upper eight of them for the second register.
				bits := GP64()
				MOVQ(I64(-1), bits)
				ADDQ(n, n)
				BZHIQ(n, bits, bits)
				firstMask, secondMask = K(), K()
				KMOVW(bits.As32(), firstMask)
				SHRL(Imm(8), bits.As32())
				KMOVW(bits.As32(), secondMask)
			}
			load(Mem{Base: values}, firstMask, tail, first)
			load(Mem{Base: values, Disp: 64}, secondMask, tail, second)
			VMOVDQA64(lows, v)
			VPERMI2Q(second, first, v)
			VMOVDQA64(highs, high)
			VPERMI2Q(second, first, high)
		}
		VPSRAQ(Imm(63), v, sign)
		if wide {
			VPXORQ(sign, high, high)
			VPORQ(high, beyond, beyond)
		}
		VPXORQ(v, sign, sign)
		VPORQ(sign, magnitude, magnitude)
		for g := range groups {
			k := K()
			VPCMPEQD(ids[g], gid, k)
			if tail {
				KANDW(mask, k, k)
			}
			VPADDQ(v, sums[g], k, sums[g])
		}
	}, func() {
		ADDQ(Imm(32), gids)
		if wide {
			ADDQ(U32(128), values)
		} else {
			ADDQ(Imm(64), values)
		}
	})
	out := GP64()
	Load(Param("sums"), out)
	for g := range groups {
		ADDQ(across(sums[g], false), Mem{Base: out, Disp: 8 * g})
	}
	Store(across(magnitude, true), ReturnIndex(0))
	Store(across(beyond, true), ReturnIndex(1))
	VZEROUPPER()
	RET()
}

var tables = map[string]Mem{}

// table is the numbers of every second word of two registers.
func table(name string, first int) Mem {
	m, ok := tables[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(2*i+first))
		}
		tables[name] = m
	}
	return m
}
