// Package driver is the small part of CUDA's driver interface that the device layer uses, as Go interfaces: devices, memory, streams, events, modules
// and launches.
//
// Two implementations exist. Subpackage libcuda is the real one, on gorgonia.org/cu, built with the tag cuda; it opens the driver's library when it is first
// asked, so that a binary with it starts on every machine. Package cuda/fake runs kernels on the host, in streams that are as asynchronous
// as a device's, and fails where a test says so.
//
// Every error is an *Error that names the call and, where one was launched, the kernel. An error that Lost reports means that the device, or
// this process's context on it, is gone: nothing on it can be used again.
package driver
