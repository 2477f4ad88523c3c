// Package emulator runs PTX, the text that the driver of an NVIDIA card compiles, on the host: for tests of what compilers and generators make of
// kernels, on machines without a card.
//
// Parse reads a module, Kernel.Run runs one of its entries. Text goes in once and becomes compact instructions whose operands are slots of a thread's
// register file; constants and special registers are slots too. A thread is its file and a place in the code, so thousands of them run in one
// goroutine: one runs for a while, another follows, in an order that a seed chooses. Barriers, votes and shuffles are where threads meet, and threads that
// would wait for ever, or meet where the hardware forbids it, end the run with a Fault that names block, thread and line.
//
// Addresses of global memory are what the caller's memory has; the generic windows of shared and local memory lie far from them, above all addresses of
// processes, and an address within shared memory has 32 bits, as on the hardware: what goes from the generic space to the shared one and back comes back
// within the window, a null too. Every access is checked for its alignment and its bounds. Registers and shared memory begin as noise.
//
// With Options.Races, accesses of two threads of a block to the same place between barriers are reported where one of them writes and neither is atomic or
// volatile. Votes, shuffles and barriers of a warp part the accesses of its lanes.
//
// With Options.Weak, global memory is as weak as a card's may be: stores are seen late and in another order, plain loads find what a cache still has, as
// far as fences, barriers, releasing and acquiring accesses let them. Scopes are not told apart: a fence of a block is one of the device.
//
// Its language is what clang emits for the kernels and what this project generates: integers, floats rounded to nearest, predicates, loads, stores and
// atomics in all spaces, device functions, barriers, votes and shuffles. Textures, halves, approximations and asynchronous copies are errors, as is every
// other instruction that is not known.
//
// It is for tests, through package cuda/fake; no program links it.
package emulator
