// Package shell runs SQL scripts and the interactive prompt.
//
// What flows in is text: the -c and -f arguments of the command line, standard input, or lines from a terminal. A Splitter cuts it into
// steps, each a statement or a meta command such as \d. A Shell runs the steps one after another on a Conn, which is an engine in this
// process or, one day, a server, and hands batches of rows to a writer of package output as they come. What flows out is the
// writer's text or bytes on Out, and messages, timing and the progress bar on Err.
//
// Batches belong to the Result and are valid until its next call; nothing here keeps them. One goroutine runs a Shell. While a statement
// runs, one more draws the progress bar and one waits for Ctrl-C; both end before the statement's error is printed.
package shell
