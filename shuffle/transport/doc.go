// Package transport reads shuffle outputs of other processes over Arrow Flight.
//
// A Server answers DoGet: the ticket is a polybolos.control.v1.Output, the answer all record batches of that partition, the schema before them when there is
// one. A stored block is checked and cut into its messages, which go out as they are; nothing is decoded. Each message carries the CRC-32C of its header and body
// as app_metadata. A Client keeps one connection a server and turns answers into batches in the reader's arena. gRPC's flow control holds a
// server back whose reader is slow, so that a stream has about one block in memory.
//
// A result server gives parts of results to clients, at an address of its own: whoever shows a ticket that the scheduler has signed gets an output as Flight SQL has it.
package transport
