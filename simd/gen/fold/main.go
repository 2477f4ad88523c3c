// Command fold writes sums, least and greatest numbers of columns, with or without a bitmap of the rows that count.
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
	for _, l := range lanes.Levels {
		sum(l)
		sumPairs(l)
		sumFloats(l)
		for _, width := range []int{8, 16, 32, 64} {
			for _, signed := range []bool{true, false} {
				extreme(l, width, signed)
			}
		}
		extremeFloats(l, 32)
		extremeFloats(l, 64)
	}
	Generate()
}

// rows are those that count.
type rows struct {
	lanes.Level
	width int // bits of a number
	valid reg.GPVirtual
	step  reg.GPVirtual
	bits  [2]reg.VecVirtual // AVX2: the bit of each lane, for the first and, of 64-bit numbers, the second register of a byte
}

func newRows(l lanes.Level, width int) *rows {
	r := &rows{Level: l, width: width, valid: GP64(), step: GP64()}
	Load(Param("valid"), r.valid)
	Load(Param("validStep"), r.step)
	if l.Wide() {
		return r
	}
	switch width {
	case 8:
		r.bits[0], r.bits[1] = YMM(), YMM()
		l.Repeat(0x8040201008040201, 8, r.bits[0])
		VMOVDQU(table("bytesOfBits", func(i int) uint64 { return 0x0101010101010101 * uint64(i) }), r.bits[1])
	case 16:
		r.bits[0] = YMM()
		VMOVDQU(table("bits16", func(i int) uint64 {
			var w uint64
			for k := range 4 {
				w |= 1 << (4*i + k) << (16 * k)
			}
			return w
		}), r.bits[0])
	case 32:
		r.bits[0] = YMM()
		VMOVDQU(table("bits32", func(i int) uint64 { return 1<<(2*i) | 1<<(2*i+1)<<32 }), r.bits[0])
	case 64:
		r.bits[0], r.bits[1] = YMM(), YMM()
		VMOVDQU(table("bits64lower", func(i int) uint64 { return 1 << i }), r.bits[0])
		VMOVDQU(table("bits64upper", func(i int) uint64 { return 16 << i }), r.bits[1])
	}
	return r
}

// mask is the lanes that count of register number which of a turn of 64 bytes, for AVX2 as ones in them.
func (r *rows) mask(which int) (reg.OpmaskVirtual, reg.VecVirtual) {
	per := 8 * r.Bytes / r.width // rows of a register
	at := which * per
	m := Mem{Base: r.valid, Disp: at / 8}
	if r.Wide() {
		k := K()
		switch per {
		case 8:
			KMOVB(m, k)
		case 16:
			KMOVW(m, k)
		case 32:
			KMOVD(m, k)
		case 64:
			KMOVQ(m, k)
		}
		return k, nil
	}
	v := YMM()
	switch r.width {
	case 8:
		VPBROADCASTD(m, v)
		VPSHUFB(r.bits[1], v, v)
		VPAND(r.bits[0], v, v)
		VPCMPEQB(r.bits[0], v, v)
	case 16:
		VPBROADCASTW(m, v)
		VPAND(r.bits[0], v, v)
		VPCMPEQW(r.bits[0], v, v)
	case 32:
		VPBROADCASTB(m, v)
		VPAND(r.bits[0], v, v)
		VPCMPEQD(r.bits[0], v, v)
	case 64:
		VPBROADCASTB(m, v)
		VPAND(r.bits[at/4%2], v, v)
		VPCMPEQQ(r.bits[at/4%2], v, v)
	}
	return nil, v
}

// maskOf is mask of a register of AVX2 whose bits are so many bytes on.
func (r *rows) maskOf(which, bytes int) reg.VecVirtual {
	v := YMM()
	VPBROADCASTB(Mem{Base: r.valid, Disp: bytes}, v)
	VPAND(r.bits[which], v, v)
	VPCMPEQQ(r.bits[which], v, v)
	return v
}

// advance goes on by the rows of 64 bytes.
func (r *rows) advance() { ADDQ(r.step, r.valid) }

const stepDoc = "valid has a bit for each row that counts and goes on by validStep bytes for each 64 bytes of values: the rows' bits, or 0 where ones stand for all rows."

var tables = map[string]Mem{}

func table(name string, value func(i int) uint64) Mem {
	m, ok := tables[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 4 {
			DATA(8*i, U64(value(i)))
		}
		tables[name] = m
	}
	return m
}

// across is the sum of v's lanes of 64 bits.
func across(l lanes.Level, v reg.VecVirtual) reg.GPVirtual {
	if l.Wide() {
		half := YMM()
		VEXTRACTI64X4(Imm(1), v, half)
		VPADDQ(half, v.AsY(), v.AsY())
	}
	quarter := XMM()
	VEXTRACTI128(Imm(1), v.AsY(), quarter)
	VPADDQ(quarter, v.AsX(), v.AsX())
	VPSHUFD(Imm(0x4E), v.AsX(), quarter)
	VPADDQ(quarter, v.AsX(), v.AsX())
	r := GP64()
	VMOVQ(v.AsX(), r)
	return r
}

// sumRows is how many rows a turn of sum takes.
const sumRows = 32

// sum adds up numbers, modulo 2^64, and their upper halves, which cannot overflow and tell how often the former did. That numbers are 2^63 more than they are spares
// thinking of signs.
func sum(l lanes.Level) {
	name := "sumInt64" + l.Name + "Valid"
	TEXT(name, NOSPLIT, "func(values *int64, valid *uint8, n, validStep int) (upper, wrapped uint64)")
	Doc(name+" sums the upper 32 bits of those of n numbers, a multiple of 32, that count, each 2^63 more than it is, and the numbers modulo 2^64.", stepDoc)
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	r := newRows(l, 64)
	bias := l.Vec()
	l.Repeat(1<<63, 8, bias)
	upper, wrapped := [2]reg.VecVirtual{l.Vec(), l.Vec()}, [2]reg.VecVirtual{l.Vec(), l.Vec()}
	l.Zero(upper[0], upper[1], wrapped[0], wrapped[1])
	body := func(some bool) func(string) {
		return func(label string) {
			lanes.Rows(label, n, sumRows, func() {
				for i := range 8 * sumRows / l.Bytes {
					v, t := l.Vec(), l.Vec()
					m := Mem{Base: values, Disp: i * l.Bytes}
					switch {
					case !some:
						l.Xor(m, bias, v)
					case l.Wide():
						k, _ := r.mask(i)
						VPXORQ_Z(m, bias, k, v)
					default:
						ones := r.maskOf(i%2, i/2)
						VPXOR(m, bias, v)
						VPAND(ones, v, v)
					}
					VPSRLQ(Imm(32), v, t)
					VPADDQ(t, upper[i%2], upper[i%2])
					VPADDQ(v, wrapped[i%2], wrapped[i%2])
				}
				ADDQ(U32(8*sumRows), values)
				if some {
					ADDQ(Imm(sumRows/8), r.valid)
				}
			})
		}
	}
	lanes.Choose(r.step, "step_", body(false), body(true))
	Label("done")
	VPADDQ(upper[1], upper[0], upper[0])
	VPADDQ(wrapped[1], wrapped[0], wrapped[0])
	Store(across(l, upper[0]), ReturnIndex(0))
	Store(across(l, wrapped[0]), ReturnIndex(1))
	VZEROUPPER()
	RET()
}

// sumPairs is sum for numbers of two words.
func sumPairs(l lanes.Level) {
	name := "sum128" + l.Name
	TEXT(name, NOSPLIT, "func(sums *uint64, words *uint64, n int)")
	Doc(name+" adds the upper and then the lower 32 bits of the words of n numbers of two words, low ones first, a multiple of 4, to sums:",
		"low, high, low, high. The high words are 2^63 more than they are.")
	Pragma("noescape")
	sums, words, n := GP64(), GP64(), GP64()
	Load(Param("sums"), sums)
	Load(Param("words"), words)
	Load(Param("n"), n)
	upper, lower, mask32, bias := l.Vec(), l.Vec(), l.Vec(), l.Vec()
	l.Zero(upper, lower)
	l.Repeat(0xFFFFFFFF, 8, mask32)
	l.Load(wideTable("highs", func(i int) uint64 { return uint64(i%2) << 63 }), bias)
	lanes.Rows("rows", n, 4, func() {
		for i := range 64 / l.Bytes {
			v, t := l.Vec(), l.Vec()
			l.Xor(Mem{Base: words, Disp: i * l.Bytes}, bias, v)
			VPSRLQ(Imm(32), v, t)
			l.And(mask32, v, v)
			VPADDQ(t, upper, upper)
			VPADDQ(v, lower, lower)
		}
		ADDQ(Imm(64), words)
	})
	for i, v := range []reg.VecVirtual{upper, lower} {
		if l.Wide() {
			half := YMM()
			VEXTRACTI64X4(Imm(1), v, half)
			VPADDQ(half, v.AsY(), v.AsY())
		}
		quarter := XMM()
		VEXTRACTI128(Imm(1), v.AsY(), quarter)
		VPADDQ(quarter, v.AsX(), v.AsX())
		VPADDQ(Mem{Base: sums, Disp: 16 * i}, v.AsX(), v.AsX())
		VMOVDQU(v.AsX(), Mem{Base: sums, Disp: 16 * i})
	}
	VZEROUPPER()
	RET()
}

func wideTable(name string, value func(i int) uint64) Mem {
	m, ok := tables[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(value(i)))
		}
		tables[name] = m
	}
	return m
}

// sumFloats adds every sixteenth number to one of sixteen sums.
func sumFloats(l lanes.Level) {
	name := "sumFloat64" + l.Name
	TEXT(name, NOSPLIT, "func(sums *float64, values *float64, valid *uint8, n, validStep int)")
	Doc(name+" adds those of n numbers, a multiple of 16, that count to 16 sums in turn.", stepDoc)
	Pragma("noescape")
	sums, values, n := GP64(), GP64(), GP64()
	Load(Param("sums"), sums)
	Load(Param("values"), values)
	Load(Param("n"), n)
	r := newRows(l, 64)
	acc := make([]reg.VecVirtual, 128/l.Bytes)
	for i := range acc {
		acc[i] = l.Vec()
		VMOVUPD(Mem{Base: sums, Disp: i * l.Bytes}, acc[i])
	}
	body := func(some bool) func(string) {
		return func(label string) {
			lanes.Rows(label, n, 16, func() {
				for i := range acc {
					v := l.Vec()
					m := Mem{Base: values, Disp: i * l.Bytes}
					switch {
					case !some:
						VADDPD(m, acc[i], acc[i])
						continue
					case l.Wide():
						k, _ := r.mask(i)
						VMOVUPD_Z(m, k, v)
					default:
						VANDPD(m, r.maskOf(i%2, i/2), v)
					}
					VADDPD(v, acc[i], acc[i])
				}
				ADDQ(U32(128), values)
				if some {
					ADDQ(Imm(2), r.valid)
				}
			})
		}
	}
	lanes.Choose(r.step, "step_", body(false), body(true))
	Label("done")
	for i := range acc {
		VMOVUPD(acc[i], Mem{Base: sums, Disp: i * l.Bytes})
	}
	VZEROUPPER()
	RET()
}

// extreme keeps the least or the greatest number of each lane.
func extreme(l lanes.Level, width int, signed bool) {
	kind := fmt.Sprintf("int%d", width)
	title := fmt.Sprintf("Int%d", width)
	if !signed {
		kind, title = "u"+kind, fmt.Sprintf("Uint%d", width)
	}
	name := "extreme" + title + l.Name
	TEXT(name, NOSPLIT, fmt.Sprintf("func(best *%s, values *%s, valid *uint8, n, validStep, op int)", kind, kind))
	Doc(name+" puts those of n numbers, a multiple of 64 bytes of them, that count into best, 64 bytes of numbers, where they are less (op 0) or greater (1).", stepDoc)
	Pragma("noescape")
	best, values, n, op := GP64(), GP64(), GP64(), GP64()
	Load(Param("best"), best)
	Load(Param("values"), values)
	Load(Param("n"), n)
	Load(Param("op"), op)
	r := newRows(l, width)
	acc := make([]reg.VecVirtual, 64/l.Bytes)
	for i := range acc {
		acc[i] = l.Vec()
		l.Load(Mem{Base: best, Disp: i * l.Bytes}, acc[i])
	}
	var bias reg.VecVirtual
	if !l.Wide() && width == 64 && !signed {
		bias = YMM()
		l.Repeat(1<<63, 8, bias)
	}
	type form struct {
		plain  func(b, a, d Op)
		masked func(b, a, k, d Op)
	}
	forms := map[string]form{
		"8true0": {func(b, a, d Op) { VPMINSB(b, a, d) }, func(b, a, k, d Op) { VPMINSB(b, a, k, d) }}, "8true1": {func(b, a, d Op) { VPMAXSB(b, a, d) }, func(b, a, k, d Op) { VPMAXSB(b, a, k, d) }},
		"8false0": {func(b, a, d Op) { VPMINUB(b, a, d) }, func(b, a, k, d Op) { VPMINUB(b, a, k, d) }}, "8false1": {func(b, a, d Op) { VPMAXUB(b, a, d) }, func(b, a, k, d Op) { VPMAXUB(b, a, k, d) }},
		"16true0": {func(b, a, d Op) { VPMINSW(b, a, d) }, func(b, a, k, d Op) { VPMINSW(b, a, k, d) }}, "16true1": {func(b, a, d Op) { VPMAXSW(b, a, d) }, func(b, a, k, d Op) { VPMAXSW(b, a, k, d) }},
		"16false0": {func(b, a, d Op) { VPMINUW(b, a, d) }, func(b, a, k, d Op) { VPMINUW(b, a, k, d) }}, "16false1": {func(b, a, d Op) { VPMAXUW(b, a, d) }, func(b, a, k, d Op) { VPMAXUW(b, a, k, d) }},
		"32true0": {func(b, a, d Op) { VPMINSD(b, a, d) }, func(b, a, k, d Op) { VPMINSD(b, a, k, d) }}, "32true1": {func(b, a, d Op) { VPMAXSD(b, a, d) }, func(b, a, k, d Op) { VPMAXSD(b, a, k, d) }},
		"32false0": {func(b, a, d Op) { VPMINUD(b, a, d) }, func(b, a, k, d Op) { VPMINUD(b, a, k, d) }}, "32false1": {func(b, a, d Op) { VPMAXUD(b, a, d) }, func(b, a, k, d Op) { VPMAXUD(b, a, k, d) }},
		"64true0": {nil, func(b, a, k, d Op) { VPMINSQ(b, a, k, d) }}, "64true1": {nil, func(b, a, k, d Op) { VPMAXSQ(b, a, k, d) }},
		"64false0": {nil, func(b, a, k, d Op) { VPMINUQ(b, a, k, d) }}, "64false1": {nil, func(b, a, k, d Op) { VPMAXUQ(b, a, k, d) }},
	}
	body := func(which int) func(string) {
		f := forms[fmt.Sprintf("%d%v%d", width, signed, which)]
		return func(label string) {
			lanes.Rows(label, n, 512/width, func() {
				for i := range acc {
					m := Mem{Base: values, Disp: i * l.Bytes}
					k, ones := r.mask(i)
					if l.Wide() {
						f.masked(m, acc[i], k, acc[i])
						continue
					}
					v := YMM()
					VMOVDQU(m, v)
					VPBLENDVB(ones, v, acc[i], v) // what does not count is what is there
					if f.plain != nil {
						f.plain(v, acc[i], acc[i])
						continue
					}
					t, u, w := YMM(), v, acc[i]
					if bias != nil {
						u, w = YMM(), YMM()
						VPXOR(bias, v, u)
						VPXOR(bias, acc[i], w)
					}
					if which == 0 {
						VPCMPGTQ(u, w, t) // what is there is greater
					} else {
						VPCMPGTQ(w, u, t)
					}
					VPBLENDVB(t, v, acc[i], acc[i])
				}
				ADDQ(Imm(64), values)
				r.advance()
			})
		}
	}
	lanes.Choose(op, "op_", body(0), body(1))
	Label("done")
	for i := range acc {
		l.Store(acc[i], Mem{Base: best, Disp: i * l.Bytes})
	}
	VZEROUPPER()
	RET()
}
