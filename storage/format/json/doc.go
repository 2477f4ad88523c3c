// Package json reads and writes JSON: a file of objects one after another, as with one on each line, or of one array of objects.
//
// What flows in are the bytes of a file, plain or compressed by gzip or zstd; what flows out are rows. A column's type is inferred from a sample of
// objects: boolean, bigint, double precision, date, timestamp or text, and lists and structs of these; values that have no common
// type are text. A member that an object does not have is NULL. A file is one split, since only reading it finds where objects end.
package json
