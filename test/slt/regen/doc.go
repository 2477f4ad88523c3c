// Command regen writes the expected results of SQL logic tests.
//
//	go run ./test/slt/regen [-oracle FILE] [-postgres URL] [-check] FILE...
//
// It runs each file on DuckDB, and with -postgres on that server too, and rewrites
// it in place (see slt.Rewrite). With -check it only reports what it would change.
// The exit status is 1 if an engine disagrees with the file's marks.
package main
