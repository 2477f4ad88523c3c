// sort.cu: a stable radix sort of words with a number beside each, eight bits a pass, and the search for the N least words. Keys of other types become words whose
// unsigned order is theirs; several keys are sorted by from the last one to the first.
#include "spread.cuh"

struct pb_sorted {
	const u64 *keys;
	const u32 *numbers;
	u64 shift;
	u64 *keys_out;
	u32 *numbers_out;
	PB_MEMBER u32 number(u64 i) const { return (u32)(pb_load<u64>(keys, i) >> shift) & 255; }
	PB_MEMBER void put(u64 i, u32 to) const {
		pb_store<u64>(keys_out, to, pb_load<u64>(keys, i));
		pb_store<u32>(numbers_out, to, numbers ? pb_load<u32>(numbers, i) : (u32)i);
	}
};

PB_KERNEL pb_sort_count(const u64 *keys, u64 rows, u64 shift, u64 tiles, u32 *counts) {
	PB_SHARED(pb_spread_shared, shared);
	pb_spread_count(shared, pb_sorted{keys, 0, shift, 0, 0}, rows, 256, tiles, counts);
}

// pb_sort_pass moves keys and numbers (0: the rows' own) to where the pass wants them.
PB_KERNEL pb_sort_pass(const u64 *keys, const u32 *numbers, u64 rows, u64 shift, u64 tiles, const u32 *starts, u64 *keys_out, u32 *numbers_out) {
	PB_SHARED(pb_spread_shared, shared);
	pb_spread_rows(shared, pb_sorted{keys, numbers, shift, keys_out, numbers_out}, rows, 256, tiles, starts);
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
