// Package arrow reads and writes Arrow IPC: files, whose record batches are splits, and streams.
//
// What flows in are the bytes of a file; what flows out are batches of flat vectors in an arena of the reader's, valid until the next call.
//
// Files need not be trusted. The library that reads them believes the lengths in a file's metadata, so all metadata is checked before the library sees
// it: a file's footer, schema and dictionaries when it is opened, each record batch when it is read, and a stream's messages one by one on their way.
// Every record's offsets are checked when it is copied or converted. Buffers and converted columns are charged to the query's budget.
//
// Types that the engine does not have, such as other units of time, views and dictionaries, are converted.
package arrow
