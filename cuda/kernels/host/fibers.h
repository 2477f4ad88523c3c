// fibers.h is what Go calls.
#ifdef __cplusplus
extern "C" {
#endif

// pb_entry names a kernel that was compiled for the host.
struct pb_entry {
	const char *name;
	void *function;
};
extern const struct pb_entry pb_entries[];

void *pb_find_kernel(const char *name);

// pb_run_kernel runs a kernel to its end and returns nothing, or what is wrong with it. args are 16 words. Calls must not overlap.
const char *pb_run_kernel(void *function, unsigned grid, unsigned threads, unsigned dynamic, const unsigned long long *args, unsigned long long seed,
                          unsigned interleave);

#ifdef __cplusplus
}
#endif
