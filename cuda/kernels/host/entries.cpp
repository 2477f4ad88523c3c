// entries.cpp lists the kernels by name.
#include "fibers.h"

#define KERNEL(name) extern "C" void name();
#include "entries.inc"
#undef KERNEL

const pb_entry pb_entries[] = {
#define KERNEL(name) {#name, (void *)name},
#include "entries.inc"
#undef KERNEL
	{0, 0},
};
