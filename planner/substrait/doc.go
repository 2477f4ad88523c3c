// Package substrait turns Substrait plans, as Ibis, DataFusion and other tools make them, into logical plans.
//
// A plan names tables of the session's catalog, or files; the optimizer and all that follows treat it as it treats a query. Functions are looked up by the
// standard's names, then by the names of the SQL reference. Where a plan declares the type of a function's result, the result is converted to it, so a consumer gets
// the schema that its producer has promised.
//
// Not taken: write and DDL relations, exchanges, extensions, functions written in other languages, dynamic parameters, and partial phases of aggregates. Errors are
// *fault.Error and say where in the plan they arose: relations[0].sort.project.
package substrait
