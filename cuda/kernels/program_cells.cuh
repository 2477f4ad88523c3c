// program_cells.cuh: the states of groups: a block's own in shared memory, and how they are merged into the table.
#pragma once
#include "program_fetch.cuh"
#include "table.cuh"
#include "wide.cuh"

const u32 PB_NO_CELL = ~0u;

// pb_cell is the word of the dynamic shared memory where a row's group has its states, and the distance of their words; PB_NO_CELL when it has none there.
// A number and no pointer: a compiler that knows a pointer to be shared casts its null to that space and back, after which no card takes it for null.
PB_DEV u32 pb_cell(const u64 *job, u64 *dynamic, u32 tid, u32 slot, u32 *step) {
	const u32 cells = (u32)job[PB_J_CELLS], words = (u32)job[PB_J_WORDS];
	*step = 1;
	switch ((u32)job[PB_J_CELL_MODE]) {
	case PB_CELLS_OWN:
		*step = PB_THREADS;
		return cells + slot * words * PB_THREADS + tid;
	case PB_CELLS_COPIES: {
		u32 copies = (u32)job[PB_J_COPIES];
		return cells + (slot * copies + (tid & (copies - 1))) * words;
	}
	case PB_CELLS_CACHE: {
		u32 n = (u32)job[PB_J_CELL_COUNT], at = slot & (n - 1);
		u32 *owner = (u32 *)(dynamic + job[PB_J_OWNERS]) + at;
		u32 seen = pb_volatile(owner);
		if (seen == ~0u) {
			seen = pb_atomic_cas(owner, ~0u, slot);
			if (seen == ~0u) seen = slot;
		}
		return seen == slot ? cells + at * words : PB_NO_CELL;
	}
	}
	return PB_NO_CELL;
}

// pb_aggregate adds the accumulator of the active rows that have a value to one state of their groups.
// The rows are those of the mask.
PB_DEV void pb_aggregate(const u64 *job, u64 *dynamic, u32 tid, int kind, u32 word, const u64 *lo, const i64 *hi, u32 rows, const u32 *slot) {
	const bool own = job[PB_J_CELL_MODE] == PB_CELLS_OWN;
	if (own && job[PB_J_CELL_COUNT] == 1 && kind <= PB_MERGE_SUM3) {
		// One group: a thread's rows meet in registers.
		u64 *p = dynamic + job[PB_J_CELLS] + (u64)word * PB_THREADS + tid;
		if (kind == PB_MERGE_COUNT) {
			p[0] += pb_popc(rows);
			return;
		}
		u64 s0 = 0, s1 = 0, s2 = 0;
		EACH {
			if (rows >> r & 1) pb_sum_add(s0, s1, s2, lo[r], kind == PB_MERGE_SUM2 ? (i64)lo[r] >> 63 : hi[r]);
		}
		if (rows) pb_sum_own(p, PB_THREADS, s0, s1, s2, kind == PB_MERGE_SUM2 ? 2 : 3);
		return;
	}
	EACH {
		if (!(rows >> r & 1) || slot[r] == ~0u) continue;
		u32 step;
		const u32 cell = pb_cell(job, dynamic, tid, slot[r], &step);
		pb_wide v = {lo[r], kind == PB_MERGE_SUM2 ? (i64)lo[r] >> 63 : hi[r]};
		if (own) {
			u64 *p = dynamic + cell + word * step;
			switch (kind) {
			case PB_MERGE_COUNT: p[0]++; break;
			case PB_MERGE_SUM2: pb_sum_own(p, step, v.lo, (u64)v.hi, 0, 2); break;
			case PB_MERGE_SUM3: pb_sum_own(p, step, v.lo, (u64)v.hi, (u64)(v.hi >> 63), 3); break;
			case PB_MERGE_FSUM: p[0] = pb_bits(pb_fadd(pb_float(p[0]), pb_float(v.lo))); break;
			case PB_MERGE_MAX:
				if (v.lo > p[0]) p[0] = v.lo;
				break;
			}
		} else if (cell != PB_NO_CELL) {
			u64 *p = dynamic + cell + word;
			switch (kind) {
			case PB_MERGE_COUNT: pb_shared_add((u32 *)p, 1u); break; // a block has fewer than 2^32 rows of a launch
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
			case PB_MERGE_COUNT: pb_global_add(p, (u64)1); break;
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
