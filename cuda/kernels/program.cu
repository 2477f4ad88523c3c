// program.cu: a whole pipeline's filters, expressions and aggregates in one pass over the rows. Every thread runs the same instructions on PB_ROWS rows in
// registers, so that decoding an instruction is shared by all of them, and a column is read once. Groups' states are gathered in
// shared memory by block and merged into the table at the end.
#include "calendar.cuh"
#include "program.cuh"
#include "table.cuh"
#include "wide.cuh"

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

struct pb_program_shared {
	u64 code[2 * PB_MAX_CODE];
	u64 job[PB_J_SIZE];
};

struct pb_rows {
	u64 lo[PB_ROWS];
	i64 hi[PB_ROWS];
	u32 ok; // a bit a row: it is not NULL
};

// pb_fetch reads an operand.
PB_DEV void pb_fetch(pb_rows &b, u32 kind, u32 a, u32 at, u64 imm, const u64 *cols, const u64 *consts, u64 *dynamic, const u8 *valid, u64 row, u64 rows) {
	const u32 tid = PB_TID;
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
		case PB_K_I8: EACH b.lo[r] = (u64)(i64)pb_load<i8>(p, i[r]); break;
		case PB_K_I16: EACH b.lo[r] = (u64)(i64)pb_load<i16>(p, i[r]); break;
		case PB_K_I32: EACH b.lo[r] = (u64)(i64)pb_load<i32>(p, i[r]); break;
		case PB_K_WORD: EACH b.lo[r] = pb_load<u64>(p, i[r]); break;
		case PB_K_U8: EACH b.lo[r] = pb_load<u8>(p, i[r]); break;
		case PB_K_U16: EACH b.lo[r] = pb_load<u16>(p, i[r]); break;
		case PB_K_U32: EACH b.lo[r] = pb_load<u32>(p, i[r]); break;
		case PB_K_F32: EACH b.lo[r] = pb_bits((f64)pb_load<float>(p, i[r])); break;
		case PB_K_WIDE:
			EACH {
				b.lo[r] = pb_load<u64>(p, 2 * i[r]);
				b.hi[r] = (i64)pb_load<u64>(p, 2 * i[r] + 1);
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
		EACH b.lo[r] = dynamic[at + r * PB_THREADS + tid];
		EACH b.hi[r] = (i64)dynamic[at + PB_TILE + r * PB_THREADS + tid];
		b.ok = valid[a * PB_THREADS + tid];
		break;
	}
}

// pb_cell is where a row's group has its states in shared memory, and the distance of their words; 0 when it has none there.
PB_DEV u64 *pb_cell(const u64 *job, u64 *dynamic, u32 slot, u64 *step) {
	u64 *cells = dynamic + job[PB_J_CELLS];
	const u64 words = job[PB_J_WORDS];
	*step = 1;
	switch ((u32)job[PB_J_CELL_MODE]) {
	case PB_CELLS_OWN:
		*step = PB_THREADS;
		return cells + (u64)slot * words * PB_THREADS + PB_TID;
	case PB_CELLS_COPIES: {
		u32 copies = (u32)job[PB_J_COPIES];
		return cells + ((u64)slot * copies + (PB_TID & (copies - 1))) * words;
	}
	case PB_CELLS_CACHE: {
		u32 n = (u32)job[PB_J_CELL_COUNT], at = slot & (n - 1);
		u32 *owner = (u32 *)(dynamic + job[PB_J_OWNERS]) + at;
		u32 seen = pb_volatile(owner);
		if (seen == ~0u) {
			seen = pb_atomic_cas(owner, ~0u, slot);
			if (seen == ~0u) seen = slot;
		}
		return seen == slot ? cells + (u64)at * words : 0;
	}
	}
	return 0;
}

// pb_aggregate adds the accumulator of the active rows that have a value to one state of their groups.
PB_DEV void pb_aggregate(const u64 *job, u64 *dynamic, int kind, u32 word, const pb_rows &acc, u32 act, const u32 *slot) {
	u32 rows = act & acc.ok;
	const bool own = job[PB_J_CELL_MODE] == PB_CELLS_OWN;
	EACH {
		if (!(rows >> r & 1) || slot[r] == ~0u) continue;
		u64 step;
		u64 *cell = pb_cell(job, dynamic, slot[r], &step);
		pb_wide v = {acc.lo[r], kind == PB_MERGE_SUM2 ? (i64)acc.lo[r] >> 63 : acc.hi[r]};
		if (own) {
			u64 *p = cell + word * step;
			switch (kind) {
			case PB_MERGE_COUNT: p[0]++; break;
			case PB_MERGE_SUM2: pb_sum_own(p, step, v.lo, (u64)v.hi, 0, 2); break;
			case PB_MERGE_SUM3: pb_sum_own(p, step, v.lo, (u64)v.hi, (u64)(v.hi >> 63), 3); break;
			case PB_MERGE_FSUM: p[0] = pb_bits(pb_fadd(pb_float(p[0]), pb_float(v.lo))); break;
			case PB_MERGE_MAX:
				if (v.lo > p[0]) p[0] = v.lo;
				break;
			}
		} else if (cell) {
			u64 *p = cell + word;
			switch (kind) {
			case PB_MERGE_COUNT: pb_atomic_add((u32 *)p, 1u); break; // a block has fewer than 2^32 rows of a launch
			case PB_MERGE_SUM2: pb_sum_shared(p, v, 2); break;
			case PB_MERGE_SUM3: pb_sum_shared(p, v, 3); break;
			case PB_MERGE_FSUM: pb_fsum_shared(p, pb_float(v.lo)); break;
			case PB_MERGE_MAX:
				if (v.lo > pb_volatile(p)) pb_atomic_max(p, v.lo);
				break;
			}
		} else {
			u64 *p = (u64 *)job[PB_J_TABLE] + (u64)slot[r] * job[PB_J_STRIDE] + job[PB_J_STATES] + word;
			switch (kind) {
			case PB_MERGE_COUNT: pb_atomic_add(p, (u64)1); break;
			case PB_MERGE_SUM2: pb_sum_global(p, v, 2); break;
			case PB_MERGE_SUM3: pb_sum_global(p, v, 3); break;
			case PB_MERGE_FSUM: pb_atomic_fadd((f64 *)p, pb_float(v.lo)); break;
			case PB_MERGE_MAX:
				if (v.lo > pb_volatile(p)) pb_atomic_max(p, v.lo);
				break;
			}
		}
	}
}

// pb_reduce_state sums a state over the warp's threads; lane 0 has the result.
PB_DEV void pb_reduce_state(int kind, u64 *w0, u64 *w1, u64 *w2) {
	for (u32 by = 16; by > 0; by >>= 1) {
		u64 a = pb_shfl_down64(PB_FULL, *w0, by), b = 0, c = 0;
		if (kind == PB_MERGE_SUM2 || kind == PB_MERGE_SUM3) b = pb_shfl_down64(PB_FULL, *w1, by);
		if (kind == PB_MERGE_SUM3) c = pb_shfl_down64(PB_FULL, *w2, by);
		// Lanes whose partner lies beyond the warp add themselves to what nobody reads.
		switch (kind) {
		case PB_MERGE_COUNT: *w0 += a; break;
		case PB_MERGE_SUM2:
		case PB_MERGE_SUM3: {
			u64 s = *w0 + a, carry = s < a;
			*w0 = s;
			u64 t = *w1 + b, over = t < b;
			u64 u = t + carry;
			over += u < t;
			*w1 = u;
			*w2 += c + over;
			break;
		}
		case PB_MERGE_FSUM: *w0 = pb_bits(pb_fadd(pb_float(*w0), pb_float(a))); break;
		case PB_MERGE_MAX: *w0 = *w0 > a ? *w0 : a; break;
		}
	}
}

// pb_flush merges the block's states into the table.
PB_DEV void pb_flush(const u64 *job, u64 *dynamic) {
	const u32 tid = PB_TID;
	const u64 words = job[PB_J_WORDS];
	u64 *cells = dynamic + job[PB_J_CELLS];
	u64 *table = (u64 *)job[PB_J_TABLE] + job[PB_J_STATES];
	const u64 stride = job[PB_J_STRIDE];
	const u32 n = (u32)job[PB_J_CELL_COUNT], mode = (u32)job[PB_J_CELL_MODE];
	const u8 *kind_of = (const u8 *)job[PB_J_KINDS];
	if (mode == PB_CELLS_OWN) {
		for (u32 g = 0; g < n; g++) {
			for (u32 w = 0; w < words; w++) {
				int kind = pb_load<u8>(kind_of, w);
				if (kind == PB_MERGE_NEXT) continue;
				u64 *p = cells + ((u64)g * words + w) * PB_THREADS + tid;
				u64 w0 = p[0], w1 = 0, w2 = 0;
				if (kind == PB_MERGE_SUM2 || kind == PB_MERGE_SUM3) w1 = p[PB_THREADS];
				if (kind == PB_MERGE_SUM3) w2 = p[2 * PB_THREADS];
				pb_reduce_state(kind, &w0, &w1, &w2);
				if ((tid & 31) == 0) pb_merge_state(table + g * stride + w, kind, w0, w1, w2);
			}
		}
		return;
	}
	const u32 copies = mode == PB_CELLS_COPIES ? (u32)job[PB_J_COPIES] : 1;
	for (u32 g = tid; g < n; g += PB_THREADS) {
		u32 slot = g;
		if (mode == PB_CELLS_CACHE) slot = ((u32 *)(dynamic + job[PB_J_OWNERS]))[g];
		if (slot == ~0u) continue;
		for (u32 c = 0; c < copies; c++) {
			const u64 *p = cells + ((u64)g * copies + c) * words;
			for (u32 w = 0; w < words; w++) {
				int kind = pb_load<u8>(kind_of, w);
				if (kind == PB_MERGE_NEXT) continue;
				u64 w1 = kind == PB_MERGE_SUM2 || kind == PB_MERGE_SUM3 ? p[w + 1] : 0, w2 = kind == PB_MERGE_SUM3 ? p[w + 2] : 0;
				pb_merge_state(table + (u64)slot * stride + w, kind, p[w], w1, w2);
			}
		}
	}
}

#define BAD(cond) \
	do { \
		if ((cond) && (act & acc.ok & (1u << r))) trouble |= PB_TROUBLE_VALUE; \
	} while (0)
#define BOTH acc.ok &= b.ok
#define WORD(expr) \
	BOTH; \
	EACH acc.lo[r] = (u64)(expr); \
	break
#define X ((i64)acc.lo[r])
#define Y ((i64)b.lo[r])
#define FX pb_float(acc.lo[r])
#define FY pb_float(b.lo[r])
#define WX (pb_wide{acc.lo[r], acc.hi[r]})
#define WY (pb_wide{b.lo[r], b.hi[r]})
#define WIDE(expr) \
	BOTH; \
	EACH { \
		bool over; \
		pb_wide v = expr; \
		acc.lo[r] = v.lo; \
		acc.hi[r] = v.hi; \
		BAD(over); \
	} \
	break
#define FLOAT(expr) \
	BOTH; \
	EACH { \
		f64 x = FX, y = FY, v = expr; \
		acc.lo[r] = pb_bits(v); \
		BAD(pb_infinite(v) && pb_finite(x) && pb_finite(y)); \
	} \
	break

// pb_program runs a job's program over rows 0 to rows-1.
PB_KERNEL PB_BOUNDS(PB_THREADS, 5) pb_program(const u64 *given, u64 rows) {
	PB_SHARED(pb_program_shared, shared);
	u64 *dynamic = PB_DYNAMIC;
	const u32 tid = PB_TID;
	u64 *job = shared.job;
	for (u32 i = tid; i < PB_J_SIZE; i += PB_THREADS) job[i] = pb_load<u64>(given, i);
	pb_barrier();
	const u32 codes = (u32)job[PB_J_CODES];
	for (u32 i = tid; i < 2 * codes; i += PB_THREADS) shared.code[i] = pb_load<u64>((const void *)job[PB_J_CODE], i);
	if (job[PB_J_CELL_MODE] != PB_CELLS_NONE) {
		u64 per = job[PB_J_CELL_MODE] == PB_CELLS_OWN ? (u64)PB_THREADS : job[PB_J_CELL_MODE] == PB_CELLS_COPIES ? job[PB_J_COPIES] : 1;
		u64 n = job[PB_J_CELL_COUNT] * job[PB_J_WORDS] * per;
		for (u64 i = tid; i < n; i += PB_THREADS) dynamic[job[PB_J_CELLS] + i] = 0;
		if (job[PB_J_CELL_MODE] == PB_CELLS_CACHE) {
			for (u64 i = tid; i < job[PB_J_CELL_COUNT]; i += PB_THREADS) ((u32 *)(dynamic + job[PB_J_OWNERS]))[i] = ~0u;
		}
	}
	pb_barrier();
	u8 *valid = (u8 *)(dynamic + job[PB_J_VALID]);
	const u64 *cols = (const u64 *)job[PB_J_COLS], *consts = (const u64 *)job[PB_J_CONSTS];
	u32 trouble = 0;
	for (u64 tile = PB_BID; tile * PB_TILE < rows; tile += PB_NBID) {
		const u64 row = tile * PB_TILE + tid;
		pb_rows acc, b;
		u32 slot[PB_ROWS], nulls[PB_ROWS];
		u64 h[PB_ROWS];
		u32 act = 0;
		u64 stack = 0;
		acc.ok = 0;
		EACH {
			acc.lo[r] = b.lo[r] = h[r] = 0;
			acc.hi[r] = b.hi[r] = 0;
			slot[r] = nulls[r] = 0;
			act |= (u32)(row + (u64)r * PB_THREADS < rows) << r;
		}
		for (u32 pc = 0; pc < codes; pc++) {
			const u64 ins = shared.code[2 * pc], imm = shared.code[2 * pc + 1];
			const u32 op = (u32)ins & 0xff, kind = (u32)(ins >> 8) & 0xff, a = (u32)(ins >> 16) & 0xffff, at = (u32)(ins >> 32);
			if (kind != PB_K_NONE) pb_fetch(b, kind, a, at, imm, cols, consts, dynamic, valid, row, rows);
			switch (op) {
			case PB_MOV:
				acc = b;
				break;
			case PB_ADD:
				BOTH;
				EACH {
					u64 v = acc.lo[r] + b.lo[r];
					BAD((i64)((acc.lo[r] ^ v) & (b.lo[r] ^ v)) < 0);
					acc.lo[r] = v;
				}
				break;
			case PB_SUB:
				BOTH;
				EACH {
					u64 v = acc.lo[r] - b.lo[r];
					BAD((i64)((acc.lo[r] ^ b.lo[r]) & (acc.lo[r] ^ v)) < 0);
					acc.lo[r] = v;
				}
				break;
			case PB_RSUB:
				BOTH;
				EACH {
					u64 v = b.lo[r] - acc.lo[r];
					BAD((i64)((b.lo[r] ^ acc.lo[r]) & (b.lo[r] ^ v)) < 0);
					acc.lo[r] = v;
				}
				break;
			case PB_MUL:
				BOTH;
				EACH {
					pb_wide v = pb_product(X, Y);
					BAD(v.hi != (i64)v.lo >> 63);
					acc.lo[r] = v.lo;
				}
				break;
			case PB_DIV:
			case PB_RDIV:
			case PB_MOD:
			case PB_RMOD: {
				BOTH;
				EACH {
					bool reverse = op == PB_RDIV || op == PB_RMOD;
					i64 p = reverse ? Y : X, q = reverse ? X : Y;
					bool rest = op == PB_MOD || op == PB_RMOD;
					BAD(q == 0 || (q == -1 && !rest && p == (i64)(1ull << 63)));
					u64 v = 0;
					if (q == -1) v = rest ? 0 : 0 - (u64)p;
					else if (q != 0) v = (u64)(rest ? p % q : p / q);
					acc.lo[r] = v;
				}
				break;
			}
			case PB_NEG:
				EACH {
					BAD(acc.lo[r] == 1ull << 63);
					acc.lo[r] = 0 - acc.lo[r];
				}
				break;
			case PB_ABS:
				EACH {
					BAD(acc.lo[r] == 1ull << 63);
					if (X < 0) acc.lo[r] = 0 - acc.lo[r];
				}
				break;
			case PB_RANGE: {
				i64 least = (i64)pb_load<u64>(consts, imm), most = (i64)pb_load<u64>(consts, imm + 1);
				EACH BAD(X < least || X > most);
				break;
			}
			case PB_WIDEN:
				EACH acc.hi[r] = X >> 63;
				break;
			case PB_WADD: WIDE(pb_wide_add(WX, WY, &over));
			case PB_WSUB: WIDE(pb_wide_sub(WX, WY, &over));
			case PB_WRSUB: WIDE(pb_wide_sub(WY, WX, &over));
			case PB_PRODUCT:
				BOTH;
				EACH {
					pb_wide v = pb_product(X, Y);
					acc.lo[r] = v.lo;
					acc.hi[r] = v.hi;
				}
				break;
			case PB_WMUL: WIDE(pb_wide_mul(WX, WY, &over));
			case PB_WNEG:
			case PB_WABS:
				EACH {
					if (op == PB_WNEG || acc.hi[r] < 0) {
						pb_wide v = pb_wide_neg(WX);
						acc.lo[r] = v.lo;
						acc.hi[r] = v.hi;
					}
				}
				break;
			case PB_WRANGE: {
				pb_wide least = {pb_load<u64>(consts, imm), (i64)pb_load<u64>(consts, imm + 1)};
				pb_wide most = {pb_load<u64>(consts, imm + 2), (i64)pb_load<u64>(consts, imm + 3)};
				EACH BAD(pb_wide_compare(WX, least) < 0 || pb_wide_compare(WX, most) > 0);
				break;
			}
			case PB_NARROW:
				EACH BAD(acc.hi[r] != X >> 63);
				break;
			case PB_FADD: FLOAT(pb_fadd(x, y));
			case PB_FSUB: FLOAT(pb_fadd(x, -y));
			case PB_FRSUB: FLOAT(pb_fadd(y, -x));
			case PB_FMUL: FLOAT(pb_fmul(x, y));
			case PB_FDIV:
			case PB_FRDIV:
				BOTH;
				EACH {
					f64 p = op == PB_FDIV ? FX : FY, q = op == PB_FDIV ? FY : FX;
					f64 v = pb_fdiv(p, q);
					acc.lo[r] = pb_bits(v);
					BAD((q == 0 && p == p) || (pb_infinite(v) && !pb_infinite(p)));
				}
				break;
			case PB_FNEG: EACH acc.lo[r] ^= 1ull << 63; break;
			case PB_FABS: EACH acc.lo[r] &= ~(1ull << 63); break;
			case PB_FROUND:
				EACH {
					f64 x = FX, v = (f64)(float)x;
					acc.lo[r] = pb_bits(v);
					BAD(pb_infinite(v) && !pb_infinite(x));
				}
				break;
			case PB_TOFLOAT: EACH acc.lo[r] = pb_bits((f64)X); break;
			case PB_EQ: WORD(X == Y);
			case PB_NE: WORD(X != Y);
			case PB_LT: WORD(X < Y);
			case PB_LE: WORD(X <= Y);
			case PB_GT: WORD(X > Y);
			case PB_GE: WORD(X >= Y);
			case PB_FEQ: WORD(pb_feq(FX, FY));
			case PB_FNE: WORD(!pb_feq(FX, FY));
			case PB_FLT: WORD(pb_flt(FX, FY));
			case PB_FLE: WORD(!pb_flt(FY, FX));
			case PB_FGT: WORD(pb_flt(FY, FX));
			case PB_FGE: WORD(!pb_flt(FX, FY));
			case PB_WEQ: WORD(pb_wide_compare(WX, WY) == 0);
			case PB_WNE: WORD(pb_wide_compare(WX, WY) != 0);
			case PB_WLT: WORD(pb_wide_compare(WX, WY) < 0);
			case PB_WLE: WORD(pb_wide_compare(WX, WY) <= 0);
			case PB_WGT: WORD(pb_wide_compare(WX, WY) > 0);
			case PB_WGE: WORD(pb_wide_compare(WX, WY) >= 0);
			case PB_SAME:
			case PB_FSAME:
			case PB_WSAME:
				EACH {
					bool p = acc.ok >> r & 1, q = b.ok >> r & 1;
					bool same = op == PB_SAME ? X == Y : op == PB_FSAME ? pb_feq(FX, FY) : pb_wide_compare(WX, WY) == 0;
					acc.lo[r] = p && q ? same : p == q;
				}
				acc.ok = (1u << PB_ROWS) - 1;
				break;
			case PB_NOT: EACH acc.lo[r] ^= 1; break;
			case PB_AND:
			case PB_OR: {
				u32 decides = op == PB_OR, ok = 0;
				EACH {
					bool p = acc.ok >> r & 1, q = b.ok >> r & 1;
					bool decided = (p && acc.lo[r] == decides) || (q && b.lo[r] == decides);
					ok |= (u32)(decided || (p && q)) << r;
					acc.lo[r] = decided ? decides : 1 - decides;
				}
				acc.ok = ok;
				break;
			}
			case PB_ISNULL:
			case PB_ISNOTNULL:
				EACH acc.lo[r] = (acc.ok >> r & 1) ^ (op == PB_ISNULL);
				acc.ok = (1u << PB_ROWS) - 1;
				break;
			case PB_ISTRUE:
			case PB_ISFALSE:
				EACH acc.lo[r] = (acc.ok >> r & 1) && acc.lo[r] == (op == PB_ISTRUE);
				acc.ok = (1u << PB_ROWS) - 1;
				break;
			case PB_YEAR:
			case PB_MONTH:
			case PB_DAY: EACH acc.lo[r] = (u64)pb_civil((i32)X, (int)op - PB_YEAR); break;
			case PB_TSDAY: EACH acc.lo[r] = (u64)pb_day_of(X); break;
			case PB_INSET:
				EACH {
					u32 low = 0, high = a;
					while (low < high) {
						u32 mid = (low + high) / 2;
						if ((i64)pb_load<u64>(consts, imm + mid) < X) low = mid + 1;
						else high = mid;
					}
					acc.lo[r] = low < a && (i64)pb_load<u64>(consts, imm + low) == X;
				}
				break;
			case PB_LOOKUP8: {
				const void *p = (const void *)pb_load<u64>(cols, 2 * a);
				EACH acc.lo[r] = acc.ok >> r & 1 ? pb_load<u8>(p, acc.lo[r]) : 0;
				break;
			}
			case PB_STORE:
			case PB_STOREW:
				EACH dynamic[at + r * PB_THREADS + tid] = acc.lo[r];
				if (op == PB_STOREW) EACH dynamic[at + PB_TILE + r * PB_THREADS + tid] = (u64)acc.hi[r];
				valid[a * PB_THREADS + tid] = (u8)acc.ok;
				break;
			case PB_STOREM:
			case PB_STOREMW:
				EACH {
					if (!(act >> r & 1)) continue;
					dynamic[at + r * PB_THREADS + tid] = acc.lo[r];
					if (op == PB_STOREMW) dynamic[at + PB_TILE + r * PB_THREADS + tid] = (u64)acc.hi[r];
				}
				valid[a * PB_THREADS + tid] = (u8)((valid[a * PB_THREADS + tid] & ~act) | (acc.ok & act));
				break;
			case PB_FILTER:
				EACH act &= ~((u32)!((acc.ok >> r & 1) && acc.lo[r] != 0) << r);
				if (a && act == 0) pc = codes; // nothing left, and no later instruction needs all threads of a warp
				break;
			case PB_PUSH: stack = stack << PB_ROWS | act; break;
			case PB_THEN:
				stack = stack << PB_ROWS | act;
				EACH act &= ~((u32)!((acc.ok >> r & 1) && acc.lo[r] != 0) << r);
				break;
			case PB_ELSE: {
				u32 took = act;
				act = (u32)stack & ((1u << PB_ROWS) - 1) & ~took;
				stack >>= PB_ROWS;
				break;
			}
			case PB_POP:
				act = (u32)stack & ((1u << PB_ROWS) - 1);
				stack >>= PB_ROWS;
				break;
			case PB_OPEN_AND: EACH act &= ~((u32)((acc.ok >> r & 1) && acc.lo[r] == 0) << r); break;
			case PB_OPEN_OR: EACH act &= ~((u32)((acc.ok >> r & 1) && acc.lo[r] != 0) << r); break;
			case PB_OPEN_NULL: act &= ~acc.ok; break;
			case PB_DENSE:
				EACH {
					u64 key = acc.ok >> r & 1 ? acc.lo[r] : at;
					// A value without a code: what was known of the keys is not true.
					BAD(key >= at);
					slot[r] += (u32)(key > at ? at : key) * (u32)imm;
				}
				break;
			case PB_HASHKEY:
				EACH {
					u64 w = acc.ok >> r & 1 ? acc.lo[r] : 0;
					nulls[r] |= (u32)!(acc.ok >> r & 1) << (a & 31);
					h[r] = a == 0 ? pb_mix(w) : pb_combine(h[r], w);
					dynamic[job[PB_J_KEYTEMP] + (u64)a * PB_TILE + r * PB_THREADS + tid] = w;
				}
				break;
			case PB_FIND: {
				// The last key is the one that says which of the others are NULL; imm says whether there is one.
				u32 n = (u32)job[PB_J_KEYS];
				u64 *keys = dynamic + job[PB_J_KEYTEMP];
				EACH {
					if (imm) {
						keys[(u64)(n - 1) * PB_TILE + r * PB_THREADS + tid] = nulls[r];
						h[r] = pb_combine(h[r], nulls[r]);
					}
					slot[r] = ~0u;
					if (!(act >> r & 1)) continue;
					slot[r] = pb_find_slot((u64 *)job[PB_J_TABLE], job[PB_J_STRIDE], job[PB_J_SHIFT], job[PB_J_MASK], h[r], keys + r * PB_THREADS + tid, PB_TILE, n,
					                        (u64 *)job[PB_J_GROUPS]);
					if (slot[r] == ~0u) trouble |= PB_TROUBLE_FULL;
				}
				break;
			}
			case PB_COUNT:
			case PB_SUM2:
			case PB_SUM3:
			case PB_FSUM:
			case PB_MAX: pb_aggregate(job, dynamic, (int)(op - PB_COUNT) + PB_MERGE_COUNT, a, acc, act, slot); break;
			case PB_ORDER: EACH acc.lo[r] ^= 1ull << 63; break;
			case PB_FORDER:
				EACH {
					f64 x = FX;
					u64 w = x != x ? 0x7ff8000000000000ull : x == 0 ? 0 : acc.lo[r];
					acc.lo[r] = w >> 63 ? ~w : w | 1ull << 63;
				}
				break;
			case PB_INVERT: EACH acc.lo[r] = ~acc.lo[r]; break;
			case PB_HIGH: EACH acc.lo[r] = (u64)acc.hi[r]; break;
			case PB_OUT1:
			case PB_OUT2:
			case PB_OUT4:
			case PB_OUT8:
			case PB_OUT16: {
				void *p = (void *)pb_load<u64>(cols, 2 * a);
				u32 *v = (u32 *)pb_load<u64>(cols, 2 * a + 1);
				EACH {
					u64 i = row + (u64)r * PB_THREADS;
					if (i < rows) {
						switch (op) {
						case PB_OUT1: pb_store<u8>(p, i, (u8)acc.lo[r]); break;
						case PB_OUT2: pb_store<u16>(p, i, (u16)acc.lo[r]); break;
						case PB_OUT4: pb_store<u32>(p, i, (u32)acc.lo[r]); break;
						case PB_OUT8: pb_store<u64>(p, i, acc.lo[r]); break;
						default:
							pb_store<u64>(p, 2 * i, acc.lo[r]);
							pb_store<u64>(p, 2 * i + 1, (u64)acc.hi[r]);
						}
					}
					if (v) {
						u32 bits = pb_ballot(PB_FULL, (acc.ok >> r & 1) && i < rows);
						if ((tid & 31) == 0 && i < rows) pb_store<u32>(v, i >> 5, bits);
					}
				}
				break;
			}
			case PB_OUTMASK: {
				u32 *v = (u32 *)pb_load<u64>(cols, 2 * a);
				EACH {
					u64 i = row + (u64)r * PB_THREADS;
					u32 bits = pb_ballot(PB_FULL, act >> r & 1);
					if ((tid & 31) == 0 && i < rows) pb_store<u32>(v, i >> 5, bits);
				}
				break;
			}
			}
		}
	}
	if (trouble) pb_atomic_or((u32 *)job[PB_J_TROUBLE], trouble);
	if (job[PB_J_CELL_MODE] != PB_CELLS_NONE) {
		pb_barrier();
		pb_flush(job, dynamic);
	}
}
