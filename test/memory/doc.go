// Package memory runs the TPC-H queries in a process of their own under a small memory limit, and checks what the limit promises: right answers, accounted memory
// never above the limit, and a resident set of at most the limit and 150 MB.
package memory
