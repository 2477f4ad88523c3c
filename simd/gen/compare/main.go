// Command compare writes comparisons of columns, or of a column with a number, to bitmaps.
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
		for _, width := range []int{8, 16, 32, 64} {
			c := newComparison(l, fmt.Sprintf("compare%d%s", width, l.Name), fmt.Sprintf("*uint%d", width), width,
				"0 equal, 1 less as signed, 2 less as unsigned numbers")
			c.choose(c.integers("equal"), c.integers("less"), c.integers("below"))
		}
		for _, width := range []int{32, 64} {
			c := newComparison(l, fmt.Sprintf("compareFloat%d%s", width, l.Name), fmt.Sprintf("*float%d", width), width,
				"0 equal and 1 less as SQL orders numbers; 2 equal and 3 less, neither with a NaN; 4 not greater or equal, as with a NaN")
			c.choose(c.sqlEqual, c.sqlLess, c.floats(orderedEqual), c.floats(orderedLess), c.floats(notGreaterOrEqual))
		}
		c := newComparison(l, "compare128"+l.Name, "*uint64", 128, "0 equal, 1 less as signed, 2 less as unsigned numbers of two words, low ones first")
		c.choose(c.wide("equal"), c.wide("less"), c.wide("below"))
	}
	Generate()
}

// Predicates of VPCMP and VCMP.
const (
	equal             = 0
	less              = 1
	orderedEqual      = 0
	orderedLess       = 17
	unordered         = 3
	ordered           = 7
	notGreaterOrEqual = 25
)

// comparison writes the loops of one type.
type comparison struct {
	lanes.Level
	width           int // bits of a number
	bits, a, b, n   reg.GPVirtual
	op, aStep, step reg.GPVirtual
	x, y            reg.VecVirtual
}

func newComparison(l lanes.Level, name, kind string, width int, ops string) *comparison {
	TEXT(name, NOSPLIT, fmt.Sprintf("func(bits *uint8, a, b %s, n, op, aStep, bStep int)", kind))
	Doc(name+" writes a bit for each of n rows, a multiple of 64: whether a compares so with b.", "What op says is "+ops+".",
		"aStep and bStep are 1, or 0 where a register full of one number is for all rows.")
	Pragma("noescape")
	c := &comparison{Level: l, width: width, bits: GP64(), a: GP64(), b: GP64(), n: GP64(), op: GP64(), aStep: GP64(), step: GP64(), x: l.Vec(), y: l.Vec()}
	Load(Param("bits"), c.bits)
	Load(Param("a"), c.a)
	Load(Param("b"), c.b)
	Load(Param("n"), c.n)
	Load(Param("op"), c.op)
	Load(Param("aStep"), c.aStep)
	Load(Param("bStep"), c.step)
	// From steps to the bytes of a register.
	shift := uint64(5)
	if l.Wide() {
		shift = 6
	}
	SHLQ(Imm(shift), c.aStep)
	SHLQ(Imm(shift), c.step)
	return c
}

func (c *comparison) choose(bodies ...func(label string)) {
	lanes.Choose(c.op, "op_", bodies...)
	Label("done")
	VZEROUPPER()
	RET()
}

// next loads a register of each operand.
func (c *comparison) next() {
	c.Load(Mem{Base: c.a}, c.x)
	c.Load(Mem{Base: c.b}, c.y)
	ADDQ(c.aStep, c.a)
	ADDQ(c.step, c.b)
}

// loop writes bits, row by row of rows a turn: masks gives the bits of the next registers.
func (c *comparison) loop(label string, mask func() reg.OpmaskVirtual, compare func(d reg.VecVirtual)) {
	perVector := 8 * c.Bytes / c.width
	if c.Wide() {
		lanes.Rows(label, c.n, 64, func() {
			for at := 0; at < 64; at += perVector {
				c.next()
				to := Mem{Base: c.bits, Disp: at / 8}
				switch k := mask(); perVector {
				case 8:
					KMOVB(k, to)
				case 16:
					KMOVW(k, to)
				case 32:
					KMOVD(k, to)
				case 64:
					KMOVQ(k, to)
				}
			}
			ADDQ(Imm(8), c.bits)
		})
		return
	}
	lanes.Rows(label, c.n, 32, func() {
		d, e, r, s := YMM(), YMM(), GP32(), GP32()
		for at := 0; at < 32; at += max(8, perVector) {
			to := Mem{Base: c.bits, Disp: at / 8}
			c.next()
			compare(d)
			switch c.width {
			case 8:
				VPMOVMSKB(d, r)
				MOVL(r, to)
			case 16:
				if at%32 == 0 {
					VMOVDQA(d, e)
				} else {
					// Packing works on halves of registers: the quarters come out as 0, 2, 1, 3.
					VPACKSSWB(d, e, e)
					VPERMQ(Imm(0xD8), e, e)
					VPMOVMSKB(e, r)
					MOVL(r, Mem{Base: c.bits})
				}
			case 32:
				VMOVMSKPS(d, r)
				MOVB(r.As8(), to)
			case 64:
				VMOVMSKPD(d, r)
				c.next()
				compare(d)
				VMOVMSKPD(d, s)
				SHLL(Imm(4), s)
				ORL(s, r)
				MOVB(r.As8(), to)
			}
		}
		ADDQ(Imm(4), c.bits)
	})
}

// integers compares numbers of up to 64 bits.
func (c *comparison) integers(predicate string) func(label string) {
	return func(label string) {
		var sign reg.VecVirtual
		if predicate == "below" && !c.Wide() {
			sign = YMM()
			c.Repeat(1<<(c.width-1), c.width/8, sign)
		}
		c.loop(label, func() reg.OpmaskVirtual {
			k := K()
			p := Imm(less)
			if predicate == "equal" {
				p = Imm(equal)
			}
			type form = func(p, y, x, k Op)
			signed := map[int]form{8: func(p, y, x, k Op) { VPCMPB(p, y, x, k) }, 16: func(p, y, x, k Op) { VPCMPW(p, y, x, k) },
				32: func(p, y, x, k Op) { VPCMPD(p, y, x, k) }, 64: func(p, y, x, k Op) { VPCMPQ(p, y, x, k) }}
			unsigned := map[int]form{8: func(p, y, x, k Op) { VPCMPUB(p, y, x, k) }, 16: func(p, y, x, k Op) { VPCMPUW(p, y, x, k) },
				32: func(p, y, x, k Op) { VPCMPUD(p, y, x, k) }, 64: func(p, y, x, k Op) { VPCMPUQ(p, y, x, k) }}
			if predicate == "below" {
				unsigned[c.width](p, c.y, c.x, k)
			} else {
				signed[c.width](p, c.y, c.x, k)
			}
			return k
		}, func(d reg.VecVirtual) {
			if sign != nil {
				VPXOR(sign, c.x, c.x)
				VPXOR(sign, c.y, c.y)
			}
			if predicate == "equal" {
				equalLanes(c.width, c.x, c.y, d)
			} else {
				greaterLanes(c.width, c.y, c.x, d)
			}
		})
	}
}

// equalLanes is d = all ones where a equals b.
func equalLanes(width int, a, b, d reg.VecVirtual) {
	switch width {
	case 8:
		VPCMPEQB(b, a, d)
	case 16:
		VPCMPEQW(b, a, d)
	case 32:
		VPCMPEQD(b, a, d)
	case 64:
		VPCMPEQQ(b, a, d)
	}
}

// greaterLanes is d = all ones where a is greater than b.
func greaterLanes(width int, a, b, d reg.VecVirtual) {
	switch width {
	case 8:
		VPCMPGTB(b, a, d)
	case 16:
		VPCMPGTW(b, a, d)
	case 32:
		VPCMPGTD(b, a, d)
	case 64:
		VPCMPGTQ(b, a, d)
	}
}

func (c *comparison) test(p uint64, y, x, d Op) {
	if c.width == 32 {
		VCMPPS(Imm(p), y, x, d)
	} else {
		VCMPPD(Imm(p), y, x, d)
	}
}

func (c *comparison) testUnder(p uint64, y, x Op, under, k reg.OpmaskVirtual) {
	if c.width == 32 {
		VCMPPS(Imm(p), y, x, under, k)
	} else {
		VCMPPD(Imm(p), y, x, under, k)
	}
}

// floats compares by one predicate.
func (c *comparison) floats(predicate uint64) func(label string) {
	return func(label string) {
		c.loop(label, func() reg.OpmaskVirtual {
			k := K()
			c.test(predicate, c.y, c.x, k)
			return k
		}, func(d reg.VecVirtual) { c.test(predicate, c.y, c.x, d) })
	}
}

// sqlEqual takes NaN as equal to itself.
func (c *comparison) sqlEqual(label string) {
	c.loop(label, func() reg.OpmaskVirtual {
		k, both := K(), K()
		c.test(unordered, c.x, c.x, both)
		c.testUnder(unordered, c.y, c.y, both, both)
		c.test(orderedEqual, c.y, c.x, k)
		KORW(both, k, k)
		return k
	}, func(d reg.VecVirtual) {
		e := YMM()
		c.test(orderedEqual, c.y, c.x, d)
		c.test(unordered, c.x, c.x, c.x)
		c.test(unordered, c.y, c.y, e)
		VPAND(e, c.x, e)
		VPOR(e, d, d)
	})
}

// sqlLess takes NaN as greater than all other numbers.
func (c *comparison) sqlLess(label string) {
	c.loop(label, func() reg.OpmaskVirtual {
		k := K()
		c.test(ordered, c.x, c.x, k)
		c.testUnder(notGreaterOrEqual, c.y, c.x, k, k)
		return k
	}, func(d reg.VecVirtual) {
		c.test(notGreaterOrEqual, c.y, c.x, d)
		c.test(ordered, c.x, c.x, c.x)
		VPAND(c.x, d, d)
	})
}

// wide compares numbers of two words: their upper words, or the lower ones where these are equal.
func (c *comparison) wide(predicate string) func(label string) {
	return func(label string) {
		bias, pick := c.Vec(), GP32()
		if predicate != "equal" {
			c.Load(signs(predicate == "below"), bias)
		}
		words := uint32(0xAAAA) // eight rows
		MOVL(U32(words), pick)
		lanes.Rows(label, c.n, 8, func() {
			same, under := GP32(), GP32()
			perVector := c.Bytes / 8
			for at := 0; at < 16; at += perVector {
				c.next()
				e, g := GP32(), GP32()
				if c.Wide() {
					k := K()
					VPCMPEQQ(c.y, c.x, k)
					KMOVB(k, e)
				} else {
					d := YMM()
					VPCMPEQQ(c.y, c.x, d)
					VMOVMSKPD(d, e)
				}
				if predicate != "equal" {
					c.Xor(bias, c.x, c.x)
					c.Xor(bias, c.y, c.y)
					if c.Wide() {
						k := K()
						VPCMPQ(Imm(less), c.y, c.x, k)
						KMOVB(k, g)
					} else {
						VPCMPGTQ(c.x, c.y, c.x)
						VMOVMSKPD(c.x, g)
					}
				}
				for _, part := range []struct{ from, to reg.GPVirtual }{{e, same}, {g, under}} {
					switch {
					case predicate == "equal" && part.to == under:
					case at == 0:
						MOVL(part.from, part.to)
					default:
						SHLL(Imm(uint64(at)), part.from)
						ORL(part.from, part.to)
					}
				}
			}
			// The bit of an upper word and that of the lower one, moved to it.
			low := GP32()
			if predicate == "equal" {
				LEAL(Mem{Base: same, Index: same, Scale: 1}, low)
				ANDL(same, low)
			} else {
				LEAL(Mem{Base: under, Index: under, Scale: 1}, low)
				ANDL(same, low)
				ORL(under, low)
			}
			PEXTL(pick, low, low)
			MOVB(low.As8(), Mem{Base: c.bits})
			INCQ(c.bits)
		})
	}
}

var tables = map[bool]Mem{}

// signs turns unsigned lower words, and with both also upper ones, into signed ones of the same order.
func signs(both bool) Mem {
	m, ok := tables[both]
	if !ok {
		name, upper := "signsLower", uint64(0)
		if both {
			name, upper = "signsBoth", 1<<63
		}
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 4 {
			DATA(16*i, U64(1<<63))
			DATA(16*i+8, U64(upper))
		}
		tables[both] = m
	}
	return m
}
