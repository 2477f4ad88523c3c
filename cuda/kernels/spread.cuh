// spread.cuh: rows go to up to 256 places by a number of theirs, in the order of the rows; partitioning and each pass of a radix sort are this, in one reading of the rows
// (Adinets and Merrill, Onesweep: A Faster Least Significant Digit Radix Sort for GPUs, 2022): how many rows each place gets has been counted before, how
// many of them lie in the tiles before this one is found by looking back, and a tile's rows are put in order in shared memory, so that those of a place are written side by side.
#pragma once
#include "lookback.cuh"

enum { SPREAD_THREADS = 384, SPREAD_WARPS = SPREAD_THREADS / 32, SPREAD_MOST = 256 };

// A tile has ITEMS rows a thread. Staged is what lies in shared memory of each.
template <int ITEMS, typename Staged> struct pb_spread_shared {
	enum { TILE = SPREAD_THREADS * ITEMS };
	union {
		u32 warp[SPREAD_WARPS][SPREAD_MOST]; // rows of each place in each warp; then where they begin in the tile
		Staged staged[TILE];
	};
	u32 base[SPREAD_MOST]; // where the place's rows go, less where they begin in the tile
	u32 tile;
	pb_scan_shared scan;
};

// Thread t has rows pb_spread_row(tile, k) for k from 0: a warp's rows follow each other, and so do its lanes' of each k.
template <int ITEMS> PB_DEV u64 pb_spread_row(u64 tile, u32 k) {
	return tile * (SPREAD_THREADS * ITEMS) + (PB_TID >> 5) * (32 * ITEMS) + k * 32 + (PB_TID & 31);
}

// pb_spread_rank turns each row's number in word into the number << 16 and where the row lies in the tile when it is put in order. Rows behind the last one have the greatest
// number that there is. own gets what pb_spread_find needs of the tile.
template <int ITEMS, typename Staged> PB_DEV void pb_spread_rank(pb_spread_shared<ITEMS, Staged> &shared, u32 (&word)[ITEMS], u64 tile, const u32 *totals, u64 *states, u64 mark, u32 (&own)[2]) {
	const u32 lane = PB_TID & 31;
	u32 *count = shared.warp[PB_TID >> 5];
#pragma unroll
	for (u32 p = 0; p < SPREAD_MOST; p += 32) count[p + lane] = 0;
	pb_warp_barrier(PB_FULL);
	// A row's rank among those of its place in the warp: by the lanes that go there with it, after those of the steps before.
#pragma unroll
	for (int k = 0; k < ITEMS; k++) {
		u32 place = word[k], peers = pb_match8(place);
		u32 below = pb_popc(peers & ((1u << lane) - 1)), before = count[place];
		pb_warp_barrier(PB_FULL);
		if (below == 0) count[place] = before + pb_popc(peers);
		pb_warp_barrier(PB_FULL);
		word[k] = place << 16 | (before + below);
	}
	pb_barrier();
	// A thread for each place, over the warps.
	u32 all = 0, total;
	if (PB_TID < SPREAD_MOST) {
#pragma unroll
		for (u32 w = 0; w < SPREAD_WARPS; w++) all += shared.warp[w][PB_TID];
		if (tile > 0) pb_post_own(states, tile * SPREAD_MOST + PB_TID, mark, all);
	}
	u32 start = pb_block_scan(shared.scan, all, &total);
	if (PB_TID < SPREAD_MOST) {
		u32 at = start;
#pragma unroll
		for (u32 w = 0; w < SPREAD_WARPS; w++) {
			u32 n = shared.warp[w][PB_TID];
			shared.warp[w][PB_TID] = at;
			at += n;
		}
	}
	if (tile == 0) {
		u32 first = pb_block_scan(shared.scan, PB_TID < SPREAD_MOST ? pb_load<u32>(totals, PB_TID) : 0, &total);
		if (PB_TID < SPREAD_MOST) {
			pb_post_whole(states, PB_TID, mark, (u64)first + all);
			shared.base[PB_TID] = first - start;
		}
	}
	own[0] = all;
	own[1] = start;
	pb_barrier();
#pragma unroll
	for (int k = 0; k < ITEMS; k++) word[k] += count[word[k] >> 16];
	pb_barrier(); // what is staged takes the counts' memory
}

// pb_spread_find finds where the tile's rows go; own is what pb_spread_rank left there.
template <int ITEMS, typename Staged> PB_DEV void pb_spread_find(pb_spread_shared<ITEMS, Staged> &shared, u64 tile, u64 *states, u64 mark, const u32 (&own)[2]) {
	if (tile > 0 && PB_TID < SPREAD_MOST) {
		u64 before = pb_look_back(states, SPREAD_MOST, PB_TID, tile, mark);
		pb_post_whole(states, tile * SPREAD_MOST + PB_TID, mark, before + own[0]);
		shared.base[PB_TID] = (u32)before - own[1];
	}
	pb_barrier();
}

// pb_spread_count adds the rows of each place to totals. shared: a word for each place.
template <typename Number> PB_DEV void pb_spread_count(u32 (&count)[SPREAD_MOST], Number number, u64 rows, u32 *totals) {
	enum { ITEMS = 8 };
	for (u32 p = PB_TID; p < SPREAD_MOST; p += PB_NTID) count[p] = 0;
	pb_barrier();
	const u64 step = pb_threads();
	u64 i = pb_index();
	for (; i + (ITEMS - 1) * step < rows; i += ITEMS * step) {
		u32 place[ITEMS];
#pragma unroll
		for (int k = 0; k < ITEMS; k++) place[k] = number(i + k * step);
#pragma unroll
		for (int k = 0; k < ITEMS; k++) pb_atomic_add(&count[place[k]], 1u);
	}
	for (; i < rows; i += step) pb_atomic_add(&count[number(i)], 1u);
	pb_barrier();
	for (u32 p = PB_TID; p < SPREAD_MOST; p += PB_NTID) {
		if (count[p]) pb_global_add(totals + p, count[p]);
	}
}
