// marks.cuh: bitmaps of rows, 32 words of 32 bits at a time: a chunk, for one warp. starts has the number of set bits before each chunk.
#pragma once
#include "lookback.cuh"

enum { MARKS_CHUNK = 32 };

// pb_marks_walk calls at(k, row, set, place) for each of n rows per lane and four words at a time: place is the number of set bits before the row; k, from 0 to 3, is a constant, so that
// what at keeps of it lies in registers. then() follows each four.
template <typename At, typename Then> PB_DEV void pb_marks_walk(const u32 *bits, u64 words, const u32 *starts, At at, Then then) {
	enum { TOGETHER = 4 };
	const u32 lane = PB_TID & 31, below = (1u << lane) - 1;
	const u64 step = pb_threads() / 32;
	for (u64 chunk = pb_index() / 32; chunk * MARKS_CHUNK < words; chunk += step) {
		const u64 first = chunk * MARKS_CHUNK;
		u32 mine = first + lane < words ? pb_load<u32>(bits, first + lane) : 0;
		u32 place = pb_load<u32>(starts, chunk);
		for (u32 w = 0; w < MARKS_CHUNK && first + w < words; w += TOGETHER) {
#pragma unroll
			for (u32 k = 0; k < TOGETHER; k++) {
				u32 word = pb_shfl(PB_FULL, mine, w + k);
				at(k, (first + w + k) * 32 + lane, (word >> lane & 1) != 0, place + pb_popc(word & below));
				place += pb_popc(word);
			}
			then();
		}
	}
}
