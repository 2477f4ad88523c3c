// device.cuh: what the kernels use of CUDA C++, in three dozen names, so that the same sources compile for a device with clang alone (no toolkit, no
// headers) and for the host with any C++ compiler (see host/shim.h).
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long long i64;
typedef double f64;

#if defined(__CUDA__)

#define PB_KERNEL extern "C" __attribute__((global)) void
#define PB_BOUNDS(threads, blocks) __attribute__((launch_bounds(threads, blocks))) // at least so many blocks at once on a multiprocessor
#define PB_DEV static inline __attribute__((device, always_inline))
#define PB_MEMBER __attribute__((device)) // of a struct
// PB_SHARED declares one block's shared variable; PB_DYNAMIC names the shared memory whose size the launch gives.
#define PB_SHARED(type, name) __attribute__((shared)) static type name // type: a struct, its arrays inside
extern "C" __attribute__((shared, aligned(16))) u64 pb_dynamic[];
#define PB_DYNAMIC (pb_dynamic)

#define PB_TID ((u32)__nvvm_read_ptx_sreg_tid_x())
#define PB_BID ((u32)__nvvm_read_ptx_sreg_ctaid_x())
#define PB_NTID ((u32)__nvvm_read_ptx_sreg_ntid_x())
#define PB_NBID ((u32)__nvvm_read_ptx_sreg_nctaid_x())

PB_DEV void pb_barrier() { __syncthreads(); }
PB_DEV u32 pb_ballot(u32 mask, bool p) { return __nvvm_vote_ballot_sync(mask, p); }
PB_DEV u32 pb_shfl(u32 mask, u32 v, u32 lane) { return (u32)__nvvm_shfl_sync_idx_i32(mask, (int)v, (int)lane, 31); }
PB_DEV u32 pb_shfl_down(u32 mask, u32 v, u32 by) { return (u32)__nvvm_shfl_sync_down_i32(mask, (int)v, (int)by, 31); }
PB_DEV u32 pb_shfl_up(u32 mask, u32 v, u32 by) { return (u32)__nvvm_shfl_sync_up_i32(mask, (int)v, (int)by, 0); }
PB_DEV void pb_fence() { __nvvm_membar_gl(); }
PB_DEV void pb_warp_barrier(u32 mask) { __nvvm_bar_warp_sync(mask); }
// pb_opaque lets the compiler forget how a value came about, so that it does not keep what follows from it in registers over a loop.
PB_DEV void pb_opaque(u32 &v) { asm volatile("" : "+r"(v)); }
PB_DEV void pb_opaque(u64 &v) { asm volatile("" : "+l"(v)); }
PB_DEV void pb_pause() { asm volatile("nanosleep.u32 20;"); }
PB_DEV void pb_prefetch(const void *p) { asm volatile("prefetch.global.L2 [%0];" ::"l"((const __attribute__((address_space(1))) void *)p)); }
PB_DEV u64 pb_mulhi(u64 a, u64 b) { return (u64)__nvvm_mulhi_ull(a, b); }
PB_DEV i64 pb_mulhi_signed(i64 a, i64 b) { return __nvvm_mulhi_ll(a, b); }
// Rounded to nearest and never contracted into a fused multiply-add: equal to the CPU's.
PB_DEV f64 pb_fadd(f64 a, f64 b) { return __nvvm_add_rn_d(a, b); }
PB_DEV f64 pb_fmul(f64 a, f64 b) { return __nvvm_mul_rn_d(a, b); }
PB_DEV f64 pb_fdiv(f64 a, f64 b) { return __nvvm_div_rn_d(a, b); }
PB_DEV void pb_atomic_fadd(f64 *p, f64 v) { __nvvm_atom_add_gen_d(p, v); }
PB_DEV u32 pb_popc(u32 v) { return (u32)__builtin_popcount(v); }
PB_DEV u32 pb_ffs(u32 v) { return (u32)__builtin_ctz(v); } // v is not 0

// pb_match8 is the lanes of the warp, all of which call it, whose v has the same low eight bits as this one's.
PB_DEV u32 pb_match8(u32 v) {
	u32 peers = 0xffffffffu;
#pragma unroll
	for (u32 bit = 1; bit < 256; bit <<= 1) {
		// In assembly, since clang takes the bit apart twice.
		u32 set;
		asm volatile("{ .reg .pred p; .reg .b32 b; and.b32 b, %1, %2; setp.ne.u32 p, b, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; @!p not.b32 %0, %0; }"
		             : "=r"(set)
		             : "r"(v), "n"(bit));
		peers &= set;
	}
	return peers;
}

// Pointers that come out of memory are generic; saying that they are global spares the check at each access.
template <typename T> PB_DEV T pb_load(const void *p, u64 i) { return ((const __attribute__((address_space(1))) T *)p)[i]; }
template <typename T> PB_DEV void pb_store(void *p, u64 i, T v) { ((__attribute__((address_space(1))) T *)p)[i] = v; }
// What is read or written once, as a stream, leaves the caches first.
PB_DEV u64 pb_load_once(const u64 *p, u64 i) {
	u64 v;
	asm volatile("ld.global.cs.u64 %0, [%1];" : "=l"(v) : "l"((const __attribute__((address_space(1))) u64 *)p + i));
	return v;
}
PB_DEV void pb_store_once(u32 *p, u64 i, u32 v) {
	asm volatile("st.global.cs.u32 [%0], %1;" ::"l"((__attribute__((address_space(1))) u32 *)p + i), "r"(v) : "memory");
}
// Words in global memory through which blocks speak to each other: read and written where all see them.
PB_DEV u64 pb_peek(const u64 *p, u64 i) { return ((const volatile __attribute__((address_space(1))) u64 *)p)[i]; }
PB_DEV void pb_post(u64 *p, u64 i, u64 v) { ((volatile __attribute__((address_space(1))) u64 *)p)[i] = v; }
PB_DEV u32 pb_global_add(u32 *p, u32 v) { return __atomic_fetch_add((__attribute__((address_space(1))) u32 *)p, v, __ATOMIC_RELAXED); }

#else
#include "host/shim.h"
#endif

// Two words that are read and written at once; they lie at multiples of 16 bytes.
typedef u64 pb_pair __attribute__((vector_size(16)));

PB_DEV u64 pb_shfl64(u32 mask, u64 v, u32 lane) {
	return (u64)pb_shfl(mask, (u32)(v >> 32), lane) << 32 | pb_shfl(mask, (u32)v, lane);
}
PB_DEV u64 pb_shfl_down64(u32 mask, u64 v, u32 by) {
	return (u64)pb_shfl_down(mask, (u32)(v >> 32), by) << 32 | pb_shfl_down(mask, (u32)v, by);
}

// Atomics are relaxed: kernels order what they publish with pb_fence.
#if defined(__CUDA__)
PB_DEV u32 pb_atomic_add(u32 *p, u32 v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
PB_DEV u64 pb_atomic_add(u64 *p, u64 v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
PB_DEV u32 pb_atomic_or(u32 *p, u32 v) { return __atomic_fetch_or(p, v, __ATOMIC_RELAXED); }
PB_DEV u32 pb_atomic_exch(u32 *p, u32 v) { return (u32)__nvvm_atom_xchg_gen_i((int *)p, (int)v); }
PB_DEV u32 pb_atomic_cas(u32 *p, u32 old, u32 v) { return (u32)__nvvm_atom_cas_gen_i((int *)p, (int)old, (int)v); }
PB_DEV u64 pb_atomic_cas(u64 *p, u64 old, u64 v) { return (u64)__nvvm_atom_cas_gen_ll((long long *)p, (long long)old, (long long)v); }
// Where the space is known, an atomic of that space spares a test, and in shared memory is one instruction.
PB_DEV u32 pb_shared_add(u32 *p, u32 v) { return __atomic_fetch_add((__attribute__((address_space(3))) u32 *)p, v, __ATOMIC_RELAXED); }
PB_DEV u64 pb_global_add(u64 *p, u64 v) { return __atomic_fetch_add((__attribute__((address_space(1))) u64 *)p, v, __ATOMIC_RELAXED); }
PB_DEV u64 pb_atomic_min(u64 *p, u64 v) { return (u64)__nvvm_atom_min_gen_ull((unsigned long long *)p, v); }
PB_DEV u64 pb_atomic_max(u64 *p, u64 v) { return (u64)__nvvm_atom_max_gen_ull((unsigned long long *)p, v); }
#endif
// Reads that another thread's write must become visible to.
template <typename T> PB_DEV T pb_volatile(const T *p) { return *(const volatile T *)p; }

PB_DEV u64 pb_index() { return (u64)PB_BID * PB_NTID + PB_TID; }
PB_DEV u64 pb_threads() { return (u64)PB_NBID * PB_NTID; }
PB_DEV bool pb_bit(const u64 *bits, u64 i) { return bits == 0 || (pb_load<u64>(bits, i >> 6) >> (i & 63) & 1) != 0; }

const u32 PB_FULL = 0xffffffffu;
