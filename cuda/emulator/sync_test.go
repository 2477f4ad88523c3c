package emulator

import (
	"encoding/binary"
	"math/bits"
	"testing"
)

// lanes runs a block of threads, whose lane is in %r0 and whose word of out is at %d1, and gives the words.
func lanes(t *testing.T, run runner, threads int, code string) []uint64 {
	t.Helper()
	p := make([]byte, 8*threads)
	err := run(t, "mov.u32 %r19, %tid.x; mov.u32 %r0, %laneid; mul.wide.u32 %d1, %r19, 8; add.u64 %d1, %d1, %d0; mov.u32 %r10, 0;\n"+code+"\ncvt.u64.u32 %d2, %r10; st.global.u64 [%d1], %d2;",
		1, threads, p, Options{Interleave: 1, Seed: uint64(len(code))})
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return words(p)
}

func TestVotesAndShuffles(t *testing.T) {
	const threads = 64 + 20
	const noise = 1 << 40 // what a lane gets from one that does not exist is not compared
	all := func(lane int) uint32 {
		if lane >= 64 {
			return 1<<20 - 1
		}
		return ^uint32(0)
	}
	for _, c := range []struct {
		code string
		want func(tid, lane int) uint64
	}{
		{"and.b32 %r1, %r0, 1; setp.eq.u32 %p1, %r1, 1; vote.sync.ballot.b32 %r10, %p1, -1;", func(tid, lane int) uint64 { return uint64(0xAAAAAAAA & all(tid)) }},
		{"setp.eq.u32 %p1, %r0, 3; vote.sync.ballot.b32 %r10, !%p1, 0xFFFFFFFF;", func(tid, lane int) uint64 { return uint64(^uint32(8) & all(tid)) }},
		{"setp.eq.u32 %p1, %r19, 40; vote.sync.any.pred %p2, %p1, -1; selp.u32 %r10, 1, 0, %p2;", func(tid, lane int) uint64 { return truth(tid/32 == 1) }},
		{"setp.ne.u32 %p1, %r19, 40; vote.sync.all.pred %p2, %p1, -1; selp.u32 %r10, 1, 0, %p2;", func(tid, lane int) uint64 { return truth(tid/32 != 1) }},
		{"setp.eq.u32 %p1, %r19, 40; vote.sync.uni.pred %p2, %p1, -1; selp.u32 %r10, 1, 0, %p2;", func(tid, lane int) uint64 { return truth(tid/32 != 1) }},
		{"shfl.sync.idx.b32 %r10, %r19, 5, 31, -1;", func(tid, lane int) uint64 { return uint64(tid - lane + 5) }},
		{"shfl.sync.down.b32 %r10|%p1, %r19, 1, 31, -1; @!%p1 mov.u32 %r10, 1000;", func(tid, lane int) uint64 {
			switch {
			case lane == 31:
				return 1000
			case tid+1 == threads:
				return noise
			}
			return uint64(tid + 1)
		}},
		{"shfl.sync.up.b32 %r10|%p1, %r19, 2, 0, -1; @!%p1 add.u32 %r10, %r10, 500;", func(tid, lane int) uint64 {
			if lane < 2 {
				return uint64(tid) + 500
			}
			return uint64(tid - 2)
		}},
		{"shfl.sync.bfly.b32 %r10, %r19, 3, 31, -1;", func(tid, lane int) uint64 { return uint64(tid ^ 3) }},
		// Segments of eight lanes: bits 8 to 12 of the last operand but one.
		{"shfl.sync.idx.b32 %r10, %r19, 9, 0x181F, -1;", func(tid, lane int) uint64 { return uint64(tid&^7 + 1) }},
		{"shfl.sync.down.b32 %r10, %r19, 3, 0x181F, -1;", func(tid, lane int) uint64 {
			switch {
			case lane%8 >= 5:
				return uint64(tid)
			case tid+3 >= threads:
				return noise
			}
			return uint64(tid + 3)
		}},
		// Two halves of a warp that meet on their own.
		{"setp.lt.u32 %p1, %r0, 16; @%p1 bra low; shfl.sync.idx.b32 %r10, %r19, 20, 31, 0xFFFF0000; bra.uni end; low: shfl.sync.idx.b32 %r10, %r19, 2, 31, 0xFFFF; end:", func(tid, lane int) uint64 {
			if lane < 16 {
				return uint64(tid - lane + 2)
			}
			if tid-lane+20 >= threads {
				return noise
			}
			return uint64(tid - lane + 20)
		}},
		{"bar.warp.sync -1; mov.u32 %r10, %lanemask_lt; popc.b32 %r10, %r10;", func(tid, lane int) uint64 { return uint64(lane) }},
		{"mov.u32 %r1, %warpid; mov.u32 %r2, WARP_SZ; mad.lo.u32 %r10, %r1, %r2, %r0;", func(tid, lane int) uint64 { return uint64(tid) }},
	} {
		for name, run := range runners(t) {
			for tid, got := range lanes(t, run, threads, c.code) {
				if want := c.want(tid, tid%32); got != want && want != noise {
					t.Errorf("%s on the %s: thread %d has %d, want %d", c.code, name, tid, got, want)
				}
			}
		}
	}
	for name, run := range runners(t) {
		for tid, got := range lanes(t, run, 32, "activemask.b32 %r10;") {
			if got>>tid&1 != 1 {
				t.Errorf("on the %s thread %d is not among the active 0x%x", name, tid, got)
			}
		}
		// Lanes that have ended are not waited for.
		for tid, got := range lanes(t, run, 32, "setp.gt.u32 %p1, %r0, 9; @%p1 ret; vote.sync.ballot.b32 %r10, 1, -1;") {
			if want := uint64(1<<10 - 1); tid < 10 && got != want {
				t.Errorf("on the %s thread %d: 0x%x, want 0x%x", name, tid, got, want)
			}
		}
	}
}

// A sum over a block through shared memory and barriers, in any order of threads and blocks.
func TestBarriers(t *testing.T) {
	for seed := range uint64(20) {
		p := make([]byte, 8*7)
		err := run(t, `
			.shared .align 8 .b8 cells[2048];
			mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x;
			mul.wide.u32 %d1, %r0, 8; mov.u64 %d2, cells; add.u64 %d3, %d2, %d1;
			mul.wide.u32 %d4, %r0, %r1;
			st.shared.u64 [%d3], %d4;
			mov.u32 %r2, 128;
		loop:
			bar.sync 0;
			setp.ge.u32 %p1, %r0, %r2;
			@%p1 bra next;
			mul.wide.u32 %d5, %r2, 8; add.u64 %d6, %d3, %d5;
			ld.shared.u64 %d7, [%d6]; ld.shared.u64 %d8, [%d3]; add.u64 %d8, %d8, %d7; st.shared.u64 [%d3], %d8;
		next:
			shr.u32 %r2, %r2, 1;
			setp.ne.u32 %p1, %r2, 0;
			@%p1 bra loop;
			setp.ne.u32 %p1, %r0, 0;
			@%p1 ret;
			mul.wide.u32 %d9, %r1, 8; add.u64 %d9, %d9, %d0;
			st.global.u64 [%d9], %d8;`, 7, 256, 0, p, Options{Seed: seed, Interleave: uint32(seed), Races: true, Resident: 1 + int(seed%4)})
		if err != nil {
			t.Fatal(err)
		}
		for block, got := range words(p) {
			if want := uint64(block) * 255 * 128; got != want {
				t.Errorf("seed %d, block %d: %d, want %d", seed, block, got, want)
			}
		}
	}
}

// Threads that wait for each other, or meet where they may not, end the run with a fault that names them.
func TestMeetings(t *testing.T) {
	for _, c := range []struct {
		code, text string
		threads    int
		line       int
	}{
		// One warp waits at a barrier, the other for a flag in a vote that nobody else joins.
		{"setp.eq.u32 %p1, %r0, 7; @%p1 bar.warp.sync 0xFF;\nsetp.eq.u32 %p2, %r0, 7; @!%p2 bar.sync 0;", "threads wait for each other for ever", 32, 0},
		{"setp.eq.u32 %p1, %r0, 7; @%p1 bra other; bar.sync 0; bra.uni end; other:\nbar.sync 0; end:", "of the same warp waits at another one, in line", 32, 0},
		{"vote.sync.ballot.b32 %r1, %p0, 0x0F;", "the thread is not in its mask 0x0000000f", 32, 9},
		{"mov.u32 %r1, -1; setp.eq.u32 %p1, %r0, 7; @%p1 mov.u32 %r1, 0xFF; shfl.sync.idx.b32 %r2, %r0, 0, 31, %r1;", "shfl.sync.idx.b32 with the mask", 32, 9},
		{"setp.eq.u32 %p1, %r0, 7; @%p1 bra other; vote.sync.any.pred %p2, %p1, -1; bra.uni end; other: vote.sync.all.pred %p2, %p1, -1; end:", "is at vote.sync.", 32, 9},
		{"mov.u32 %r1, 40; bar.sync 0, %r1;", "barrier 0 of 40 threads", 64, 9},
		{"bar.sync %r0;", "barrier", 64, 9},
		{"bar.sync 0, 64;", "for ever", 32, 9},
	} {
		f := fails(t, run(t, "mov.u32 %r0, %tid.x; setp.eq.u32 %p0, %r0, 99;\n"+c.code, 1, c.threads, 0, make([]byte, 8), Options{Interleave: 2}), FaultSync, c.text)
		if c.line != 0 && f.Line != c.line {
			t.Errorf("%s: %+v", c.code, f)
		}
	}
	// Named barriers of two warps each, and threads that have ended.
	p := make([]byte, 8)
	err := run(t, `mov.u32 %r0, %tid.x; shr.u32 %r1, %r0, 6; add.u32 %r1, %r1, 1; setp.eq.u32 %p1, %r0, 130; @%p1 ret;
		setp.gt.u32 %p2, %r0, 127; @%p2 bra last; bar.sync %r1, 64; last: bar.sync 0; red.global.add.u64 [%d0], 1;`, 1, 160, 0, p, Options{Interleave: 1})
	if err != nil || words(p)[0] != 159 {
		t.Errorf("%d, %v", words(p)[0], err)
	}
}

func TestRaces(t *testing.T) {
	const own = `.shared .align 8 .b8 cells[1024]; mov.u32 %r0, %tid.x; mov.u64 %d1, cells; mul.wide.u32 %d2, %r0, 8; add.u64 %d2, %d2, %d1;
		xor.b32 %r1, %r0, 33; mul.wide.u32 %d3, %r1, 8; add.u64 %d3, %d3, %d1; xor.b32 %r2, %r0, 1; mul.wide.u32 %d4, %r2, 8; add.u64 %d4, %d4, %d1;
		mul.wide.u32 %d5, %r0, 8; add.u64 %d5, %d5, %d0; mul.wide.u32 %d6, %r1, 8; add.u64 %d6, %d6, %d0;
		`
	for _, c := range []struct{ code, text string }{
		{"st.shared.u64 [%d2], 1; bar.sync 0; ld.shared.u64 %d9, [%d3]; bar.sync 0; st.shared.u64 [%d2], 2;", ""},
		{"st.shared.u64 [%d2], 1; ld.shared.u64 %d9, [%d3];", "of shared memory races with thread"},
		{"ld.shared.u64 %d9, [%d3]; st.shared.u64 [%d2], 1;", "of shared memory races with thread"},
		{"st.shared.u64 [%d2], 1; bar.warp.sync -1; ld.shared.u64 %d9, [%d4];", ""},
		{"st.shared.u64 [%d2], 1; ld.shared.u64 %d9, [%d4];", "races"},
		{"st.shared.u64 [%d2], 1; bar.warp.sync -1; ld.shared.u64 %d9, [%d3];", "which wrote it and met no barrier since"},
		{"ld.shared.u64 %d9, [%d3]; bar.warp.sync -1; st.shared.u64 [%d2], 1;", "which read it"},
		{"st.shared.u64 [%d1], 1;", "st.shared.u64 of address 0x0 of shared memory races"},
		{"atom.shared.add.u64 %d9, [%d1], 1; ld.volatile.shared.u64 %d9, [%d1]; st.volatile.shared.u64 [%d1], 1;", ""},
		{"cvta.shared.u64 %d7, %d1; st.u64 [%d7+16], 1;", "of address 0x10 of shared memory"},
		{"st.global.u64 [%d5], 1; ld.global.u64 %d9, [%d6];", "races"},
		{"st.global.u64 [%d5], 1; bar.sync 0; ld.global.u64 %d9, [%d6];", ""},
		{"ld.global.u64 %d9, [%d0]; ld.global.u64 %d9, [%d6]; ld.shared.u64 %d9, [%d1];", ""},
		{"cvt.u64.u32 %d8, %r0; add.u64 %d8, %d8, %d1; st.shared.u8 [%d8], 1;", ""},
	} {
		for seed := range uint64(4) {
			err := run(t, own+c.code, 3, 64, 0, make([]byte, 8*64), Options{Races: true, Seed: seed, Interleave: 2})
			if c.text != "" {
				fails(t, err, FaultRace, c.text)
			} else if err != nil {
				t.Errorf("%s: %v", c.code, err)
			}
		}
	}
}

// The same seed gives the same order, another one another.
func TestOrderFollowsFromTheSeed(t *testing.T) {
	trace := func(seed uint64) uint64 {
		p := make([]byte, 8+8*256)
		err := run(t, `mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x; mad.lo.u32 %r2, %r1, 64, %r0;
			atom.global.add.u64 %d1, [%d0], 1; shl.b64 %d1, %d1, 3; add.u64 %d1, %d1, %d0; cvt.u64.u32 %d2, %r2; st.global.u64 [%d1+8], %d2;`, 4, 64, 0, p, Options{Seed: seed, Interleave: 4})
		if err != nil {
			t.Fatal(err)
		}
		hash := uint64(0)
		for i, w := range words(p)[1:] {
			hash = bits.RotateLeft64(hash, 7) ^ (w+1)*uint64(2*i+1)
		}
		return hash
	}
	if first, again, other := trace(1), trace(1), trace(2); first != again || first == other {
		t.Errorf("%x, %x again, %x with another seed", first, again, other)
	}
}

// Grids have more blocks than run at once, and a thread knows where it is.
func TestSpecialRegisters(t *testing.T) {
	p := make([]byte, 16*5*40)
	err := run(t, `mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %nctaid.x; mad.lo.u32 %r4, %r1, %r2, %r0;
		mul.wide.u32 %d1, %r4, 16; add.u64 %d1, %d1, %d0; mov.b64 %d2, {%r0, %r1}; mov.b64 %d3, {%r2, %r3}; st.global.v2.u64 [%d1], {%d2, %d3};`, 5, 40, 0, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		got := [4]uint32{}
		for j := range got {
			got[j] = binary.LittleEndian.Uint32(p[16*i+4*j:])
		}
		if want := [4]uint32{uint32(i % 40), uint32(i / 40), 40, 5}; got != want {
			t.Errorf("thread %d: %v, want %v", i, got, want)
		}
	}
}
