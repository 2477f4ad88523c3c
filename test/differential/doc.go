// Package differential asks random questions of two engines and compares the answers.
//
// A [Generator] makes tables and queries from a seed: expressions of every type,
// joins of every kind, correlated subqueries, grouping, set operations, all over
// small tables full of NULLs and duplicates, where mistakes show. It keeps to the
// SQL in which the engines mean the same (see docs/sql-differences.md): it does not
// divide, overflow, or order without a total order.
//
// The test runs the queries on the embedded engine, with and without exchanges, and
// on DuckDB, and compares the rows as multisets. A failure prints the seed and the
// query; the same seed makes the same query again.
package differential
