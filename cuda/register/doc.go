// Package register makes the machine's CUDA devices known to the executor. It is imported for that effect, by the command under the tag cuda, by embedders,
// and by the tests that run on a device; without the tag cuda, and with cpuonly, it has none.
package register
