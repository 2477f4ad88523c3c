// Command arith writes checked arithmetic of numbers of 8 to 128 bits.
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
			for _, signed := range []bool{true, false} {
				integers(l, width, signed)
			}
		}
		floats(l, 32)
		floats(l, 64)
		pairs(l)
		widening(l)
	}
	products(lanes.Levels[1])
	Generate()
}

// loops writes the loops of one type.
type loops struct {
	lanes.Level
	width                      int // bits of a number
	signed                     bool
	dst, a, b, n, op           reg.GPVirtual
	aStep, bStep               reg.GPVirtual
	x, y, bad, zero, mask, odd reg.VecVirtual
	picks                      reg.OpmaskVirtual
}

func begin(l lanes.Level, name, result, kind string, width int, signed bool, what, returns string) *loops {
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst *%s, a, b *%s, n, op, aStep, bStep int)%s", result, kind, returns))
	Doc(name+" "+what, "aStep and bStep are 1, or 0 where a register full of one number is for all rows. dst may be a or b.")
	Pragma("noescape")
	c := &loops{Level: l, width: width, signed: signed, dst: GP64(), a: GP64(), b: GP64(), n: GP64(), op: GP64(), aStep: GP64(), bStep: GP64(),
		x: l.Vec(), y: l.Vec(), bad: l.Vec()}
	Load(Param("dst"), c.dst)
	Load(Param("a"), c.a)
	Load(Param("b"), c.b)
	Load(Param("n"), c.n)
	Load(Param("op"), c.op)
	Load(Param("aStep"), c.aStep)
	Load(Param("bStep"), c.bStep)
	shift := uint64(5)
	if l.Wide() {
		shift = 6
	}
	SHLQ(Imm(shift), c.aStep)
	SHLQ(Imm(shift), c.bStep)
	l.Zero(c.bad)
	return c
}

func (c *loops) end() {
	Label("done")
	r := GP64()
	c.Any(c.bad, r)
	VZEROUPPER()
	Store(r.As32(), ReturnIndex(0))
	RET()
}

func (c *loops) next() {
	c.Load(Mem{Base: c.a}, c.x)
	c.Load(Mem{Base: c.b}, c.y)
	c.advance()
}

func (c *loops) advance() {
	ADDQ(c.aStep, c.a)
	ADDQ(c.bStep, c.b)
}

func (c *loops) put(v reg.VecVirtual) {
	c.Store(v, Mem{Base: c.dst})
	ADDQ(Imm(uint64(c.Bytes)), c.dst)
}

// lane chooses an instruction by the width of lanes.
func lane(width int, forms map[int]func(Op, Op, Op), b, a, d Op) { forms[width](b, a, d) }

// The avo functions take further operands; these have three.
var (
	adds = map[int]func(Op, Op, Op){8: func(b, a, d Op) { VPADDB(b, a, d) }, 16: func(b, a, d Op) { VPADDW(b, a, d) },
		32: func(b, a, d Op) { VPADDD(b, a, d) }, 64: func(b, a, d Op) { VPADDQ(b, a, d) }}
	subs = map[int]func(Op, Op, Op){8: func(b, a, d Op) { VPSUBB(b, a, d) }, 16: func(b, a, d Op) { VPSUBW(b, a, d) },
		32: func(b, a, d Op) { VPSUBD(b, a, d) }, 64: func(b, a, d Op) { VPSUBQ(b, a, d) }}
	saturating = map[string]func(Op, Op, Op){
		"add8true": func(b, a, d Op) { VPADDSB(b, a, d) }, "add8false": func(b, a, d Op) { VPADDUSB(b, a, d) },
		"add16true": func(b, a, d Op) { VPADDSW(b, a, d) }, "add16false": func(b, a, d Op) { VPADDUSW(b, a, d) },
		"sub8true": func(b, a, d Op) { VPSUBSB(b, a, d) }, "sub8false": func(b, a, d Op) { VPSUBUSB(b, a, d) },
		"sub16true": func(b, a, d Op) { VPSUBSW(b, a, d) }, "sub16false": func(b, a, d Op) { VPSUBUSW(b, a, d) },
	}
)

func integers(l lanes.Level, width int, signed bool) {
	kind := fmt.Sprintf("int%d", width)
	if !signed {
		kind = "u" + kind
	}
	c := begin(l, "arith"+map[bool]string{true: "Int", false: "Uint"}[signed]+fmt.Sprint(width)+l.Name, kind, kind, width, signed,
		fmt.Sprintf("writes n sums (op 0), differences (1) or products (2) modulo 2^%d, n a multiple of a register; bad is not 0 when one overflowed.", width), " (bad uint32)")
	product := map[int]func(string){8: c.product8, 16: c.product16, 32: c.product32, 64: c.product64}[width]
	lanes.Choose(c.op, "op_", c.sum("add"), c.sum("sub"), product)
	c.end()
}

func (c *loops) sum(op string) func(label string) {
	return func(label string) {
		lanes.Rows(label, c.n, 8*c.Bytes/c.width, func() {
			s, t := c.Vec(), c.Vec()
			c.next()
			plain := adds
			if op == "sub" {
				plain = subs
			}
			lane(c.width, plain, c.y, c.x, s)
			c.put(s)
			if c.width <= 16 {
				// What saturates is what overflows.
				saturating[fmt.Sprintf("%s%d%v", op, c.width, c.signed)](c.y, c.x, t)
				c.Xor(s, t, t)
			} else {
				c.overflow(op, s, t)
			}
			c.Or(t, c.bad, c.bad)
		})
		if c.width > 16 {
			t := c.Vec()
			c.Repeat(1<<(c.width-1), c.width/8, t)
			c.And(t, c.bad, c.bad)
		}
	}
}

// overflow leaves in the sign bits of t whether the sum or difference s of x and y overflowed.
func (c *loops) overflow(op string, s, t reg.VecVirtual) {
	u := c.Vec()
	switch {
	case c.signed && op == "add":
		// Both operands have another sign than the sum.
		c.Xor(s, c.x, t)
		c.Xor(s, c.y, u)
		c.And(u, t, t)
	case c.signed:
		// The operands' signs differ, and the difference has not that of the first.
		c.Xor(c.y, c.x, t)
		c.Xor(s, c.x, u)
		c.And(u, t, t)
	case op == "add":
		// The carry: of both, or of one of them where the sum has none.
		c.Or(c.y, c.x, t)
		c.AndNot(t, s, t)
		c.And(c.y, c.x, u)
		c.Or(u, t, t)
	default:
		// The borrow: y has what x has not, or the difference has what they share or x lacks.
		c.AndNot(c.y, c.x, t)
		c.Xor(c.y, c.x, u)
		c.AndNot(s, u, u)
		c.Or(u, t, t)
	}
}

func (c *loops) product8(label string) {
	low := c.Vec()
	c.Repeat(0xff, 2, low)
	lanes.Rows(label, c.n, c.Bytes, func() {
		for at := 0; at < c.Bytes; at += c.Bytes / 2 {
			p, t := c.Vec(), c.Vec()
			for _, o := range []struct {
				from reg.GPVirtual
				to   reg.VecVirtual
			}{{c.a, c.x}, {c.b, c.y}} {
				if c.signed {
					VPMOVSXBW(Mem{Base: o.from, Disp: at}, o.to)
				} else {
					VPMOVZXBW(Mem{Base: o.from, Disp: at}, o.to)
				}
			}
			VPMULLW(c.y, c.x, p)
			if c.signed {
				VPSLLW(Imm(8), p, t)
				VPSRAW(Imm(8), t, t)
				c.Xor(p, t, t)
			} else {
				VPSRLW(Imm(8), p, t)
			}
			c.Or(t, c.bad, c.bad)
			to := Mem{Base: c.dst, Disp: at}
			if c.Wide() {
				half := YMM()
				VPMOVWB(p, half)
				VMOVDQU(half, to)
			} else {
				VPAND(low, p, p)
				VPACKUSWB(p, p, p)
				VPERMQ(Imm(0xD8), p, p)
				VMOVDQU(p.AsX(), to)
			}
		}
		ADDQ(Imm(uint64(c.Bytes)), c.dst)
		c.advance()
	})
}

func (c *loops) product16(label string) {
	lanes.Rows(label, c.n, c.Bytes/2, func() {
		p, high := c.Vec(), c.Vec()
		c.next()
		VPMULLW(c.y, c.x, p)
		if c.signed {
			VPMULHW(c.y, c.x, high)
			t := c.Vec()
			VPSRAW(Imm(15), p, t)
			c.Xor(t, high, high)
		} else {
			VPMULHUW(c.y, c.x, high)
		}
		c.Or(high, c.bad, c.bad)
		c.put(p)
	})
}

// multiply is the product of 64 bits of the lower halves of lanes of 64 bits.
func (c *loops) multiply(b, a, d reg.VecVirtual) {
	if c.signed {
		VPMULDQ(b, a, d)
	} else {
		VPMULUDQ(b, a, d)
	}
}

// everySecond prepares taking every second lane of 32 bits of another register.
func (c *loops) everySecond() {
	if c.Wide() {
		r := GP32()
		MOVL(U32(0xAAAA), r)
		c.picks = K()
		KMOVW(r, c.picks)
	}
}

// seconds is d = the odd lanes of 32 bits of odd and the even ones of even.
func (c *loops) seconds(odd, even, d reg.VecVirtual) {
	if c.Wide() {
		VPBLENDMD(odd, even, c.picks, d)
	} else {
		VPBLENDD(Imm(0xAA), odd, even, d)
	}
}

func (c *loops) product32(label string) {
	c.everySecond()
	lanes.Rows(label, c.n, c.Bytes/4, func() {
		even, odd, low, high, t := c.Vec(), c.Vec(), c.Vec(), c.Vec(), c.Vec()
		c.next()
		c.multiply(c.y, c.x, even)
		VPSRLQ(Imm(32), c.x, c.x)
		VPSRLQ(Imm(32), c.y, c.y)
		c.multiply(c.y, c.x, odd)
		VPSLLQ(Imm(32), odd, low)
		c.seconds(low, even, low)
		c.put(low)
		VPSRLQ(Imm(32), even, t)
		c.seconds(odd, t, high)
		if c.signed {
			VPSRAD(Imm(31), low, t)
			c.Xor(t, high, high)
		}
		c.Or(high, c.bad, c.bad)
	})
}

// ranges prepares narrow.
func (c *loops) ranges() {
	c.zero, c.mask, c.odd = c.Vec(), c.Vec(), c.Vec()
	c.Zero(c.zero)
	c.Repeat(0xFFFFFFFF, 8, c.mask)
	c.Repeat(1<<31, 8, c.odd)
	c.everySecond()
}

// narrow jumps to a label where not all numbers fit 32 bits, for which one multiplication is enough.
func (c *loops) narrow(otherwise string) {
	t, u := c.Vec(), c.Vec()
	if c.signed {
		VPADDQ(c.odd, c.x, t)
		VPADDQ(c.odd, c.y, u)
		c.Or(u, t, t)
	} else {
		c.Or(c.y, c.x, t)
	}
	if c.Wide() {
		k := K()
		VPSRLQ(Imm(32), t, t)
		VPTESTMQ(t, t, k)
		KORTESTB(k, k)
		JNE(LabelRef(otherwise))
		return
	}
	VPTEST(t, c.mask) // carry: nothing outside of the mask
	JCC(LabelRef(otherwise))
}

// full puts the two words of the products into low and high.
func (c *loops) full(low, high reg.VecVirtual) {
	xh, yh, hl, lh, t := c.Vec(), c.Vec(), c.Vec(), c.Vec(), c.Vec()
	VPSRLQ(Imm(32), c.x, xh)
	VPSRLQ(Imm(32), c.y, yh)
	VPMULUDQ(c.y, c.x, low)
	VPMULUDQ(c.y, xh, hl)
	VPMULUDQ(yh, c.x, lh)
	VPMULUDQ(yh, xh, high)
	VPSRLQ(Imm(32), low, t)
	VPADDQ(t, hl, hl)
	c.And(c.mask, hl, t)
	VPADDQ(t, lh, lh)
	VPSRLQ(Imm(32), hl, hl)
	VPADDQ(hl, high, high)
	VPSRLQ(Imm(32), lh, t)
	VPADDQ(t, high, high)
	VPSLLQ(Imm(32), lh, lh)
	c.seconds(lh, low, low)
	if c.signed {
		// An unsigned product counts a negative factor as 2^64 more than it is.
		c.Sign64(c.x, c.zero, t)
		c.And(c.y, t, t)
		VPSUBQ(t, high, high)
		c.Sign64(c.y, c.zero, t)
		c.And(c.x, t, t)
		VPSUBQ(t, high, high)
	}
}

func (c *loops) product64(label string) {
	c.ranges()
	lanes.Rows(label, c.n, c.Bytes/8, func() {
		low, high, t := c.Vec(), c.Vec(), c.Vec()
		c.next()
		c.narrow(label + "_full")
		c.multiply(c.y, c.x, low)
		JMP(LabelRef(label + "_put"))
		Label(label + "_full")
		c.full(low, high)
		if c.signed {
			c.Sign64(low, c.zero, t)
			c.Xor(t, high, high)
		}
		c.Or(high, c.bad, c.bad)
		Label(label + "_put")
		c.put(low)
	})
}

func floats(l lanes.Level, width int) {
	kind := fmt.Sprintf("float%d", width)
	c := begin(l, fmt.Sprintf("arithFloat%d%s", width, l.Name), kind, kind, width, true,
		"writes n sums (op 0), differences (1), products (2) or quotients (3), n a multiple of a register; bad is not 0 when one is infinite or NaN.", " (bad uint32)")
	body := func(single, double func(b, a, d Op)) func(string) {
		return func(label string) {
			lanes.Rows(label, c.n, 8*c.Bytes/width, func() {
				s, t := c.Vec(), c.Vec()
				c.next()
				if width == 32 {
					single(c.y, c.x, s)
					VSUBPS(s, s, t)
				} else {
					double(c.y, c.x, s)
					VSUBPD(s, s, t) // zero, but NaN for what is not finite
				}
				c.put(s)
				c.Or(t, c.bad, c.bad)
			})
		}
	}
	lanes.Choose(c.op, "op_",
		body(func(b, a, d Op) { VADDPS(b, a, d) }, func(b, a, d Op) { VADDPD(b, a, d) }),
		body(func(b, a, d Op) { VSUBPS(b, a, d) }, func(b, a, d Op) { VSUBPD(b, a, d) }),
		body(func(b, a, d Op) { VMULPS(b, a, d) }, func(b, a, d Op) { VMULPD(b, a, d) }),
		body(func(b, a, d Op) { VDIVPS(b, a, d) }, func(b, a, d Op) { VDIVPD(b, a, d) }))
	c.end()
}

// pairs computes with numbers of two words.
func pairs(l lanes.Level) {
	c := begin(l, "arith128"+l.Name, "uint64", "uint64", 64, true,
		"writes n sums (op 0) or differences (1) of two words, low ones first, modulo 2^128, n a multiple of a register; bad is not 0 when one overflowed.", " (bad uint32)")
	bias := c.Vec()
	c.Repeat(1<<63, 8, bias)
	body := func(op string) func(string) {
		return func(label string) {
			lanes.Rows(label, c.n, c.Bytes/16, func() {
				s, t := c.Vec(), c.Vec()
				c.next()
				lower, upper := c.x, c.y // a difference borrows where x is below y, a sum carries where it is below x
				if op == "add" {
					VPADDQ(c.y, c.x, s)
					lower, upper = s, c.x
				} else {
					VPSUBQ(c.y, c.x, s)
				}
				if c.Wide() {
					k := K()
					VPCMPUQ(Imm(1), upper, lower, k)
					VPMOVM2Q(k, t)
				} else {
					u := YMM()
					VPXOR(bias, lower, t)
					VPXOR(bias, upper, u)
					VPCMPGTQ(t, u, t)
				}
				VPSLLDQ(Imm(8), t, t) // from lower words to upper ones
				if op == "add" {
					VPSUBQ(t, s, s)
				} else {
					VPADDQ(t, s, s)
				}
				c.put(s)
				c.overflow(op, s, t)
				c.Or(t, c.bad, c.bad)
			})
		}
	}
	lanes.Choose(c.op, "op_", body("add"), body("sub"))
	Label("done")
	c.And(bias, c.bad, c.bad)
	// The signs of upper words alone.
	VPSRLDQ(Imm(8), c.bad, c.bad)
	r := GP64()
	c.Any(c.bad, r)
	VZEROUPPER()
	Store(r.As32(), ReturnIndex(0))
	RET()
}

// widening computes results of two words of numbers of one.
func widening(l lanes.Level) {
	c := begin(l, "arithWiden"+l.Name, "uint64", "int64", 64, true,
		"writes n sums (op 0), differences (1) or products (2) of two words, low ones first, n a multiple of a register. dst is apart from a and b.", "")
	first, second := c.Turns()
	c.ranges()
	store := func(low, high reg.VecVirtual) {
		c.Interleave(low, high, first, second)
		c.put(low)
		c.put(high)
	}
	sum := func(op string) func(string) {
		return func(label string) {
			lanes.Rows(label, c.n, c.Bytes/8, func() {
				s, t := c.Vec(), c.Vec()
				c.next()
				if op == "add" {
					VPADDQ(c.y, c.x, s)
				} else {
					VPSUBQ(c.y, c.x, s)
				}
				// The upper word repeats the sign, which is turned where the lower one overflowed.
				c.overflow(op, s, t)
				c.Xor(s, t, t)
				high := c.Vec()
				c.Sign64(t, c.zero, high)
				store(s, high)
			})
		}
	}
	lanes.Choose(c.op, "op_", sum("add"), sum("sub"), func(label string) {
		lanes.Rows(label, c.n, c.Bytes/8, func() {
			low, high := c.Vec(), c.Vec()
			c.next()
			c.narrow(label + "_full")
			VPMULDQ(c.y, c.x, low)
			c.Sign64(low, c.zero, high)
			JMP(LabelRef(label + "_put"))
			Label(label + "_full")
			c.full(low, high)
			Label(label + "_put")
			store(low, high)
		})
	})
	Label("done")
	VZEROUPPER()
	RET()
}
