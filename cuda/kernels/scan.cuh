// scan.cuh: sums over the threads of a block.
#pragma once
#include "device.cuh"

struct pb_scan_shared {
	u32 warp[33];
};

// pb_block_scan is the sum of v over the threads before this one; total is that over all of the block, a multiple of 32 threads. All threads call it.
PB_DEV u32 pb_block_scan(pb_scan_shared &shared, u32 v, u32 *total) {
	const u32 lane = PB_TID & 31, warp = PB_TID >> 5, warps = PB_NTID >> 5;
	u32 sum = v;
	for (u32 by = 1; by < 32; by <<= 1) {
		u32 below = pb_shfl_up(PB_FULL, sum, by);
		if (lane >= by) sum += below;
	}
	pb_barrier(); // whoever still reads what is there from the call before
	if (lane == 31) shared.warp[warp] = sum;
	pb_barrier();
	if (warp == 0) {
		u32 x = lane < warps ? shared.warp[lane] : 0, s = x;
		for (u32 by = 1; by < 32; by <<= 1) {
			u32 below = pb_shfl_up(PB_FULL, s, by);
			if (lane >= by) s += below;
		}
		if (lane < warps) shared.warp[lane] = s - x;
		if (lane == 31) shared.warp[32] = s;
	}
	pb_barrier();
	*total = shared.warp[32];
	return shared.warp[warp] + sum - v;
}
