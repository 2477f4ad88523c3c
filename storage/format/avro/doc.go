// Package avro reads and writes Avro object container files, version 1.11 of the specification.
//
// What flows in are a file's bytes: a header with the schema as JSON, then blocks of records, each compressed by deflate, snappy or zstandard, or not at
// all. What flows out are batches of flat vectors in an arena of the reader's, valid until the next call; a batch may cross blocks. The
// top record's fields become columns. Of a column that is not wanted, values are passed over without being made.
//
// A large file is cut at byte positions into splits. A split's first block is found by the marker that stands between blocks, so no split needs
// another to be read. Every type has a column type: timestamps are instants (timestamp with time zone), local timestamps are timestamps, enums are text,
// unions of null and one type are that type; other unions are a struct with a member for each branch, all NULL but one, except that branches of numbers
// or of texts become the widest of them.
//
// Files need not be trusted: lengths and counts are compared with what is left of the block before they are believed, decompression is
// bounded, and an error names the file, the block's position and the reason.
//
// Options of the writer: compression (null, deflate, snappy, zstandard), record_name.
package avro
