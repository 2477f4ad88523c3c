// Package peer lets engines be measured side by side, each in a process of its own.
//
// A peer is a program. It is told the folder of the data, the number of threads and the memory limit as flags:
//
//	--data DIR --threads N --memory-limit BYTES (0: the engine's own choice)
//
// and makes a view or an external table over the Parquet files of each table. It then speaks lines of JSON on its standard streams:
//
//	peer:    {"name": "DuckDB", "version": "v1.5.5"}
//	harness: {"sql": "select …"}
//	peer:    {"seconds": 0.123, "columns": [{"name": "n", "type": "bigint"}], "rows": [["5"]]}
//	harness: {"sql": "selec"}
//	peer:    {"error": "syntax error …"}
//	(the harness closes the peer's standard input)
//	peer:    {"peak_bytes": 123456789}
//
// seconds run from the text of the query to its whole result in memory, in whatever form the engine has it: for each query the peer parses,
// plans and reads the files anew, and keeps neither results nor decoded data. Turning the result into text comes after the clock. Cells are
// texts, decimals with all their digits, null for NULL; names of types are free, but those of floats begin with real or double.
//
// peak_bytes is the most memory that the process, with the processes that it started, held resident since its start.
//
// [Serve] is the peer's side for engines in Go, [Start] the harness's. A [Process] belongs to its caller, who must Close it; it is used by one
// goroutine at a time. While one engine runs, the others can be paused.
package peer
