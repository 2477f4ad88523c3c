// Command oracle asks DuckDB, and PostgreSQL where it decides what SQL means,
// for right answers.
//
//	oracle answers --data DIR --queries DIR --out DIR
//	oracle dbgen --sf N --check DIR [--except COLUMNS] [--build DIR]
//	oracle extension [--build DIR]
//	oracle query [--postgres URL]
//
// answers writes the reference results of the TPC-H-derived queries; dbgen
// compares generated Parquet files with DuckDB's own generator, row by row (its
// comments and addresses come from other random draws than TPC's own, so --except
// names them: region r_comment and so on);
// extension links the TPC-H extension that dbgen loads; query answers JSON lines
// on standard input, for test programs that start it as a child process.
package main
