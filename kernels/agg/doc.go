// Package agg groups rows and computes aggregates.
//
// An Aggregator takes batches: its Table gives every selected row the dense number of its group, then each aggregate's state, arrays indexed by group,
// takes the argument values of all rows at once. Batches of any vector form come in; keys and results go out, a range of groups at a time. One
// worker fills one Aggregator. Aggregators of several workers are merged, whole or partition by partition (Partition, Merge), or their
// states travel as columns (PartialTypes, Emit with partial, Absorb).
//
// # Groups
//
// Keys of fixed width are packed into one to four words and compared whole; with strings or intervals among them they are kept by column and compared
// column by column. Where all keys are dictionary codes, booleans or bytes, an array from the combination of codes to the group, kept as long as
// the dictionaries stay the same, spares hashing. The rows of a batch are looked up together (simd.ProbeWords,
// simd.ProbeSalts); those whose group is new are then added one by one. Keys that
// are dictionaries under the very same codes, as joins make them of build rows that repeat, are looked up once an entry. NULLs are one group.
//
// # Exactness
//
// Sums of integers and decimals are kept in 128 bits and fail with 22003 beyond their result's type; averages are the exact quotient rounded half
// away from zero. Sums of floats depend on the order of rows.
//
// # Memory
//
// All arrays grow by doubling off the Go heap, charged to the budget given to New; strings are copied. Free gives everything back.
package agg
