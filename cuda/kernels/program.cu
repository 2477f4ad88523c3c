// program.cu: a whole pipeline's filters, expressions and aggregates in one pass over the rows. Every thread runs the same instructions on PB_ROWS rows in
// registers, so that decoding an instruction is shared by all of them, and a column is read once. Groups' states are gathered in
// shared memory by block and merged into the table at the end.
#include "calendar.cuh"
#include "program_cells.cuh"

struct pb_program_shared {
	u64 code[2 * PB_MAX_CODE];
	u64 job[PB_J_SIZE];
};

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

// pb_run runs a job's program over rows 0 to rows-1. lean: it has only the instructions and operands that PB_LEAN says.
template <bool lean> PB_DEV void pb_run(pb_program_shared &shared, const u64 *given, u64 rows) {
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
		u64 row = tile * PB_TILE + tid;
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
			u32 tid = PB_TID;
			pb_opaque(tid);
			pb_opaque(row);
			const u64 ins = shared.code[2 * pc], imm = shared.code[2 * pc + 1];
			const u32 op = (u32)ins & 0xff, kind = (u32)(ins >> 8) & 0xff, a = (u32)(ins >> 16) & 0xffff, at = (u32)(ins >> 32);
			if (kind != PB_K_NONE) pb_fetch<lean>(b, kind, a, at, imm, cols, consts, dynamic, valid, tid, row, rows);
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
				if (lean) break;
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
				if (lean) break;
				EACH acc.hi[r] = X >> 63;
				break;
			case PB_WADD:
				if (lean) break;
				WIDE(pb_wide_add(WX, WY, &over));
			case PB_WSUB:
				if (lean) break;
				WIDE(pb_wide_sub(WX, WY, &over));
			case PB_WRSUB:
				if (lean) break;
				WIDE(pb_wide_sub(WY, WX, &over));
			case PB_PRODUCT:
				if (lean) break;
				BOTH;
				EACH {
					pb_wide v = pb_product(X, Y);
					acc.lo[r] = v.lo;
					acc.hi[r] = v.hi;
				}
				break;
			case PB_WMUL:
				if (lean) break;
				WIDE(pb_wide_mul(WX, WY, &over));
			case PB_WNEG:
			case PB_WABS:
				if (lean) break;
				EACH {
					if (op == PB_WNEG || acc.hi[r] < 0) {
						pb_wide v = pb_wide_neg(WX);
						acc.lo[r] = v.lo;
						acc.hi[r] = v.hi;
					}
				}
				break;
			case PB_WRANGE: {
				if (lean) break;
				pb_wide least = {pb_load<u64>(consts, imm), (i64)pb_load<u64>(consts, imm + 1)};
				pb_wide most = {pb_load<u64>(consts, imm + 2), (i64)pb_load<u64>(consts, imm + 3)};
				EACH BAD(pb_wide_compare(WX, least) < 0 || pb_wide_compare(WX, most) > 0);
				break;
			}
			case PB_NARROW:
				if (lean) break;
				EACH BAD(acc.hi[r] != X >> 63);
				break;
			case PB_FADD:
				if (lean) break;
				FLOAT(pb_fadd(x, y));
			case PB_FSUB:
				if (lean) break;
				FLOAT(pb_fadd(x, -y));
			case PB_FRSUB:
				if (lean) break;
				FLOAT(pb_fadd(y, -x));
			case PB_FMUL:
				if (lean) break;
				FLOAT(pb_fmul(x, y));
			case PB_FDIV:
			case PB_FRDIV:
				if (lean) break;
				BOTH;
				EACH {
					f64 p = op == PB_FDIV ? FX : FY, q = op == PB_FDIV ? FY : FX;
					f64 v = pb_fdiv(p, q);
					acc.lo[r] = pb_bits(v);
					BAD((q == 0 && p == p) || (pb_infinite(v) && !pb_infinite(p)));
				}
				break;
			case PB_FNEG:
				if (lean) break;
				EACH acc.lo[r] ^= 1ull << 63; break;
			case PB_FABS:
				if (lean) break;
				EACH acc.lo[r] &= ~(1ull << 63); break;
			case PB_FROUND:
				if (lean) break;
				EACH {
					f64 x = FX, v = (f64)(float)x;
					acc.lo[r] = pb_bits(v);
					BAD(pb_infinite(v) && !pb_infinite(x));
				}
				break;
			case PB_TOFLOAT:
				if (lean) break;
				EACH acc.lo[r] = pb_bits((f64)X); break;
			case PB_EQ: WORD(X == Y);
			case PB_NE: WORD(X != Y);
			case PB_LT: WORD(X < Y);
			case PB_LE: WORD(X <= Y);
			case PB_GT: WORD(X > Y);
			case PB_GE: WORD(X >= Y);
			case PB_FEQ:
				if (lean) break;
				WORD(pb_feq(FX, FY));
			case PB_FNE:
				if (lean) break;
				WORD(!pb_feq(FX, FY));
			case PB_FLT:
				if (lean) break;
				WORD(pb_flt(FX, FY));
			case PB_FLE:
				if (lean) break;
				WORD(!pb_flt(FY, FX));
			case PB_FGT:
				if (lean) break;
				WORD(pb_flt(FY, FX));
			case PB_FGE:
				if (lean) break;
				WORD(!pb_flt(FX, FY));
			case PB_WEQ:
				if (lean) break;
				WORD(pb_wide_compare(WX, WY) == 0);
			case PB_WNE:
				if (lean) break;
				WORD(pb_wide_compare(WX, WY) != 0);
			case PB_WLT:
				if (lean) break;
				WORD(pb_wide_compare(WX, WY) < 0);
			case PB_WLE:
				if (lean) break;
				WORD(pb_wide_compare(WX, WY) <= 0);
			case PB_WGT:
				if (lean) break;
				WORD(pb_wide_compare(WX, WY) > 0);
			case PB_WGE:
				if (lean) break;
				WORD(pb_wide_compare(WX, WY) >= 0);
			case PB_SAME:
			case PB_FSAME:
			case PB_WSAME:
				if (lean) break;
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
				if (!lean && op == PB_STOREW) EACH dynamic[at + PB_TILE + r * PB_THREADS + tid] = (u64)acc.hi[r];
				valid[a * PB_THREADS + tid] = (u8)acc.ok;
				break;
			case PB_STOREM:
			case PB_STOREMW:
				if (lean) break;
				EACH {
					if (!(act >> r & 1)) continue;
					dynamic[at + r * PB_THREADS + tid] = acc.lo[r];
					if (op == PB_STOREMW) dynamic[at + PB_TILE + r * PB_THREADS + tid] = (u64)acc.hi[r];
				}
				valid[a * PB_THREADS + tid] = (u8)((valid[a * PB_THREADS + tid] & ~act) | (acc.ok & act));
				break;
			case PB_FILTER:
				EACH act &= ~((u32)!((acc.ok >> r & 1) && acc.lo[r] != 0) << r);
				// Nothing left, and no later instruction needs all threads of a warp. They go on together: apart, each would fetch its instructions and lines alone.
				if (a && pb_ballot(PB_FULL, act != 0) == 0) pc = codes;
				break;
			case PB_PUSH:
				if (lean) break;
				stack = stack << PB_ROWS | act; break;
			case PB_THEN:
				if (lean) break;
				stack = stack << PB_ROWS | act;
				EACH act &= ~((u32)!((acc.ok >> r & 1) && acc.lo[r] != 0) << r);
				break;
			case PB_ELSE: {
				if (lean) break;
				u32 took = act;
				act = (u32)stack & ((1u << PB_ROWS) - 1) & ~took;
				stack >>= PB_ROWS;
				break;
			}
			case PB_POP:
				if (lean) break;
				act = (u32)stack & ((1u << PB_ROWS) - 1);
				stack >>= PB_ROWS;
				break;
			case PB_OPEN_AND:
				if (lean) break;
				EACH act &= ~((u32)((acc.ok >> r & 1) && acc.lo[r] == 0) << r); break;
			case PB_OPEN_OR:
				if (lean) break;
				EACH act &= ~((u32)((acc.ok >> r & 1) && acc.lo[r] != 0) << r); break;
			case PB_OPEN_NULL:
				if (lean) break;
				act &= ~acc.ok; break;
			case PB_DENSE:
				EACH {
					u64 key = acc.ok >> r & 1 ? acc.lo[r] : at;
					// A value without a code: what was known of the keys is not true.
					BAD(key >= at);
					slot[r] += (u32)(key > at ? at : key) * (u32)imm;
				}
				break;
			case PB_HASHKEY:
				if (lean) break;
				EACH {
					u64 w = acc.ok >> r & 1 ? acc.lo[r] : 0;
					nulls[r] |= (u32)!(acc.ok >> r & 1) << (a & 31);
					h[r] = a == 0 ? pb_mix(w) : pb_combine(h[r], w);
					dynamic[job[PB_J_KEYTEMP] + (u64)a * PB_TILE + r * PB_THREADS + tid] = w;
				}
				break;
			case PB_FIND: {
				if (lean) break;
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
			// With the kind known, each is short; one body for all is less to keep in the instruction cache.
			case PB_COUNT:
			case PB_SUM2:
			case PB_MAX:
				if (lean) {
					if (op == PB_COUNT) pb_aggregate(job, dynamic, tid, PB_MERGE_COUNT, a, acc.lo, acc.hi, act & acc.ok, slot);
					else if (op == PB_SUM2) pb_aggregate(job, dynamic, tid, PB_MERGE_SUM2, a, acc.lo, acc.hi, act & acc.ok, slot);
					else pb_aggregate(job, dynamic, tid, PB_MERGE_MAX, a, acc.lo, acc.hi, act & acc.ok, slot);
					break;
				}
			case PB_SUM3:
			case PB_FSUM:
				if (!lean) pb_aggregate(job, dynamic, tid, (int)(op - PB_COUNT) + PB_MERGE_COUNT, a, acc.lo, acc.hi, act & acc.ok, slot);
				break;
			case PB_KEEP: {
				const i64 least = (i64)pb_load<u64>(consts, imm), most = (i64)pb_load<u64>(consts, imm + 1);
				EACH act &= ~((u32)!((b.ok >> r & 1) && Y >= least && Y <= most) << r);
				if (at && pb_ballot(PB_FULL, act != 0) == 0) pc = codes;
				break;
			}
			case PB_SUMPROD: {
				i64 high[PB_ROWS];
				u64 low[PB_ROWS];
				EACH {
					pb_wide v = pb_product(X, Y);
					low[r] = v.lo;
					high[r] = v.hi;
				}
				pb_aggregate(job, dynamic, tid, PB_MERGE_SUM3, at, low, high, act & acc.ok & b.ok, slot);
				break;
			}
			case PB_OUTPROD: {
				void *p = (void *)pb_load<u64>(cols, 2 * at);
				u32 *v = (u32 *)pb_load<u64>(cols, 2 * at + 1);
				EACH {
					u64 i = row + (u64)r * PB_THREADS;
					pb_wide x = pb_product(X, Y);
					if (i < rows) pb_store<pb_pair>(p, i, pb_pair{x.lo, (u64)x.hi});
					if (v) {
						u32 bits = pb_ballot(PB_FULL, (acc.ok & b.ok) >> r & 1 && i < rows);
						if ((tid & 31) == 0 && i < rows) pb_store<u32>(v, i >> 5, bits);
					}
				}
				break;
			}
			case PB_ORDER: EACH acc.lo[r] ^= 1ull << 63; break;
			case PB_FORDER:
				if (lean) break;
				EACH {
					f64 x = FX;
					u64 w = x != x ? 0x7ff8000000000000ull : x == 0 ? 0 : acc.lo[r];
					acc.lo[r] = w >> 63 ? ~w : w | 1ull << 63;
				}
				break;
			case PB_INVERT: EACH acc.lo[r] = ~acc.lo[r]; break;
			case PB_HIGH:
				if (lean) break;
				EACH acc.lo[r] = (u64)acc.hi[r]; break;
			case PB_OUT1:
			case PB_OUT2:
			case PB_OUT4:
			case PB_OUT8:
			case PB_OUT16: {
				if (lean) break;
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
						default: pb_store<pb_pair>(p, i, pb_pair{acc.lo[r], (u64)acc.hi[r]});
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

// pb_program runs every program.
PB_KERNEL PB_BOUNDS(PB_THREADS, 5) pb_program(const u64 *given, u64 rows) {
	PB_SHARED(pb_program_shared, shared);
	pb_run<false>(shared, given, rows);
}

// pb_program_lean runs those of filters, words and sums that most queries are: in fewer registers, so that more loads are under way.
PB_KERNEL PB_BOUNDS(PB_THREADS, 7) pb_program_lean(const u64 *given, u64 rows) {
	PB_SHARED(pb_program_shared, shared);
	pb_run<true>(shared, given, rows);
}
