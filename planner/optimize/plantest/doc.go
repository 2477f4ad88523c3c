// Package plantest helps to test the planner: tables that have a schema and statistics but no files, among them those of TPC-H at scale
// factor 1, and functions that take a query's text to a logical plan.
package plantest
