// Package ops runs pipelines on CUDA devices: it implements kernels.Device.
//
// # From a pipeline to a program
//
// A kernels.Pipeline (filters, projections, a grouping) becomes a graph of nodes, one a value (nodes.go), and that an instruction sequence for the program
// kernel, which keeps a row's value in registers from its load to the aggregate (lower.go and what follows). What the kernel has no instruction for
// and may be computed before everything else, such as a LIKE, is evaluated on the host, batch by batch, once per dictionary entry where there is a dictionary,
// and goes to the device as a column (host.go). Anything else is an *Unsupported with the reason.
//
// # From a program to a kernel
//
// The program runs interpreted by the kernels of kernels/program.cu, or compiled by package codegen for the table's layout: at once for what stays on the card, and beside the run after its first
// chunks for all else (native.go, kernelcache.go).
//
// # From batches to chunks
//
// Workers copy the columns that the device reads into chunks of pinned memory, texts as numbers that the run gives to each distinct one
// (stage.go, intern.go). A full chunk is copied in one stream while another computes; when its event has passed it is filled again (run.go).
//
// # Groups
//
// Ungrouped aggregates and keys of few values address their states directly, all others through a hash table that grows between chunks. At
// the end the groups come back as columns of partial states, which the host merges as it merges those of its own workers: a group that comes twice does
// no harm (groups.go).
//
// # Failure
//
// Whatever goes wrong on the device, an overflow that only the CPU can report included, ends the run with a *kernels.DeviceError; the executor does the work
// again on the CPU.
package ops
