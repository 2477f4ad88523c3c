// Package libcuda is the real CUDA driver, on gorgonia.org/cu and a few calls that it lacks. It is built with the tag cuda and without cpuonly, and linked
// with the stand-in that shim/generate.sh writes, so that the program starts without a driver too. Without the tag the package is empty.
//
// Every call names its context, so that goroutines need no thread of their own.
package libcuda
