// Package kernels measures the engine's kernels beside what the machine's memory can do.
//
// A [Kernel] is one hot loop on data that it prepares: it says how many rows a pass handles and what any implementation must move for them, its
// [Traffic]: bytes read and written in order, and visits of a table at random places. [Run] measures the kernel, and, in turn with it, plain
// loops that move just that much through buffers of the same sizes, and nothing else: the kernel's roofline. Both run on one thread; the best
// of several rounds counts, for the machine may have other things to do.
//
// To measure another kernel, add an entry to the list of its subject (expressions.go, streams.go, grouping.go, moving.go, joins.go, sorting.go, decoding.go,
// decompressing.go), or add a file with such a list and name it in [All].
package kernels
