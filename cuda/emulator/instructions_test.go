package emulator

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strings"
	"testing"
)

// An instruction is tried with operands a, b, c in registers of each width (%h1 to %h3, %r1.., %d1.., %f1.., %g1..); its result is in register 10
// of the width that its first letter names, and want is what Go makes of the same words.
type trial struct {
	code string
	want func(a, b, c uint64) uint64
}

// edges are words with which instructions go wrong.
var edges = []uint64{
	0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 1 << 62,
	math.MaxInt64, 1 << 63, math.MaxUint64, math.MaxUint64 - 1, 0xDEADBEEFCAFEF00D, 0x0123456789ABCDEF,
	math.Float64bits(1), math.Float64bits(-1.5), math.Float64bits(math.Inf(1)), math.Float64bits(math.NaN()), 1 << 52, math.Float64bits(1e300), math.Float64bits(-2147483648.5),
	0x3F800000, 0xBFC00000, 0x7F800000, 0x7FC00000, 0x00000001, 0x7F7FFFFF, 0x4F000000, 0xC0200000, 0x3FC00000, 0xFF800000,
}

const prelude = `
	mov.u32 %r15, %ctaid.x;
	mov.u32 %r16, %tid.x;
	mad.lo.s32 %r15, %r15, 32, %r16;
	mul.wide.u32 %d15, %r15, 32;
	add.s64 %d15, %d15, %d0;
	ld.global.v2.u64 {%d1, %d2}, [%d15];
	ld.global.u64 %d3, [%d15+16];
	cvt.u32.u64 %r1, %d1; cvt.u32.u64 %r2, %d2; cvt.u32.u64 %r3, %d3;
	cvt.u16.u64 %h1, %d1; cvt.u16.u64 %h2, %d2; cvt.u16.u64 %h3, %d3;
	mov.b32 %f1, %r1; mov.b32 %f2, %r2; mov.b32 %f3, %r3;
	mov.b64 %g1, %d1; mov.b64 %g2, %d2; mov.b64 %g3, %d3;
	setp.ne.u64 %p3, %d3, 0;
`

// result moves register 10 of a width to %d10.
var result = map[byte]string{
	'h': "cvt.u64.u16 %d10, %h10;", 'r': "cvt.u64.u32 %d10, %r10;", 'd': "", 'f': "mov.b32 %r10, %f10; cvt.u64.u32 %d10, %r10;", 'g': "mov.b64 %d10, %g10;",
	'p': "selp.u64 %d10, 1, 0, %p10;",
}

func try(t *testing.T, width byte, c trial) {
	t.Helper()
	n := (len(edges)*len(edges) + 31) / 32 * 32
	p := make([]byte, 32*n)
	for i := range n {
		for j, v := range []uint64{edges[i%len(edges)], edges[i/len(edges)%len(edges)], edges[(i*7+i/len(edges))%len(edges)]} {
			binary.LittleEndian.PutUint64(p[32*i+8*j:], v)
		}
	}
	for name, run := range runners(t) {
		if err := run(t, prelude+c.code+"\n"+result[width]+"\nst.global.u64 [%d15+24], %d10;", n/32, 32, p, Options{Interleave: 3}); err != nil {
			t.Fatalf("%s on the %s: %v", c.code, name, err)
		}
		for i, w := 0, words(p); i < n; i++ {
			a, b, v := w[4*i], w[4*i+1], w[4*i+2]
			if got, want := w[4*i+3], c.want(a, b, v); got != want {
				t.Errorf("%s of 0x%x, 0x%x, 0x%x on the %s: 0x%x, want 0x%x", c.code, a, b, v, name, got, want)
				break
			}
		}
	}
}

// wide is an instruction on integers of all widths: $ is the letter of the registers, # the width.
type wide struct {
	code     string
	want     func(a, b, c *big.Int) *big.Int // of the values in the instruction's type
	signed   bool
	unsigned bool
	least    int
}

func TestIntegerArithmetic(t *testing.T) {
	one := big.NewInt(1)
	both := func(code string, want func(a, b, c *big.Int) *big.Int) wide { return wide{code, want, true, true, 16} }
	z := func() *big.Int { return new(big.Int) }
	for _, w := range []wide{
		both("add.# $10, $1, $2;", func(a, b, _ *big.Int) *big.Int { return z().Add(a, b) }),
		both("sub.# $10, $1, $2;", func(a, b, _ *big.Int) *big.Int { return z().Sub(a, b) }),
		both("mul.lo.# $10, $1, $2;", func(a, b, _ *big.Int) *big.Int { return z().Mul(a, b) }),
		both("mad.lo.# $10, $1, $2, $3;", func(a, b, c *big.Int) *big.Int { return z().Add(z().Mul(a, b), c) }),
		both("min.# $10, $1, $2;", func(a, b, _ *big.Int) *big.Int {
			if a.Cmp(b) < 0 {
				return a
			}
			return b
		}),
		both("max.# $10, $1, $2;", func(a, b, _ *big.Int) *big.Int {
			if a.Cmp(b) > 0 {
				return a
			}
			return b
		}),
		both("sad.# $10, $1, $2, $3;", func(a, b, c *big.Int) *big.Int { return z().Add(c, z().Abs(z().Sub(a, b))) }),
		both("div.# $10, $1, $2;", func(a, b, _ *big.Int) *big.Int {
			if b.Sign() == 0 {
				return z().Sub(z(), one)
			}
			return z().Quo(a, b)
		}),
		both("rem.# $10, $1, $2;", func(a, b, _ *big.Int) *big.Int {
			if b.Sign() == 0 {
				return a
			}
			return z().Rem(a, b)
		}),
		{"neg.# $10, $1;", func(a, _, _ *big.Int) *big.Int { return z().Neg(a) }, true, false, 16},
		{"abs.# $10, $1;", func(a, _, _ *big.Int) *big.Int { return z().Abs(a) }, true, false, 16},
	} {
		for _, b := range []int{16, 32, 64} {
			for _, signed := range []bool{true, false} {
				if signed && !w.signed || !signed && !w.unsigned || b < w.least {
					continue
				}
				typ := fmt.Sprintf("%c%d", "us"[truth(signed)], b)
				letter := map[int]string{16: "%h", 32: "%r", 64: "%d"}[b]
				code := strings.NewReplacer("#", typ, "$", letter).Replace(w.code)
				try(t, letter[1], trial{code, func(a, b2, c uint64) uint64 {
					return lowBits(w.want(asBig(a, b, signed), asBig(b2, b, signed), asBig(c, b, signed)), b)
				}})
			}
		}
	}
}

// asBig is the value of a word in a type.
func asBig(v uint64, width int, signed bool) *big.Int {
	v <<= 64 - width
	if signed {
		return big.NewInt(int64(v) >> (64 - width))
	}
	return new(big.Int).SetUint64(v >> (64 - width))
}

// lowBits is v modulo two to the width.
func lowBits(v *big.Int, width int) uint64 {
	m := new(big.Int).Lsh(big.NewInt(1), uint(width))
	return new(big.Int).Mod(v, m).Uint64()
}

// The high half of a product, the double one, and sums that carry over two registers, against whole numbers of 128 bits.
func TestWideArithmetic(t *testing.T) {
	product := func(b int, signed bool) func(a, c uint64) *big.Int {
		return func(a, c uint64) *big.Int { return new(big.Int).Mul(asBig(a, b, signed), asBig(c, b, signed)) }
	}
	for _, w := range []int{16, 32, 64} {
		for _, signed := range []bool{true, false} {
			typ := fmt.Sprintf("%c%d", "us"[truth(signed)], w)
			letter := map[int]string{16: "%h", 32: "%r", 64: "%d"}[w]
			of := strings.NewReplacer("#", typ, "$", letter, "&", map[int]string{16: "%r", 32: "%d"}[w])
			p := product(w, signed)
			high := func(a, b uint64) *big.Int { return new(big.Int).Rsh(p(a, b), uint(w)) }
			try(t, letter[1], trial{of.Replace("mul.hi.# $10, $1, $2;"), func(a, b, _ uint64) uint64 { return lowBits(high(a, b), w) }})
			try(t, letter[1], trial{of.Replace("mad.hi.# $10, $1, $2, $3;"), func(a, b, c uint64) uint64 {
				return lowBits(new(big.Int).Add(high(a, b), asBig(c, w, signed)), w)
			}})
			if w < 64 {
				wider := map[int]byte{16: 'r', 32: 'd'}[w]
				try(t, wider, trial{of.Replace("mul.wide.# &10, $1, $2;"), func(a, b, _ uint64) uint64 { return lowBits(p(a, b), 2*w) }})
				try(t, wider, trial{of.Replace("mad.wide.# &10, $1, $2, &3;"), func(a, b, c uint64) uint64 {
					return lowBits(new(big.Int).Add(p(a, b), asBig(c, 2*w, signed)), 2*w)
				}})
			}
			if w == 16 {
				continue
			}
			// Two registers: (a, b) + (c, a) and so on; the low part first, the high part in the result.
			two := func(hi, lo uint64) *big.Int {
				return new(big.Int).Add(new(big.Int).Lsh(asBig(hi, w, false), uint(w)), asBig(lo, w, false))
			}
			top := func(v *big.Int) uint64 {
				return lowBits(new(big.Int).Rsh(new(big.Int).SetBit(v, 4*w, 0), uint(w)), w)
			}
			try(t, letter[1], trial{of.Replace("add.cc.# $11, $1, $2; addc.# $10, $2, $3;"), func(a, b, c uint64) uint64 { return top(new(big.Int).Add(two(b, a), two(c, b))) }})
			try(t, letter[1], trial{of.Replace("sub.cc.# $11, $1, $2; subc.# $10, $2, $3;"), func(a, b, c uint64) uint64 { return top(new(big.Int).Sub(two(b, a), two(c, b))) }})
			// Three registers: the carry goes through the middle one.
			try(t, letter[1], trial{of.Replace("add.cc.# $11, $1, $2; addc.cc.# $12, $1, $3; addc.# $10, $2, 0;"), func(a, b, c uint64) uint64 {
				sum := new(big.Int).Add(two(a, a), two(c, b))
				return lowBits(new(big.Int).Add(asBig(b, w, false), new(big.Int).Rsh(sum, uint(2*w))), w)
			}})
			try(t, letter[1], trial{of.Replace("sub.cc.# $11, $1, $2; subc.cc.# $12, $1, $3; subc.# $10, $2, 0;"), func(a, b, c uint64) uint64 {
				difference := new(big.Int).Sub(two(a, a), two(c, b))
				return lowBits(new(big.Int).Add(asBig(b, w, false), new(big.Int).Rsh(difference, uint(2*w))), w)
			}})
			if !signed {
				// a*b+c in two registers.
				try(t, letter[1], trial{of.Replace("mad.lo.cc.# $11, $1, $2, $3; madc.hi.# $10, $1, $2, $3;"), func(a, b, c uint64) uint64 {
					return top(new(big.Int).Add(p(a, b), two(c, c)))
				}})
				try(t, letter[1], trial{of.Replace("mad.lo.cc.# $11, $1, $2, $3; madc.hi.cc.# $12, $1, $2, $3; addc.# $10, $1, 0;"), func(a, b, c uint64) uint64 {
					sum := new(big.Int).Add(p(a, b), two(c, c))
					return lowBits(new(big.Int).Add(asBig(a, w, false), new(big.Int).Rsh(sum, uint(2*w))), w)
				}})
			}
		}
	}
	try(t, 'r', trial{"add.sat.s32 %r10, %r1, %r2;", func(a, b, _ uint64) uint64 { return clamp32(int64(int32(a)) + int64(int32(b))) }})
	try(t, 'r', trial{"sub.sat.s32 %r10, %r1, %r2;", func(a, b, _ uint64) uint64 { return clamp32(int64(int32(a)) - int64(int32(b))) }})
}

func clamp32(v int64) uint64 { return uint64(uint32(max(min(v, math.MaxInt32), math.MinInt32))) }

func TestBits(t *testing.T) {
	m32 := func(v uint64) uint64 { return v & 0xFFFFFFFF }
	for _, c := range []trial{
		{"r and.b32 %r10, %r1, %r2;", func(a, b, _ uint64) uint64 { return m32(a & b) }},
		{"d or.b64 %d10, %d1, %d2;", func(a, b, _ uint64) uint64 { return a | b }},
		{"h xor.b16 %h10, %h1, %h2;", func(a, b, _ uint64) uint64 { return (a ^ b) & 0xFFFF }},
		{"h not.b16 %h10, %h1;", func(a, _, _ uint64) uint64 { return ^a & 0xFFFF }},
		{"p setp.eq.u32 %p1, %r1, %r2; not.pred %p2, %p1; xor.pred %p10, %p2, %p3;", func(a, b, c uint64) uint64 { return truth(m32(a) != m32(b)) ^ truth(c != 0) }},
		{"r cnot.b32 %r10, %r1;", func(a, _, _ uint64) uint64 { return truth(m32(a) == 0) }},
		{"r shl.b32 %r10, %r1, %r2;", func(a, b, _ uint64) uint64 { return m32(m32(a) << m32(b)) }},
		{"d shl.b64 %d10, %d1, %r2;", func(a, b, _ uint64) uint64 { return a << m32(b) }},
		{"r shr.u32 %r10, %r1, %r2;", func(a, b, _ uint64) uint64 { return m32(a) >> m32(b) }},
		{"r shr.s32 %r10, %r1, %r2;", func(a, b, _ uint64) uint64 { return uint64(uint32(int32(a) >> m32(b))) }},
		{"h shr.s16 %h10, %h1, %r2;", func(a, b, _ uint64) uint64 { return uint64(uint16(int16(a) >> m32(b))) }},
		{"d shr.s64 %d10, %d1, %r2;", func(a, b, _ uint64) uint64 { return uint64(int64(a) >> m32(b)) }},
		{"d shr.b64 %d10, %d1, 41;", func(a, _, _ uint64) uint64 { return a >> 41 }},
		{"r shf.l.wrap.b32 %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 { return (m32(b)<<32 | m32(a)) << (c & 31) >> 32 }},
		{"r shf.r.wrap.b32 %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 { return m32((m32(b)<<32 | m32(a)) >> (c & 31)) }},
		{"r shf.l.clamp.b32 %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 { return (m32(b)<<32 | m32(a)) << min(m32(c), 32) >> 32 }},
		{"r shf.r.clamp.b32 %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 { return m32((m32(b)<<32 | m32(a)) >> min(m32(c), 32)) }},
		{"r bfe.u32 %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 { return extract(m32(a), 32, false, b&255, c&255) }},
		{"r bfe.s32 %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 { return extract(m32(a), 32, true, b&255, c&255) }},
		{"d bfe.u64 %d10, %d1, %r2, %r3;", func(a, b, c uint64) uint64 { return extract(a, 64, false, b&255, c&255) }},
		{"d bfe.s64 %d10, %d1, %r2, %r3;", func(a, b, c uint64) uint64 { return extract(a, 64, true, b&255, c&255) }},
		{"r bfi.b32 %r10, %r1, %r2, %r3, %r1;", func(a, b, c uint64) uint64 { return insert(m32(a), m32(b), 32, c&255, a&255) }},
		{"d bfi.b64 %d10, %d1, %d2, %r3, %r2;", func(a, b, c uint64) uint64 { return insert(a, b, 64, c&255, b&255) }},
		{"r brev.b32 %r10, %r1;", func(a, _, _ uint64) uint64 { return uint64(bits.Reverse32(uint32(a))) }},
		{"d brev.b64 %d10, %d1;", func(a, _, _ uint64) uint64 { return bits.Reverse64(a) }},
		{"r clz.b32 %r10, %r1;", func(a, _, _ uint64) uint64 { return uint64(bits.LeadingZeros32(uint32(a))) }},
		{"r clz.b64 %r10, %d1;", func(a, _, _ uint64) uint64 { return uint64(bits.LeadingZeros64(a)) }},
		{"r popc.b32 %r10, %r1;", func(a, _, _ uint64) uint64 { return uint64(bits.OnesCount32(uint32(a))) }},
		{"r popc.b64 %r10, %d1;", func(a, _, _ uint64) uint64 { return uint64(bits.OnesCount64(a)) }},
		{"r bfind.u32 %r10, %r1;", func(a, _, _ uint64) uint64 { return uint64(uint32(bits.Len32(uint32(a)) - 1)) }},
		{"r bfind.s64 %r10, %d1;", func(a, _, _ uint64) uint64 { return uint64(uint32(bits.Len64(a^uint64(int64(a)>>63)) - 1)) }},
		{"r bfind.shiftamt.u32 %r10, %r1;", func(a, _, _ uint64) uint64 {
			if m32(a) == 0 {
				return 0xFFFFFFFF
			}
			return uint64(bits.LeadingZeros32(uint32(a)))
		}},
		{"r prmt.b32 %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 {
			v := uint64(0)
			for i := range 4 {
				pick := c >> (4 * i)
				by := uint64(byte((m32(b)<<32 | m32(a)) >> (8 * (pick & 7))))
				if pick&8 != 0 {
					by = uint64(byte(int8(by) >> 7))
				}
				v |= by << (8 * i)
			}
			return v
		}},
		{"r prmt.b32.f4e %r10, %r1, %r2, %r3;", func(a, b, c uint64) uint64 { return m32(bits.RotateLeft64(m32(b)<<32|m32(a), -8*int(c&3))) }},
		{"r prmt.b32.rc8 %r10, %r1, %r2, %r3;", func(a, _, c uint64) uint64 { return uint64(byte(a>>(8*(c&3)))) * 0x01010101 }},
		{"r lop3.b32 %r10, %r1, %r2, %r3, 0xE8;", func(a, b, c uint64) uint64 { return m32(a&b | a&c | b&c) }},
		{"r lop3.b32 %r10, %r1, %r2, %r3, 0x1B;", func(a, b, c uint64) uint64 {
			v := uint64(0)
			for i := range 32 {
				v |= 0x1B >> (a>>i&1<<2 | b>>i&1<<1 | c>>i&1) & 1 << i
			}
			return v
		}},
		{"d mov.b64 %d10, {%r1, %r2};", func(a, b, _ uint64) uint64 { return m32(a) | b<<32 }},
		{"r mov.b64 {_, %r10}, %d1;", func(a, _, _ uint64) uint64 { return a >> 32 }},
		{"r mov.b32 %r10, {%h1, %h2};", func(a, b, _ uint64) uint64 { return a&0xFFFF | b&0xFFFF<<16 }},
		{"h mov.b64 {%h9, %h10, _, _}, %d1;", func(a, _, _ uint64) uint64 { return a >> 16 & 0xFFFF }},
	} {
		try(t, c.code[0], trial{c.code[2:], c.want})
	}
}

// extract is bfe bit by bit, as the manual writes it.
func extract(v uint64, width int, signed bool, from, n uint64) uint64 {
	out, fill := uint64(0), uint64(0)
	if signed && n > 0 {
		fill = v >> min(from+n-1, uint64(width-1)) & 1
	}
	for i := range uint64(width) {
		bit := fill
		if i < n && from+i < uint64(width) {
			bit = v >> (from + i) & 1
		}
		out |= bit << i
	}
	return out
}

// insert is bfi bit by bit.
func insert(v, into uint64, width int, from, n uint64) uint64 {
	for i := range n {
		if at := from + i; at < uint64(width) {
			into = into&^(1<<at) | v>>i&1<<at
		}
	}
	return into
}
