// Package scheduler turns plans into running tasks; its parts are its subpackages.
//
//	core  the pure state machine that decides which task runs where, next: events and time in, actions out
//	core/sim  drives the core through simulated clusters, under a seed that replays
//	jobs  drives the core for real: keeps plans, launches tasks on executors, streams results; serves the embedded engine and clusters
package scheduler
