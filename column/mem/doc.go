// Package mem keeps column data off the Go heap and counts every byte of it.
//
// A Budget is a limit with a parent: process, query, task. Whoever wants to grow reserves first; a refusal is an *fault.Error with
// SQLSTATE 53200 that says which budget was full, and the caller spills or gives up. An Arena hands out 64-byte aligned buffers
// from mapped chunks that it charges to its budget, and gives all of them back at once with Free. Nothing in an Arena is seen by the
// garbage collector, therefore nothing in it may point to Go memory: what a column needs from the Go heap (a literal, a name)
// is copied into an arena first.
//
// Ownership: a buffer lives until its Arena's Reset or Free, never longer. With Poison set (tests do), freed memory is overwritten so
// that a stale read shows itself.
package mem
