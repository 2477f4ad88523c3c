// Package bench holds the benchmarks; its parts are its subpackages.
//
//	tpchgen  the generator of TPC-H-derived data, straight to Parquet
//	tpch     the 22 queries, their answers, and the harness that runs and checks them
package bench
