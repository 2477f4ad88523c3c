// Package simd holds the innermost loops that are worth writing in vector instructions: leaf routines on raw slices, each in portable Go and, where it pays,
// in assembly.
//
// # Levels
//
// At start the processor is asked what it has: nothing that is used (None), AVX2, or AVX-512. The environment variable POLYBOLOS_SIMD (none, avx2, avx512)
// forces a level; one that the processor lacks is reported on standard error, and the highest that it has is used. Current tells the level, which
// `polybolos version -v` prints. A routine without assembly for a level uses the one of the level below:
//
//	family                                     file          AVX2               AVX-512
//	Snappy blocks                              snappy.go     yes                as AVX2
//	unpacking of 1 to 32 bits, of bits         unpack.go     yes                with VBMI, as AVX2 without
//	runs and packed values, as Parquet mixes   runs.go       1 to 25 bits       with VBMI, as AVX2 without
//	sums of packed differences, split bytes    delta.go      1 to 25 bits       the former with VBMI
//	searching strings, ASCII                   text.go       yes                yes
//	bits of keys brought together              keys.go       with BMI2          as AVX2
//	ranges, flags, bits to selections; codes   choose.go     yes                yes
//	chosen values moved together               compact.go    yes                yes
//	looking up codes in dictionaries           gather.go     yes                small ones; others as AVX2
//	hashes of words, Bloom filters             hash.go       yes                yes
//	strings of pages to views                  strings.go    yes                shared beginnings; others as AVX2
//	hashes of strings                          views.go      with BMI2          as AVX2
//	probing of hash tables                     probe.go      row by row         the first step, the others as AVX2
//	sums and counts by group                   group.go      yes                yes
//	partitions of hashes, rows by partition    partition.go  yes                the former; the latter as AVX2
//	sums of up to eight groups                 sum.go        no                 yes
//	comparisons to bitmaps                     compare.go    yes                yes
//	logic, counts and bytes of bitmaps         bitmap.go     yes                yes
//	checked arithmetic                         arith.go      yes                yes
//	products of 128 bits                       arithwide.go  no                 yes
//	conversions of numbers                     cast.go       yes                yes
//	parts of dates, days of timestamps         date.go       yes                yes
//	sums, least and greatest of columns        fold.go       yes                yes
//	least and greatest of floats               foldfloat.go  yes                yes
//
// Results are the same at every level, to the last bit: hashes decide which process a row goes to, and processes may run on unlike machines.
//
// # Contracts
//
// Slices come in, numbers and filled slices go out; nothing is allocated, kept or owned. Lengths are checked in Go before assembly sees a pointer: a
// destination that is too short is a programmer's error and panics, whatever the level. Where data comes from outside (Snappy blocks, runs), any bytes
// may come, and what is wrong is an error. No routine reads or writes outside its slices, not even to ignore what it read; the tests put slices against
// memory that must not be touched, at both ends.
//
// A caller that has a loop of its own asks Current whether a routine here is faster, in a constant with the measurement beside it.
//
// # Assembly
//
// The programs in gen write the files *_amd64.s and their declarations with avo; each family is one program, one file of assembly, one of portable Go and
// one of tests. `go generate` in gen renews them, and a test here fails when they are not current. Adding a family: a program, its line in
// gen/doc.go, the portable file that checks lengths and chooses by level, the calls in dispatch_amd64.go and dispatch_other.go or in files of the family's name, and a property
// test over atLevels that holds assembly against plain Go.
package simd
