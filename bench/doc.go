// Package bench holds the benchmarks; its parts are its subpackages.
//
//	tpchgen  the generator of TPC-H-derived data, straight to Parquet
//	tpch     the 22 queries, their answers, and the harness that runs and checks them, alone or beside other engines
//	peer     the protocol between the harness and the engines that it measures, each a process
//	peers    the other engines' programs: not part of this module
//	kernels  the kernels beside the memory's own speed
package bench
