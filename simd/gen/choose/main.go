// Command choose writes the routines that decide which rows count: comparisons to flags and selections, flags and bits to selections.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

// Predicates of VPCMP.
const (
	equal       = 0
	less        = 1
	lessOrEqual = 2
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, width := range []int{32, 64} {
		rangeAVX512(width, true)
		rangeAVX512(width, false)
		for _, predicate := range []int{equal, less} {
			compareAVX512(width, predicate)
		}
	}
	for _, predicate := range []string{"Equal", "Less", "Greater"} {
		if predicate != "Greater" {
			floatsAVX512(predicate, false)
		}
		floatsAVX512(predicate, true)
	}
	for _, name := range []string{"Flags", "Bits"} {
		selectAVX512(name)
	}
	maxAVX512()
	maxAVX2()
	Generate()
}

// flags writes 1 for a chosen row and 0 for others.
type flags struct {
	lanes     int
	dst       reg.GPVirtual
	ones, out reg.VecVirtual
}

func newFlags(lanes int) *flags {
	f := &flags{lanes: lanes, dst: GP64(), ones: XMM(), out: XMM()}
	Load(Param("dst"), f.dst)
	one := GP32()
	MOVL(U32(1), one)
	VPBROADCASTB(one, f.ones)
	return f
}

func (f *flags) write(chosen, mask reg.OpmaskVirtual, tail bool) {
	VMOVDQU8_Z(f.ones, chosen, f.out)
	switch {
	case tail:
		VMOVDQU8(f.out, mask, Mem{Base: f.dst})
	case f.lanes == 8:
		VMOVQ(f.out, Mem{Base: f.dst})
	default:
		VMOVDQU8(f.out, Mem{Base: f.dst})
		ADDQ(Imm(16), f.dst)
		return
	}
	if !tail {
		ADDQ(Imm(8), f.dst)
	}
}

// loadLanes loads a register of values, those of the mask only.
func loadLanes(width int, from Mem, mask reg.OpmaskVirtual, tail bool, v reg.VecVirtual) {
	switch {
	case width == 32 && tail:
		VMOVDQU32_Z(from, mask, v)
	case width == 32:
		VMOVDQU32(from, v)
	case tail:
		VMOVDQU64_Z(from, mask, v)
	default:
		VMOVDQU64(from, v)
	}
}

func broadcast(width int, name string) reg.VecVirtual {
	v := ZMM()
	if width == 32 {
		VPBROADCASTD(Load(Param(name), GP32()), v)
	} else {
		VPBROADCASTQ(Load(Param(name), GP64()), v)
	}
	return v
}

// rangeAVX512 finds the values whose distance from the least is at most the span, or those for which it is not.
func rangeAVX512(width int, selects bool) {
	count := 512 / width
	name, results := fmt.Sprintf("flagRange%dAVX512", width), ""
	first, what := "dst *uint8", "writes 1 for each of n values that is within span of least, and 0 for the others; with flip -1 instead of 0 the other way round."
	if selects {
		name, first, results = fmt.Sprintf("selectRange%dAVX512", width), "out *uint32", " int"
		what = "writes the positions of those of n values that are within span of least, or with flip -1 instead of 0 of the others, and returns how many. out has room for n."
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(%s, values *int%d, n int, least, span uint%d, flip int32)%s", first, width, width, results))
	Doc(name + " " + what)
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	least, span, v := broadcast(width, "least"), broadcast(width, "span"), ZMM()
	flip := K()
	KMOVW(Load(Param("flip"), GP32()), flip)
	var s *lanes.Selection
	var f *flags
	if selects {
		s = lanes.NewSelection(count)
	} else {
		f = newFlags(count)
	}
	lanes.Loop(count, n, func(mask reg.OpmaskVirtual, tail bool) {
		loadLanes(width, Mem{Base: values}, mask, tail, v)
		k := K()
		if width == 32 {
			VPSUBD(least, v, v)
			VPCMPUD(Imm(lessOrEqual), span, v, k)
		} else {
			VPSUBQ(least, v, v)
			VPCMPUQ(Imm(lessOrEqual), span, v, k)
		}
		KXORW(flip, k, k)
		if count == 8 && !tail {
			mask = K()
			KXNORB(mask, mask, mask)
		}
		if count == 8 || tail {
			KANDW(mask, k, k)
		}
		if selects {
			s.Take(k, tail)
		} else {
			f.write(k, mask, tail)
		}
	}, func() { ADDQ(Imm(64), values) })
	VZEROUPPER()
	if selects {
		Store(s.Count, ReturnIndex(0))
	}
	RET()
}

// compareAVX512 compares values pair by pair.
func compareAVX512(width, predicate int) {
	count := 512 / width
	name := fmt.Sprintf("%s%dAVX512", map[int]string{equal: "flagEqual", less: "flagLess"}[predicate], width)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst *uint8, a, b *int%d, n int, flip int32)", width))
	Doc(name + " writes 1 for each of n pairs for which it holds, and 0 for the others; with flip -1 instead of 0 the other way round.")
	Pragma("noescape")
	a, b, n := GP64(), GP64(), GP64()
	Load(Param("a"), a)
	Load(Param("b"), b)
	Load(Param("n"), n)
	x, y, flip := ZMM(), ZMM(), K()
	KMOVW(Load(Param("flip"), GP32()), flip)
	f := newFlags(count)
	lanes.Loop(count, n, func(mask reg.OpmaskVirtual, tail bool) {
		loadLanes(width, Mem{Base: a}, mask, tail, x)
		loadLanes(width, Mem{Base: b}, mask, tail, y)
		k := K()
		if width == 32 {
			VPCMPD(Imm(uint64(predicate)), y, x, k)
		} else {
			VPCMPQ(Imm(uint64(predicate)), y, x, k)
		}
		KXORW(flip, k, k)
		f.write(k, mask, tail)
	}, func() {
		ADDQ(Imm(64), a)
		ADDQ(Imm(64), b)
	})
	VZEROUPPER()
	RET()
}

// Predicates of VCMPPD that raise nothing.
const (
	orderedEqual      = 0
	unordered         = 3
	ordered           = 7
	notGreaterOrEqual = 25
)

// floatsAVX512 compares floats as SQL orders them: NaN equals itself and is greater than all others.
func floatsAVX512(predicate string, constant bool) {
	name := "flag" + predicate + "FloatAVX512"
	if constant {
		name = "flag" + predicate + "FloatByAVX512"
	}
	TEXT(name, NOSPLIT, "func(dst *uint8, a, b *float64, n int, flip int32)")
	if constant {
		Doc(name + " writes 1 for each of n numbers that compares so with the number b, and 0 for the others; with flip -1 instead of 0 the other way round.")
	} else {
		Doc(name + " writes 1 for each of n pairs for which it holds, and 0 for the others; with flip -1 instead of 0 the other way round.")
	}
	Pragma("noescape")
	a, b, n := GP64(), GP64(), GP64()
	Load(Param("a"), a)
	Load(Param("b"), b)
	Load(Param("n"), n)
	x, y, flip := ZMM(), ZMM(), K()
	KMOVW(Load(Param("flip"), GP32()), flip)
	f := newFlags(8)
	if constant {
		VBROADCASTSD(Mem{Base: b}, y)
	}
	lanes.Loop(8, n, func(mask reg.OpmaskVirtual, tail bool) {
		loadLanes(64, Mem{Base: a}, mask, tail, x)
		if !constant {
			loadLanes(64, Mem{Base: b}, mask, tail, y)
		}
		k, both := K(), K()
		less := func(low, high reg.VecVirtual) {
			VCMPPD(Imm(ordered), low, low, both)
			VCMPPD(Imm(notGreaterOrEqual), high, low, both, k)
		}
		switch predicate {
		case "Equal":
			VCMPPD(Imm(unordered), x, x, both)
			VCMPPD(Imm(unordered), y, y, both, both)
			VCMPPD(Imm(orderedEqual), y, x, k)
			KORW(both, k, k)
		case "Less":
			less(x, y)
		case "Greater":
			less(y, x)
		}
		KXORW(flip, k, k)
		f.write(k, mask, tail)
	}, func() {
		ADDQ(Imm(64), a)
		if !constant {
			ADDQ(Imm(64), b)
		}
	})
	VZEROUPPER()
	RET()
}

// selectAVX512 turns a byte or a bit a row into the numbers of the rows that have one.
func selectAVX512(from string) {
	name, element := "select"+from+"AVX512", "uint8"
	TEXT(name, NOSPLIT, fmt.Sprintf("func(out *uint32, from *%s, n int) int", element))
	if from == "Flags" {
		Doc(name + " writes the positions of those of n bytes that are not 0 and returns how many. out has room for n.")
	} else {
		Doc(name + " writes the positions of those of n bits that are set and returns how many. out has room for n, which is a multiple of 16.")
	}
	Pragma("noescape")
	in, n := GP64(), GP64()
	Load(Param("from"), in)
	Load(Param("n"), n)
	s := lanes.NewSelection(16)
	v := XMM()
	if from == "Bits" {
		Label("bits")
		SUBQ(Imm(16), n)
		JL(LabelRef("bits_done"))
		k := K()
		KMOVW(Mem{Base: in}, k)
		s.Take(k, false)
		ADDQ(Imm(2), in)
		JMP(LabelRef("bits"))
		Label("bits_done")
	} else {
		lanes.Loop(16, n, func(mask reg.OpmaskVirtual, tail bool) {
			if tail {
				VMOVDQU8_Z(Mem{Base: in}, mask, v)
			} else {
				VMOVDQU8(Mem{Base: in}, v)
			}
			k := K()
			VPTESTMB(v, v, k)
			s.Take(k, tail)
		}, func() { ADDQ(Imm(16), in) })
	}
	VZEROUPPER()
	Store(s.Count, ReturnIndex(0))
	RET()
}

// maxAVX512 finds the greatest of 32-bit numbers, in four chains.
func maxAVX512() {
	TEXT("maxUint32AVX512", NOSPLIT, "func(values *uint32, n int) uint32")
	Doc("maxUint32AVX512 is the greatest of n values, 0 if there is none.")
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	var greatest [4]reg.VecVirtual
	for i := range greatest {
		greatest[i] = ZMM()
		VPXORD(greatest[i], greatest[i], greatest[i])
	}
	Label("four")
	CMPQ(n, Imm(64))
	JL(LabelRef("loop"))
	for i, g := range greatest {
		VPMAXUD(Mem{Base: values, Disp: 64 * i}, g, g)
	}
	ADDQ(U32(256), values)
	SUBQ(Imm(64), n)
	JMP(LabelRef("four"))
	v := ZMM()
	lanes.Loop(16, n, func(mask reg.OpmaskVirtual, tail bool) {
		loadLanes(32, Mem{Base: values}, mask, tail, v)
		VPMAXUD(v, greatest[0], greatest[0])
	}, func() { ADDQ(Imm(64), values) })
	VPMAXUD(greatest[1], greatest[0], greatest[0])
	VPMAXUD(greatest[3], greatest[2], greatest[2])
	VPMAXUD(greatest[2], greatest[0], greatest[0])
	half := YMM()
	VEXTRACTI64X4(Imm(1), greatest[0], half)
	VPMAXUD(half, greatest[0].AsY(), half)
	finishMax(half)
}

// maxAVX2 is for multiples of eight.
func maxAVX2() {
	TEXT("maxUint32AVX2", NOSPLIT, "func(values *uint32, n int) uint32")
	Doc("maxUint32AVX2 is the greatest of n values, n a multiple of 8, 0 if there is none.")
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	var greatest [4]reg.VecVirtual
	for i := range greatest {
		greatest[i] = YMM()
		VPXOR(greatest[i], greatest[i], greatest[i])
	}
	Label("four")
	CMPQ(n, Imm(32))
	JL(LabelRef("eight"))
	for i, g := range greatest {
		VPMAXUD(Mem{Base: values, Disp: 32 * i}, g, g)
	}
	ADDQ(U32(128), values)
	SUBQ(Imm(32), n)
	JMP(LabelRef("four"))
	Label("eight")
	SUBQ(Imm(8), n)
	JL(LabelRef("all"))
	VPMAXUD(Mem{Base: values}, greatest[0], greatest[0])
	ADDQ(Imm(32), values)
	JMP(LabelRef("eight"))
	Label("all")
	VPMAXUD(greatest[1], greatest[0], greatest[0])
	VPMAXUD(greatest[3], greatest[2], greatest[2])
	VPMAXUD(greatest[2], greatest[0], greatest[0])
	finishMax(greatest[0])
}

func finishMax(g reg.VecVirtual) {
	other := XMM()
	VEXTRACTI128(Imm(1), g, other)
	VPMAXUD(other, g.AsX(), other)
	next := XMM()
	VPSHUFD(Imm(0x4E), other, next)
	VPMAXUD(next, other, other)
	VPSHUFD(Imm(0xB1), other, next)
	VPMAXUD(next, other, other)
	result := GP32()
	VMOVD(other, result)
	VZEROUPPER()
	Store(result, ReturnIndex(0))
	RET()
}
