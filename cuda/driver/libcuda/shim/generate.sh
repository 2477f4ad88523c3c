#!/usr/bin/env bash
# generate.sh < symbols.txt > libcuda.c writes a stand-in for libcuda.so.1: every symbol that the program is linked with jumps to the real library's, which is
# opened when the driver is first asked for its version or its devices. So a program with CUDA inside starts on machines without a driver.
set -euo pipefail
symbols=$(cat)
lazy='cuInit cuDriverGetVersion cuDeviceGetCount cuDeviceGet'
cat <<'C'
/* Written by generate.sh. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define HIDDEN __attribute__((visibility("hidden")))

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int status = 100; /* CUDA_ERROR_NO_DEVICE */
static char why[256] = "";

/* What every symbol leads to as long as there is no library, and those that a library lacks. */
static int unavailable(void) { return status; }
C
for s in $symbols; do echo "HIDDEN void *polybolos_$s = (void *)unavailable;"; done
echo 'static const struct { const char *name; void **place; } table[] = {'
for s in $symbols; do echo "	{\"$s\", &polybolos_$s},"; done
cat <<'C'
};

static void load(void) {
	void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		snprintf(why, sizeof why, "%s", dlerror());
		return;
	}
	int (*init)(unsigned) = (int (*)(unsigned))dlsym(library, "cuInit");
	if (!init) {
		snprintf(why, sizeof why, "libcuda.so.1 has no cuInit");
		return;
	}
	int failed = init(0);
	if (failed) {
		status = failed;
		snprintf(why, sizeof why, "cuInit failed with error %d", failed);
		return;
	}
	for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
		void *symbol = dlsym(library, table[i].name);
		if (symbol) *table[i].place = symbol;
	}
	status = 500; /* CUDA_ERROR_NOT_FOUND: the driver is there and lacks the symbol */
}

/* These may come first, and load the library. cuInit succeeds whatever there is: gorgonia.org/cu calls it in an init and ends the process when it fails. */
int cuInit(unsigned flags) { (void)flags; return 0; }
int cuDriverGetVersion(int *version) { pthread_once(&once, load); return ((int (*)(int *))polybolos_cuDriverGetVersion)(version); }
int cuDeviceGetCount(int *count) { pthread_once(&once, load); *count = 0; return ((int (*)(int *))polybolos_cuDeviceGetCount)(count); }
int cuDeviceGet(int *device, int ordinal) { pthread_once(&once, load); return ((int (*)(int *, int))polybolos_cuDeviceGet)(device, ordinal); }

/* Why there is no driver; "" when there is one. */
const char *polybolos_cuda_absence(void) { pthread_once(&once, load); return why; }

#if defined(__x86_64__)
#define JUMP(f) __asm__(".text\n.p2align 4\n.globl " #f "\n.type " #f ",@function\n" #f ":\n jmp *polybolos_" #f "(%rip)\n.size " #f ",.-" #f "\n");
#elif defined(__aarch64__)
#define JUMP(f) __asm__(".text\n.p2align 4\n.globl " #f "\n.type " #f ",@function\n" #f ":\n adrp x16, polybolos_" #f "\n ldr x16, [x16, :lo12:polybolos_" #f "]\n br x16\n.size " #f ",.-" #f "\n");
#else
#error "no jump for this processor"
#endif
C
for s in $symbols; do
	case " $lazy " in *" $s "*) ;; *) echo "JUMP($s)" ;; esac
done
