// Package plantest helps to test the planner without files.
//
// It has tables with a schema and statistics alone, among them those of TPC-H at scale factor 1, functions that take a query's text to a logical plan,
// queries that were written for a rule each and a generator of random ones, and a naive interpreter of logical plans: what the optimizer makes
// of a plan must give the same rows as the plan did before, on small random tables full of NULLs.
package plantest
