// spread.cuh: rows go to up to 256 places by a number of theirs, in the order of the rows; partitioning and each pass of a radix sort are this. Rows is a
// type with number(i), the place of row i, and put(i, to), which writes row i to position to.
#pragma once
#include "device.cuh"

enum { SPREAD_THREADS = 256, SPREAD_TILE = 4096, SPREAD_MOST = 256 };

struct pb_spread_shared {
	u32 count[SPREAD_MOST];
	u32 warp[SPREAD_THREADS / 32][SPREAD_MOST];
};

// pb_spread_count counts, tile by tile, the rows of each place: counts[p * tiles + tile], so that the exclusive sums over all are where each tile's rows go.
template <typename Rows> PB_DEV void pb_spread_count(pb_spread_shared &shared, Rows of, u64 rows, u64 places, u64 tiles, u32 *counts) {
	for (u64 tile = PB_BID; tile < tiles; tile += PB_NBID) {
		for (u32 p = PB_TID; p < places; p += PB_NTID) shared.count[p] = 0;
		pb_barrier();
		for (u64 i = tile * SPREAD_TILE + PB_TID; i < rows && i < (tile + 1) * SPREAD_TILE; i += PB_NTID) pb_atomic_add(&shared.count[of.number(i)], 1u);
		pb_barrier();
		for (u32 p = PB_TID; p < places; p += PB_NTID) pb_store<u32>(counts, p * tiles + tile, shared.count[p]);
		pb_barrier();
	}
}

template <typename Rows> PB_DEV void pb_spread_rows(pb_spread_shared &shared, Rows of, u64 rows, u64 places, u64 tiles, const u32 *starts) {
	const u32 lane = PB_TID & 31, warp = PB_TID >> 5, warps = PB_NTID >> 5;
	for (u64 tile = PB_BID; tile < tiles; tile += PB_NBID) {
		for (u32 p = PB_TID; p < places; p += PB_NTID) shared.count[p] = pb_load<u32>(starts, p * tiles + tile);
		for (u64 from = tile * SPREAD_TILE; from < (tile + 1) * SPREAD_TILE && from < rows; from += PB_NTID) {
			for (u32 p = PB_TID; p < warps * SPREAD_MOST; p += PB_NTID) (&shared.warp[0][0])[p] = 0;
			pb_barrier();
			// A row's rank among those of its place: in the warp by the lanes that go there, over the warps by their counts.
			u64 i = from + PB_TID;
			bool live = i < rows;
			u32 place = live ? of.number(i) : 0;
			u32 peers = pb_ballot(PB_FULL, live);
			for (u32 bit = 0; bit < 8; bit++) {
				bool mine = place >> bit & 1;
				u32 set = pb_ballot(PB_FULL, mine);
				peers &= mine ? set : ~set;
			}
			u32 rank = pb_popc(peers & ((1u << lane) - 1));
			if (live && rank == 0) shared.warp[warp][place] = pb_popc(peers);
			pb_barrier();
			if (live) {
				u32 before = shared.count[place];
				for (u32 w = 0; w < warp; w++) before += shared.warp[w][place];
				of.put(i, before + rank);
			}
			pb_barrier();
			for (u32 p = PB_TID; p < places; p += PB_NTID) {
				u32 sum = 0;
				for (u32 w = 0; w < warps; w++) sum += shared.warp[w][p];
				shared.count[p] += sum;
			}
			pb_barrier();
		}
		pb_barrier();
	}
}
