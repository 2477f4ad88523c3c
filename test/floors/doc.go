// Package floors checks the shape of the house: which room may import which.
//
// A room is a top-level folder. Each stands on a floor, and a package imports only
// packages of its own room and of rooms on lower floors. So a low floor can be
// read, tested and changed without the ones above it, and no circle of rooms can
// arise. The test reads the import graph from `go list` and the table of floors
// from its own source; whoever adds a room gives it a floor there.
//
// It checks three more promises that would otherwise fade: the scheduler's core is
// a pure state machine on the standard library alone, an embedded engine brings no
// server with it, and every package explains itself in a doc.go.
package floors
