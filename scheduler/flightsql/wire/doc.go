// Package wire is what server and client of the Flight SQL service agree on beyond the protocol's own messages.
//
//	error.go  errors as statuses and back, which package service/rpc does
//	types.go  columns of an Arrow schema as the engine's types; the way there is column.ArrowSchema
//	ticket.go handles of queries as tickets, the command tag and the progress that ride along as metadata
//
// It imports no server and no parser, so that a client stays small. Nothing here keeps state.
package wire
