package codegen

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// mostRows is the most rows that a thread computes at once.
const mostRows = 4

// value is what the interpreter would hold in its accumulator: a value of each row of a thread. Forms that nobody has asked for are empty.
type value struct {
	lo     [mostRows]string // the word
	hi     [mostRows]string // the high word of 128 bits; where it is empty, the sign of lo
	narrow [mostRows]string // the value as 32 bits, signed
	truth  [mostRows]string // a predicate: the word is not 0
	ok     [mostRows]string // a predicate: it is not NULL
	under  [mostRows]string // the word is 0 where this predicate is not true; empty: nothing is known
	bits   int              // a signed number of so many bits holds it where it is not NULL
}

// newValue makes a value of so many bits that is not NULL.
func newValue(bits int) *value {
	v := &value{bits: bits}
	for r := range v.ok {
		v.ok[r] = yes
	}
	return v
}

// like makes a value that is NULL where others are.
func (g *gen) like(width int, of ...*value) *value {
	v := newValue(width)
	for r := range g.rows {
		for _, x := range of {
			v.ok[r] = g.and(v.ok[r], x.ok[r])
		}
	}
	return v
}

// constantValue is the same word in all rows.
func constantValue(w uint64) *value {
	v := newValue(signedBits(int64(w)))
	for r := range v.lo {
		v.lo[r] = word(w)
		if v.bits <= 32 {
			v.narrow[r] = v.lo[r]
		}
	}
	return v
}

func signedBits(x int64) int { return bits.Len64(uint64(x^x>>63)) + 1 }

// null is NULL in all rows.
func null() *value {
	v := constantValue(0)
	for r := range v.ok {
		v.ok[r] = no
	}
	return v
}

// lo is the word of a row.
func (g *gen) lo(v *value, r int) string {
	if v.lo[r] == "" {
		switch {
		case v.truth[r] != "":
			v.lo[r] = g.sel64(v.truth[r], "1", "0")
		case immediate(v.narrow[r]):
			v.lo[r] = v.narrow[r]
		default:
			v.lo[r] = g.do64("cvt.s64.s32", v.narrow[r])
		}
	}
	return v.lo[r]
}

// hi is the high word.
func (g *gen) hi(v *value, r int) string {
	if v.hi[r] == "" {
		if x := g.lo(v, r); immediate(x) {
			v.hi[r] = word(uint64(constant(x) >> 63))
		} else {
			v.hi[r] = g.do64("shr.s64", x, "63")
		}
	}
	return v.hi[r]
}

// low32 is the low half of the word.
func (g *gen) low32(v *value, r int) string {
	if v.narrow[r] == "" {
		switch {
		case v.truth[r] != "" && v.lo[r] == "":
			v.narrow[r] = g.sel32(v.truth[r], "1", "0")
		case immediate(v.lo[r]):
			v.narrow[r] = num(int(int32(constant(v.lo[r]))))
		default:
			v.narrow[r] = g.do32("cvt.u32.u64", v.lo[r])
		}
	}
	return v.narrow[r]
}

// isTrue is a predicate: the word is not 0.
func (g *gen) isTrue(v *value, r int) string {
	if v.truth[r] == "" {
		switch {
		case v.lo[r] != "" && immediate(v.lo[r]):
			v.truth[r] = no
			if constant(v.lo[r]) != 0 {
				v.truth[r] = yes
			}
		case v.bits <= 32 && v.narrow[r] != "":
			v.truth[r] = g.setp("ne.s32", v.narrow[r], "0")
		default:
			v.truth[r] = g.setp("ne.s64", g.lo(v, r), "0")
		}
	}
	return v.truth[r]
}

// boolean makes a value of predicates.
func (g *gen) boolean(ok *value, truth func(r int) string) *value {
	v := newValue(2)
	for r := range g.rows {
		v.ok[r] = ok.ok[r]
		v.truth[r] = truth(r)
	}
	return v
}

// decided is a predicate: the value is not NULL, and is true or false.
func (g *gen) decided(v *value, r int, truth bool) string {
	t := g.isTrue(v, r)
	if !truth {
		t = g.not(t)
	}
	return g.and(v.ok[r], t)
}

// each makes a value row by row.
func (g *gen) each(v *value, f func(r int) string) *value {
	for r := range g.rows {
		v.lo[r] = f(r)
	}
	return v
}

// bad is trouble at an active row where the condition is true.
func (g *gen) bad(v *value, r int, condition string) {
	g.guarded(g.and(g.and(condition, v.ok[r]), g.act[r]), "or.b32 %s, %s, %d", g.trouble, g.trouble, opcode.TroubleValue)
}
