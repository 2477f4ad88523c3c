// sort.cu: a stable radix sort of words with a number beside each, eight bits a pass, and the search for the N least words. Keys of other types become words whose
// unsigned order is theirs; several keys are sorted by from the last one to the first.
#include "spread.cuh"

struct pb_sort_counts {
	u32 count[8][SPREAD_MOST];
};

// pb_sort_count adds how many words have each value of the digits of eight bits from low to high to totals, 256 words for each digit. Bits from high on are none.
PB_KERNEL pb_sort_count(const u64 *keys, u64 rows, u64 low, u64 high, u32 *totals) {
	enum { ITEMS = 4 };
	PB_SHARED(pb_sort_counts, shared);
	const u32 digits = (u32)(high - low + 7) / 8;
	const u64 keep = high < 64 ? ((u64)1 << high) - 1 : ~(u64)0;
	for (u32 p = PB_TID; p < digits * SPREAD_MOST; p += PB_NTID) shared.count[p / SPREAD_MOST][p % SPREAD_MOST] = 0;
	pb_barrier();
	const u64 step = pb_threads();
	for (u64 from = pb_index(); from < rows; from += ITEMS * step) {
		u64 key[ITEMS];
#pragma unroll
		for (int k = 0; k < ITEMS; k++) key[k] = (pb_load<u64>(keys, from + k * step < rows ? from + k * step : from) & keep) >> low;
#pragma unroll
		for (int k = 0; k < ITEMS; k++) {
			if (from + k * step >= rows) continue;
			for (u32 d = 0; d < digits; d++) pb_atomic_add(&shared.count[d][key[k] >> 8 * d & 255], 1u);
		}
	}
	pb_barrier();
	for (u32 p = PB_TID; p < digits * SPREAD_MOST; p += PB_NTID) {
		u32 n = shared.count[p / SPREAD_MOST][p % SPREAD_MOST];
		if (n) pb_global_add(totals + p, n);
	}
}

enum { SORT_ITEMS = 14 };
typedef pb_spread_shared<SORT_ITEMS, u64> pb_sort_shared;

// pb_sort_pass moves keys and numbers (0: the rows' own) to where the digit of width bits from shift on wants them: a block a tile (see spread.cuh). totals are the digit's
// counts; passes of one sort share states and have marks of their own, and each has its own tiles, the number of the next one.
PB_KERNEL PB_BOUNDS(SPREAD_THREADS, 2) pb_sort_pass(const u64 *keys, const u32 *numbers, u64 rows, u64 shift, u64 width, const u32 *totals, u32 *tiles, u64 *states, u64 mark, u64 *keys_out, u32 *numbers_out) {
	PB_SHARED(pb_sort_shared, shared);
	const u32 tile = pb_take_tile(shared.tile, tiles), mask = (1u << width) - 1;
	const u64 first = (u64)tile * pb_sort_shared::TILE;
	u64 key[SORT_ITEMS];
	u32 to[SORT_ITEMS], own[2];
#pragma unroll
	for (int k = 0; k < SORT_ITEMS; k++) {
		u64 i = pb_spread_row<SORT_ITEMS>(tile, k);
		key[k] = i < rows ? pb_load<u64>(keys, i) : ~(u64)0;
		to[k] = (u32)(key[k] >> shift) & mask;
	}
	pb_spread_rank(shared, to, tile, totals, states, mark, own);
#pragma unroll
	for (int k = 0; k < SORT_ITEMS; k++) shared.staged[to[k] & 0xffff] = key[k];
	u32 number[SORT_ITEMS];
#pragma unroll
	for (int k = 0; k < SORT_ITEMS; k++) {
		u64 i = pb_spread_row<SORT_ITEMS>(tile, k);
		number[k] = numbers && i < rows ? pb_load<u32>(numbers, i) : (u32)i;
	}
	pb_spread_find(shared, tile, states, mark, own);
	u32 place[SORT_ITEMS];
#pragma unroll
	for (u32 k = 0; k < SORT_ITEMS; k++) {
		u32 at = k * SPREAD_THREADS + PB_TID;
		u64 word = shared.staged[at];
		place[k] = shared.base[(u32)(word >> shift) & mask] + at;
		if (first + at < rows) pb_store<u64>(keys_out, place[k], word);
	}
	pb_barrier();
	u32 *staged = (u32 *)shared.staged;
#pragma unroll
	for (int k = 0; k < SORT_ITEMS; k++) staged[to[k] & 0xffff] = number[k];
	pb_barrier();
#pragma unroll
	for (u32 k = 0; k < SORT_ITEMS; k++) {
		u32 at = k * SPREAD_THREADS + PB_TID;
		if (first + at < rows) pb_store<u32>(numbers_out, place[k], staged[at]);
	}
}

struct pb_top_shared {
	u32 count[256];
};

// pb_top_count adds, for the words whose bits above shift+8 are those of prefix, how many have each value of the eight bits from shift on.
PB_KERNEL pb_top_count(const u64 *keys, u64 rows, u64 prefix, u64 shift, u32 *counts) {
	PB_SHARED(pb_top_shared, shared);
	for (u32 k = PB_TID; k < 256; k += PB_NTID) shared.count[k] = 0;
	pb_barrier();
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u64 key = pb_load<u64>(keys, i);
		// In two steps, since a shift by 64 means nothing.
		if ((key ^ prefix) >> shift >> 8 == 0) pb_atomic_add(&shared.count[key >> shift & 255], 1u);
	}
	pb_barrier();
	for (u32 k = PB_TID; k < 256; k += PB_NTID) {
		if (shared.count[k]) pb_atomic_add(counts + k, shared.count[k]);
	}
}

// pb_top_mask marks the words that are at most bound, a bit a row.
PB_KERNEL pb_top_mask(const u64 *keys, u64 rows, u64 bound, u32 *bits) {
	u64 all = (rows + 31) / 32 * 32;
	for (u64 i = pb_index(); i < all; i += pb_threads()) {
		u32 word = pb_ballot(PB_FULL, i < rows && pb_load<u64>(keys, i < rows ? i : 0) <= bound);
		if ((i & 31) == 0) pb_store<u32>(bits, i / 32, word);
	}
}
