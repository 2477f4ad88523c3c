// fibers.cpp runs a kernel on the host: some blocks at a time, each thread a fiber with a stack of its own. Which fiber runs next, and after how
// many atomics it lets others run, follows from a seed.
#include "../device.cuh"
#include "fibers.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

thread_local pb_thread *pb_self;
static u64 pb_placed; // bytes of shared variables

namespace {

enum { STACK = 32 << 10, SHARED = 256 << 10, MOST = 1024, RESIDENT = 2, WARP = 32 };
enum State { RUNNABLE, AT_BARRIER, AT_WARP, ENDED };

struct Fiber {
	pb_thread self;
	State state;
	int op; // at a warp operation
	u32 mask, value, argument, result;
	struct Block *block;
	u32 slot; // of the stacks
#if defined(__x86_64__)
	void *sp;
#else
	ucontext_t context;
#endif
};

struct Block {
	Fiber fibers[MOST];
	u32 threads, ended, waiting;
	bool live;
	char *shared;
	u64 *dynamic;
};

// One launch at a time: the caller holds a lock.
struct Runner {
	Block blocks[RESIDENT];
	char *stacks;
	void *function;
	const u64 *args;
	Fiber *current;
	u64 random;
	u32 interleave; // an atomic in so many lets others run
	char error[256];
#if defined(__x86_64__)
	void *scheduler;
#else
	ucontext_t scheduler;
#endif
	bool dead;
};
Runner *run;

u64 next_random() {
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random;
}

void fail(const char *message) {
	if (!run->dead) snprintf(run->error, sizeof run->error, "%s (block %u, thread %u)", message, run->current->self.bid, run->current->self.tid);
	run->dead = true;
}

#if defined(__x86_64__)
extern "C" void pb_switch(void **save, void *load);
__asm__(".text\n.globl pb_switch\n.type pb_switch,@function\npb_switch:\n"
        " push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
        " mov %rsp,(%rdi)\n mov %rsi,%rsp\n"
        " pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n.size pb_switch,.-pb_switch\n");
void to_scheduler() { pb_switch(&run->current->sp, run->scheduler); }
void to_fiber(Fiber *f) {
	run->current = f;
	pb_self = &f->self;
	pb_switch(&run->scheduler, f->sp);
}
#else
void to_scheduler() { swapcontext(&run->current->context, &run->scheduler); }
void to_fiber(Fiber *f) {
	run->current = f;
	pb_self = &f->self;
	swapcontext(&run->scheduler, &f->context);
}
#endif

typedef void (*kernel)(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);

void body() {
	const u64 *a = run->args;
	((kernel)run->function)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12], a[13], a[14], a[15]);
	run->current->state = ENDED;
	run->current->block->ended++;
	to_scheduler();
	abort();
}

void prepare(Fiber *f) {
	char *stack = run->stacks + (size_t)f->slot * STACK;
#if defined(__x86_64__)
	void **top = (void **)(stack + STACK);
	*--top = 0; // the function begins with the stack at 8 modulo 16
	*--top = (void *)body;
	for (int i = 0; i < 6; i++) *--top = 0;
	f->sp = top;
#else
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = stack;
	f->context.uc_stack.ss_size = STACK;
	f->context.uc_link = 0;
	makecontext(&f->context, body, 0);
#endif
}

void start(Block *b, u32 bid, u32 grid, u32 threads, u32 dynamic) {
	b->threads = threads;
	b->ended = b->waiting = 0;
	b->live = true;
	// What a kernel has not written is noise, as on a device.
	memset(b->shared, 0xDB, pb_placed);
	memset(b->dynamic, 0xDB, dynamic);
	for (u32 t = 0; t < threads; t++) {
		Fiber *f = &b->fibers[t];
		f->self = {t, bid, threads, grid, b->shared, b->dynamic};
		f->state = RUNNABLE;
		f->block = b;
		f->slot = (u32)(b - run->blocks) * MOST + t;
		prepare(f);
	}
}

// meet completes a warp operation when all of its threads have come.
void meet(Fiber *f) {
	Fiber *warp = f->block->fibers + f->self.tid / WARP * WARP;
	for (u32 l = 0; l < WARP; l++) {
		if (!(f->mask >> l & 1)) continue;
		u32 tid = f->self.tid / WARP * WARP + l;
		if (tid >= f->block->threads || warp[l].state == ENDED) return fail("a warp operation names a thread that is not there");
		if (warp[l].state != AT_WARP) return;
		if (warp[l].op != f->op || warp[l].mask != f->mask) return fail("threads of a warp are at different operations");
	}
	u32 ballot = 0;
	for (u32 l = 0; l < WARP; l++) {
		if (f->mask >> l & 1) ballot |= (warp[l].value != 0) << l;
	}
	u32 results[WARP];
	for (u32 l = 0; l < WARP; l++) {
		if (!(f->mask >> l & 1)) continue;
		if (f->op == PB_OP_MATCH) {
			results[l] = 0;
			for (u32 k = 0; k < WARP; k++) results[l] |= (u32)((f->mask >> k & 1) && warp[k].value == warp[l].value) << k;
			continue;
		}
		u32 from = l;
		switch (f->op) {
		case PB_OP_IDX: from = warp[l].argument & 31; break;
		case PB_OP_DOWN: from = l + warp[l].argument > 31 ? l : l + warp[l].argument; break;
		case PB_OP_UP: from = l < warp[l].argument ? l : l - warp[l].argument; break;
		}
		// A lane outside of the mask gives something undefined.
		results[l] = f->op == PB_OP_BALLOT ? ballot : f->mask >> from & 1 ? warp[from].value : 0xDBDBDBDB;
	}
	for (u32 l = 0; l < WARP; l++) {
		if (!(f->mask >> l & 1)) continue;
		warp[l].result = results[l];
		warp[l].state = RUNNABLE;
	}
}

void release(Block *b) {
	if (b->waiting == 0 || b->waiting + b->ended < b->threads) return;
	for (u32 t = 0; t < b->threads; t++) {
		if (b->fibers[t].state == AT_BARRIER) b->fibers[t].state = RUNNABLE;
	}
	b->waiting = 0;
}

} // namespace

u64 pb_place(u64 *place, u64 size) {
	// Places are given once in the process; the same for all blocks. All shared variables of all kernels must fit.

	if (*place == ~0ull) {
		*place = pb_placed;
		pb_placed += (size + 15) & ~15ull;
		if (pb_placed > SHARED) abort();
	}
	return *place;
}

extern "C" {

void pb_yield() {
	to_scheduler();
}

void pb_maybe() {
	if (run->interleave && next_random() % run->interleave == 0) to_scheduler();
}

void pb_barrier() {
	run->current->state = AT_BARRIER;
	run->current->block->waiting++;
	to_scheduler();
}

u32 pb_warp(int op, u32 mask, u32 value, u32 argument) {
	Fiber *f = run->current;
	if (!(mask >> (f->self.tid % WARP) & 1)) fail("a thread is not in the mask of its warp operation");
	f->op = op;
	f->mask = mask;
	f->value = value;
	f->argument = argument;
	f->state = AT_WARP;
	to_scheduler();
	return f->result;
}

const char *pb_run_kernel(void *function, u32 grid, u32 threads, u32 dynamic, const u64 *args, u64 seed, u32 interleave) {
	static Runner *kept;
	static u32 *order, *ready;
	static u32 room, dynamics;
	if (threads == 0 || threads > MOST || grid == 0) return "the launch's shape is impossible";
	if (!kept) {
		kept = (Runner *)calloc(1, sizeof(Runner));
		kept->stacks = (char *)mmap(0, (size_t)STACK * MOST * RESIDENT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		for (Block &b : kept->blocks) b.shared = (char *)malloc(SHARED);
		ready = (u32 *)malloc(sizeof(u32) * MOST * RESIDENT);
	}
	run = kept;
	if (dynamic > dynamics || !kept->blocks[0].dynamic) {
		for (Block &b : run->blocks) b.dynamic = (u64 *)realloc(b.dynamic, dynamic + 64);
		dynamics = dynamic;
	}
	if (grid > room) {
		order = (u32 *)realloc(order, grid * sizeof(u32));
		room = grid;
	}
	run->function = function;
	run->args = args;
	run->random = seed * 0x9E3779B97F4A7C15ull | 1;
	run->interleave = interleave;
	run->dead = false;
	run->error[0] = 0;
	for (u32 i = 0; i < grid; i++) order[i] = i;
	for (u32 i = grid; i > 1; i--) {
		u32 j = next_random() % i, t = order[j];
		order[j] = order[i - 1];
		order[i - 1] = t;
	}
	u32 begun = 0;
	for (;;) {
		u32 n = 0;
		bool live = false;
		for (Block &b : run->blocks) {
			if (!b.live && begun < grid) start(&b, order[begun++], grid, threads, dynamic);
			if (!b.live) continue;
			live = true;
			for (u32 t = 0; t < b.threads; t++) {
				if (b.fibers[t].state == RUNNABLE) ready[n++] = (u32)(&b - run->blocks) * MOST + t;
			}
		}
		if (!live) return 0;
		if (n == 0) {
			snprintf(run->error, sizeof run->error, "threads wait for each other for ever");
			run->dead = true;
		}
		for (u32 i = n; i > 1; i--) {
			u32 j = next_random() % i, t = ready[j];
			ready[j] = ready[i - 1];
			ready[i - 1] = t;
		}
		for (u32 i = 0; i < n && !run->dead; i++) {
			Fiber *f = &run->blocks[ready[i] / MOST].fibers[ready[i] % MOST];
			if (f->state != RUNNABLE) continue;
			to_fiber(f);
			if (f->state == AT_WARP) meet(f);
		}
		if (run->dead) {
			for (Block &b : run->blocks) b.live = false;
			return run->error;
		}
		for (Block &b : run->blocks) {
			if (!b.live) continue;
			release(&b);
			if (b.ended == b.threads) b.live = false;
		}
	}
}

void *pb_find_kernel(const char *name) {
	for (const pb_entry *e = pb_entries; e->name; e++) {
		if (strcmp(e->name, name) == 0) return e->function;
	}
	return 0;
}
}
