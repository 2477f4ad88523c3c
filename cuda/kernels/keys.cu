// keys.cu: hashes of any key set, and the spreading of rows over partitions, both as on the CPU.
#include "hash.cuh"
#include "spread.cuh"

const u64 PB_PARTITION = 0xA0761D6478BD642Full;

// pb_hash_words writes the hash of each row's words: word j of row i is words[j * rows + i].
PB_KERNEL pb_hash_words(const u64 *words, u64 count, u64 rows, u64 *hashes) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u64 h = pb_mix(pb_load<u64>(words, i));
		for (u64 j = 1; j < count; j++) h = pb_combine(h, pb_load<u64>(words, j * rows + i));
		pb_store<u64>(hashes, i, h);
	}
}

// pb_words widens a column to words as package hash does: kind 1, 2, 4, 8 are signed integers of that many bytes, 17, 18, 20 unsigned ones, 32 floats of 8
// bytes, 33 of 4, 16 integers of 128 bits. NULL rows give what their bytes say.
PB_KERNEL pb_words(const void *values, u64 kind, u64 rows, u64 *words) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u64 w = 0;
		switch (kind) {
		case 1: w = (u64)(i64)pb_load<i8>(values, i); break;
		case 2: w = (u64)(i64)pb_load<i16>(values, i); break;
		case 4: w = (u64)(i64)pb_load<i32>(values, i); break;
		case 8: w = pb_load<u64>(values, i); break;
		case 17: w = pb_load<u8>(values, i); break;
		case 18: w = pb_load<u16>(values, i); break;
		case 20: w = pb_load<u32>(values, i); break;
		case 16: {
			u64 lo = pb_load<u64>(values, 2 * i), hi = pb_load<u64>(values, 2 * i + 1);
			w = lo ^ (hi ^ (u64)((i64)lo >> 63)) * PB_PARTITION;
			break;
		}
		case 32:
		case 33: {
			union {
				f64 f;
				u64 u;
			} x;
			x.f = kind == 32 ? pb_load<f64>(values, i) : (f64)pb_load<float>(values, i);
			w = x.f == 0 ? 0 : x.f != x.f ? 0x7ff8000000000000ull : x.u;
			break;
		}
		}
		pb_store<u64>(words, i, w);
	}
}

PB_DEV u32 pb_partition_of(u64 h, u64 n) { return (u32)pb_mulhi((h << 29 | h >> 35) * PB_PARTITION, n); }

struct pb_partitioned {
	const u64 *hashes;
	u64 partitions;
	u32 *out;
	PB_MEMBER u32 number(u64 i) const { return pb_partition_of(pb_load<u64>(hashes, i), partitions); }
	PB_MEMBER void put(u64 i, u32 to) const { pb_store<u32>(out, to, (u32)i); }
};

// pb_partition_count counts the rows of each of up to 256 partitions by tile (see spread.cuh).
PB_KERNEL pb_partition_count(const u64 *hashes, u64 rows, u64 partitions, u64 tiles, u32 *counts) {
	PB_SHARED(pb_spread_shared, shared);
	pb_spread_count(shared, pb_partitioned{hashes, partitions, 0}, rows, partitions, tiles, counts);
}

// pb_partition_rows writes the rows' numbers partition by partition, each in the order of the rows.
PB_KERNEL pb_partition_rows(const u64 *hashes, u64 rows, u64 partitions, u64 tiles, const u32 *starts, u32 *out) {
	PB_SHARED(pb_spread_shared, shared);
	pb_spread_rows(shared, pb_partitioned{hashes, partitions, out}, rows, partitions, tiles, starts);
}
