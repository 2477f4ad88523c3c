// Package catalog knows the tables and views that statements name.
//
// A Catalog resolves names to Tables and Views and is changed by DDL; it is safe for concurrent use. A Table is a schema, the files that hold its
// rows, their format, and statistics read from the files' own metadata: nothing is kept that the files say better. OpenTable makes a table of
// files: it lists them, reads their schemas, some files at a time, and checks that all have the same columns; types that one file has narrower than
// another are widened, as far as that is exact. A Catalog's OpenPath does so for a path that a query names directly.
package catalog
