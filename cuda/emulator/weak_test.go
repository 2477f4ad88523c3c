package emulator

import (
	"fmt"
	"testing"
)

// A block hands another one a value behind a flag. Without a fence between, the flag may be seen first; with one, or where the flag's store releases what
// is before it, never.
func TestStoresAreSeenLate(t *testing.T) {
	const text = `
		mov.u32 %%r1, %%ctaid.x; setp.ne.u32 %%p1, %%r1, 0; @%%p1 bra reader;
		st.global.u64 [%%d0], 1;
		%s
		ret;
	reader: ld.volatile.global.u64 %%d1, [%%d0+8]; setp.eq.u64 %%p2, %%d1, 0; @%%p2 bra reader;
		membar.gl;
		ld.global.u64 %%d2, [%%d0]; st.global.u64 [%%d0+16], %%d2; st.global.u64 [%%d0+24], 1;`
	for _, c := range []struct {
		flag string
		late bool
	}{
		{"st.volatile.global.u64 [%d0+8], 1;", true},
		{"atom.global.exch.b64 %d3, [%d0+8], 1;", true},
		{"membar.gl; st.volatile.global.u64 [%d0+8], 1;", false},
		{"fence.acq_rel.gpu; st.relaxed.gpu.global.u64 [%d0+8], 1;", false},
		{"st.release.gpu.global.u64 [%d0+8], 1;", false},
		{"atom.acq_rel.gpu.global.exch.b64 %d3, [%d0+8], 1;", false},
		{"bar.sync 0; st.volatile.global.u64 [%d0+8], 1;", false},
	} {
		for _, weak := range []bool{true, false} {
			missed := 0
			for seed := range uint64(200) {
				p := make([]byte, 32)
				if err := run(t, fmt.Sprintf(text, c.flag), 2, 1, 0, p, Options{Seed: seed, Interleave: 2, Weak: weak}); err != nil {
					t.Fatal(err)
				}
				w := words(p)
				if w[3] != 1 || w[0] != 1 {
					t.Fatalf("%s: a store is lost: %v", c.flag, w)
				}
				if w[2] == 0 {
					missed++
				}
			}
			if (missed > 0) != (weak && c.late) {
				t.Errorf("%s, weak %t: %d of 200 readers miss the value", c.flag, weak, missed)
			}
		}
	}
}

// A thread sees its own stores, whatever their widths, and stores to one place stay in order.
func TestOwnStoresAreSeenAtOnce(t *testing.T) {
	for seed := range uint64(50) {
		p := make([]byte, 64)
		err := run(t, `
			mov.u32 %r2, 0;
		again:
			cvt.u64.u32 %d1, %r2;
			st.global.u64 [%d0], %d1;
			st.global.u8 [%d0+1], 7;
			st.global.v2.u64 [%d0+16], {%d1, %d1};
			st.global.u32 [%d0+20], 5;
			ld.global.u64 %d2, [%d0];
			ld.global.v2.u64 {%d3, %d4}, [%d0+16];
			add.u64 %d5, %d1, 0x700;
			setp.ne.u64 %p1, %d2, %d5;
			@%p1 trap;
			add.u64 %d5, %d1, 0x500000000;
			setp.ne.u64 %p1, %d3, %d5;
			@%p1 trap;
			setp.ne.u64 %p1, %d4, %d1;
			@%p1 trap;
			st.global.u64 [%d0+32], 100;
			red.global.add.u64 [%d0+32], 1;
			add.u32 %r2, %r2, 1;
			setp.lt.u32 %p1, %r2, 100;
			@%p1 bra again;`, 1, 1, 0, p, Options{Seed: seed, Interleave: 1, Weak: true})
		if err != nil {
			t.Fatal(err)
		}
		if w := words(p); w[0] != 99+0x700 || w[2] != 99+5<<32 || w[3] != 99 || w[4] != 101 {
			t.Errorf("seed %d: %x", seed, w)
		}
	}
}

// Behind a flag that was seen, a plain load may still find what a cache has; not after a fence, an acquiring load of the flag, or where it is volatile.
func TestLoadsMayBeStale(t *testing.T) {
	const text = `
		mov.u32 %%r1, %%ctaid.x; setp.ne.u32 %%p1, %%r1, 0; @%%p1 bra reader;
		st.global.v2.u64 [%%d0], {1, 2};
		membar.gl;
		st.volatile.global.u64 [%%d0+16], 1;
		ret;
	reader: %s setp.eq.u64 %%p2, %%d1, 0; @%%p2 bra reader;
		%s
		st.global.u64 [%%d0+24], %%d2; st.global.u64 [%%d0+32], 1;`
	const flag, plain = "ld.volatile.global.u64 %d1, [%d0+16];", "ld.global.v2.u64 {%d2, %d3}, [%d0];"
	for _, c := range []struct {
		flag, load string
		stale      bool
	}{
		{flag, plain, true},
		{flag, "ld.global.u64 %d2, [%d0];", true},
		{flag, "ld.volatile.global.u64 %d2, [%d0];", false},
		{flag, "membar.gl; " + plain, false},
		{flag, "bar.sync 0; " + plain, false},
		{flag, "bar.warp.sync -1; " + plain, false},
		{"ld.acquire.gpu.global.u64 %d1, [%d0+16];", plain, false},
		{"atom.acquire.gpu.global.add.u64 %d1, [%d0+16], 0;", plain, false},
		{"atom.global.add.u64 %d1, [%d0+16], 0;", plain, true},
	} {
		missed := 0
		for seed := range uint64(400) {
			p := make([]byte, 48)
			if err := run(t, fmt.Sprintf(text, c.flag, c.load), 2, 1, 0, p, Options{Seed: seed, Interleave: 2, Weak: true}); err != nil {
				t.Fatal(err)
			}
			w := words(p)
			if w[0] != 1 || w[1] != 2 || w[4] != 1 {
				t.Fatalf("%s %s: a store is lost: %v", c.flag, c.load, w)
			}
			if w[3] == 0 {
				missed++
			}
		}
		if (missed > 0) != c.stale {
			t.Errorf("%s %s: %d of 400 readers miss the value", c.flag, c.load, missed)
		}
	}
}
