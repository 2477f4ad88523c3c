// table.cuh: the groups' hash table. A slot is a tag (hash and state), the key words, then the states. It is claimed by its tag, filled, and
// published; slots never change afterwards but for their states. A thread that reads a slot's keys before they are visible takes the group for another
// and makes a second slot of it: whoever reads the table merges groups with equal keys.
#pragma once
#include "hash.cuh"
#include "program.cuh"

PB_DEV bool pb_same_keys(const u64 *slot, const u64 *keys, u32 step, u32 n) {
	for (u32 k = 0; k < n; k++) {
		if (pb_volatile(slot + 1 + k) != keys[k * step]) return false;
	}
	return true;
}

// pb_find_slot is the slot of n keys (each step words from the one before) with hash h; ~0 when there is no room. groups counts new slots.
PB_DEV u32 pb_find_slot(u64 *table, u64 stride, u64 shift, u64 mask, u64 h, const u64 *keys, u32 step, u32 n, u64 *groups) {
	const u64 ready = (h & ~3ull) | PB_TAG_READY, busy = (h & ~3ull) | PB_TAG_BUSY;
	u64 at = h >> shift;
	for (u64 probes = 0; probes <= mask;) {
		u64 *slot = table + at * stride;
		// What a cache still holds of a published slot is true.
		u64 tag = pb_load<u64>(slot, 0);
		if (tag == ready) {
			bool same = true;
			for (u32 k = 0; k < n; k++) same = same && pb_load<u64>(slot, 1 + k) == keys[k * step];
			if (same || pb_same_keys(slot, keys, step, n)) return (u32)at;
		} else if (tag == PB_TAG_EMPTY || tag == busy) {
			tag = pb_volatile(slot);
			if (tag == PB_TAG_EMPTY) tag = pb_atomic_cas(slot, (u64)PB_TAG_EMPTY, busy);
			if (tag == PB_TAG_EMPTY) {
				for (u32 k = 0; k < n; k++) *(volatile u64 *)(slot + 1 + k) = keys[k * step];
				pb_fence();
				*(volatile u64 *)slot = ready;
				pb_atomic_add(groups, (u64)1);
				return (u32)at;
			}
			if (tag == busy) { // its owner is about to publish
				pb_pause();
				continue;
			}
			if (tag == ready && pb_same_keys(slot, keys, step, n)) return (u32)at;
		}
		at = (at + 1) & mask;
		probes++;
	}
	return ~0u;
}

// pb_merge_state adds the words of one state to a slot's, atomically.
PB_DEV void pb_merge_state(u64 *to, int kind, u64 w0, u64 w1, u64 w2) {
	switch (kind) {
	case PB_MERGE_COUNT:
		if (w0) pb_global_add(to, w0);
		break;
	case PB_MERGE_SUM2:
	case PB_MERGE_SUM3: {
		// Three words are added as they are: the third carries the sign.
		u64 part[3] = {w0, w1, w2};
		u64 carry = 0;
#pragma unroll
		for (int i = 0; i < 3; i++) {
			if (i == 2 && kind == PB_MERGE_SUM2) break;
			u64 x = part[i] + carry;
			if (x != 0) {
				u64 old = pb_global_add(to + i, x);
				// Either addition may wrap, never both.
				carry = (x < carry) | (old + x < old);
			} else {
				carry = part[i] != 0;
			}
		}
		break;
	}
	case PB_MERGE_FSUM: {
		union {
			u64 u;
			f64 f;
		} x;
		x.u = w0;
		if (w0) pb_atomic_fadd((f64 *)to, x.f);
		break;
	}
	case PB_MERGE_MAX:
		if (w0) pb_atomic_max(to, w0);
		break;
	}
}
