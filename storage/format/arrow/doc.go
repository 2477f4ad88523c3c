// Package arrow reads and writes Arrow IPC: files, whose record batches are splits, and streams.
//
// What flows in are the bytes of a file; what flows out are batches of flat vectors in an arena of the reader's, valid until the next call. Every
// record's offsets are checked when it is copied, and buffers are charged to the query's budget, since their sizes stand in the file. The lengths
// within a schema's own metadata are not: the library makes slices as long as they say, so files should come from where they are trusted. Types that the engine does not have, such as other units of time, views and dictionaries, are converted.
package arrow
