package codegen

import (
	"strconv"

	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// dense adds a key's code to the number of its group.
func (g *gen) dense(in instruction, v *value) {
	codes := num(int(in.at))
	for r := range g.rows {
		var bad, code string
		if short(v) {
			x := g.low32(v, r)
			bad = g.setp("ge.u32", x, codes)
			code = g.do32("min.u32", x, codes)
		} else {
			bad = g.setp("ge.u64", g.lo(v, r), codes)
			code = g.sel32(bad, codes, g.low32(v, r))
		}
		// A value without a code: what was known of the keys is not true.
		g.bad(v, r, bad)
		code = g.sel32(v.ok[r], code, codes)
		switch {
		case g.slot[r] == "0" && in.imm == 1:
			g.slot[r] = code
		case in.imm == 1:
			g.slot[r] = g.do32("add.s32", g.slot[r], code)
		default:
			g.slot[r] = g.do32("mad.lo.s32", code, strconv.FormatUint(in.imm, 10), g.slot[r])
		}
	}
}

// The multipliers of kernels/hash.cuh.
const (
	hash0 = 0x9E3779B97F4A7C15
	hash1 = 0xD6E8FEB86659FD93
)

// mix is the hash of a word; after, that of a word behind others with a hash.
func (g *gen) mix(x, after string) string {
	if after != "" {
		turned := g.do64("or.b64", g.do64("shl.b64", after, "23"), g.do64("shr.u64", after, "41"))
		x = g.do64("xor.b64", turned, x)
	}
	x = g.do64("xor.b64", x, word(hash0))
	return g.do64("xor.b64", g.do64("mul.hi.u64", x, word(hash1)), g.do64("mul.lo.s64", x, word(hash1)))
}

// hashKey takes a key word.
func (g *gen) hashKey(in instruction, a *value) {
	v := newValue(64)
	for r := range g.rows {
		v.lo[r] = g.reg64(g.sel64(a.ok[r], g.lo(a, r), "0"))
		if bit := num(1 << (in.a & 31)); a.ok[r] == no {
			g.nulls[r] = g.do32("or.b32", g.nulls[r], bit)
		} else if a.ok[r] != yes {
			g.nulls[r] = g.do32("or.b32", g.nulls[r], g.sel32(a.ok[r], "0", bit))
		}
		g.hash[r] = g.mix(v.lo[r], g.hash[r])
	}
	g.keys = append(g.keys, v)
}

// find looks up the slots of all rows; the first places are read for all of them before any is looked at. nulls: the last key word says which of the others are
// NULL.
func (g *gen) find(nulls bool) {
	if nulls {
		v := newValue(64)
		for r := range g.rows {
			v.lo[r] = g.do64("cvt.u64.u32", g.do32("mov.b32", g.nulls[r]))
			g.hash[r] = g.mix(v.lo[r], g.hash[r])
		}
		g.keys = append(g.keys, v)
	}
	if len(g.keys) != g.p.Keys {
		g.unsupported("%d key words, and slots have %d", len(g.keys), g.p.Keys)
		return
	}
	table := g.jobWord(opcode.JobTable)
	shift64 := g.jobWord(opcode.JobShift)
	shift := ""
	g.into(&g.before, func() { shift = g.do32("cvt.u32.u64", shift64) })
	var at, slot, tag, ready [mostRows]string
	var keys [mostRows][]string
	for r := range g.rows {
		at[r] = g.do64("shr.u64", g.hash[r], shift)
		slot[r] = g.do64("mad.lo.s64", at[r], num(8*g.p.Stride), table)
		ready[r] = g.do64("or.b64", g.hash[r], "3")
		tag[r] = g.do64("mov.b64", "0")
		g.guarded(g.act[r], "ld.global.u64 %s, [%s]", tag[r], slot[r])
		for k := range g.keys {
			x := g.do64("mov.b64", "0")
			g.guarded(g.act[r], "ld.global.u64 %s, [%s+%d]", x, slot[r], 8+8*k)
			keys[r] = append(keys[r], x)
		}
	}
	for r := range g.rows {
		hit := g.setpAnd("eq.s64", tag[r], ready[r], g.act[r])
		for k, v := range g.keys {
			hit = g.setpAnd("eq.s64", keys[r][k], v.lo[r], hit)
		}
		found := g.do32("mov.b32", "1")
		done := g.label()
		g.unless(g.andNot(g.act[r], hit), done)
		g.probe(r, at[r], slot[r], ready[r], found, done)
		g.place(done)
		g.act[r] = g.setpAnd("ne.s32", found, "0", g.act[r])
		g.states.slot[r] = slot[r]
		g.slot[r] = at[r]
	}
}

// probe looks for a row's slot from a place on, or takes an empty one, as pb_find_slot of kernels/table.cuh does. at, slot and found are the registers of the
// result.
func (g *gen) probe(r int, at, slot, ready, found, done string) {
	table, last, groups := g.jobWord(opcode.JobTable), g.jobWord(opcode.JobMask), g.jobWord(opcode.JobGroups)
	again, look, claim, further, full := g.label(), g.label(), g.label(), g.label(), g.label()
	busy := g.do64("xor.b64", ready, "1")
	probes := g.do64("mov.b64", "0")
	g.place(again)
	g.f("@%s bra %s", g.setp("gt.u64", probes, last), full)
	// What a cache still holds of a published slot is true.
	tag := g.b64()
	g.f("ld.global.u64 %s, [%s]", tag, slot)
	g.f("@%s bra %s", g.setp("eq.s64", tag, ready), look)
	g.f("@%s bra %s", g.setp("eq.s64", tag, "0"), claim)
	g.f("@%s bra %s", g.setp("eq.s64", tag, busy), claim)
	g.place(further)
	g.f("add.s64 %s, %s, 1", at, at)
	g.f("and.b64 %s, %s, %s", at, at, last)
	g.f("mad.lo.s64 %s, %s, %d, %s", slot, at, 8*g.p.Stride, table)
	g.f("add.s64 %s, %s, 1", probes, probes)
	g.f("bra %s", again)

	g.place(claim)
	g.f("ld.volatile.global.u64 %s, [%s]", tag, slot)
	taken := g.label()
	g.f("@%s bra %s", g.setp("ne.s64", tag, "0"), taken)
	g.f("atom.global.cas.b64 %s, [%s], 0, %s", tag, slot, busy)
	g.f("@%s bra %s", g.setp("ne.s64", tag, "0"), taken)
	for k, v := range g.keys {
		g.f("st.volatile.global.u64 [%s+%d], %s", slot, 8+8*k, v.lo[r])
	}
	g.f("membar.gl")
	g.f("st.volatile.global.u64 [%s], %s", slot, ready)
	g.f("red.global.add.u64 [%s], %s", groups, g.do64("mov.b64", "1"))
	g.f("bra %s", done)
	g.place(taken)
	wait := g.label()
	g.f("@%s bra %s", g.setp("eq.s64", tag, busy), wait)
	g.f("@%s bra %s", g.setp("ne.s64", tag, ready), further)

	g.place(look)
	same := yes
	for k, v := range g.keys {
		x := g.b64()
		g.f("ld.volatile.global.u64 %s, [%s+%d]", x, slot, 8+8*k)
		same = g.setpAnd("eq.s64", x, v.lo[r], same)
	}
	g.guarded(same, "bra %s", done)
	g.f("bra %s", further)

	// Its owner is about to publish.
	g.place(wait)
	g.f("nanosleep.u32 20")
	g.f("bra %s", again)

	g.place(full)
	g.f("mov.b32 %s, 0", found)
	g.f("or.b32 %s, %s, %d", g.trouble, g.trouble, opcode.TroubleFull)
}
