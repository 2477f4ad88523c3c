// Package fake is a CUDA driver for tests: its devices are this process's memory, and its kernels those of package host, or PTX in
// package emulator: modules that the host has not, or all of them.
//
// Streams are as asynchronous as a device's: what is enqueued runs some time later, at the latest when somebody waits for it, so that host memory that is
// reused too early and streams that do not wait for each other give wrong results here too. Faults make allocations fail, images be refused, a
// launch end in an error that a later call reports, or the whole device vanish.
package fake
