// Package spill keeps rows in files of the local disk while a task has no memory for them.
//
// A Dir is a process's folder, made when the first row is spilled and removed with the process; what dead processes have left in the same place goes then too. A
// Store is a task's part of it, removed when the task ends, however it ends. A File holds rows of some types as blocks; Writers, each of one goroutine, append
// to one File or spread rows over several, and Readers give the blocks back in the order in which they were written.
//
// # Blocks
//
// A block is the buffers of up to a few thousand rows' columns, as they lie in memory, strings behind their views: it is read with one read and used in place. Each
// carries a checksum, since a damaged file must not become a wrong answer. Nothing is compressed: the files live for seconds, mostly in
// the page cache. The layout is private to the process that wrote it.
//
// # Errors
//
// A full disk and a limit on spilled bytes that is reached are SQLSTATE 53100, other errors of the disk 58030, damage XX001; all name the file.
package spill
