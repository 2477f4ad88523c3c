// Package steps has the kernels beside the fused program as calls on device memory: compaction, gathering, hashing, partitioning, sorting, the least N rows, joins, and
// the decoding of Parquet's numbers.
//
// Kernels that add up over tiles, or put rows in order, note what they need in room that a Steps keeps for all its calls, one after the other.
//
// Memory goes in and out as buffers of a device's pool; the caller frees what a call returns. A call enqueues its work in the stream of its Steps and
// returns; those that need a number from the device (how many rows are left, how many pairs) wait for it.
package steps
