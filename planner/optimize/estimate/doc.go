// Package estimate guesses how many rows the nodes of a logical plan give.
//
// It starts from the tables' statistics (rows, ranges, distinct values), interpolates predicates between minimum and maximum, and takes
// joins to be between a key and references to it: a reference's values are among the key's. What is not known is a
// documented constant. Estimates choose join orders, sides and exchanges; no result depends on them.
package estimate
