// Package embedded lets SQL logic tests run on the embedded engine.
//
// [Connect] wraps a session as an slt.Conn: a statement goes in as text, its rows
// come out as text in canonical form, read from the batches by [column.Vector]'s own
// accessors. The connection owns the session and the engine and closes both.
package embedded
