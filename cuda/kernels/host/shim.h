// shim.h: CUDA's blocks, threads, barriers, votes, shuffles and atomics on the host, one fiber a thread, in an order that a seed chooses.
// It proves what kernels compute, and that they do so in any order of threads; it cannot prove that they are free of data races.
#pragma once
#include <math.h>
#include <string.h>

#define PB_KERNEL extern "C" void
#define PB_BOUNDS(threads, blocks)
#define PB_DEV static inline __attribute__((unused))
#define PB_MEMBER

// pb_thread is what a fiber knows about itself.
struct pb_thread {
	u32 tid, bid, ntid, nbid;
	char *shared; // of the block
	u64 *dynamic; // of the block
};
extern thread_local pb_thread *pb_self;

// Shared variables lie one after another in the block's shared memory: each declaration has a place of its own, given at its first use.
u64 pb_place(u64 *place, u64 size);
template <typename T, int line> static inline T *pb_shared_variable() {
	static u64 place = ~0ull;
	return (T *)(pb_self->shared + pb_place(&place, sizeof(T)));
}
template <typename T> struct pb_type { typedef T type; };
#define PB_SHARED(T, name) T &name = *pb_shared_variable<T, __LINE__>()
#define PB_DYNAMIC (pb_self->dynamic)

#define PB_TID (pb_self->tid)
#define PB_BID (pb_self->bid)
#define PB_NTID (pb_self->ntid)
#define PB_NBID (pb_self->nbid)

enum { PB_OP_BALLOT = 1, PB_OP_IDX, PB_OP_DOWN, PB_OP_UP, PB_OP_SYNC, PB_OP_MATCH };
extern "C" {
void pb_barrier();
void pb_yield();    // lets other fibers run
void pb_maybe();    // sometimes
u32 pb_warp(int op, u32 mask, u32 value, u32 argument);
}

PB_DEV u32 pb_ballot(u32 mask, bool p) { return pb_warp(PB_OP_BALLOT, mask, p, 0); }
PB_DEV u32 pb_shfl(u32 mask, u32 v, u32 lane) { return pb_warp(PB_OP_IDX, mask, v, lane); }
PB_DEV u32 pb_shfl_down(u32 mask, u32 v, u32 by) { return pb_warp(PB_OP_DOWN, mask, v, by); }
PB_DEV u32 pb_shfl_up(u32 mask, u32 v, u32 by) { return pb_warp(PB_OP_UP, mask, v, by); }
PB_DEV u32 pb_match8(u32 v) { return pb_warp(PB_OP_MATCH, 0xffffffffu, v & 255, 0); }
PB_DEV void pb_warp_barrier(u32 mask) { pb_warp(PB_OP_SYNC, mask, 0, 0); }
PB_DEV void pb_fence() { pb_maybe(); }
PB_DEV void pb_pause() { pb_yield(); }
PB_DEV void pb_prefetch(const void *) {}
PB_DEV void pb_opaque(u32 &) {}
PB_DEV void pb_opaque(u64 &) {}
PB_DEV u64 pb_mulhi(u64 a, u64 b) { return (u64)((unsigned __int128)a * b >> 64); }
PB_DEV i64 pb_mulhi_signed(i64 a, i64 b) { return (i64)((__int128)a * b >> 64); }
PB_DEV f64 pb_fadd(f64 a, f64 b) { return a + b; }
PB_DEV f64 pb_fmul(f64 a, f64 b) { return a * b; }
PB_DEV f64 pb_fdiv(f64 a, f64 b) { return a / b; }
PB_DEV u32 pb_popc(u32 v) { return (u32)__builtin_popcount(v); }
PB_DEV u32 pb_ffs(u32 v) { return (u32)__builtin_ctz(v); }

template <typename T> PB_DEV T pb_load(const void *p, u64 i) { return ((const T *)p)[i]; }
template <typename T> PB_DEV void pb_store(void *p, u64 i, T v) { ((T *)p)[i] = v; }

template <typename T> PB_DEV T pb_atomic_add_host(T *p, T v) { pb_maybe(); T old = *p; *p = old + v; return old; }
PB_DEV u32 pb_atomic_add(u32 *p, u32 v) { return pb_atomic_add_host(p, v); }
PB_DEV u64 pb_atomic_add(u64 *p, u64 v) { return pb_atomic_add_host(p, v); }
PB_DEV u64 pb_load_once(const u64 *p, u64 i) { return p[i]; }
PB_DEV void pb_store_once(u32 *p, u64 i, u32 v) { p[i] = v; }
PB_DEV u64 pb_peek(const u64 *p, u64 i) { pb_maybe(); return ((const volatile u64 *)p)[i]; }
PB_DEV void pb_post(u64 *p, u64 i, u64 v) { ((volatile u64 *)p)[i] = v; pb_maybe(); }
PB_DEV u32 pb_global_add(u32 *p, u32 v) { return pb_atomic_add_host(p, v); }
PB_DEV u32 pb_shared_add(u32 *p, u32 v) { return pb_atomic_add_host(p, v); }
PB_DEV u64 pb_global_add(u64 *p, u64 v) { return pb_atomic_add_host(p, v); }
PB_DEV u32 pb_atomic_or(u32 *p, u32 v) { pb_maybe(); u32 old = *p; *p = old | v; return old; }
PB_DEV u32 pb_atomic_exch(u32 *p, u32 v) { pb_maybe(); u32 old = *p; *p = v; return old; }
template <typename T> PB_DEV T pb_atomic_cas_host(T *p, T old, T v) { pb_maybe(); T seen = *p; if (seen == old) *p = v; return seen; }
PB_DEV u32 pb_atomic_cas(u32 *p, u32 old, u32 v) { return pb_atomic_cas_host(p, old, v); }
PB_DEV u64 pb_atomic_cas(u64 *p, u64 old, u64 v) { return pb_atomic_cas_host(p, old, v); }
PB_DEV u64 pb_atomic_min(u64 *p, u64 v) { pb_maybe(); u64 old = *p; if (v < old) *p = v; return old; }
PB_DEV u64 pb_atomic_max(u64 *p, u64 v) { pb_maybe(); u64 old = *p; if (v > old) *p = v; return old; }
PB_DEV void pb_atomic_fadd(f64 *p, f64 v) { pb_maybe(); *p += v; }
