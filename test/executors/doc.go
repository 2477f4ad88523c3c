// Package executors runs clusters of real processes whose executors differ: one in Python beside one in Go, and twelve that have a month's files each. The commands of
// docs/tutorials/taxi.md run here, too.
package executors
