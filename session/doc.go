// Package session runs a user's statements, one after another.
//
// A Session has settings, prepared statements, temporary tables and a catalog that it may share with other sessions. Parse splits a script;
// Run takes a statement and returns a Result whose rows stream as they are made. A query goes the whole way here: bind, optimize, plan, cut
// into stages, encode; the plan that comes back from decoding is what runs, so that the embedded engine proves the
// wire format with every query. What runs a plan is behind Jobs, which this package declares and scheduler/jobs implements.
//
// Tables made by CREATE TABLE are folders of Parquet files under the session's temporary folder and go with the session: there
// is one way to scan a table, whoever made it.
package session
