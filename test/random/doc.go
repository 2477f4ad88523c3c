// Package random asks random questions of several engines and compares the answers.
//
// A [Generator] makes, from a seed, tables of every type (with NULLs, extremes, skew, duplicates; some empty, one with more rows than a batch)
// and queries over them as trees of [Node]: typed expressions, joins of every kind, grouping, correlated subqueries, common table expressions,
// set operations, total orders with limits. A tree is rendered once for each [Dialect], because a few constructs are spelled differently
// (docs/sql-differences.md); what has no common meaning is not generated.
//
// The tests run each query on the embedded engine in several settings, in turn also where everything spills, on a cluster and on a fake device, and on DuckDB and
// PostgreSQL. A [Generator.Change] is checked by the whole table that it leaves behind. Two checks need no other engine: a query's rows are those where a predicate is true, false and NULL together, and as many rows satisfy a
// predicate in WHERE as in the select list.
//
// When answers differ, [Reduce] drops parts of the query and rows of the tables as long as they still do, and the failure shows the seed, what
// is left as statements, and both answers. The same seed makes the same tables and queries again.
package random
