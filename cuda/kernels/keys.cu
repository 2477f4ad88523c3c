// keys.cu: hashes of any key set, as on the CPU.
#include "hash.cuh"

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
