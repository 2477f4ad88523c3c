// decode.cu: Parquet's hybrid of runs and bit-packed numbers: dictionary codes, and levels. The host reads the runs' headers; a run is three words of 32 bits: its
// first number's position, its width's worth of data (a run of equal numbers: the number; bit-packed: the first bit's position), and 1 if it is packed.
// After the last run stands a position beyond the end. Pages lie at multiples of 8 bytes and are followed by 8 bytes of anything.
#include "marks.cuh"

PB_DEV u32 pb_unpack(const void *page, u64 bit, u32 width) {
	u64 word = bit >> 5;
	u64 pair = (u64)pb_load<u32>(page, word) | (u64)pb_load<u32>(page, word + 1) << 32;
	return (u32)(pair >> (bit & 31)) & (width == 32 ? ~0u : (1u << width) - 1);
}

// pb_run_of is the run of position i.
PB_DEV u64 pb_run_of(const u32 *runs, u64 count, u64 i) {
	u64 low = 0, high = count;
	while (high - low > 1) {
		u64 mid = (low + high) / 2;
		if (pb_load<u32>(runs, 3 * mid) <= i) low = mid;
		else high = mid;
	}
	return low;
}

PB_DEV u32 pb_number(const void *page, const u32 *runs, u64 count, u32 width, u64 i) {
	u64 r = count == 1 ? 0 : pb_run_of(runs, count, i);
	u32 data = pb_load<u32>(runs, 3 * r + 1);
	if (!pb_load<u32>(runs, 3 * r + 2)) return data;
	return pb_unpack(page, (u64)data * 8 + (i - pb_load<u32>(runs, 3 * r)) * width, width);
}

// pb_decode_codes writes the numbers.
PB_KERNEL pb_decode_codes(const void *page, const u32 *runs, u64 count, u64 width, u64 n, u32 *out) {
	for (u64 i = pb_index(); i < n; i += pb_threads()) pb_store<u32>(out, i, pb_number(page, runs, count, (u32)width, i));
}

template <typename T>
PB_DEV void pb_decode_as(const void *page, const u32 *runs, u64 count, u32 width, u64 n, const void *dictionary, u64 entries, u64 shared, void *out, u32 *trouble) {
	const u64 step = pb_threads();
	// Entries in any order cost a cache line each, and a bank at most where they lie in shared memory.
	T *near = (T *)PB_DYNAMIC;
	if (shared) {
		for (u64 k = PB_TID; k < entries; k += PB_NTID) near[k] = pb_load<T>(dictionary, k);
		pb_barrier();
	}
	// The one run of most pages.
	const u32 data = pb_load<u32>(runs, 1);
	const bool packed = count == 1 && pb_load<u32>(runs, 2);
	for (u64 from = pb_index(); from < n; from += 4 * step) {
		u32 code[4];
#pragma unroll
		for (int k = 0; k < 4; k++) {
			u64 i = from + k * step;
			code[k] = i >= n ? 0 : packed ? pb_unpack(page, (u64)data * 8 + i * width, width) : pb_number(page, runs, count, width, i);
			if (code[k] >= entries) {
				if (i < n) pb_atomic_or(trouble, 1u);
				code[k] = 0;
			}
		}
#pragma unroll
		for (int k = 0; k < 4; k++) {
			u64 i = from + k * step;
			if (i < n) pb_store<T>(out, i, shared ? near[code[k]] : pb_load<T>(dictionary, code[k]));
		}
	}
}

// pb_decode_dictionary writes the entries that the numbers name, of size bytes each; a number beyond the entries is trouble. shared: the
// launch gives shared memory for all entries.
PB_KERNEL pb_decode_dictionary(const void *page, const u32 *runs, u64 count, u64 width, u64 n, const void *dictionary, u64 entries, u64 size, u64 shared, void *out, u32 *trouble) {
	switch (size) {
	case 1: pb_decode_as<u8>(page, runs, count, (u32)width, n, dictionary, entries, shared, out, trouble); break;
	case 4: pb_decode_as<u32>(page, runs, count, (u32)width, n, dictionary, entries, shared, out, trouble); break;
	case 8: pb_decode_as<u64>(page, runs, count, (u32)width, n, dictionary, entries, shared, out, trouble); break;
	case 16: pb_decode_as<pb_pair>(page, runs, count, (u32)width, n, dictionary, entries, shared, out, trouble); break;
	}
}

// pb_decode_levels makes a bitmap of the levels that are the greatest: the rows that have a value.
PB_KERNEL pb_decode_levels(const void *page, const u32 *runs, u64 count, u64 width, u64 n, u64 greatest, u32 *bits) {
	u64 all = (n + 31) / 32 * 32;
	for (u64 i = pb_index(); i < all; i += pb_threads()) {
		u32 word = pb_ballot(PB_FULL, i < n && pb_number(page, runs, count, (u32)width, i < n ? i : 0) == greatest);
		if ((i & 31) == 0) pb_store<u32>(bits, i / 32, word);
	}
}

template <typename T> PB_DEV void pb_spread_as(const void *values, const u32 *bits, const u32 *starts, u64 rows, void *out) {
	T value[4];
	u64 to[4];
	pb_marks_walk(
	    bits, (rows + 31) / 32, starts,
	    [&](u32 k, u64 row, bool set, u32 place) {
		    to[k] = row;
		    value[k] = T{};
		    if (set && row < rows) value[k] = pb_load<T>(values, place);
	    },
	    [&] {
#pragma unroll
		    for (u32 k = 0; k < 4; k++) {
			    if (to[k] < rows) pb_store<T>(out, to[k], value[k]);
		    }
	    });
}

// pb_decode_spread gives dense values their rows: row i, whose bit is set, has the value number (bits set before i); other rows become zero.
PB_KERNEL pb_decode_spread(const void *values, u64 size, const u32 *bits, const u32 *starts, u64 rows, void *out) {
	switch (size) {
	case 1: pb_spread_as<u8>(values, bits, starts, rows, out); break;
	case 4: pb_spread_as<u32>(values, bits, starts, rows, out); break;
	case 8: pb_spread_as<u64>(values, bits, starts, rows, out); break;
	case 16: pb_spread_as<pb_pair>(values, bits, starts, rows, out); break;
	}
}
