// Package cuda is the device layer: which GPUs there are, what they can do, and their memory, streams and kernels.
//
// A Device owns the process's context on one card. Its Pool hands out device memory below a limit and keeps what is given back for the next one who asks,
// since the driver's own allocations stop the card; pinned host memory is kept the same way. Whoever frees memory has waited for the
// work that uses it. Modules are compiled by the driver when a kernel of theirs is first asked for.
//
// Errors of the driver are *driver.Error; the first that means that the card is gone is remembered, and from then on everything fails with it at once
// (Device.Err). Package ops runs pipelines on devices, package register makes them known to the executor.
package cuda
