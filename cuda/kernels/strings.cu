// strings.cu: predicates on texts in Arrow's layout, bytes and offsets, a byte 0 or 1 for each. The pattern lies in memory of the device. Over the entries of a
// dictionary they give the table that codes look up.
#include "device.cuh"

PB_DEV u8 pb_byte(const u8 *p, u64 i) { return pb_load<u8>(p, i); }

// pb_text_compare compares with the pattern: op 0 =, 1 <>, 2 <, 3 <=, 4 >, 5 >=, by bytes.
PB_KERNEL pb_text_compare(const u32 *offsets, const u8 *bytes, u64 rows, const u8 *pattern, u64 length, u64 op, u8 *out) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u32 from = pb_load<u32>(offsets, i);
		u64 n = pb_load<u32>(offsets, i + 1) - from, k = 0;
		bool yes;
		if (op < 2 && n != length) {
			yes = op == 1;
		} else {
			while (k < n && k < length && pb_byte(bytes, from + k) == pb_byte(pattern, k)) k++;
			int c = k < n && k < length ? (pb_byte(bytes, from + k) < pb_byte(pattern, k) ? -1 : 1) : n < length ? -1 : n > length;
			yes = op == 0 ? c == 0 : op == 1 ? c != 0 : op == 2 ? c < 0 : op == 3 ? c <= 0 : op == 4 ? c > 0 : c >= 0;
		}
		pb_store<u8>(out, i, yes);
	}
}

// pb_text_match: where 0 is a prefix, 1 a suffix, 2 anywhere.
PB_KERNEL pb_text_match(const u32 *offsets, const u8 *bytes, u64 rows, const u8 *pattern, u64 length, u64 where, u8 *out) {
	for (u64 i = pb_index(); i < rows; i += pb_threads()) {
		u32 from = pb_load<u32>(offsets, i);
		u64 n = pb_load<u32>(offsets, i + 1) - from;
		bool yes = false;
		if (n >= length) {
			u64 first = where == 1 ? n - length : 0, last = where == 0 ? 0 : n - length;
			for (u64 at = first; at <= last && !yes; at++) {
				u64 k = 0;
				while (k < length && pb_byte(bytes, from + at + k) == pb_byte(pattern, k)) k++;
				yes = k == length;
			}
		}
		pb_store<u8>(out, i, yes);
	}
}
