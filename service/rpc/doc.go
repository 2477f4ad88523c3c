// Package rpc carries errors over gRPC: a *fault.Error becomes a status whose code follows from the class of its SQLSTATE, with the rendered message and its parts as
// an ErrorInfo detail, and comes back from that as it was. All servers for clients answer so. It keeps no state.
package rpc
