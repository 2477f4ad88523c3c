// join.cu: hash tables of rows on several words a row, whose hash is looked up before they are compared, and the pairs of a join. A slot holds a row's number plus one
// under 32 bits of its hash; rows with equal keys are chained, so that each key takes one slot.
#include "hash.cuh"
#include "lookback.cuh"

// The words of row i: keys[j * rows + i] for j from 0 to count-1.
PB_DEV bool pb_join_equal(const u64 *a, u64 arows, u64 i, const u64 *b, u64 brows, u64 k, u64 count) {
	for (u64 j = 0; j < count; j++) {
		if (pb_load<u64>(a, j * arows + i) != pb_load<u64>(b, j * brows + k)) return false;
	}
	return true;
}

PB_DEV u64 pb_join_hash(const u64 *keys, u64 rows, u64 i, u64 count) {
	u64 h = pb_mix(pb_load<u64>(keys, i));
	for (u64 j = 1; j < count; j++) h = pb_combine(h, pb_load<u64>(keys, j * rows + i));
	return h;
}

// pb_join_build puts rows into slots, which are zero before, mask+1 of them, at least twice as many as rows; next[i] is the next row with row i's key plus one, or 0. Rows whose bit
// in valid is clear (a NULL key) are left out.
PB_KERNEL pb_join_build(const u64 *keys, u64 count, u64 rows, const u64 *valid, u64 *slots, u64 shift, u64 mask, u32 *next) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		pb_store<u32>(next, i, 0);
		if (!pb_bit(valid, i)) continue;
		u64 h = pb_join_hash(keys, rows, i, count);
		u64 entry = h << 32 | (i + 1), at = h >> shift;
		for (;;) {
			u64 seen = pb_volatile(slots + at);
			if (seen == 0) {
				seen = pb_atomic_cas(slots + at, (u64)0, entry);
				if (seen == 0) break;
			}
			if (seen >> 32 == entry >> 32 && pb_join_equal(keys, rows, i, keys, rows, (u32)seen - 1, count)) {
				// The slot is this key's for good; only the first of its rows changes.
				for (;;) {
					pb_store<u32>(next, i, (u32)seen);
					u64 old = pb_atomic_cas(slots + at, seen, entry);
					if (old == seen) break;
					seen = old;
				}
				break;
			}
			at = (at + 1) & mask;
		}
	}
}

// pb_join_probe finds for each probe row the first row with its key plus one, or 0.
PB_KERNEL pb_join_probe(const u64 *probe, u64 count, u64 rows, const u64 *valid, const u64 *slots, u64 shift, u64 mask, const u64 *keys, u64 build, u32 *heads) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u32 head = 0;
		if (pb_bit(valid, i)) {
			u64 h = pb_join_hash(probe, rows, i, count), at = h >> shift;
			for (;;) {
				u64 seen = pb_load<u64>(slots, at);
				if (seen == 0) break;
				if (seen >> 32 == (h & 0xffffffffu) && pb_join_equal(probe, rows, i, keys, build, (u32)seen - 1, count)) {
					head = (u32)seen;
					break;
				}
				at = (at + 1) & mask;
			}
		}
		pb_store<u32>(heads, i, head);
	}
}

enum { PB_JOIN_INNER, PB_JOIN_LEFT, PB_JOIN_SEMI, PB_JOIN_ANTI };
enum { JOIN_THREADS = 256, JOIN_TILE = 1024 };

PB_DEV u32 pb_join_matches(u32 head, const u32 *next, u64 kind) {
	if (kind == PB_JOIN_SEMI) return head != 0;
	if (kind == PB_JOIN_ANTI) return head == 0;
	u32 n = 0;
	for (u32 r = head; r != 0; r = pb_load<u32>(next, r - 1)) n++;
	return kind == PB_JOIN_LEFT && n == 0 ? 1 : n;
}

struct pb_join_shared {
	pb_scan_shared scan;
	u64 start, sum;
	u32 tile;
};

// pb_join_count writes the number of pairs that the rows before each tile give, by kind, to starts, and that of all to total: a block a tile.
PB_KERNEL pb_join_count(const u32 *heads, u64 rows, const u32 *next_row, u64 kind, u32 *next, u64 *states, u32 *starts, u64 *total) {
	PB_SHARED(pb_join_shared, shared);
	if (PB_TID == 0) shared.sum = 0;
	const u64 tile = pb_take_tile(shared.tile, next);
	u64 n = 0;
	for (u64 i = tile * JOIN_TILE + PB_TID; i < rows && i < (tile + 1) * JOIN_TILE; i += PB_NTID) n += pb_join_matches(pb_load<u32>(heads, i), next_row, kind);
	for (u32 by = 16; by > 0; by >>= 1) n += pb_shfl_down64(PB_FULL, n, by);
	if ((PB_TID & 31) == 0) pb_atomic_add(&shared.sum, n);
	pb_barrier();
	u64 start = pb_tile_start(shared.start, states, tile, 1, shared.sum);
	if (PB_TID == 0) {
		pb_store<u32>(starts, tile, (u32)start);
		if ((tile + 1) * JOIN_TILE >= rows) pb_store<u64>(total, 0, start + shared.sum);
	}
}

// pb_join_pairs writes the pairs, in the order of the probe rows: probe row and build row, ~0 for none.
PB_KERNEL pb_join_pairs(const u32 *heads, u64 rows, const u32 *next, u64 kind, const u32 *starts, u32 *left, u32 *right) {
	PB_SHARED(pb_scan_shared, shared);
	for (u64 tile = PB_BID; tile * JOIN_TILE < rows; tile += PB_NBID) {
		u32 at = pb_load<u32>(starts, tile);
		for (u64 from = tile * JOIN_TILE; from < (tile + 1) * JOIN_TILE; from += PB_NTID) {
			u64 i = from + PB_TID;
			u32 head = i < rows ? pb_load<u32>(heads, i) : 0, total;
			u32 n = i < rows ? pb_join_matches(head, next, kind) : 0;
			u32 to = at + pb_block_scan(shared, n, &total);
			at += total;
			if (n == 0) continue;
			bool pairs = head != 0 && (kind == PB_JOIN_INNER || kind == PB_JOIN_LEFT);
			for (u32 k = 0; k < n; k++) {
				pb_store<u32>(left, to + k, (u32)i);
				pb_store<u32>(right, to + k, pairs ? head - 1 : ~0u);
				if (pairs) head = pb_load<u32>(next, head - 1);
			}
		}
	}
}
