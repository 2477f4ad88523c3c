// Package api holds the wire formats: protobuf definitions with the Go code generated from them beside each.
//
// plan/v1 is the physical plan that a scheduler sends to executors, control/v1 how executors get their work from it. Definitions only grow: a field's number is never reused and its meaning never
// changes, so that binaries of neighbouring versions understand each other. After a change of a .proto file run
//
//	go generate ./api
//
// A test compiles the definitions again and compares the result with what is committed.
package api

//go:generate go run ./generate
