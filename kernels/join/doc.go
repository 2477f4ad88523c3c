// Package join builds and probes hash tables of rows.
//
// The build side's rows lie in a column.Appender, numbered by it. Build makes a Table over some of their columns, the keys: from a key to a chain of the
// rows that have it. A Prober, one a worker, gives for every selected row of a probe batch the first row of its chain; Next gives the others. What a
// join does with the pairs is the caller's business, and so is copying columns of matching rows, only those that are wanted and only for
// rows that match.
//
// # The table
//
// A single integer key (or date, time, decimal of 64 bits) whose values lie close together is an index into an array: no hash, no comparison. Otherwise
// slots, at most half of them taken and probed linearly, hold a row's number and 32 bits of its hash. Distinct keys take a slot each; rows with equal
// keys are chained. Values are compared as 64-bit words, one a key, kept row by row; strings, 128-bit numbers and intervals, whose word is a hash, are
// then compared themselves. Workers insert at once, by compare-and-swap.
//
// A NULL key matches nothing, unless the key is null-safe: then NULL equals NULL. Rows with NULLs stay in the Appender but in no chain.
//
// # Filters
//
// Filter is what a table says about one of its keys to the scan of the other side: bounds, and membership exactly (when the table is an array) or
// by a Bloom filter.
package join
