package lanes

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Level is a set of instructions, with what differs between them under one name.
type Level struct {
	Name  string // as functions end
	Bytes int    // of a register
}

// Levels are those that routines are written for.
var Levels = []Level{{"AVX2", 32}, {"AVX512", 64}}

// Wide reports whether registers have 512 bits.
func (l Level) Wide() bool { return l.Bytes == 64 }

// Vec is a new register.
func (l Level) Vec() reg.VecVirtual {
	if l.Wide() {
		return ZMM()
	}
	return YMM()
}

// Half is a new register of half the size.
func (l Level) Half() reg.VecVirtual {
	if l.Wide() {
		return YMM()
	}
	return XMM()
}

// HalfOf is the lower half of v.
func (l Level) HalfOf(v reg.VecVirtual) reg.Register {
	if l.Wide() {
		return v.AsY()
	}
	return v.AsX()
}

// Upper puts the upper half of v into half.
func (l Level) Upper(v, half reg.VecVirtual) {
	if l.Wide() {
		VEXTRACTI64X4(Imm(1), v, half)
	} else {
		VEXTRACTI128(Imm(1), v, half)
	}
}

// Load reads a register.
func (l Level) Load(from Mem, v reg.VecVirtual) {
	if l.Wide() {
		VMOVDQU64(from, v)
	} else {
		VMOVDQU(from, v)
	}
}

// Store writes a register.
func (l Level) Store(v reg.VecVirtual, to Mem) {
	if l.Wide() {
		VMOVDQU64(v, to)
	} else {
		VMOVDQU(v, to)
	}
}

// Copy is d = v.
func (l Level) Copy(v, d reg.VecVirtual) {
	if l.Wide() {
		VMOVDQA64(v, d)
	} else {
		VMOVDQA(v, d)
	}
}

// And is d = a & b.
func (l Level) And(a, b Op, d reg.VecVirtual) {
	if l.Wide() {
		VPANDQ(a, b, d)
	} else {
		VPAND(a, b, d)
	}
}

// AndNot is d = a &^ b.
func (l Level) AndNot(a, b, d reg.VecVirtual) {
	if l.Wide() {
		VPANDNQ(a, b, d)
	} else {
		VPANDN(a, b, d)
	}
}

// Or is d = a | b.
func (l Level) Or(a, b Op, d reg.VecVirtual) {
	if l.Wide() {
		VPORQ(a, b, d)
	} else {
		VPOR(a, b, d)
	}
}

// Xor is d = a ^ b.
func (l Level) Xor(a, b Op, d reg.VecVirtual) {
	if l.Wide() {
		VPXORQ(a, b, d)
	} else {
		VPXOR(a, b, d)
	}
}

// Zero clears registers.
func (l Level) Zero(vs ...reg.VecVirtual) {
	for _, v := range vs {
		l.Xor(v, v, v)
	}
}

// Sign64 is d = all ones in the lanes of 64 bits of v that are negative, otherwise zeros. zero is a register of zeros; d is another than v.
func (l Level) Sign64(v, zero, d reg.VecVirtual) {
	if l.Wide() {
		VPSRAQ(Imm(63), v, d)
	} else {
		VPCMPGTQ(v, zero, d)
	}
}

// Broadcast64 puts the same word into all lanes.
func (l Level) Broadcast64(word uint64, v reg.VecVirtual) {
	r := GP64()
	MOVQ(U64(word), r)
	if l.Wide() {
		VPBROADCASTQ(r, v)
		return
	}
	x := XMM()
	VMOVQ(r, x)
	VPBROADCASTQ(x, v)
}

// Repeat puts a value of width bytes into all lanes.
func (l Level) Repeat(value uint64, width int, v reg.VecVirtual) {
	word := value
	if width < 8 {
		word &= 1<<(8*width) - 1
	}
	for w := width; w < 8; w *= 2 {
		word |= word << (8 * w)
	}
	l.Broadcast64(word, v)
}

// Any puts a number into r that is not 0 when a bit of v is set.
func (l Level) Any(v reg.VecVirtual, r reg.GPVirtual) {
	if l.Wide() {
		k := K()
		VPTESTMQ(v, v, k)
		KMOVB(k, r.As32())
		return
	}
	XORL(r.As32(), r.As32())
	VPTEST(v, v)
	SETNE(r.As8())
}

// Choose writes a jump table: the body of the number that is in op, each of which ends with a jump to the label done.
func Choose(op reg.GPVirtual, name string, bodies ...func(label string)) {
	for i := range bodies {
		if i == len(bodies)-1 {
			break
		}
		CMPQ(op, Imm(uint64(i)))
		JEQ(LabelRef(name + string(rune('a'+i))))
	}
	last := len(bodies) - 1
	bodies[last](name + string(rune('a'+last)))
	JMP(LabelRef("done"))
	for i, body := range bodies[:last] {
		Label(name + string(rune('a'+i)))
		body(name + string(rune('a'+i)))
		JMP(LabelRef("done"))
	}
}

// Rows writes a loop over n rows, a multiple of step.
func Rows(label string, n reg.GPVirtual, step int, body func()) {
	Label(label + "_loop")
	CMPQ(n, U32(uint32(step)))
	JL(LabelRef(label + "_end"))
	body()
	SUBQ(U32(uint32(step)), n)
	JMP(LabelRef(label + "_loop"))
	Label(label + "_end")
}

// Interleave turns lower and upper words into pairs: those of the first half of the lanes, which replace low, and of the second, which replace high. AVX-512 takes
// turns and second from Turns, AVX2 does without.
func (l Level) Interleave(low, high, first, second reg.VecVirtual) {
	if !l.Wide() {
		a, b := YMM(), YMM()
		VPUNPCKLQDQ(high, low, a)
		VPUNPCKHQDQ(high, low, b)
		VPERM2I128(Imm(0x20), b, a, low)
		VPERM2I128(Imm(0x31), b, a, high)
		return
	}
	t := ZMM()
	VMOVDQA64(first, t)
	VPERMI2Q(high, low, t)
	VPERMT2Q(high, second, low)
	VMOVDQA64(low, high)
	VMOVDQA64(t, low)
}

// Turns loads what Interleave takes.
func (l Level) Turns() (first, second reg.VecVirtual) {
	if !l.Wide() {
		return nil, nil
	}
	first, second = ZMM(), ZMM()
	VMOVDQU64(words("firsts", func(i int) int { return i/2 + i%2*8 }), first)
	VMOVDQU64(words("seconds", func(i int) int { return 4 + i/2 + i%2*8 }), second)
	return first, second
}

var tables = map[string]Mem{}

// words is a register of eight numbers.
func words(name string, value func(i int) int) Mem {
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
