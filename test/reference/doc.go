// Package reference talks to another SQL engine, kept in a child process, so
// that a test can compare answers with it without linking it.
//
// The child is any program that reads JSON lines {"sql": …} on standard input and
// answers each with one line {"columns": [{"name", "type"}], "rows": [[text or
// null]], "error": …, "code": SQLSTATE}. The program `oracle` of the module
// test/oracle is one: `oracle query` is DuckDB, `oracle query --postgres URL` is
// PostgreSQL. Its documentation defines the canonical text of values and the
// names of types.
//
// [StartPostgres] runs a PostgreSQL server for a test: Debian's package postgresql, as an ordinary user, on a free port of the loopback
// interface, in a temporary folder.
//
// [Start] owns the child; [Process.Close] ends it. One statement runs at a time.
package reference
