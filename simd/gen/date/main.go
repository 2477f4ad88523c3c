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
		parts(l, false)
		daysOf(l)
	}
	parts(lanes.Levels[1], true)
	Generate()
}

// parts takes years from quotients of floats, whose errors are far less than the distance to the next number: (4n+3.5)/1461 is never closer to a whole number than
// 1/2922. For months and days 256 is added, so that the lower 15 bits of the float are the fraction of a year, which tells the day of it.
func parts(l lanes.Level, micros bool) {
	name, from, column := "datePart"+l.Name, "days *int32", "days"
	if micros {
		name, from, column = "microsPart"+l.Name, "micros *int64", "micros"
	}
	TEXT(name, NOSPLIT, "func(dst *int64, "+from+", n, op int) (done int)")
	if micros {
		Doc(name+" is datePart for timestamps in microseconds.", "It stops, too, in front of 32 rows with another day.")
	} else {
		Doc(name+" writes the years (op 0), months (1), days (2) or quarters (3) of n days since 1970-01-01, n a multiple of 32, and returns how many:",
			"it stops in front of rows, 32 or fewer, of which one is not between 1901-01-01 and 2100-02-28.")
	}
	Pragma("noescape")
	dst, rows, n, op, at := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param(column), rows)
	Load(Param("n"), n)
	Load(Param("op"), op)
	XORQ(at, at)
	lowest, span, factor, offset := l.Vec(), l.Vec(), l.Vec(), l.Vec()
	constant := func(v reg.VecVirtual, value uint32) { l.Repeat(uint64(value), 4, v) }
	start := int32(first)
	constant(lowest, uint32(start))
	constant(span, last-first)
	constant(factor, math.Float32bits(4.0/1461))
	load := func(disp int, x reg.VecVirtual) {
		l.Load(Mem{Base: rows, Index: at, Scale: 4, Disp: disp * l.Bytes}, x)
	}
	if micros {
		load = dayLoader(rows, at)
	}
	lanesOf := l.Bytes / 4
	turns := 1
	if l.Wide() {
		turns = 2
	}
	body := func(years bool, compute func(v reg.VecVirtual)) func(string) {
		return func(label string) {
			origin, year := int32(march1900), 256.0
			if years {
				origin, year = first, 1901
			}
			constant(offset, math.Float32bits(float32(year+(4*float64(-origin)+3.5)/1461)))
			lanes.Rows(label, n, turns*lanesOf, func() {
				var x, beyond [2]reg.VecVirtual
				var masks [2]reg.OpmaskVirtual
				for i := range turns {
					x[i], beyond[i] = l.Vec(), l.Vec()
					load(i, x[i])
					VPSUBD(lowest, x[i], beyond[i])
					if l.Wide() {
						masks[i] = K()
						VPCMPUD(Imm(6), span, beyond[i], masks[i]) // above
					}
				}
				if l.Wide() {
					KORTESTW(masks[0], masks[1])
					JNE(LabelRef("done"))
				} else {
					least, r := l.Vec(), GP32()
					VPMINUD(span, beyond[0], least)
					VPCMPEQD(beyond[0], least, least)
					VPMOVMSKB(least, r)
					CMPL(r, I32(-1))
					JNE(LabelRef("done"))
				}
				for i := range turns {
					v, t, half := x[i], l.Vec(), l.Half()
					VCVTDQ2PS(v, v)
					VFMADD213PS(offset, factor, v)
					compute(v)
					VPMOVSXDQ(l.HalfOf(v), t)
					l.Upper(v, half)
					l.Store(t, Mem{Base: dst, Index: at, Scale: 8, Disp: 2 * i * l.Bytes})
					VPMOVSXDQ(half, t)
					l.Store(t, Mem{Base: dst, Index: at, Scale: 8, Disp: 2*i*l.Bytes + l.Bytes})
				}
				ADDQ(Imm(uint64(turns*lanesOf)), at)
			})
		}
	}
	// Words of 16 bits, of which the lower one of a lane begins as twice the fraction and the upper one as 0x8700 to 0x87FE. The fraction times 1461 is four times the day of a
	// year that begins in March, and the upper word becomes 37: 2141*day + 37*5349 has the month, 3 to 14, in its upper 16 bits, and in the lower ones 2141 times the day of
	// the month, from 0 on, and less than 2141 more.
	march := func(finish func(v reg.VecVirtual)) func(string) {
		return func(label string) {
			cycle, month := l.Vec(), l.Vec()
			constant(cycle, 284<<16|1461)
			constant(month, 5349<<16|2141)
			body(false, func(v reg.VecVirtual) {
				VPSLLW(Imm(1), v, v)
				VPMULHUW(cycle, v, v)
				VPSRLW(Imm(2), v, v)
				VPMADDWD(month, v, v)
				finish(v)
			})(label)
		}
	}
	magic, one := l.Vec(), l.Vec()
	constant(magic, 31345) // x*31345>>26 is x/2141 for all x of 16 bits
	constant(one, 1)
	// looked is what a table has for months of years that begin in March, 3 to 14; for the other bytes of a lane, which are 0, it has 0.
	looked := func(table string, value func(month int) int) func(string) {
		return func(label string) {
			of := l.Vec()
			l.Load(months(table, value), of)
			march(func(v reg.VecVirtual) {
				VPSRLD(Imm(16), v, v)
				VPSHUFB(v, of, v)
			})(label)
		}
	}
	lanes.Choose(op, "op_",
		body(true, func(v reg.VecVirtual) { VCVTTPS2DQ(v, v) }),
		looked("months", func(month int) int { return (month-1)%12 + 1 }),
		march(func(v reg.VecVirtual) {
			VPMULHUW(magic, v, v)
			VPSRLD(Imm(10), v, v)
			VPADDD(one, v, v)
		}),
		looked("quarters", func(month int) int { return (month-1)%12/3 + 1 }))
	Label("done")
	VZEROUPPER()
	Store(at, ReturnIndex(0))
	RET()
}

// dayLoader divides sixteen timestamps by a day in doubles, which are exact for those of days that are computed; what is far away becomes the least number.
func dayLoader(micros, at reg.GPVirtual) func(int, reg.VecVirtual) {
	l := lanes.Levels[1]
	factor, half := l.Vec(), l.Vec()
	l.Broadcast64(math.Float64bits(1.0/dayUnits), factor)
	l.Broadcast64(math.Float64bits(0.5/dayUnits), half)
	return func(turn int, x reg.VecVirtual) {
		low, high, upper := l.Vec(), l.Vec(), l.Half()
		for i, v := range []reg.VecVirtual{low, high} {
			VPSRAQ(Imm(microShift), Mem{Base: micros, Index: at, Scale: 8, Disp: (2*turn + i) * l.Bytes}, v)
			VCVTQQ2PD(v, v)
			VFMADD213PD(half, factor, v)
		}
		VCVTPD2DQ_RD_SAE(low, x.AsY())
		VCVTPD2DQ_RD_SAE(high, upper)
		VINSERTI64X4(Imm(1), upper, x, x)
	}
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
