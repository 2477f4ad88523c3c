// Package tpch runs the 22 queries of the TPC-H-derived benchmark and checks their answers.
//
// The queries are the specification's with its validation parameters, in queries/. The answers under answers/ were made by DuckDB on
// the same data; a manifest beside them holds the checksums of that data, so that answers are compared only with results on the data
// that they belong to. Results are derived from TPC-H and are not comparable to published TPC-H results.
package tpch
