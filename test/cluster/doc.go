// Package cluster tests a scheduler with several executors, in this process and as processes of the built binary on the loopback device: answers of the
// TPC-H-derived queries, executors that come late, leave, or are killed while a query runs, errors that cross the wire, and strangers on the ports. Every process is
// ended by the test that started it, and every file lies in the test's temporary folder.
package cluster
