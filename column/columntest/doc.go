// Package columntest makes vectors of random values for tests, in every type and form, and reads them back.
//
// A property test of a kernel draws types from Types and vectors of them in flat, constant and dictionary form, with NULLs, and compares what the
// kernel computes with a plain loop over the values. Vectors live in the arena that the test gives and owns.
package columntest
