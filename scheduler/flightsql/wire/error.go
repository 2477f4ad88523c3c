package wire

import "github.com/polybolos-db/polybolos/service/rpc"

// Status makes of err what a server returns: nil and statuses stay; others get their code, the message rendered with its place in text (the
// statement, may be empty) and their parts as a detail.
func Status(err error, text string) error { return rpc.Status(err, text) }

// Fault makes of a status what a client returns: a *fault.Error with the server's SQLSTATE, position, detail and hint. Other errors stay.
func Fault(err error) error { return rpc.Fault(err) }
