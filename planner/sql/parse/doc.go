// Package parse turns SQL text into statements.
//
// What flows in is a script; what flows out is a list of Statement, each with a Body of one of this package's types. Queries, column
// types and expressions inside are trees of PostgreSQL's own parser, which only planner/sql can read; the rest is plain strings.
//
// The way of a text:
//
//	checkText   size, NUL bytes, UTF-8
//	lexer       tokens with offsets, by PostgreSQL's rules
//	guard       bounds on nesting, on comma-free runs, on tokens: the C parser recurses without a guard of its own
//	Split       statements at semicolons outside parentheses
//	parseOwn    CREATE EXTERNAL TABLE, DESCRIBE, SHOW TABLES …, from their tokens
//	rewrite     FROM 'file', GROUP BY ALL, * EXCLUDE, TRY_CAST, SEMI JOIN, QUALIFY …, into what PostgreSQL's grammar takes
//	pg_query    the tree
//	converter   statement nodes into Body types
//
// Every position in an error or in a Body is a 1-based byte position in the script as the user wrote it, whatever was rewritten.
// Nothing here keeps state; all functions may be called from many goroutines.
package parse
