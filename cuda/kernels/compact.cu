// compact.cu: which rows are left, and their values, in the order of the rows.
#include "scan.cuh"

enum { COMPACT_THREADS = 256, COMPACT_WORDS = 4, COMPACT_TILE = COMPACT_THREADS * COMPACT_WORDS };

// pb_compact_count counts the set bits of a bitmap's words, tile by tile: COMPACT_TILE words of 32 bits each.
PB_KERNEL pb_compact_count(const u32 *bits, u64 words, u32 *counts) {
	PB_SHARED(pb_scan_shared, shared);
	for (u64 tile = PB_BID; tile * COMPACT_TILE < words; tile += PB_NBID) {
		u32 n = 0;
		for (u32 k = 0; k < COMPACT_WORDS; k++) {
			u64 i = tile * COMPACT_TILE + (u64)k * COMPACT_THREADS + PB_TID;
			if (i < words) n += pb_popc(pb_load<u32>(bits, i));
		}
		u32 total;
		pb_block_scan(shared, n, &total);
		if (PB_TID == 0) pb_store<u32>(counts, tile, total);
	}
}

// pb_compact_rows writes the numbers of the rows whose bit is set. starts are where each tile's rows begin: the exclusive sums of its counts.
PB_KERNEL pb_compact_rows(const u32 *bits, u64 words, const u32 *starts, u32 *rows) {
	PB_SHARED(pb_scan_shared, shared);
	for (u64 tile = PB_BID; tile * COMPACT_TILE < words; tile += PB_NBID) {
		u32 at = pb_load<u32>(starts, tile);
		for (u32 k = 0; k < COMPACT_WORDS; k++) {
			u64 i = tile * COMPACT_TILE + (u64)k * COMPACT_THREADS + PB_TID;
			u32 word = i < words ? pb_load<u32>(bits, i) : 0, total;
			u32 to = at + pb_block_scan(shared, pb_popc(word), &total);
			while (word) {
				pb_store<u32>(rows, to++, (u32)(i * 32 + pb_ffs(word)));
				word &= word - 1;
			}
			at += total;
		}
	}
}

template <typename T> PB_DEV void pb_gather_as(const void *values, const u32 *rows, u64 n, void *out) {
	for (u64 i = pb_index(); i < n; i += pb_threads()) pb_store<T>(out, i, pb_load<T>(values, pb_load<u32>(rows, i)));
}

// pb_gather copies the values of the listed rows, or of the listed dictionary codes, each of width bytes.
PB_KERNEL pb_gather(const void *values, u64 width, const u32 *rows, u64 n, void *out) {
	switch (width) {
	case 1: pb_gather_as<u8>(values, rows, n, out); break;
	case 2: pb_gather_as<u16>(values, rows, n, out); break;
	case 4: pb_gather_as<u32>(values, rows, n, out); break;
	case 8: pb_gather_as<u64>(values, rows, n, out); break;
	case 16:
		for (u64 i = pb_index(); i < 2 * n; i += pb_threads()) pb_store<u64>(out, i, pb_load<u64>(values, 2 * (u64)pb_load<u32>(rows, i / 2) + (i & 1)));
		break;
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

struct pb_tiles_shared {
	pb_scan_shared scan;
	u64 all;
};

// pb_scan_tiles turns up to any number of counts into exclusive sums in place, by one block, and writes the total behind them: ~0 when it does not fit 32 bits.
PB_KERNEL pb_scan_tiles(u32 *counts, u64 n) {
	PB_SHARED(pb_tiles_shared, shared);
	if (PB_TID == 0) shared.all = 0;
	u32 before = 0;
	u64 all = 0;
	for (u64 from = 0; from < n; from += PB_NTID) {
		u64 i = from + PB_TID;
		u32 total, mine = i < n ? pb_load<u32>(counts, i) : 0;
		u32 sum = before + pb_block_scan(shared.scan, mine, &total);
		if (i < n) pb_store<u32>(counts, i, sum);
		before += total;
		all += mine;
	}
	for (u32 by = 16; by > 0; by >>= 1) all += pb_shfl_down64(PB_FULL, all, by);
	pb_barrier(); // the first thread has set it, whatever n is
	if ((PB_TID & 31) == 0) pb_atomic_add(&shared.all, all);
	pb_barrier();
	if (PB_TID == 0) pb_store<u32>(counts, n, shared.all < ~0u ? before : ~0u);
}
