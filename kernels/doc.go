// Package kernels is the contract between operators and the processors that compute: what may run on a CPU or on a device.
//
// An expression becomes a Program: typed registers, constants and a block of instructions, each an opcode (which a device may have as a
// kernel) or a Call of a Go function (which keeps the pipeline on the CPU). An Aggregate says what a grouped aggregation keeps per group. A
// SortKey orders rows. The CPU implementations live in the subpackages: cpu evaluates programs; agg groups and aggregates; join builds
// and probes hash tables; sort orders rows. Each works on column batches with a selection, computes at selected rows only,
// and allocates from the arena that its caller owns. Package convert holds the conversions of single values that all of them share.
//
// A Function reads its arguments with Read and ReadBytes, whatever their form, visits the rows to compute with Call.Rows, and writes texts with
// Call.WriteBytes:
//
//	func shout(c *kernels.Call) error {
//		in, out := kernels.ReadBytes(c.Args[0]), c.WriteBytes()
//		return c.Rows(func(i int) error { return out.Set(i, bytes.ToUpper(in.At(i))) })
//	}
package kernels
