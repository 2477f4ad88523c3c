// partition.cu: the spreading of rows over partitions by hashes, as on the CPU.
#include "hash.cuh"
#include "spread.cuh"

PB_DEV u32 pb_partition_of(u64 h, u64 n) { return (u32)pb_mulhi((h << 29 | h >> 35) * PB_PARTITION, n); }

struct pb_partition_number {
	const u64 *hashes;
	u64 partitions;
	PB_MEMBER u32 operator()(u64 i) const { return pb_partition_of(pb_load<u64>(hashes, i), partitions); }
};

struct pb_partition_counts {
	u32 count[SPREAD_MOST];
};

// pb_partition_count adds the rows of each of up to 256 partitions to totals.
PB_KERNEL pb_partition_count(const u64 *hashes, u64 rows, u64 partitions, u32 *totals) {
	PB_SHARED(pb_partition_counts, shared);
	pb_spread_count(shared.count, pb_partition_number{hashes, partitions}, rows, totals);
}

enum { PARTITION_ITEMS = 16 };
typedef pb_spread_shared<PARTITION_ITEMS, u32> pb_partition_shared;

// pb_partition_rows writes the rows' numbers partition by partition, each in the order of the rows: a block a tile (see spread.cuh).
PB_KERNEL PB_BOUNDS(SPREAD_THREADS, 3) pb_partition_rows(const u64 *hashes, u64 rows, u64 partitions, const u32 *totals, u32 *tiles, u64 *states, u32 *out) {
	PB_SHARED(pb_partition_shared, shared);
	const u64 tile = pb_take_tile(shared.tile, tiles);
	u32 word[PARTITION_ITEMS], own[2];
#pragma unroll
	for (int k = 0; k < PARTITION_ITEMS; k++) {
		u64 i = pb_spread_row<PARTITION_ITEMS>(tile, k);
		word[k] = i < rows ? pb_partition_of(pb_load<u64>(hashes, i), partitions) : SPREAD_MOST - 1;
	}
	pb_spread_rank(shared, word, tile, totals, states, 1, own);
#pragma unroll
	for (int k = 0; k < PARTITION_ITEMS; k++) shared.staged[word[k] & 0xffff] = (word[k] & ~0xffffu) | (u32)pb_spread_row<PARTITION_ITEMS>(0, k);
	pb_spread_find(shared, tile, states, 1, own);
	const u64 first = tile * pb_partition_shared::TILE;
#pragma unroll
	for (u32 k = 0; k < PARTITION_ITEMS; k++) {
		u32 at = k * SPREAD_THREADS + PB_TID, of = shared.staged[at];
		if (first + at < rows) pb_store<u32>(out, shared.base[of >> 16] + at, (u32)first + (of & 0xffff));
	}
}

// A column that moves: values of width bytes from in to out.
struct pb_moved {
	const void *in;
	void *out;
	u64 width;
};

enum { MOVE_ITEMS = 14 };
typedef pb_spread_shared<MOVE_ITEMS, u64> pb_move_shared;

// pb_move_column takes a tile's values, each step words of type T apart, through shared memory, so that those of a partition are written side by side. to is where a row lies in the tile put in
// order, place where what lies there goes; addresses of one column's width are not kept for the next.
template <typename T> PB_DEV void pb_move_column(pb_move_shared &shared, const void *in, void *out, u32 step, u64 first, u32 row, u32 live, const u32 (&to)[MOVE_ITEMS], const u32 (&place)[MOVE_ITEMS]) {
	T *staged = (T *)shared.staged;
	T value[MOVE_ITEMS];
	const T *from = (const T *)in + (first + row) * step;
#pragma unroll
	for (int k = 0; k < MOVE_ITEMS; k++) value[k] = row + k * 32 < live ? pb_load<T>(from, (u64)k * 32 * step) : 0;
	pb_barrier(); // whoever still reads what was staged before
#pragma unroll
	for (int k = 0; k < MOVE_ITEMS; k++) {
		u32 at = to[k];
		pb_opaque(at);
		staged[at] = value[k];
	}
	pb_barrier();
#pragma unroll
	for (u32 k = 0; k < MOVE_ITEMS; k++) {
		u32 at = k * SPREAD_THREADS + PB_TID, goes = place[k];
		pb_opaque(goes);
		if (at < live) pb_store<T>(out, (u64)goes * step, staged[at]);
	}
}

// pb_partition_move writes the values of count columns partition by partition, in the order of the rows: a block a tile.
PB_KERNEL PB_BOUNDS(SPREAD_THREADS, 2) pb_partition_move(const u64 *hashes, u64 rows, u64 partitions, const u32 *totals, u32 *tiles, u64 *states, const pb_moved *columns, u64 count) {
	PB_SHARED(pb_move_shared, shared);
	const u32 tile = pb_take_tile(shared.tile, tiles), row = (u32)pb_spread_row<MOVE_ITEMS>(0, 0);
	const u64 first = (u64)tile * pb_move_shared::TILE;
	const u32 live = rows - first < pb_move_shared::TILE ? (u32)(rows - first) : pb_move_shared::TILE;
	u32 to[MOVE_ITEMS], place[MOVE_ITEMS], own[2];
	const u64 *from = hashes + first + row;
#pragma unroll
	for (int k = 0; k < MOVE_ITEMS; k++) to[k] = row + k * 32 < live ? pb_partition_of(pb_load<u64>(from, k * 32), partitions) : SPREAD_MOST - 1;
	pb_spread_rank(shared, to, tile, totals, states, 1, own);
	u8 *numbers = (u8 *)shared.staged;
#pragma unroll
	for (int k = 0; k < MOVE_ITEMS; k++) {
		numbers[to[k] & 0xffff] = (u8)(to[k] >> 16);
		to[k] &= 0xffff;
	}
	pb_spread_find(shared, tile, states, 1, own);
#pragma unroll
	for (u32 k = 0; k < MOVE_ITEMS; k++) {
		u32 at = k * SPREAD_THREADS + PB_TID;
		place[k] = shared.base[numbers[at]] + at;
	}
	for (u64 c = 0; c < count; c++) {
		const void *in = pb_load<const void *>(&columns[c].in, 0);
		void *out = pb_load<void *>(&columns[c].out, 0);
		switch (pb_load<u64>(&columns[c].width, 0)) {
		case 1: pb_move_column<u8>(shared, in, out, 1, first, row, live, to, place); break;
		case 2: pb_move_column<u16>(shared, in, out, 1, first, row, live, to, place); break;
		case 4: pb_move_column<u32>(shared, in, out, 1, first, row, live, to, place); break;
		case 8: pb_move_column<u64>(shared, in, out, 1, first, row, live, to, place); break;
		case 16: // by halves
			pb_move_column<u64>(shared, in, out, 2, first, row, live, to, place);
			pb_move_column<u64>(shared, (const u64 *)in + 1, (u64 *)out + 1, 2, first, row, live, to, place);
			break;
		}
	}
}
