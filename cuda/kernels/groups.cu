// groups.cu: what happens to a table of groups between chunks of rows and after the last one.
#include "table.cuh"

// pb_groups copies the groups of slots from to to-1, column by column: word w of the k-th group to out[w * room + k]. Directly addressed tables (dense)
// have groups where the state word counted is not zero, and give the slot's number as word 0; hash tables where the tag is ready. count is
// the number of groups copied.
PB_KERNEL pb_groups(const u64 *table, u64 stride, u64 dense, u64 counted, u64 from, u64 to, u64 *out, u64 room, u32 *count) {
	for (u64 at = from + pb_index(); at < to; at += pb_threads()) {
		const u64 *slot = table + at * stride;
		bool taken = dense ? slot[counted] != 0 : (slot[0] & 3) == PB_TAG_READY;
		if (!taken) continue;
		u64 k = pb_atomic_add(count, 1u);
		if (k >= room) continue;
		u64 *p = out + k;
		if (dense) {
			*p = at;
			p += room;
		}
		for (u64 w = dense ? 0 : 1; w < stride; w++) {
			*p = slot[w];
			p += room;
		}
	}
}

// pb_regroup moves the groups of one hash table into another of the same stride, which is empty.
PB_KERNEL pb_regroup(const u64 *old, u64 slots, u64 stride, u64 *table, u64 shift, u64 mask) {
	for (u64 at = pb_index(); at < slots; at += pb_threads()) {
		const u64 *slot = old + at * stride;
		u64 tag = slot[0];
		if ((tag & 3) != PB_TAG_READY) continue;
		u64 to = (tag & ~3ull) >> shift;
		while (pb_atomic_cas(table + to * stride, (u64)PB_TAG_EMPTY, tag) != PB_TAG_EMPTY) to = (to + 1) & mask;
		for (u64 w = 1; w < stride; w++) table[to * stride + w] = slot[w];
	}
}
