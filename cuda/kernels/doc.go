// Package kernels holds the sources of the GPU kernels and their PTX, which the driver compiles for the card it finds.
//
// The sources are CUDA C++ in the subset of device.cuh: clang alone makes PTX of them, without a toolkit, and any C++ compiler makes host code of the same
// files (package host), so that every kernel is tested without a GPU. One family is one .cu file; steps that blocks share are in .cuh files.
// Every parameter of a kernel is a word of 8 bytes: a number or an address.
//
// The .ptx files are committed. `make ptx` makes them anew with clang 16; a test compares them with their sources by a hash that each carries in its first
// line, and where clang 16 is installed by compiling.
package kernels
