// compact.cu: which rows are left, and their values, in the order of the rows.
#include "marks.cuh"

enum { COUNT_THREADS = 256, COUNT_EACH = 8 };

struct pb_count_shared {
	pb_scan_shared scan;
	u64 start;
	u32 tile;
};

// pb_marks_count writes the number of set bits before each chunk of a bitmap to starts, and that of all to total: a block of COUNT_THREADS for every COUNT_EACH chunks a warp.
PB_KERNEL pb_marks_count(const u32 *bits, u64 words, u32 *next, u64 *states, u32 *starts, u64 *total) {
	PB_SHARED(pb_count_shared, shared);
	const u64 tile = pb_take_tile(shared.tile, next), chunks = (words + MARKS_CHUNK - 1) / MARKS_CHUNK;
	const u32 lane = PB_TID & 31;
	const u64 chunk = (tile * (COUNT_THREADS / 32) + (PB_TID >> 5)) * COUNT_EACH;
	u32 n[COUNT_EACH];
#pragma unroll
	for (u32 k = 0; k < COUNT_EACH; k++) {
		u64 i = (chunk + k) * MARKS_CHUNK + lane;
		n[k] = i < words ? pb_popc(pb_load<u32>(bits, i)) : 0;
	}
	// Lane k takes chunk k's sum.
	u32 mine = 0;
#pragma unroll
	for (u32 k = 0; k < COUNT_EACH; k++) {
		for (u32 by = 16; by > 0; by >>= 1) n[k] += pb_shfl_down(PB_FULL, n[k], by);
		u32 sum = pb_shfl(PB_FULL, n[k], 0);
		if (lane == k) mine = sum;
	}
	u32 sum, before = pb_block_scan(shared.scan, mine, &sum);
	u64 start = pb_tile_start(shared.start, states, tile, 1, sum);
	if (lane < COUNT_EACH && chunk + lane < chunks) pb_store<u32>(starts, chunk + lane, (u32)start + before);
	if (PB_TID == 0 && (tile + 1) * (COUNT_THREADS / 32) * COUNT_EACH >= chunks) pb_store<u64>(total, 0, start + sum);
}

// pb_compact_rows writes the numbers of the rows whose bit is set.
PB_KERNEL pb_compact_rows(const u32 *bits, u64 words, const u32 *starts, u32 *rows) {
	pb_marks_walk(
	    bits, words, starts,
	    [=](u32, u64 row, bool set, u32 place) {
		    if (set) pb_store<u32>(rows, place, (u32)row);
	    },
	    [] {});
}

template <typename T> PB_DEV void pb_compact_as(const u32 *bits, u64 words, const u32 *starts, const void *values, void *out) {
	T value[4];
	u32 to[4];
	pb_marks_walk(
	    bits, words, starts,
	    [&](u32 k, u64 row, bool set, u32 place) {
		    to[k] = set ? place : ~0u;
		    if (set) value[k] = pb_load<T>(values, row);
	    },
	    [&] {
#pragma unroll
		    for (u32 k = 0; k < 4; k++) {
			    if (to[k] != ~0u) pb_store<T>(out, to[k], value[k]);
		    }
	    });
}

// pb_compact_values copies the values, of width bytes, of the rows whose bit is set.
PB_KERNEL pb_compact_values(const u32 *bits, u64 words, const u32 *starts, const void *values, u64 width, void *out) {
	switch (width) {
	case 1: pb_compact_as<u8>(bits, words, starts, values, out); break;
	case 2: pb_compact_as<u16>(bits, words, starts, values, out); break;
	case 4: pb_compact_as<u32>(bits, words, starts, values, out); break;
	case 8: pb_compact_as<u64>(bits, words, starts, values, out); break;
	case 16: pb_compact_as<pb_pair>(bits, words, starts, values, out); break;
	}
}

// Several rows of a thread are under way at once, since each waits for its number and then for its value.
template <typename T> PB_DEV void pb_gather_as(const void *values, const u32 *rows, u64 n, void *out) {
	enum { ITEMS = 4 };
	const u64 step = pb_threads();
	u64 i = pb_index();
	for (; i + (ITEMS - 1) * step < n; i += ITEMS * step) {
		u32 row[ITEMS];
		T value[ITEMS];
#pragma unroll
		for (int k = 0; k < ITEMS; k++) row[k] = pb_load<u32>(rows, i + k * step);
#pragma unroll
		for (int k = 0; k < ITEMS; k++) value[k] = pb_load<T>(values, row[k]);
#pragma unroll
		for (int k = 0; k < ITEMS; k++) pb_store<T>(out, i + k * step, value[k]);
	}
	for (; i < n; i += step) pb_store<T>(out, i, pb_load<T>(values, pb_load<u32>(rows, i)));
}

// pb_gather copies the values of the listed rows, or of the listed dictionary codes, each of width bytes.
PB_KERNEL pb_gather(const void *values, u64 width, const u32 *rows, u64 n, void *out) {
	switch (width) {
	case 1: pb_gather_as<u8>(values, rows, n, out); break;
	case 2: pb_gather_as<u16>(values, rows, n, out); break;
	case 4: pb_gather_as<u32>(values, rows, n, out); break;
	case 8: pb_gather_as<u64>(values, rows, n, out); break;
	case 16: pb_gather_as<pb_pair>(values, rows, n, out); break;
	}
}

// pb_gather_bits copies bits of the listed rows, 32 at a time.
PB_KERNEL pb_gather_bits(const u64 *bits, const u32 *rows, u64 n, u32 *out) {
	u64 all = (n + 31) / 32 * 32;
	for (u64 i = pb_index(); i < all; i += pb_threads()) {
		u32 word = pb_ballot(PB_FULL, i < n && pb_bit(bits, pb_load<u32>(rows, i < n ? i : 0)));
		if ((i & 31) == 0) pb_store<u32>(out, i / 32, word);
	}
}
