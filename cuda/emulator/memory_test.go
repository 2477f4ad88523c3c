package emulator

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"
)

// Loads of every width extend as their types say; stores write no more than theirs.
func TestLoadsAndStores(t *testing.T) {
	p := make([]byte, 128)
	binary.LittleEndian.PutUint64(p, 0xF1E2D3C4B5A69788)
	err := run(t, `
		ld.global.s8 %r1, [%d0];       cvt.s64.s32 %d1, %r1; st.global.u64 [%d0+16], %d1;
		ld.global.u8 %r1, [%d0+1];     cvt.u64.u32 %d1, %r1; st.global.u64 [%d0+24], %d1;
		ld.global.s16 %d1, [%d0+2];    st.global.u64 [%d0+32], %d1;
		ld.global.nc.u32 %d1, [%d0+4]; st.global.u64 [%d0+40], %d1;
		ld.global.v2.s32 {%d1, %d2}, [%d0]; st.global.v2.u64 [%d0+48], {%d1, %d2};
		ld.global.v4.u16 {%h1, %h2, %h3, %h4}, [%d0]; mov.b64 %d1, {%h4, %h3, %h2, %h1}; st.global.u64 [%d0+64], %d1;
		st.global.u64 [%d0+72], 0; st.global.u8 [%d0+73], -1; st.global.cs.u16 [%d0+74], 0x1234;
		add.s64 %d3, %d0, 100; st.global.f32 [%d3+-20], 0f3F800000; st.global.f32 [%d3+-16], 2.5;
	`, 1, 1, 0, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := words(p)[2:]
	for i, want := range []uint64{0xFFFFFFFFFFFFFF88, 0x97, 0xFFFFFFFFFFFFB5A6, 0xF1E2D3C4, 0xFFFFFFFFB5A69788, 0xFFFFFFFFF1E2D3C4, 0x9788B5A6D3C4F1E2, 0x1234FF00, 0x402000003F800000} {
		if w[i] != want {
			t.Errorf("value %d: 0x%x, want 0x%x", i, w[i], want)
		}
	}
}

// A null pointer that goes from the generic space to the shared one and back is none any more, as on a card, where a shared address has 32 bits. A
// kernel compiled for the host finds a null there.
func TestNullIntoSharedMemoryComesBackAsAnAddress(t *testing.T) {
	for name, run := range runners(t) {
		for _, take := range []int{0, 1} {
			p := make([]byte, 32)
			err := run(t, fmt.Sprintf(`
			.shared .align 8 .b8 before[8];
			.shared .align 8 .b8 cells[64];
			mov.u64 %%d1, cells;
			mov.u64 %%d3, 0;
			cvta.to.shared.u64 %%d4, %%d3;
			setp.ne.s32 %%p1, %d, 0;
			selp.b64 %%d5, %%d1, %%d4, %%p1;
			cvta.shared.u64 %%d6, %%d5;
			setp.eq.s64 %%p2, %%d6, 0;
			selp.u64 %%d7, 1, 0, %%p2;
			isspacep.shared %%p4, %%d6;
			selp.u64 %%d9, 1, 0, %%p4;
			cvta.to.shared.u64 %%d8, %%d6;
			st.global.v2.u64 [%%d0], {%%d7, %%d8};
			st.global.u64 [%%d0+16], %%d9;`, take), 1, 1, p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			w := words(p)
			if w[0] != 0 || w[1] != uint64(8*take) || w[2] != 1 {
				t.Errorf("with %d on the %s: is it null: %d; its place in shared memory: %d; is it in the window: %d", take, name, w[0], w[1], w[2])
			}
		}
	}
}

// Static variables lie side by side, those of the module that a kernel names and its own, and what a launch asks for behind them.
func TestSharedMemory(t *testing.T) {
	text := `.version 6.4
.target sm_70
.address_size 64
.shared .align 4 .b8 unused[1000];
.shared .align 16 .b32 table[4];
.extern .shared .align 16 .b8 rest[];
.const .align 4 .b32 primes[3] = {2, 3, 5};
.global .align 8 .u64 counter = 7;
.visible .entry k(.param .u64 out) .maxntid 64, 1, 1
{
	.reg .b64 %d<8>; .reg .b32 %r<8>;
	.shared .u64 own;
	ld.param.u64 %d0, [out];
	st.shared.u32 [table+8], 11;
	st.shared.u64 [own], 12;
	mov.u64 %d1, rest;
	st.shared.u32 [rest+4], 13;
	cvta.shared.u64 %d2, %d1;
	ld.u32 %r1, [%d2+4];
	cvt.u64.u32 %d3, %r1;
	st.global.v2.u64 [%d0], {%d1, %d3};
	ld.const.u32 %r2, [primes+8];
	ld.global.u64 %d4, [counter];
	add.u64 %d4, %d4, 1;
	mov.u64 %d5, counter;
	st.global.u64 [%d5], %d4;
	cvt.u64.u32 %d6, %r2;
	st.global.v2.u64 [%d0+16], {%d4, %d6};
}`
	k := kernel(t, text)
	if k.Shared() != 32 || k.Threads() != 64 || k.Params() != 1 {
		t.Errorf("%d bytes of shared memory, %d threads, %d parameters", k.Shared(), k.Threads(), k.Params())
	}
	p := make([]byte, 32)
	for round := range 2 {
		if err := k.Run(1, 1, 8, []uint64{at}, Options{Memory: memory(p)}); err != nil {
			t.Fatal(err)
		}
		w := words(p)
		for i, want := range []uint64{32, 13, uint64(8 + round), 5} {
			if w[i] != want {
				t.Errorf("round %d, value %d: %d, want %d", round, i, w[i], want)
			}
		}
	}
	err := k.Run(1, 1, 4, []uint64{at}, Options{Memory: memory(p)})
	fails(t, err, FaultAddress, "st.shared.u32 of 4 bytes at address 0x24 of shared memory, of 36 bytes there")
	err = k.Run(1, 65, 8, []uint64{at}, Options{})
	fails(t, err, FaultLaunch, "65 threads, at most 64")
	err = k.Run(1, 1, 8, nil, Options{})
	fails(t, err, FaultLaunch, "0 arguments for 1 parameters")
}

func TestAtomics(t *testing.T) {
	const n = 4 * 96
	for _, c := range []struct {
		code string
		from uint64
		want uint64
	}{
		{"red.global.add.u64 [%d0], %d2;", 5, 5 + n*(n-1)/2},
		{"atom.global.add.u32 %r9, [%d0], %r2;", 5, 5 + n*(n-1)/2},
		{"red.add.s32 [%d0], -1;", n, 0},
		{"red.relaxed.gpu.global.max.u64 [%d0], %d2;", 3, n - 1},
		{"neg.s64 %d3, %d2; red.global.min.s64 [%d0], %d3;", 3, ^uint64(n-1) + 1},
		{"neg.s64 %d3, %d2; red.global.max.s64 [%d0], %d3;", ^uint64(0), 0},
		{"red.global.min.u32 [%d0], %r2;", 77, 0},
		{"shl.b32 %r3, 1, %r2; red.global.or.b32 [%d0], %r3;", 0, 0xFFFFFFFF},
		{"red.global.and.b64 [%d0], 0xF0;", 0xFF, 0xF0},
		{"red.global.xor.b64 [%d0], %d2;", 1, 1},
		{"red.global.inc.u32 [%d0], 9;", 0, n % 10},
		{"red.global.dec.u32 [%d0], 9;", 0, 6},
		{"red.global.add.f64 [%d0], 0d3FE0000000000000;", math.Float64bits(1), math.Float64bits(1 + n/2)},
		{"red.global.add.f32 [%d0], 0f3F000000;", uint64(math.Float32bits(1)), uint64(math.Float32bits(1 + n/2))},
		{"atom.global.exch.b32 %r9, [%d0], 8;", 5, 8},
		{"atom.shared.add.u32 %r9, [sum], 1; bar.sync 0; ld.shared.u32 %r10, [sum]; @%p1 red.global.add.u32 [%d0], %r10;", 0, n},
		// A lock and a cell that it guards.
		{"again: atom.cas.b32 %r3, [%d0+8], 0, 1; setp.ne.u32 %p2, %r3, 0; @%p2 bra again; membar.gl; ld.volatile.global.u64 %d3, [%d0]; add.u64 %d3, %d3, 2; st.volatile.global.u64 [%d0], %d3; membar.gl; st.volatile.global.u32 [%d0+8], 0;", 1, 1 + 2*n},
		{"again: ld.volatile.u64 %d3, [%d0]; add.u64 %d4, %d3, %d2; atom.cas.b64 %d5, [%d0], %d3, %d4; setp.ne.u64 %p2, %d5, %d3; @%p2 bra again;", 1, 1 + n*(n-1)/2},
	} {
		for name, run := range runners(t) {
			for seed := range uint64(3) {
				p := make([]byte, 16)
				binary.LittleEndian.PutUint64(p, c.from)
				err := run(t, `.shared .align 4 .u32 sum;
					mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x; mov.u32 %r5, %ntid.x; mad.lo.u32 %r2, %r1, %r5, %r0; cvt.u64.u32 %d2, %r2;
					setp.eq.u32 %p1, %r0, 0; @%p1 st.shared.u32 [sum], 0; bar.sync 0;
					`+c.code, 4, 96, p, Options{Seed: seed, Interleave: 2})
				if err != nil {
					t.Fatalf("%s on the %s: %v", c.code, name, err)
				}
				if got := words(p)[0]; got != c.want {
					t.Errorf("%s on the %s: 0x%x, want 0x%x", c.code, name, got, c.want)
				}
			}
		}
	}
}

// A read that another thread may come between loses counts, which shows that threads do interleave.
func TestThreadsInterleave(t *testing.T) {
	p := make([]byte, 8)
	err := run(t, "ld.volatile.global.u64 %d1, [%d0]; add.u64 %d1, %d1, 1; st.volatile.global.u64 [%d0], %d1;", 4, 64, 0, p, Options{Interleave: 2})
	if got := words(p)[0]; err != nil || got >= 256 || got == 0 {
		t.Errorf("%d, %v", got, err)
	}
}

func TestAccessesAreChecked(t *testing.T) {
	for _, c := range []struct {
		code, text string
		kind       FaultKind
	}{
		{"ld.global.u64 %d1, [%d0+64];", "ld.global.u64 of 8 bytes at address 0x10040, which no allocation has", FaultAddress},
		{"ld.global.u32 %r1, [%d0+60]; ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%d0+48]; st.global.u8 [%d0+-1], 0;", "st.global.u8 of 1 bytes at address 0xffff, which", FaultAddress},
		{"st.global.v2.u64 [%d0+8], {%d1, %d2};", "st.global.v2.u64 of 16 bytes at address 0x10008 is misaligned", FaultMisaligned},
		{"ld.global.u64 %d1, [%d0+4];", "ld.global.u64 of 8 bytes at address 0x10004 is misaligned", FaultMisaligned},
		{"mov.u64 %d1, 0; ld.global.u64 %d1, [%d1];", "at address 0x0, which no allocation has", FaultAddress},
		{"atom.add.u32 %r1, [%d0+2], 1;", "is misaligned", FaultMisaligned},
		{".shared .align 4 .u32 s; st.shared.u32 [s+4], 0;", "of shared memory, of 4 bytes there", FaultAddress},
		{"cvta.to.shared.u64 %d1, %d0; ld.shared.u64 %d2, [%d1];", "0x10000 of shared memory, of 0 bytes there", FaultAddress},
		{"cvta.shared.u64 %d1, 64; ld.u64 %d2, [%d1];", "address 0x40 of shared memory", FaultAddress},
		{"mov.u64 %d1, 0x1000000000000; ld.global.u64 %d2, [%d1];", "address 0x0 of shared memory, which no allocation has", FaultAddress},
		{".local .align 8 .b8 own[16]; mov.u64 %d1, own; cvta.local.u64 %d1, %d1; st.u64 [%d1+8], 1; st.u64 [%d1+16], 1;", "st.u64 of 8 bytes at address 0x10 of local memory, of 16 bytes there", FaultAddress},
		{"mov.u64 %d1, -8; ld.global.u64 %d2, [%d1];", "0xfffffffffffffff8, which no allocation has", FaultAddress},
		{"ld.param.u64 %d1, [out+8];", "address 0x8 of the parameters", FaultAddress},
		{"trap;", "trap", FaultTrap},
		{"again: bra again;", "1000 instructions were executed without an end", FaultSteps},
	} {
		f := fails(t, run(t, "mov.u32 %r0, %tid.x; setp.ne.u32 %p0, %r0, 5; @%p0 ret;\n"+c.code, 1, 32, 0, make([]byte, 64), Options{Steps: 1000}), c.kind, c.text)
		if f.Block != 0 || f.Thread != 5 || f.Line != 9 || f.Kernel != "k" {
			t.Errorf("%s: %+v", c.code, f)
		}
	}
}

// Memory that nobody has written is noise: not zeros, and not the same in every thread.
func TestWhatIsNotWrittenIsNoise(t *testing.T) {
	p := make([]byte, 64*16)
	err := run(t, `.shared .align 8 .b8 cells[512];
		mov.u32 %r0, %tid.x; cvt.u64.u32 %d1, %r0; shl.b64 %d2, %d1, 4; add.u64 %d3, %d0, %d2; shl.b64 %d2, %d1, 3;
		mov.u64 %d4, cells; add.u64 %d4, %d4, %d2; ld.shared.u64 %d5, [%d4];
		st.global.v2.u64 [%d3], {%d5, %d19};`, 1, 64, 0, p, Options{Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]bool{}
	for _, w := range words(p) {
		seen[w] = true
	}
	if len(seen) != 128 || seen[0] {
		t.Errorf("%d different words of 128", len(seen))
	}
}
