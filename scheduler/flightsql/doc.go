// Package flightsql serves sessions over Arrow Flight SQL.
//
// What flows in are the protocol's commands: statements, prepared statements and their parameters, rows to ingest, questions about the catalog. What
// flows out are record batches, made of the session's batches as they come and sent before the next is asked for: a slow client slows its query
// and nothing is gathered. Types are those every Arrow reader knows (package column says which); no view and no short decimal leaves.
//
//	server.go      configuration, listening, limits, draining; guard.go what every call passes: panics, malformed streams, errors as statuses
//	sessions.go    which session a call belongs to: its cookie's, or else its connection's; expiry
//	queries.go     queries between their plan and their last row; tickets that nobody fetches expire
//	statement.go   statements; prepared.go prepared ones; series.go those with several rows of parameters; placeholder.go ? and $n; parameter.go Arrow values as parameters
//	stream.go      DoGet; parts.go results that clients read from executors; poll.go progress and cancellation
//	ingest.go      bulk ingestion; convert.go what clients send as types that the engine has
//	metadata.go    catalogs, schemas, tables, keys; typeinfo.go and sqlinfo.go what the engine is; options.go session options
//
// A call plans a query and returns a ticket; DoGet with the ticket runs it. Statements without rows run at once. Memory: a batch belongs to its
// query's result until the next is asked for, and its Arrow form to an arena that is reset with it. Goroutines: gRPC's own, one that expires
// tickets and sessions, and one for each query started by PollFlightInfo, which ends when its first rows are there.
package flightsql
