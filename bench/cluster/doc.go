// Package cluster measures what it costs to run queries on a scheduler and executors instead of in one process, and how many small queries such a cluster
// takes.
//
// Tax starts a scheduler and executors as processes of a given binary on this machine, runs the 22 queries there and on an embedded engine with as many threads as
// all executors together, in turn, and reports the ratio of their times and the difference for each stage. Latency measures the smallest queries.
// Load has many clients send small queries to a server for a time. Children and folders go with the call that made them.
package cluster
