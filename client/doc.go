// Package client is Polybolos from another process: SQL over Arrow Flight SQL to a server that `polybolos standalone` started.
//
//	c, err := client.Open(ctx, "grpc://127.0.0.1:32010")
//	defer c.Close()
//	rows, err := c.Query(ctx, "select * from orders where o_orderkey < $1", 100)
//	defer rows.Close()
//	for {
//		b, err := rows.Next(ctx) // a *column.Batch, nil after the last; Record gives Arrow records instead
//		…
//	}
//
// A Client is one session on the server: settings, temporary tables and prepared statements are its own. It may be used by several goroutines; the
// server runs the planning of a session's statements one after another and streams their rows side by side. Rows are read by one goroutine. What
// Next returns belongs to the Rows and is valid until the next call. Errors are *fault.Error with the server's SQLSTATE and
// the position in the statement. Close ends the session.
package client
