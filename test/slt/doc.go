// Package slt runs SQL logic tests: text files of statements with their expected
// results, sorted by topic in the folders beside this one. A bug report becomes
// such a file.
//
// # The format
//
// A file is a list of records, separated by blank lines. A line that starts with
// # is a comment.
//
//	statement ok
//	CREATE TABLE t AS SELECT * FROM (VALUES (1, 'one'), (2, NULL)) v(a, b)
//
//	query IT rowsort
//	SELECT a, b FROM t
//	----
//	1	one
//	2	NULL
//
//	statement error 22012 division by zero
//	SELECT 1 / 0
//
// A query names one letter for each column: I integer, D decimal (equal digit for
// digit, but for trailing zeros), R any number (equal as a decimal, or else within
// 1e-9 relative, since one engine may use floats), T everything else (equal as
// text). rowsort sorts the rows on both sides, valuesort all the values, one on
// each line; nosort, the default, compares in order. A word after that is a label:
// queries of one file with the same label must have the same results.
//
// Values are separated by tabs. NULL is NULL, an empty text is (empty); backslash,
// tab, newline and carriage return inside a text are \\, \t, \n, \r.
//
// A statement that must fail may name the SQLSTATE (five capital letters or
// digits), with @ and a number the position in the statement (from 1) that the
// error must tell, and a regular expression that the message must match. A bare @ asks
// regen for PostgreSQL's position.
//
// skipif E and onlyif E on the lines before a record hold it back from, or keep it
// for, one engine: polybolos, duckdb or postgres. ${data} stands for the folder
// slt/data and ${tmp} for a folder that is empty when the file starts.
//
// # Who decides
//
// Command regen writes the expected results. It asks DuckDB, and PostgreSQL where
// a server is given, and refuses to write where the two disagree: then the record
// is marked `skipif duckdb` (PostgreSQL's meaning holds) or `skipif postgres` (the
// feature does not exist there). docs/sql-differences.md explains the marks.
//
// [Parse] reads a file, [Run] runs it on a [Conn], [Rewrite] makes a new text.
package slt
