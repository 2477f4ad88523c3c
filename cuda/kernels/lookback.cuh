// lookback.cuh: running sums over tiles within one kernel. A tile posts its own sum as soon as it has it, and that of all tiles up to it once it knows what lies
// before; to know, it looks back until a tile that knows (Merrill and Garland, Single-pass Parallel Prefix Scan with Decoupled Look-back, 2016). Blocks
// take tiles in the order in which they begin, so that whoever waits waits for blocks that run.
#pragma once
#include "scan.cuh"

// A posted word is a sum under 16 bits that say what it is: twice the mark of the kernel's run, from 1 on, and one more when the tiles before are in it. Words from
// other runs, and zeros, say nothing.
PB_DEV void pb_post_own(u64 *states, u64 at, u64 mark, u64 sum) { pb_post(states, at, sum << 16 | mark << 1); }
PB_DEV void pb_post_whole(u64 *states, u64 at, u64 mark, u64 sum) { pb_post(states, at, sum << 16 | mark << 1 | 1); }

// pb_take_tile is the next tile, the same for all threads of the block. They all call it.
PB_DEV u32 pb_take_tile(u32 &shared, u32 *next) {
	if (PB_TID == 0) shared = pb_global_add(next, 1u);
	pb_barrier();
	return shared;
}

// pb_look_back is the sum over the tiles before this one, which is not the first, of what they post at states[tile * stride + column]: for one thread.
PB_DEV u64 pb_look_back(const u64 *states, u64 stride, u64 column, u64 tile, u64 mark) {
	enum { AHEAD = 4 };
	u64 before = 0;
	for (u64 at = tile;;) {
		// The next few tiles are asked for together: one after the other, each would take its time.
		u64 seen[AHEAD];
#pragma unroll
		for (u64 k = 0; k < AHEAD; k++) seen[k] = pb_peek(states, (at > k ? at - 1 - k : 0) * stride + column);
#pragma unroll
		for (u64 k = 0; k < AHEAD; k++) {
			if ((seen[k] >> 1 & 0x7fff) != mark) {
				pb_pause();
				break;
			}
			before += seen[k] >> 16;
			if (seen[k] & 1) return before;
			at--;
		}
	}
}

// pb_look_back_warp is pb_look_back of one column for a whole warp, whose lanes all get the sum.
PB_DEV u64 pb_look_back_warp(const u64 *states, u64 tile, u64 mark) {
	const u32 lane = PB_TID & 31;
	u64 before = 0;
	for (u64 at = tile;;) {
		u64 seen = pb_peek(states, at > lane ? at - 1 - lane : 0);
		u32 said = pb_ballot(PB_FULL, (seen >> 1 & 0x7fff) == mark);
		u32 whole = pb_ballot(PB_FULL, (seen & 1) != 0) & said;
		// Lanes up to the first tile that knows all before it, or that has said nothing yet.
		u32 silent = ~said ? pb_ffs(~said) : 32, last = whole ? pb_ffs(whole) : 32;
		u32 use = last < silent ? last + 1 : silent;
		u64 sum = lane < use ? seen >> 16 : 0;
		for (u32 by = 16; by > 0; by >>= 1) sum += pb_shfl_down64(PB_FULL, sum, by);
		before += pb_shfl64(PB_FULL, sum, 0);
		if (last < silent) return before;
		at -= use;
		if (use == 0) pb_pause();
	}
}

// pb_tile_start is the sum of all tiles before this one, for all threads, which all call it; sum is this tile's own. Sums stay below 2^47 and say so by staying there.
PB_DEV u64 pb_tile_start(u64 &shared, u64 *states, u64 tile, u64 mark, u64 sum) {
	const u64 most = ((u64)1 << 47) - 1;
	if (PB_TID < 32) {
		u64 before = 0;
		if (tile > 0) {
			// 32 tiles' own sums and one of all before them fit a word.
			if (PB_TID == 0) pb_post_own(states, tile, mark, sum < most >> 8 ? sum : most >> 8);
			before = pb_look_back_warp(states, tile, mark);
		}
		if (PB_TID == 0) {
			pb_post_whole(states, tile, mark, before + sum < most ? before + sum : most);
			shared = before;
		}
	}
	pb_barrier();
	return shared;
}
