// Package json reads and writes JSON: a file of objects one after another, as with one on each line, or of one array of objects.
//
// What flows in are the bytes of a file, plain or compressed by gzip or zstd; what flows out are rows. The bytes of one object at a time are found by its
// braces and quotes, and parsed; members that nobody wants are passed over. A column's type is inferred from a sample of objects: boolean, bigint,
// double precision, date, timestamp or text, and lists and structs of these; values that have no common type are text. A member that an
// object does not have is NULL. When the first value is no object, each value is a row of the one column json.
//
// A file of lines, as its name or the option format says, is cut at byte positions into splits, each with the lines that begin in it; other files are one
// split. An object's size and depth are bounded. With the option ignore_errors bad objects are left out and counted: reading goes on with the next line.
package json
