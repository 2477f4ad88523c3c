// Command probe writes the probing of hash tables: a step of all rows at once, so that no branch depends on what a slot holds.
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
	for _, inline := range []bool{true, false} {
		vector(inline)
		for _, first := range []bool{true, false} {
			scalar(inline, first)
		}
	}
	prefetch()
	Generate()
}

// begin declares a step: first for all rows, at the slot that the hash names, or a later one for the rows that are left, round slots on.
func begin(inline, first bool, level string) {
	name, doc := "probeSalts", "by salt"
	signature := "func(out, pending *uint32, slots, hashes *uint64, n int, shift uint64"
	if inline {
		name, doc = "probeWords", "by word"
		signature = "func(out, pending *uint32, slots, hashes, words *uint64, n int, shift uint64"
	}
	if first {
		name, doc = name+"First"+level, doc+" and lists those that must look on"
		signature += ") int"
	} else {
		name, doc = name+"Next"+level, doc+" round slots on, for the n rows that pending lists, and lists those that must look on"
		signature += ", mask, round uint64) int"
	}
	TEXT(name, NOSPLIT, signature)
	Doc(name + " looks up n rows " + doc + "; it returns how many.")
	Pragma("noescape")
}

// vector is the first step of eight rows. Later steps are scalar, for gathering the rows that are left takes longer than what is gained.
func vector(inline bool) {
	begin(inline, true, "AVX512")
	out, pending, slots, hashes, words, n := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("out"), out)
	Load(Param("pending"), pending)
	Load(Param("slots"), slots)
	Load(Param("hashes"), hashes)
	if inline {
		Load(Param("words"), words)
	}
	Load(Param("n"), n)
	places, shift := GP64(), XMM()
	Load(Param("shift"), places)
	VMOVQ(places, shift)
	count, rows, eight := GP64(), YMM(), YMM()
	XORQ(count, count)
	VMOVDQU32(lanes.Numbers(), rows)
	r := GP32()
	MOVL(U32(8), r)
	VPBROADCASTD(r, eight)
	hash, word, at, entry, have := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	lanes.Loop(8, n, func(valid reg.OpmaskVirtual, tail bool) {
		read := func(from reg.GPVirtual, to reg.VecVirtual) {
			if tail {
				VMOVDQU64_Z(Mem{Base: from}, valid, to)
			} else {
				VMOVDQU64(Mem{Base: from}, to)
			}
		}
		// gather loads words of the slots of the last rows, at a distance.
		gather := func(disp int, to reg.VecVirtual) {
			k := K()
			KMOVW(valid, k)
			VPXORQ(to, to, to)
			VPGATHERQQ(Mem{Base: slots, Index: at, Scale: 8, Disp: disp}, k, to)
		}
		if tail || !inline {
			read(hashes, hash)
		}
		if tail {
			VPSRLQ(shift, hash, at)
		}
		full, found, on := K(), K(), K()
		if inline {
			read(words, word)
			if tail {
				VPADDQ(at, at, at)
				gather(0, entry)
				gather(8, have)
			} else {
				loadSlots(slots, hashes, places, entry, have)
			}
			VPTESTMQ(entry, entry, full)
			VPCMPEQQ(word, have, full, found)
		} else {
			if tail {
				gather(0, entry)
			} else {
				loadEntries(slots, hashes, places, entry)
			}
			VPTESTMQ(entry, entry, full)
			// The salts agree where the other halves alone differ.
			VPSRLQ(Imm(32), entry, have)
			VPXORQ(hash, have, have)
			VPSLLQ(Imm(32), have, have)
			VPTESTNMQ(have, have, full, found)
		}
		// Lanes beyond the last row have no entry.
		KANDNW(full, found, on)
		heads, more := YMM(), GP64()
		VPMOVQD_Z(entry, found, heads)
		if tail {
			VMOVDQU32(heads, valid, Mem{Base: out})
		} else {
			VMOVDQU32(heads, Mem{Base: out})
		}
		VPCOMPRESSD_Z(rows, on, heads)
		KMOVW(on, more.As32())
		POPCNTL(more.As32(), more.As32())
		to := Mem{Base: pending, Index: count, Scale: 4}
		if tail {
			VMOVDQU32(heads, valid, to)
		} else {
			VMOVDQU32(heads, to)
			VPADDD(eight, rows, rows)
		}
		ADDQ(more, count)
	}, func() {
		ADDQ(Imm(64), hashes)
		if inline {
			ADDQ(Imm(64), words)
		}
		ADDQ(Imm(32), out)
	})
	VZEROUPPER()
	Store(count, ReturnIndex(0))
	RET()
}

// slotOf is the place of the slot that the i-th hash names, in units of 8 bytes.
func slotOf(hashes, shift reg.GPVirtual, i int, inline bool) reg.GPVirtual {
	at := GP64()
	SHRXQ(shift, Mem{Base: hashes, Disp: 8 * i}, at)
	if inline {
		ADDQ(at, at)
	}
	return at
}

// loadSlots loads the entries and the words of eight slots, each by one load: gathering instructions take two, and longer.
func loadSlots(slots, hashes, shift reg.GPVirtual, entries, words reg.VecVirtual) {
	var halves [2]reg.VecVirtual
	for odd := range halves {
		v := ZMM()
		for lane := range 4 {
			from := Mem{Base: slots, Index: slotOf(hashes, shift, 2*lane+odd, true), Scale: 8}
			switch lane {
			case 0:
				VMOVDQU(from, v.AsX())
			case 1:
				VINSERTI128(Imm(1), from, v.AsY(), v.AsY())
			default:
				VINSERTI64X2(Imm(uint64(lane)), from, v, v)
			}
		}
		halves[odd] = v
	}
	VPUNPCKLQDQ(halves[1], halves[0], entries)
	VPUNPCKHQDQ(halves[1], halves[0], words)
}

// loadEntries loads eight slots of one word.
func loadEntries(slots, hashes, shift reg.GPVirtual, entries reg.VecVirtual) {
	var pairs [4]reg.VecVirtual
	for i := range pairs {
		pairs[i] = XMM()
		VMOVQ(Mem{Base: slots, Index: slotOf(hashes, shift, 2*i, false), Scale: 8}, pairs[i])
		VPINSRQ(Imm(1), Mem{Base: slots, Index: slotOf(hashes, shift, 2*i+1, false), Scale: 8}, pairs[i], pairs[i])
	}
	upper := YMM()
	VINSERTI128(Imm(1), pairs[1], pairs[0].AsY(), entries.AsY())
	VINSERTI128(Imm(1), pairs[3], pairs[2].AsY(), upper)
	VINSERTI64X4(Imm(1), upper, entries, entries)
}

// scalar is a step row by row, without branches: gathering is no faster.
func scalar(inline, first bool) {
	begin(inline, first, "AVX2")
	out, pending, slots, hashes, words := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("out"), out)
	Load(Param("pending"), pending)
	Load(Param("slots"), slots)
	Load(Param("hashes"), hashes)
	if inline {
		Load(Param("words"), words)
	}
	shift := Load(Param("shift"), GP64())
	count, k, zero := GP64(), GP64(), GP64()
	XORL(count.As32(), count.As32())
	XORL(k.As32(), k.As32())
	XORL(zero.As32(), zero.As32())
	Label("loop")
	CMPQ(k, parameter("n"))
	JGE(LabelRef("done"))
	row := k
	if !first {
		row = GP64()
		MOVL(Mem{Base: pending, Index: k, Scale: 4}, row.As32())
	}
	at, entry, differ := GP64(), GP64(), GP64()
	SHRXQ(shift, Mem{Base: hashes, Index: row, Scale: 8}, at)
	if !first {
		ADDQ(parameter("round"), at)
		ANDQ(parameter("mask"), at)
	}
	if inline {
		ADDQ(at, at)
		MOVQ(Mem{Base: slots, Index: at, Scale: 8}, entry)
		MOVQ(Mem{Base: slots, Index: at, Scale: 8, Disp: 8}, differ)
		XORQ(Mem{Base: words, Index: row, Scale: 8}, differ)
	} else {
		MOVQ(Mem{Base: slots, Index: at, Scale: 8}, entry)
		MOVQ(entry, differ)
		SHRQ(Imm(32), differ)
		XORL(Mem{Base: hashes, Index: row, Scale: 8}, differ.As32())
	}
	// Every row is listed, and overwritten by the next one unless it must look on: its slot holds another key.
	MOVL(row.As32(), Mem{Base: pending, Index: count, Scale: 4})
	head := GP64()
	MOVL(entry.As32(), head.As32())
	TESTQ(differ, differ)
	CMOVQNE(zero, head)
	MOVL(head.As32(), Mem{Base: out, Index: row, Scale: 4})
	TESTQ(entry, entry)
	CMOVQEQ(zero, differ)
	// The comparison borrows where differ is 0.
	CMPQ(differ, Imm(1))
	SBBQ(I8(-1), count)
	INCQ(k)
	JMP(LabelRef("loop"))
	Label("done")
	Store(count, ReturnIndex(0))
	RET()
}

// parameter is where a parameter lies.
func parameter(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

func prefetch() {
	TEXT("prefetchSlotsAVX2", NOSPLIT, "func(slots, hashes *uint64, n int, shift, scale uint64)")
	Doc("prefetchSlotsAVX2 asks for the slots that n hashes name, each of 8 << scale bytes.")
	Pragma("noescape")
	slots, hashes, n := GP64(), GP64(), GP64()
	Load(Param("slots"), slots)
	Load(Param("hashes"), hashes)
	Load(Param("n"), n)
	shift, scale := Load(Param("shift"), GP64()), Load(Param("scale"), GP64())
	at := GP64()
	LEAQ(Mem{Base: hashes, Index: n, Scale: 8}, hashes)
	NEGQ(n)
	JEQ(LabelRef("done"))
	Label("loop")
	SHRXQ(shift, Mem{Base: hashes, Index: n, Scale: 8}, at)
	SHLXQ(scale, at, at)
	PREFETCHT0(Mem{Base: slots, Index: at, Scale: 8})
	// A search that goes on often leaves the cache line.
	PREFETCHT0(Mem{Base: slots, Index: at, Scale: 8, Disp: 16})
	INCQ(n)
	JNE(LabelRef("loop"))
	Label("done")
	RET()
}
