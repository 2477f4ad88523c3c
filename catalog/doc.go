// Package catalog knows the tables and views that statements name.
//
// A Catalog resolves names to Tables and Views and is changed by DDL; it is safe for concurrent use. A Table is a schema, the files that hold its
// rows, their format, and statistics read from the files' own metadata: nothing is kept that the files say better. Open makes the table of
// a path that a query names directly. What outlives a process is kept by a Store, which is declared here and implemented above.
package catalog
