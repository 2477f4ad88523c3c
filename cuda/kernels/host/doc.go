// Package host runs the GPU kernels on the host: the same sources, compiled as C++ with a shim in place of CUDA. Threads of a block are fibers, barriers,
// votes and shuffles are where they meet, and their order follows from a seed. It is for tests, through package cuda/fake; no program links it.
package host
