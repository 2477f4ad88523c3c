// narrow.cu: tables of rows on one word whose values lie near to each other, which is what most keys do. Dense: the row of each value in the range. Narrow: slots of
// one word, in pairs, that hold a row and enough of a key that nothing else has to be read: keys are mixed one to one, the upper bits of what comes out are where a
// key belongs, and the slot has the lower 32, so that the two together are the key (Cleary, Compact Hash Tables Using Bidirectional Linear Probing, 1984).
#include "device.cuh"

struct pb_range_shared {
	u64 least, greatest;
};

// Signed order, as words: those that are not negative lie above the others.
const u64 PB_SIGN = (u64)1 << 63;

// pb_range takes the least and the greatest of the words whose bit in valid (0: all) is set into range, in signed order; ~0 and 0 are there before, and stay where there are none.
PB_KERNEL pb_range(const u64 *keys, u64 rows, const u64 *valid, u64 *range) {
	PB_SHARED(pb_range_shared, shared);
	if (PB_TID == 0) {
		shared.least = ~(u64)0;
		shared.greatest = 0;
	}
	pb_barrier();
	u64 least = ~(u64)0, greatest = 0;
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		if (!pb_bit(valid, i)) continue;
		u64 key = pb_load<u64>(keys, i) ^ PB_SIGN;
		least = key < least ? key : least;
		greatest = key > greatest ? key : greatest;
	}
	if (least <= greatest) {
		pb_atomic_min(&shared.least, least);
		pb_atomic_max(&shared.greatest, greatest);
	}
	pb_barrier();
	if (PB_TID == 0 && shared.least <= shared.greatest) {
		pb_atomic_min(range, shared.least);
		pb_atomic_max(range + 1, shared.greatest);
	}
}

// pb_dense_build puts each row's number plus one where its key is, counted from least; next[i] (0: keys differ) is the next row with row i's key plus one, or 0.
PB_KERNEL pb_dense_build(const u64 *keys, u64 rows, const u64 *valid, u64 least, u32 *heads, u32 *next) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u32 before = 0;
		if (pb_bit(valid, i)) before = pb_atomic_exch(heads + (pb_load<u64>(keys, i) - least), (u32)i + 1);
		if (next) pb_store<u32>(next, i, before);
	}
}

enum { NARROW_ITEMS = 4 };

// pb_dense_probe finds for each probe row the first row with its key plus one, or 0; range is the greatest key less the least.
PB_KERNEL pb_dense_probe(const u64 *probe, u64 rows, const u64 *valid, u64 least, u64 range, const u32 *table, u32 *heads) {
	const u64 step = pb_threads();
	for (u64 from = pb_index(); from < rows; from += NARROW_ITEMS * step) {
		u64 key[NARROW_ITEMS];
		u32 head[NARROW_ITEMS];
#pragma unroll
		for (int k = 0; k < NARROW_ITEMS; k++) {
			u64 i = from + k * step;
			key[k] = i < rows && pb_bit(valid, i) ? pb_load_once(probe, i) - least : ~(u64)0;
		}
#pragma unroll
		for (int k = 0; k < NARROW_ITEMS; k++) head[k] = key[k] <= range ? pb_load<u32>(table, key[k]) : 0;
#pragma unroll
		for (int k = 0; k < NARROW_ITEMS; k++) {
			u64 i = from + k * step;
			if (i < rows) pb_store_once(heads, i, head[k]);
		}
	}
}

// A table of 2^log pairs of slots for keys of bits bits, log and more of them. Keys lie fewer than limit pairs behind where they belong: so many that no two keys with
// the same lower 32 bits can be taken for each other.
struct pb_narrow {
	u64 least, range; // of the keys
	u64 bits, log, limit;
	PB_MEMBER u64 mix(u64 key) const {
		const u64 keep = ~(u64)0 >> (64 - bits), half = (bits + 1) / 2;
		u64 x = key - least;
		x = (x ^ x >> half) * 0x9E3779B97F4A7C15ull & keep;
		return (x ^ x >> half) * 0xD6E8FEB86659FD93ull & keep;
	}
	PB_MEMBER u64 home(u64 mixed) const { return mixed >> (bits - log); }
};

// pb_narrow_build puts rows into slots, which are zero before; next is as in pb_dense_build. trouble becomes 1 when a key would lie too far from where it belongs.
PB_KERNEL pb_narrow_build(const u64 *keys, u64 rows, const u64 *valid, u64 least, u64 range, u64 bits, u64 log, u64 limit, u64 *slots, u32 *next, u32 *trouble) {
	const pb_narrow table{least, range, bits, log, limit};
	const u64 mask = ((u64)1 << log) - 1;
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u32 before = 0;
		if (pb_bit(valid, i)) {
			u64 mixed = table.mix(pb_load<u64>(keys, i)), entry = mixed << 32 | (i + 1), at = table.home(mixed) * 2;
			u64 tries = 2 * limit;
			for (; tries > 0; tries--) {
				u64 seen = pb_atomic_cas(slots + at, (u64)0, entry);
				if (seen == 0) break;
				if (next && seen >> 32 == entry >> 32) {
					// The slot is this key's for good; only the first of its rows changes.
					for (;;) {
						before = (u32)seen;
						pb_store<u32>(next, i, before);
						u64 old = pb_atomic_cas(slots + at, seen, entry);
						if (old == seen) break;
						seen = old;
					}
					break;
				}
				at = (at + 1) & (2 * mask + 1);
			}
			if (tries == 0) pb_atomic_or(trouble, 1u);
		}
		if (next && before == 0) pb_store<u32>(next, i, 0);
	}
}

// pb_narrow_probe finds for each probe row the first row with its key plus one, or 0.
PB_KERNEL pb_narrow_probe(const u64 *probe, u64 rows, const u64 *valid, u64 least, u64 range, u64 bits, u64 log, u64 limit, const u64 *slots, u32 *heads) {
	const pb_narrow table{least, range, bits, log, limit};
	const u64 mask = ((u64)1 << log) - 1, step = pb_threads();
	for (u64 from = pb_index(); from < rows; from += NARROW_ITEMS * step) {
		// Several rows of a thread are under way at once.
		u32 low[NARROW_ITEMS], at[NARROW_ITEMS];
		bool has[NARROW_ITEMS];
		pb_pair pair[NARROW_ITEMS];
#pragma unroll
		for (int k = 0; k < NARROW_ITEMS; k++) {
			u64 i = from + k * step, key = i < rows ? pb_load_once(probe, i) : least, mixed = table.mix(key);
			has[k] = i < rows && key - least <= range && pb_bit(valid, i);
			low[k] = (u32)mixed;
			at[k] = has[k] ? (u32)table.home(mixed) : 0;
		}
#pragma unroll
		for (int k = 0; k < NARROW_ITEMS; k++) pair[k] = pb_load<pb_pair>(slots, at[k]);
#pragma unroll
		for (int k = 0; k < NARROW_ITEMS; k++) {
			u32 head = 0;
			for (u64 tries = has[k] ? limit : 0; tries > 0; tries--) {
				head = (u32)(pair[k][0] >> 32) == low[k] ? (u32)pair[k][0] : 0;
				if (head == 0 && (u32)(pair[k][1] >> 32) == low[k]) head = (u32)pair[k][1];
				// The second slot of a pair is filled after the first.
				if (head != 0 || pair[k][1] == 0) break;
				at[k] = (at[k] + 1) & mask;
				pair[k] = pb_load<pb_pair>(slots, at[k]);
			}
			u64 i = from + k * step;
			if (i < rows) pb_store_once(heads, i, head);
		}
	}
}
