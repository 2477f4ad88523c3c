// Package sort orders rows by keys.
//
// Keys become bytes whose lexical order is the wanted one (Layout): a byte that places NULL, then the value, big-endian, with the sign turned and all
// bits turned for a descending key. NaN is the greatest float and equals itself, -0 equals 0, intervals compare by their spans, strings by their bytes;
// of a string only a prefix is taken, and what is equal there is compared in full.
//
// Each worker has a Run: it copies the rows that it is given and their keys into its arenas, and sorts them at the end: the bits in which their keys and the
// rests of long strings differ are brought together in a code of up to 64 bits, which is distributed from its highest bits on; keys are compared only where codes are equal
// and not the whole key. Merge cuts the runs at common keys and merges the pieces in parallel; Read then gathers the rows in order. When only the first rows are wanted,
// the runs drop what cannot be among them, by a bound that all workers share and lower.
//
// The order of rows with equal keys is not defined.
package sort
