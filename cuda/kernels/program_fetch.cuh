// program_fetch.cuh: how the program kernel holds rows and reads operands.
#pragma once
#include "program.cuh"

#define EACH _Pragma("unroll") for (int r = 0; r < PB_ROWS; r++)

PB_DEV f64 pb_float(u64 w) {
	union {
		u64 u;
		f64 f;
	} x;
	x.u = w;
	return x.f;
}

PB_DEV u64 pb_bits(f64 f) {
	union {
		u64 u;
		f64 f;
	} x;
	x.f = f;
	return x.u;
}

PB_DEV bool pb_infinite(f64 f) { return (pb_bits(f) & 0x7fffffffffffffffull) == 0x7ff0000000000000ull; }
PB_DEV bool pb_finite(f64 f) { return (pb_bits(f) & 0x7ff0000000000000ull) != 0x7ff0000000000000ull; }

// NaN equals itself and is greater than all other numbers.
PB_DEV bool pb_feq(f64 a, f64 b) { return a == b || (a != a && b != b); }
PB_DEV bool pb_flt(f64 a, f64 b) { return a < b || (b != b && a == a); }

struct pb_rows {
	u64 lo[PB_ROWS];
	i64 hi[PB_ROWS];
	u32 ok; // a bit a row: it is not NULL
};

// pb_ahead asks for what the block's next tile will read of a column of width bytes: a warp asks for a line a thread, so that it is in the second-level cache by then.
PB_DEV void pb_ahead(const void *p, u32 width, u32 tid, u64 row, u64 rows) {
	const u64 at = (row - tid + (u64)PB_NBID * PB_TILE) * width + (u64)tid * 128;
	if (tid * 128 < PB_TILE * width && at < rows * width) pb_prefetch((const u8 *)p + at);
}

// pb_fetch reads an operand; lean: of 64 bits at most, and no floats of 4 bytes.
template <bool lean>
PB_DEV void pb_fetch(pb_rows &b, u32 kind, u32 a, u32 at, u64 imm, const u64 *cols, const u64 *consts, u64 *dynamic, const u8 *valid, u32 tid, u64 row, u64 rows) {
	b.ok = (1u << PB_ROWS) - 1;
	if (kind >= PB_K_I8 && kind <= PB_K_WIDE) {
		const void *p = (const void *)pb_load<u64>(cols, 2 * a);
		const u64 *v = (const u64 *)pb_load<u64>(cols, 2 * a + 1);
		u64 i[PB_ROWS];
		EACH {
			// Rows past the end read the last one again: no branch, and nothing of it counts.
			i[r] = row + (u64)r * PB_THREADS;
			if (i[r] >= rows) i[r] = rows - 1;
		}
		switch (kind) {
		case PB_K_I8:
			pb_ahead(p, 1, tid, row, rows);
			EACH b.lo[r] = (u64)(i64)pb_load<i8>(p, i[r]);
			break;
		case PB_K_I16:
			pb_ahead(p, 2, tid, row, rows);
			EACH b.lo[r] = (u64)(i64)pb_load<i16>(p, i[r]);
			break;
		case PB_K_I32:
			pb_ahead(p, 4, tid, row, rows);
			EACH b.lo[r] = (u64)(i64)pb_load<i32>(p, i[r]);
			break;
		case PB_K_WORD:
			pb_ahead(p, 8, tid, row, rows);
			EACH b.lo[r] = pb_load<u64>(p, i[r]);
			break;
		case PB_K_U8:
			pb_ahead(p, 1, tid, row, rows);
			EACH b.lo[r] = pb_load<u8>(p, i[r]);
			break;
		case PB_K_U16:
			pb_ahead(p, 2, tid, row, rows);
			EACH b.lo[r] = pb_load<u16>(p, i[r]);
			break;
		case PB_K_U32:
			pb_ahead(p, 4, tid, row, rows);
			EACH b.lo[r] = pb_load<u32>(p, i[r]);
			break;
		case PB_K_F32:
			if (lean) break;
			EACH b.lo[r] = pb_bits((f64)pb_load<float>(p, i[r]));
			break;
		case PB_K_WIDE:
			if (lean) break;
			EACH {
				pb_pair v = pb_load<pb_pair>(p, i[r]);
				b.lo[r] = v[0];
				b.hi[r] = (i64)v[1];
			}
			break;
		}
		if (kind != PB_K_WIDE) EACH b.hi[r] = (i64)b.lo[r] >> 63;
		if (v) {
			b.ok = 0;
			EACH b.ok |= (u32)(pb_load<u64>(v, i[r] >> 6) >> (i[r] & 63) & 1) << r;
		}
		return;
	}
	switch (kind) {
	case PB_K_CONST:
		EACH b.lo[r] = imm;
		EACH b.hi[r] = (i64)imm >> 63;
		break;
	case PB_K_CONSTW: {
		if (lean) break;
		u64 lo = pb_load<u64>(consts, imm), hi = pb_load<u64>(consts, imm + 1);
		EACH b.lo[r] = lo;
		EACH b.hi[r] = (i64)hi;
		break;
	}
	case PB_K_NULL:
		EACH b.lo[r] = 0;
		EACH b.hi[r] = 0;
		b.ok = 0;
		break;
	case PB_K_TEMP:
		EACH b.lo[r] = dynamic[at + r * PB_THREADS + tid];
		EACH b.hi[r] = (i64)b.lo[r] >> 63;
		b.ok = valid[a * PB_THREADS + tid];
		break;
	case PB_K_TEMPW:
		if (lean) break;
		EACH b.lo[r] = dynamic[at + r * PB_THREADS + tid];
		EACH b.hi[r] = (i64)dynamic[at + PB_TILE + r * PB_THREADS + tid];
		b.ok = valid[a * PB_THREADS + tid];
		break;
	}
}
