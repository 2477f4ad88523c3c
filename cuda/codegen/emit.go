package codegen

import (
	"fmt"
	"strconv"
	"strings"
)

// Predicates that are known.
const (
	yes = "1"
	no  = "0"
)

// text is a part of the kernel and what is written into it.
type text struct{ strings.Builder }

// registers counts the registers of each kind.
type registers struct{ p, r, rd int }

// f writes a line.
func (g *gen) f(format string, args ...any) {
	g.out.WriteByte('\t')
	fmt.Fprintf(g.out, format, args...)
	g.out.WriteString(";\n")
}

// label makes a name for a place; place writes it.
func (g *gen) label() string {
	g.labels++
	return "$L" + strconv.Itoa(g.labels)
}

func (g *gen) place(label string) { g.out.WriteString(label + ":\n") }

// into writes what f makes to another part of the kernel.
func (g *gen) into(t *text, f func()) {
	old := g.out
	g.out = t
	f()
	g.out = old
}

func (g *gen) b64() string {
	g.n.rd++
	return "%rd" + strconv.Itoa(g.n.rd)
}

func (g *gen) b32() string {
	g.n.r++
	return "%r" + strconv.Itoa(g.n.r)
}

func (g *gen) pred() string {
	g.n.p++
	return "%p" + strconv.Itoa(g.n.p)
}

// do64 writes an instruction whose result is a new register of 64 bits; do32 one of 32.
func (g *gen) do64(op string, args ...string) string {
	x := g.b64()
	g.f("%s %s, %s", op, x, strings.Join(args, ", "))
	return x
}

func (g *gen) do32(op string, args ...string) string {
	x := g.b32()
	g.f("%s %s, %s", op, x, strings.Join(args, ", "))
	return x
}

// reg64 is x in a register; constants are not allowed everywhere.
func (g *gen) reg64(x string) string {
	if immediate(x) {
		return g.do64("mov.b64", x)
	}
	return x
}

// immediate reports whether an operand is a constant.
func immediate(x string) bool { return x[0] != '%' }

// constant is the value of an immediate.
func constant(x string) int64 {
	v, err := strconv.ParseInt(x, 10, 64)
	if err != nil {
		panic(err)
	}
	return v
}

// word writes a word as an immediate.
func word(w uint64) string { return strconv.FormatInt(int64(w), 10) }

func num(n int) string { return strconv.Itoa(n) }

// setp compares: cmp is a comparison with its type, such as lt.s64.
func (g *gen) setp(cmp, a, b string) string {
	p := g.pred()
	g.f("setp.%s %s, %s, %s", cmp, p, a, b)
	return p
}

// setpAnd is a comparison and a predicate.
func (g *gen) setpAnd(cmp, a, b, and string) string {
	switch and {
	case yes:
		return g.setp(cmp, a, b)
	case no:
		return no
	}
	p := g.pred()
	op, typ, _ := strings.Cut(cmp, ".")
	g.f("setp.%s.and.%s %s, %s, %s, %s", op, typ, p, a, b, and)
	return p
}

func (g *gen) and(p, q string) string {
	switch {
	case p == no || q == no:
		return no
	case p == yes || p == q:
		return q
	case q == yes:
		return p
	}
	x := g.pred()
	g.f("and.pred %s, %s, %s", x, p, q)
	return x
}

func (g *gen) or(p, q string) string {
	switch {
	case p == yes || q == yes:
		return yes
	case p == no || p == q:
		return q
	case q == no:
		return p
	}
	x := g.pred()
	g.f("or.pred %s, %s, %s", x, p, q)
	return x
}

func (g *gen) not(p string) string {
	switch p {
	case yes:
		return no
	case no:
		return yes
	}
	x := g.pred()
	g.f("not.pred %s, %s", x, p)
	return x
}

// andNot is p and not q.
func (g *gen) andNot(p, q string) string { return g.and(p, g.not(q)) }

// when is a guard for p.
func when(p string) string {
	if p == yes {
		return ""
	}
	return "@" + p + " "
}

// sel64 is a where p, else b.
func (g *gen) sel64(p, a, b string) string {
	switch {
	case p == yes || a == b:
		return a
	case p == no:
		return b
	}
	return g.do64("selp.b64", a, b, p)
}

func (g *gen) sel32(p, a, b string) string {
	switch {
	case p == yes || a == b:
		return a
	case p == no:
		return b
	}
	return g.do32("selp.b32", a, b, p)
}

// guarded writes an instruction that is done where p is true.
func (g *gen) guarded(p, format string, args ...any) {
	if p != no {
		g.f("%s%s", when(p), fmt.Sprintf(format, args...))
	}
}

// unless writes a branch for threads for which p is not true.
func (g *gen) unless(p, to string) {
	switch p {
	case yes:
	case no:
		g.f("bra %s", to)
	default:
		g.f("@!%s bra %s", p, to)
	}
}

// halves are the low and the high 32 bits of a word.
func (g *gen) halves(x string) (lo, hi string) {
	if immediate(x) {
		v := constant(x)
		return num(int(int32(v))), num(int(int32(v >> 32)))
	}
	lo, hi = g.b32(), g.b32()
	g.f("mov.b64 {%s, %s}, %s", lo, hi, x)
	return lo, hi
}

// join makes a word of its halves.
func (g *gen) join(lo, hi string) string {
	x := g.b64()
	g.f("mov.b64 %s, {%s, %s}", x, lo, hi)
	return x
}
