// whole.cu: tables of rows on one word of any value, which lies beside its row, so that a probe reads one place for all it asks. Words are mixed one to one, and the slot has what comes
// out: 0 stands for no word there, and the one word that becomes 0 has a slot of its own behind the others.
#include "device.cuh"

PB_DEV u64 pb_whole_mix(u64 key) {
	u64 x = (key ^ key >> 32) * 0x9E3779B97F4A7C15ull;
	return (x ^ x >> 32) * 0xD6E8FEB86659FD93ull;
}
PB_DEV u64 pb_whole_home(u64 mixed, u64 shift, u64 mask) { return mixed ? mixed >> shift : mask + 1; }

// pb_whole_build puts rows whose bit in valid (0: all) is set into slots of two words, the mixed key and a row's number plus one, mask+2 of them, which are zero before; next[i] (0: keys
// differ) is the next row with row i's key plus one, or 0. The last slot is that of the word that becomes 0.
PB_KERNEL pb_whole_build(const u64 *keys, u64 rows, const u64 *valid, u64 shift, u64 mask, u64 *slots, u32 *next) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u32 behind = 0;
		if (pb_bit(valid, i)) {
			u64 mixed = pb_whole_mix(pb_load<u64>(keys, i)), at = pb_whole_home(mixed, shift, mask);
			for (;;) {
				u64 seen = pb_atomic_cas(slots + 2 * at, (u64)0, mixed);
				if (seen == 0 || seen == mixed) break;
				at = (at + 1) & mask;
			}
			// The slot is this key's, from whichever row; the row goes before those that are there.
			behind = pb_atomic_exch((u32 *)(slots + 2 * at + 1), (u32)i + 1);
		}
		if (next) pb_store<u32>(next, i, behind);
	}
}

// pb_whole_probe finds for each probe row the first row with its key plus one, or 0, with several rows of a thread under way at once.
PB_KERNEL pb_whole_probe(const u64 *probe, u64 rows, const u64 *valid, u64 shift, u64 mask, const u64 *slots, u32 *heads) {
	enum { ITEMS = 4 };
	const u64 step = pb_threads();
	for (u64 from = pb_index(); from < rows; from += ITEMS * step) {
		u64 mixed[ITEMS], at[ITEMS];
		pb_pair slot[ITEMS];
#pragma unroll
		for (int k = 0; k < ITEMS; k++) {
			u64 i = from + k * step;
			mixed[k] = pb_whole_mix(pb_load<u64>(probe, i < rows ? i : rows - 1));
			at[k] = pb_whole_home(mixed[k], shift, mask);
		}
#pragma unroll
		for (int k = 0; k < ITEMS; k++) slot[k] = pb_load<pb_pair>(slots, at[k]);
#pragma unroll
		for (int k = 0; k < ITEMS; k++) {
			// The word that becomes 0 finds its slot, whether a row is there or not.
			while (slot[k][0] != mixed[k] && slot[k][0] != 0) {
				at[k] = (at[k] + 1) & mask;
				slot[k] = pb_load<pb_pair>(slots, at[k]);
			}
			u64 i = from + k * step;
			if (i < rows) pb_store<u32>(heads, i, slot[k][0] == mixed[k] && pb_bit(valid, i) ? (u32)slot[k][1] : 0);
		}
	}
}
