// wide.cuh: signed integers of 128 bits as two words, and sums in shared and global memory that many threads add to at once.
#pragma once
#include "device.cuh"

struct pb_wide {
	u64 lo;
	i64 hi;
};

PB_DEV pb_wide pb_widen(u64 lo) { return {lo, (i64)lo >> 63}; }

PB_DEV pb_wide pb_wide_add(pb_wide a, pb_wide b, bool *over) {
	u64 lo = a.lo + b.lo;
	i64 hi = (i64)((u64)a.hi + (u64)b.hi + (lo < a.lo));
	*over = ((a.hi ^ hi) & (b.hi ^ hi)) < 0;
	return {lo, hi};
}

PB_DEV pb_wide pb_wide_sub(pb_wide a, pb_wide b, bool *over) {
	u64 lo = a.lo - b.lo;
	i64 hi = (i64)((u64)a.hi - (u64)b.hi - (a.lo < b.lo));
	*over = ((a.hi ^ b.hi) & (a.hi ^ hi)) < 0;
	return {lo, hi};
}

PB_DEV pb_wide pb_wide_neg(pb_wide a) { return {0 - a.lo, (i64)(0 - (u64)a.hi - (a.lo != 0))}; }

PB_DEV int pb_wide_compare(pb_wide a, pb_wide b) {
	if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
	return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

// The product of two signed words is always exact.
PB_DEV pb_wide pb_product(i64 a, i64 b) { return {(u64)a * (u64)b, pb_mulhi_signed(a, b)}; }

PB_DEV pb_wide pb_wide_mul(pb_wide a, pb_wide b, bool *over) {
	if (a.hi == (i64)a.lo >> 63 && b.hi == (i64)b.lo >> 63) {
		*over = false;
		return pb_product((i64)a.lo, (i64)b.lo);
	}
	bool neg = (a.hi < 0) != (b.hi < 0);
	if (a.hi < 0) a = pb_wide_neg(a);
	if (b.hi < 0) b = pb_wide_neg(b);
	u64 hi = pb_mulhi(a.lo, b.lo), lo = a.lo * b.lo;
	u64 x = (u64)a.hi * b.lo, y = a.lo * (u64)b.hi;
	bool bad = (a.hi != 0 && b.hi != 0) || pb_mulhi((u64)a.hi, b.lo) != 0 || pb_mulhi(a.lo, (u64)b.hi) != 0;
	u64 s = hi + x, t = s + y;
	bad = bad || s < hi || t < s;
	pb_wide p = {lo, (i64)t};
	// The least integer is the one negative number without an opposite.
	if (neg) {
		p = pb_wide_neg(p);
		bad = bad || (p.hi >= 0 && (t | lo) != 0);
	} else {
		bad = bad || p.hi < 0;
	}
	*over = bad;
	return p;
}

// pb_sum adds a signed number of 128 bits to words (2 or 3) words of 64 bits. What is sent on is the sum modulo their size, whatever the order.
PB_DEV void pb_sum_global(u64 *p, pb_wide v, int words) {
	u64 carry = 0;
	u64 part[3] = {v.lo, (u64)v.hi, (u64)(v.hi >> 63)};
#pragma unroll
	for (int i = 0; i < 3; i++) {
		if (i >= words) break;
		u64 x = part[i] + carry;
		bool wrapped = carry != 0 && x == 0; // adds nothing here, and one to the next
		if (x != 0) {
			u64 old = pb_global_add(p + i, x);
			carry = old + x < old;
		} else {
			carry = wrapped;
		}
	}
}

// Shared memory has fast atomics on halves of words.
PB_DEV void pb_sum_shared(u64 *p, pb_wide v, int words) {
	u32 *limb = (u32 *)p;
	u32 part[6] = {(u32)v.lo, (u32)(v.lo >> 32), (u32)v.hi, (u32)((u64)v.hi >> 32), (u32)(v.hi >> 63), (u32)(v.hi >> 63)};
	u32 carry = 0;
#pragma unroll
	for (int i = 0; i < 6; i++) {
		if (i >= 2 * words) break;
		u32 x = part[i] + carry;
		if (x != 0) {
			u32 old = pb_shared_add(limb + i, x);
			carry = old + x < old;
		} else {
			carry = part[i] != 0; // only a full part and a carry give 0
		}
	}
}

// pb_sum_add adds a signed number of 128 bits to three words.
PB_DEV void pb_sum_add(u64 &s0, u64 &s1, u64 &s2, u64 lo, i64 hi) {
	u64 a = s0 + lo, c = a < lo, b = s1 + (u64)hi, d = b < (u64)hi, t = b + c;
	s0 = a;
	s1 = t;
	s2 += (u64)(hi >> 63) + d + (t < c);
}

// pb_sum_own adds to memory that no other thread uses at the time; step is the distance of the words.
PB_DEV void pb_sum_own(u64 *p, u64 step, u64 lo, u64 hi, u64 top, int words) {
	u64 a = p[0];
	u64 s = a + lo;
	p[0] = s;
	u64 c = s < a;
	u64 b = p[step];
	u64 t = b + hi, d = t < b;
	u64 t2 = t + c;
	d += t2 < t;
	p[step] = t2;
	if (words == 3) p[2 * step] += top + d;
}

PB_DEV void pb_fsum_shared(u64 *p, f64 v) {
	u64 old = pb_volatile(p);
	for (;;) {
		union {
			u64 u;
			f64 f;
		} x;
		x.u = old;
		x.f = pb_fadd(x.f, v);
		u64 seen = pb_atomic_cas(p, old, x.u);
		if (seen == old) return;
		old = seen;
	}
}
