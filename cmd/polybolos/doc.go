// Command polybolos is the whole of Polybolos in one binary: the SQL shell, the benchmarks' data and harness, and what servers there are.
//
// Each subcommand is a file here: a constructor that makes its cobra command, called by newRootCommand. Errors are *fault.Error. The exit
// status is 0, 1 when a statement or the work failed, 2 when the command line is wrong, and 128 plus the signal's number when a signal
// ended the process.
package main
