// Package kernels is the contract between operators and the processors that compute: what may run on a CPU or on a device.
//
// An expression becomes a Program: typed registers, constants and a block of instructions, each an opcode (which a device may have as a
// kernel) or a Call of a Go function (which keeps the pipeline on the CPU). An Aggregate says what a grouped aggregation keeps per group. A
// SortKey orders rows. The CPU implementations live in the subpackages: cpu evaluates programs; agg groups and aggregates; join builds
// and probes hash tables; sort orders rows. Each works on column batches with a selection, computes at selected rows only,
// and allocates from the arena that its caller owns.
package kernels
