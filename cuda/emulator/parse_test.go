package emulator

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/cuda/kernels"
	"github.com/polybolos-db/polybolos/fault"
)

// Every kernel that is committed is known, instruction by instruction.
func TestCommittedKernelsParse(t *testing.T) {
	for _, family := range kernels.Families() {
		text, err := kernels.PTX(family)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", family, err)
			continue
		}
		for _, name := range kernels.Entries(text) {
			k := m.Kernel(name)
			if k == nil || k.Name() != name || k.Instructions() < 10 || k.Params() == 0 {
				t.Errorf("%s has no kernel %s that could be run", family, name)
			}
		}
		if len(m.Entries()) != len(kernels.Entries(text)) {
			t.Errorf("%s has %v", family, m.Entries())
		}
	}
}

// Device functions take and return values in parameter memory, in registers and as bytes, call each other, and are called under a guard.
func TestCalls(t *testing.T) {
	text := `.version 6.4
.target sm_70, texmode_unified
.address_size 64
.func (.param .b64 twice_out) twice (.param .b64 twice_in)
;
.func (.reg .u64 sum, .reg .u64 difference) both (.reg .u64 a, .reg .u64 b)
{
	add.u64 sum, a, b;
	sub.u64 difference, a, b;
	ret;
}
.func bytes (.param .align 16 .b8 pair[16], .param .b64 to)
{
	.reg .b64 %x<4>;
	ld.param.v2.u64 {%x0, %x1}, [pair];
	ld.param.b64 %x2, [to];
	st.global.u64 [%x2+32], %x1;
	call (%x3), twice, (%x0);
	st.global.u64 [%x2+40], %x3;
	ret;
}
.func (.param .b64 twice_out) twice (.param .b64 twice_in)
{
	.reg .b64 %x<3>;
	ld.param.b64 %x1, [twice_in];
	shl.b64 %x2, %x1, 1;
	st.param.b64 [twice_out+0], %x2;
	ret;
}
.visible .entry k(.param .u64 out)
{
	.reg .b64 %d<10>; .reg .pred %p<3>;
	ld.param.u64 %d0, [out];
	{
		.param .b64 given;
		.param .b64 got;
		st.param.b64 [given+0], 21;
		call.uni (got), twice, (given);
		ld.param.b64 %d1, [got+0];
	}
	call (%d2, %d3), both, (%d1, 2);
	call (_, %d4), both, (%d1, -2);
	st.global.v2.u64 [%d0], {%d1, %d2};
	st.global.v2.u64 [%d0+16], {%d3, %d4};
	setp.eq.u64 %p1, %d1, 42;
	{
		.param .align 16 .b8 pair[16];
		.param .b64 to;
		st.param.u64 [pair], 100;
		st.param.u64 [pair+8], 101;
		st.param.u64 [to], %d0;
		@%p1 call bytes, (pair, to);
		mov.u64 %d5, 8;
		@!%p1 call (%d5), twice, (%d5);
		st.global.u64 [%d0+48], %d5;
	}
}`
	p := make([]byte, 64)
	if err := kernel(t, text).Run(1, 40, 0, []uint64{at}, Options{Memory: memory(p), Interleave: 1}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint64{42, 44, 40, 44, 101, 200, 8} {
		if got := words(p)[i]; got != want {
			t.Errorf("value %d: %d, want %d", i, got, want)
		}
	}
}

// Names between braces are their own: registers, variables and labels.
func TestScopes(t *testing.T) {
	p := make([]byte, 16)
	err := run(t, `
		mov.u64 %d1, 3;
		{ .reg .b64 %d<3>; .reg .b64 x; mov.u64 %d1, 7; mov.u64 x, 1;
		again: add.u64 x, x, x; add.u64 %d1, %d1, -1; setp.ne.u64 %p1, %d1, 0; @%p1 bra again; mov.u64 %d9, x; }
		{ mov.u64 %d2, 0;
		again: add.u64 %d2, %d2, 5; setp.lt.u64 %p1, %d2, 22; @%p1 bra again; bra.uni behind; }
		mov.u64 %d2, 0;
		behind: add.u64 %d2, %d2, %d1; .pragma "nounroll"; st.global.v2.u64 [%d0], {%d9, %d2}; // a comment
		/* another
		one */ exit; trap;`, 1, 2, 0, p, Options{})
	if w := words(p); err != nil || w[0] != 128 || w[1] != 28 {
		t.Errorf("%d, %v", w, err)
	}
}

// What is wrong is said with its line.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ body, text string }{
		{"frob.u32 %r1, %r2;", "instruction frob.u32 is not known"},
		{"add.u32 %r1, %r2;", `";" instead of ","`},
		{"add.u32 %r1, %r2, %d3;", "register %d3 is .b64, where .u32 is read"},
		{"add.u32 %d1, %r2, %r3;", "register %d1 is .b64, where .u32 is meant"},
		{"add.f32 %r1, %f2, %f3;\nadd.rn.f32 %f1, %r2, %f3;\nadd.f64 %r1, %g1, %g2;", "register %r1 is .b32, where .f64 is meant"},
		{"add.b32 %r1, %r2, %r3;", "add.b32 is not known"},
		{"add.u8 %r1, %r2, %r3;", "add.u8 is not known"},
		{"add.sideways.u32 %r1, %r2, %r3;", "instruction add.sideways.u32: .sideways is not known"},
		{"add.rz.f64 %g1, %g2, %g3;", ".rz is not known"},
		{"add.cc.u16 %h1, %h2, %h3;", "add.cc.u16 is not known"},
		{"add.u32 %r1, %r2, 0x100000000;", "0x100000000 is no .u32"},
		{"add.u32 %r1, %r2, -2147483649;", "-2147483649 is no .u32"},
		{"add.f64 %g1, %g2, 1;", "1 is no .f64"},
		{"add.f64 %g1, %g2, 0d123;", "0d123 is no .f64"},
		{"mov.u32 %r99, 1;", `"%r99" is no register`},
		{"mov.u32 %r1, %r99;", "%r99 is not declared"},
		{"mov.u32 %r1, nothing;", "nothing is not declared"},
		{"mov.u32 %tid.x, 1;", "is no register"},
		{"mov.b64 %d1, {%r1, %h1};", "register %h1 is .b16"},
		{"mov.b64 %d1, {%h1, %h2};", "a vector that is no .b64"},
		{"ld.global.u64 %r1, [%d0];", "register %r1 is .b32, where .u64 is meant"},
		{"ld.global.u32 %r1, [%r2];", "register %r2 is .b32, which is no address there"},
		{"ld.global.u32 %r1, [out];", "out does not lie where the instruction looks"},
		{"ld.global.v4.u64 {%d1, %d2, %d3, %d4}, [%d0];", "ld.global.v4.u64 is not known"},
		{"ld.global.v2.u64 {%d1, %d2, %d3}, [%d0];", `"," instead of "}"`},
		{"st.param.u64 [out], 1;", "nothing is stored there"},
		{"ld.global.u64 %d1, [0];", "a number is an address of local memory alone"},
		{"ld.global.u64 %d1, [%d0-8];", `"-" instead`},
		{"ld.global.v2.u32 {%r1, %d1}, [%d0];", "register %d1 is .b64"},
		{"st.global.v2.u32 [%d0], {%r1, %d1};", "register %d1 is .b64"},
		{"cvt.sat.s32.u16 %r1, %h1;", "cvt.sat.s32.u16 is not known"},
		{"atom.global.add.s64 %d1, [%d0], 1;", "atom.global.add.s64 is not known"},
		{"atom.global.or.u32 %r1, [%d0], 1;", "is not known"},
		{"red.global.cas.b32 [%d0], 1, 2;", "is not known"},
		{"atom.local.add.u32 %r1, [%d0], 1;", "nothing is shared there"},
		{"setp.lt.b32 %p1, %r1, %r2;", "setp.lt.b32 is not known"},
		{"setp.equ.u32 %p1, %r1, %r2;", "setp.equ.u32 is not known"},
		{"setp.lt.u32 %r1, %r1, %r2;", "register %r1 is .b32, where .pred is meant"},
		{"cvt.u32.f32 %r1, %f1;", "cvt.u32.f32 is not known"},
		{"cvt.f32.f64 %f1, %g1;", "cvt.f32.f64 is not known"},
		{"cvt.rn.u32.u64 %r1, %d1;", "cvt.rn.u32.u64 is not known"},
		{"cvt.u64.u32 %r1, %r1;", "where .u64 is meant"},
		{"@!0 bra somewhere;", `"0" is no register`},
		{"@%r1 bra somewhere;", "register %r1 is .b32, where .pred is meant"},
		{"bra somewhere;", "there is no label somewhere"},
		{"{ inner: } bra inner;", "there is no label inner"},
		{"here: here: ret;", "label here is there already"},
		{".reg .b32 %r<4>, twice; .reg .b64 twice;", "twice is declared twice"},
		{".frob 3;", `".frob" is no directive`},
		{"shfl.sync.sideways.b32 %r1, %r2, 1, 31, -1;", "is not known"},
		{"shfl.down.b32 %r1, %r2, 1, 31;", "is not known"},
		{"vote.sync.ballot.pred %p1, %p2, -1;", "is not known"},
		{"bar.arrive 0, 32;", "bar.arrive is not known"},
		{"cvta.shared.u32 %r1, %r2;", "is not known"},
		{"prmt.b32 %r1, %r2, %r3;", "instead of"},
		{"lop3.b32 %r1, %r2, %r3, %r4, 256;", "a truth table of 256"},
		{"call nobody;", "there is no function nobody"},
		{"call k;", "there is no function k"},
		{".shared .align 3 .b8 x[4];", "an alignment of 3"},
		{".shared .b8 x[];", "x has no length"},
		{".shared .b8 x[99999999];", "x has 99999999 elements"},
		{".local .b8 x[1000000]; .local .b8 y[1000000];", "bytes of local memory"},
		{"ret; \"text", "a string has no end"},
		{"ret; /* text", "a comment has no end"},
		{"ret; \x01", "byte 0x01"},
	} {
		_, err := Parse([]byte(module(".param .u64 out", "\n"+c.body+"\n")))
		if err == nil || !strings.Contains(err.Error(), c.text) || fault.CodeOf(err) != fault.SyntaxError {
			t.Errorf("%s: %v, want %q", c.body, err, c.text)
			continue
		}
		if line := fmt.Sprintf("PTX line %d:", 8+strings.Count(c.body, "\n")); !strings.Contains(err.Error(), line) {
			t.Errorf("%s: %v, want %s", c.body, err, line)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"", "a module begins with .version"},
		{".target sm_70", "line 1: a module begins with .version"},
		{".version 6.4\n.address_size 32", "line 2: addresses of 32 bits"},
		{".version 6.4\n.frob", `line 2: ".frob" is no directive of a module`},
		{".version 6.4\n.entry k()\n{ ret; }\n.entry k() { }", "line 4: k is declared twice"},
		{".version 6.4\n.entry k(.reg .u32 x) { ret; }", "parameter x is no value"},
		{".version 6.4\n.func f() { call f; }\n.entry k() { call f; }", "line 2: f calls itself"},
		{".version 6.4\n.func f() { call g; }\n.func g() { call f; }", "calls itself"},
		{".version 6.4\n.func f();\n.entry k() {\n call f; }", "line 4: function f is declared, and not there"},
		{".version 6.4\n.func f(.param .u32 x) { ret; }\n.entry k() {\n call f; }", "line 4: f takes 1 parameters"},
		{".version 6.4\n.func f(.param .b8 x[8]) { ret; }\n.entry k() {\n .param .b8 y[4]; call f, (y); }", "line 4: y has 4 bytes, the parameter 8"},
		{".version 6.4\n.func f() { frob; }", "line 2: instruction frob is not known"},
		{".version 6.4\n.shared .b8 x[];", "an array of unknown length is .extern"},
		{".version 6.4\n.global .u32 x = frob;", `"frob" initializes nothing`},
		{".version 6.4\n.const .u32 x[2] = {1, 2, 3};", `"3" initializes nothing`},
		{".version 6.4\n.entry k()\n{ {\n ret; }", "line 2: k has no end"},
		{".version 6.4\n.entry k(", "the end instead of a word"},
		{".version 6.4\n.entry k()", `the end instead of "{"`},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// Texts of all kinds give an error or a module that runs within its limits.
func FuzzParse(f *testing.F) {
	f.Add(module(".param .u64 out", "ld.param.u64 %d0, [out]; add.cc.u32 %r1, %r2, -3; @%p1 bra end; st.global.v2.u64 [%d0], {%d1, %d2}; end: ret;"))
	f.Add(module(".param .u64 out", "{ .reg .b32 %r<3>; .shared .align 8 .b8 s[64]; mov.u64 %d1, s; cvta.shared.u64 %d1, %d1; bar.sync 0; shfl.sync.up.b32 %r1|%p1, %r2, 1, 0, -1; }"))
	f.Add(".version 6.4\n.target sm_70\n.func (.param .b64 o) f (.param .b64 i) { .reg .b64 %d<2>; ld.param.b64 %d1, [i]; st.param.b64 [o], %d1; }\n.entry k() { .reg .b64 %d<2>; call (%d1), f, (-7); cvt.rni.s32.f64 %d1, 0d3FF0000000000000; }")
	f.Add(".version 6.4\n.const .align 4 .f32 x[2] = {0f3F800000, 1.5};\n.extern .shared .b8 y[];\n.entry k(.param .u64 p) .maxntid 32, 1, 1 { bra k; k: vote.sync.any.pred %p1, !%p2, 1; }")
	for _, family := range []string{"groups", "strings"} {
		text, err := kernels.PTX(family)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse([]byte(text))
		if err != nil {
			if fault.CodeOf(err) == fault.Internal {
				t.Fatal(err)
			}
			return
		}
		for _, name := range m.Entries() {
			k := m.Kernel(name)
			p := make([]byte, 256)
			if k.slots > 1<<16 || k.local+k.shared > 1<<16 {
				continue
			}
			args := make([]uint64, k.Params())
			for i := range args {
				args[i] = at
			}
			err := k.Run(2, min(33, k.Threads()), 16, args, Options{Memory: memory(p), Interleave: 2, Steps: 10000, Races: true, Weak: true})
			if f := (*Fault)(nil); err != nil && (!errors.As(err, &f) || f.Kind == 0) {
				t.Fatal(err)
			}
		}
	})
}
