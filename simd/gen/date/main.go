// Command date writes parts of dates: years, months, days and quarters, and the days of timestamps.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

// Days since 1970-01-01. From 1901 to February 2100 every fourth year is a leap year, so that a year is a quotient; other days are left to Go.
const (
	first      = -25202 // 1901-01-01
	last       = 47540  // 2100-02-28
	march1900  = -25508
	microShift = 13 // a day is 2^13 times 10546875 microseconds
	dayUnits   = 10546875
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, l := range lanes.Levels {
		parts(l)
		daysOf(l)
	}
	Generate()
}

// parts takes years and months from quotients of floats, whose errors are far less than the distance to the next number: (4n+3.5)/1461 is never closer to a whole
// number than 1/2922.
func parts(l lanes.Level) {
	name := "datePart" + l.Name
	TEXT(name, NOSPLIT, "func(dst *int64, days *int32, n, op int) (done int)")
	Doc(name+" writes the years (op 0), months (1), days (2) or quarters (3) of n days since 1970-01-01, n a multiple of a register, and returns how many:",
		"it stops at a register in which a day is not between 1901-01-01 and 2100-02-28.")
	Pragma("noescape")
	dst, days, n, op, at := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("days"), days)
	Load(Param("n"), n)
	Load(Param("op"), op)
	XORQ(at, at)
	lowest, span, factor, offset := l.Vec(), l.Vec(), l.Vec(), l.Vec()
	constant := func(v reg.VecVirtual, value uint32) { l.Repeat(uint64(value), 4, v) }
	int32Of := func(i int32) uint32 { return uint32(i) }
	constant(lowest, int32Of(first))
	constant(factor, math.Float32bits(4.0/1461))
	rows := l.Bytes / 4
	body := func(v reg.VecVirtual, compute func(v, year reg.VecVirtual)) func(string) {
		return func(label string) {
			origin, year := int32(march1900), 0.0
			if compute == nil {
				origin, year = first, 1901
			}
			constant(span, last-first)
			constant(offset, math.Float32bits(float32(year+(4*float64(-origin)+3.5)/1461)))
			lanes.Rows(label, n, rows, func() {
				y, t, x, half := l.Vec(), l.Vec(), l.Vec(), l.Half()
				l.Load(Mem{Base: days, Index: at, Scale: 4}, x)
				VPSUBD(lowest, x, t)
				if l.Wide() {
					k := K()
					VPCMPUD(Imm(6), span, t, k) // above
					KORTESTW(k, k)
					JNE(LabelRef("done"))
				} else {
					VPMINUD(span, t, y)
					VPCMPEQD(t, y, y)
					r := GP32()
					VPMOVMSKB(y, r)
					CMPL(r, I32(-1))
					JNE(LabelRef("done"))
				}
				VCVTDQ2PS(x, t)
				VFMADD213PS(offset, factor, t)
				VCVTTPS2DQ(t, y)
				if compute != nil {
					compute(x, y)
					y = x
				}
				VPMOVSXDQ(l.HalfOf(y), t)
				l.Upper(y, half)
				l.Store(t, Mem{Base: dst, Index: at, Scale: 8})
				VPMOVSXDQ(half, t)
				l.Store(t, Mem{Base: dst, Index: at, Scale: 8, Disp: l.Bytes})
				ADDQ(Imm(uint64(rows)), at)
			})
		}
	}
	// march is the day of a year that begins in March and, in the upper 16 bits, the month, 3 to 14; in the lower ones 2141 times the day of the month.
	march := func(label string, finish func(v, t reg.VecVirtual)) func(string) {
		return func(string) {
			origin, cycle, factor, offset := l.Vec(), l.Vec(), l.Vec(), l.Vec()
			constant(origin, int32Of(march1900))
			constant(cycle, 1461)
			constant(factor, 2141)
			constant(offset, 197913)
			body(nil, func(v, year reg.VecVirtual) {
				VPSUBD(origin, v, v)
				VPMADDWD(cycle, year, year)
				VPSRLD(Imm(2), year, year)
				VPSUBD(year, v, v)
				VPMADDWD(factor, v, v)
				VPADDD(offset, v, v)
				finish(v, year)
			})(label)
		}
	}
	low, magic, one := l.Vec(), l.Vec(), l.Vec()
	constant(low, 0xFFFF)
	constant(magic, 31345) // x*31345>>26 is x/2141 for all x of 16 bits
	constant(one, 1)
	// looked is what a table has for months of years that begin in March, 3 to 14; for the other bytes of a lane, which are 0, it has 0.
	looked := func(label, table string, value func(month int) int) func(string) {
		return func(string) {
			of := l.Vec()
			l.Load(months(table, value), of)
			march(label, func(v, _ reg.VecVirtual) {
				VPSRLD(Imm(16), v, v)
				VPSHUFB(v, of, v)
			})(label)
		}
	}
	lanes.Choose(op, "op_",
		body(nil, nil),
		looked("op_b", "months", func(month int) int { return (month-1)%12 + 1 }),
		march("op_c", func(v, _ reg.VecVirtual) {
			l.And(low, v, v)
			VPMULHUW(magic, v, v)
			VPSRLD(Imm(10), v, v)
			VPADDD(one, v, v)
		}),
		looked("op_d", "quarters", func(month int) int { return (month-1)%12/3 + 1 }))
	Label("done")
	VZEROUPPER()
	Store(at, ReturnIndex(0))
	RET()
}

var tables = map[string]Mem{}

// months is a byte for each month from 3 to 14, in each 16 bytes of a register.
func months(name string, value func(month int) int) Mem {
	if m, ok := tables[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	tables[name] = m
	for i := range 64 {
		b := 0
		if month := i % 16; month >= 3 && month <= 14 {
			b = value(month)
		}
		DATA(i, U8(b))
	}
	return m
}

// daysOf divides by a day in doubles, which hold the numbers exactly.
func daysOf(l lanes.Level) {
	name := "daysOfMicros" + l.Name
	TEXT(name, NOSPLIT, "func(dst *int32, micros *int64, n int) (done int)")
	Doc(name+" writes the days of n timestamps of microseconds since 1970-01-01, n a multiple of a register, and returns how many:",
		"it stops at a register in which a day is not between 1901-01-01 and 2100-02-28.")
	Pragma("noescape")
	dst, micros, n, at := GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("micros"), micros)
	Load(Param("n"), n)
	XORQ(at, at)
	const dayMicros = dayUnits << microShift
	lowest, highest, factor, bias := l.Vec(), l.Vec(), l.Vec(), l.Vec()
	start := int64(first) * dayMicros
	l.Broadcast64(uint64(start), lowest)
	l.Broadcast64(uint64(int64(last+1-first)*dayMicros-1), highest)
	l.Broadcast64(math.Float64bits(1.0/dayUnits), factor)
	// A number below 2^52 in the lower bits of 2^52 is 2^52 more, as a double.
	l.Broadcast64(math.Float64bits(1<<52), bias)
	half := l.Vec()
	l.Broadcast64(math.Float64bits(0.5/dayUnits), half)
	back, r := l.Half(), GP32()
	MOVL(I32(first), r)
	VMOVD(r, back.AsX())
	VPBROADCASTD(back.AsX(), back)
	lanes.Rows("rows", n, l.Bytes/8, func() {
		x, t := l.Vec(), l.Vec()
		l.Load(Mem{Base: micros, Index: at, Scale: 8}, x)
		VPSUBQ(lowest, x, x)
		if l.Wide() {
			k := K()
			VPCMPUQ(Imm(6), highest, x, k)
			KORTESTB(k, k)
			JNE(LabelRef("rows_end"))
		} else {
			// Below zero, or above the highest: neither is where signed comparison says so of no lane.
			VPCMPGTQ(highest, x, t)
			VPOR(x, t, t)
			s := GP32()
			VMOVMSKPD(t, s)
			TESTL(s, s)
			JNE(LabelRef("rows_end"))
		}
		VPSRLQ(Imm(microShift), x, x)
		l.Or(bias, x, x)
		VSUBPD(bias, x, x)
		VFMADD213PD(half, factor, x)
		if l.Wide() {
			y := YMM()
			VCVTTPD2DQ(x, y)
			VPADDD(back, y, y)
			VMOVDQU(y, Mem{Base: dst, Index: at, Scale: 4})
		} else {
			y := XMM()
			VCVTTPD2DQY(x, y)
			VPADDD(back, y, y)
			VMOVDQU(y, Mem{Base: dst, Index: at, Scale: 4})
		}
		ADDQ(Imm(uint64(l.Bytes/8)), at)
	})
	VZEROUPPER()
	Store(at, ReturnIndex(0))
	RET()
}
