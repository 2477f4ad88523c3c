// Package simd holds the innermost loops that are worth writing in vector instructions: leaf routines on raw slices, each in portable Go and, where it pays,
// in assembly.
//
// # Levels
//
// At start the processor is asked what it has: nothing that is used (None), AVX2, or AVX-512. The environment variable POLYBOLOS_SIMD (none, avx2, avx512)
// forces a level; one that the processor lacks is reported on standard error, and the highest that it has is used. Current tells the level, which
// `polybolos version -v` prints. A routine without assembly for a level uses the one of the level below:
//
//	family                                     file       AVX2               AVX-512
//	Snappy blocks                              snappy.go  yes                as AVX2
//	unpacking of 1 to 32 bits                  unpack.go  1 to 25 bits       with VBMI, as AVX2 without
//	comparisons, selections, greatest code     choose.go  the greatest only  yes
//	looking up codes in small dictionaries     gather.go  no                 yes
//	checked and wide arithmetic of 64 bits     arith.go   no                 yes
//	hashes, Bloom filters                      hash.go    no                 yes
//	sums, whole and of up to eight groups      sum.go     no                 yes
//
// Results are the same at every level, to the last bit: hashes decide which process a row goes to, and processes may run on unlike machines.
//
// # Contracts
//
// Slices come in, numbers and filled slices go out; nothing is allocated, kept or owned. Lengths are checked in Go before assembly sees a pointer: a
// destination that is too short is a programmer's error and panics, whatever the level. Where data comes from outside (Snappy blocks), any bytes
// may come, and what is wrong is an error. No routine reads or writes outside its slices, not even to ignore what it read; the tests put slices against
// memory that must not be touched, at both ends.
//
// A caller that has a loop of its own asks Current whether a routine here is faster, in a constant with the measurement beside it.
//
// # Assembly
//
// The programs in gen write the files *_amd64.s and their declarations with avo; each family is one program, one file of assembly, one of portable Go and
// one of tests. `go generate` in gen renews them, and a test here fails when they are not current. Adding a family: a program, its line in
// gen/doc.go, the portable file that checks lengths and chooses by level, the calls in dispatch_amd64.go and dispatch_other.go, and a property
// test over atLevels that holds assembly against plain Go.
package simd
