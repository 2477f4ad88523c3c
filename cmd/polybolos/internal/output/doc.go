// Package output prints results: as a table for people, as CSV, JSON, Parquet or an Arrow stream for programs.
//
// A Writer takes one result: Begin with its columns, Write with each batch, End with the tag, and Close in any case. Batches are used
// during the call only; what a table needs later it keeps as text, bounded by a block of rows. All formats but the table write rows as
// they come.
package output
