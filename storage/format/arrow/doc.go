// Package arrow reads and writes Arrow IPC: files, whose record batches are splits, and streams.
//
// What flows in are the bytes of a file; what flows out are batches of flat vectors in an arena of the reader's, valid until the next call. Every
// record's offsets are checked when it is copied. The sizes in the metadata are not: the library that decodes it takes as much memory as they say, so
// that files should come from where they are trusted. Types that the engine does not have, such as other units of time, views and dictionaries, are converted.
package arrow
