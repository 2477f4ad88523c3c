// Package storage is the contract between the engine and files: where bytes are (objectstore) and what they mean (format).
//
// A Source names files and their format. A format lists the Splits of a file, the units of work that readers take: row groups of Parquet,
// byte ranges of CSV. A Reader turns a split into column batches, applying the projection, and those predicates that it can use to skip
// data. Statistics come from metadata alone.
package storage
