package codegen

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// widths are the bytes of a column's values, by how it is read.
var widths = [256]int{
	opcode.FromI8: 1, opcode.FromU8: 1, opcode.FromI16: 2, opcode.FromU16: 2, opcode.FromI32: 4, opcode.FromU32: 4, opcode.FromF32: 4,
	opcode.FromWord: 8, opcode.FromWide: 16,
}

// base is the address of a column's values, or with part 1 of its validity.
func (g *gen) base(a uint16, part int) string {
	b := g.bases[a]
	if b[part] == "" {
		columns := g.jobWord(opcode.JobCols)
		g.into(&g.before, func() {
			b[part] = g.b64()
			g.f("ld.global.u64 %s, [%s+%d]", b[part], columns, 16*int(a)+8*part)
		})
		g.bases[a] = b
	}
	return b[part]
}

// address is where a thread's first row of a column of so many bytes lies; the others follow at distances of width times the threads.
func (g *gen) address(base string, width int) string {
	if g.scaled[width] == "" {
		g.scaled[width] = g.row
		if width > 1 {
			g.scaled[width] = g.do64("shl.b64", g.row, num(bits.TrailingZeros(uint(width))))
		}
	}
	return g.do64("add.s64", base, g.scaled[width])
}

// bitWords is where the bitmap's word of 32 bits lies that a thread's first row is in.
func (g *gen) bitWords(base string) string {
	const key = -1
	if g.scaled[key] == "" {
		g.scaled[key] = g.do64("shl.b64", g.do64("shr.u64", g.row, "5"), "2")
	}
	return g.do64("add.s64", base, g.scaled[key])
}

// outer is the predicate of a row that every instruction's rows are among: no arm of a condition narrows it.
func (g *gen) outer(r int) string {
	if len(g.stack) > 0 {
		return g.stack[0][r]
	}
	return g.act[r]
}

// column reads a column at the rows that the filters so far have left.
func (g *gen) column(c column) *value {
	if v := g.columns[c]; v != nil {
		return v
	}
	v := newValue(64)
	g.columns[c] = v
	w := widths[c.kind]
	at := g.address(g.base(c.a, 0), w)
	// A register that is written for some rows only would keep its content of the tile before, and so its place, over the whole loop.
	read := func(r int, kind string, zero, x string) string {
		g.f("mov.%s %s, 0", zero, x)
		g.guarded(g.outer(r), "ld.global.nc.%s %s, [%s+%d]", kind, x, at, r*g.threads*w)
		return x
	}
	narrow := map[opcode.Fetch]string{opcode.FromI8: "s8", opcode.FromI16: "s16", opcode.FromI32: "s32", opcode.FromU8: "u8", opcode.FromU16: "u16"}
	for r := range g.rows {
		v.under[r] = g.outer(r)
		switch kind := narrow[c.kind]; {
		case kind != "":
			v.narrow[r] = read(r, kind, "b32", g.b32())
			v.bits = 8 * w
			if kind[0] == 'u' {
				v.bits++
			}
		case c.kind == opcode.FromU32:
			v.lo[r] = g.do64("cvt.u64.u32", read(r, "u32", "b32", g.b32()))
			v.bits = 33
		case c.kind == opcode.FromF32:
			v.lo[r] = g.do64("cvt.f64.f32", read(r, "b32", "b32", g.b32()))
		case c.kind == opcode.FromWord:
			v.lo[r] = read(r, "b64", "b64", g.b64())
		default:
			v.bits = 128
			v.lo[r], v.hi[r] = g.b64(), g.b64()
			g.f("mov.b64 %s, 0", v.lo[r])
			g.f("mov.b64 %s, 0", v.hi[r])
			g.guarded(g.outer(r), "ld.global.nc.v2.b64 {%s, %s}, [%s+%d]", v.lo[r], v.hi[r], at, r*g.threads*w)
		}
	}
	if g.p.Nulls {
		g.validity(c, v)
	}
	return v
}

// validity reads which rows of a column are not NULL; a job without a validity says that all are.
func (g *gen) validity(c column, v *value) {
	for other, old := range g.columns {
		if other.a == c.a && other != c {
			v.ok = old.ok
			return
		}
	}
	base := g.base(c.a, 1)
	has := ""
	g.into(&g.before, func() { has = g.setp("ne.s64", base, "0") })
	at := g.bitWords(base)
	for r := range g.rows {
		x := g.b32()
		g.f("mov.b32 %s, -1", x)
		g.guarded(g.and(has, g.outer(r)), "ld.global.nc.b32 %s, [%s+%d]", x, at, r*g.threads/8)
		v.ok[r] = g.setp("ne.s32", g.do32("and.b32", x, g.laneBit), "0")
	}
}

// operand is an instruction's operand.
func (g *gen) operand(in instruction) *value {
	switch in.kind {
	case opcode.FromNone:
		return nil
	case opcode.FromConst:
		return constantValue(in.imm)
	case opcode.FromConstw:
		lo, hi := g.p.Consts[in.imm], int64(g.p.Consts[in.imm+1])
		v := constantValue(lo)
		if hi != int64(lo)>>63 {
			v = newValue(64 + signedBits(hi))
			for r := range g.rows {
				v.lo[r], v.hi[r] = word(lo), word(uint64(hi))
			}
		}
		return v
	case opcode.FromNull:
		return null()
	case opcode.FromTemp, opcode.FromTempw:
		if v := g.temps[in.a]; v != nil {
			return v
		}
		g.unsupported("a temporary is read before it is written")
		return null()
	}
	return g.column(column{in.a, in.kind})
}

// ahead reads all columns that the instructions from pc to the next filter need, so that their reads are under way together.
func (g *gen) ahead(pc int) {
	depth := 0
	for ; pc < len(g.p.Code)/2; pc++ {
		in := g.p.at(pc)
		if widths[in.kind] > 0 {
			g.column(column{in.a, in.kind})
		}
		switch in.op {
		case opcode.Push, opcode.Then:
			depth++
		case opcode.Pop, opcode.Else:
			depth--
		case opcode.Keep, opcode.Filter:
			if depth == 0 {
				return
			}
		}
	}
}
