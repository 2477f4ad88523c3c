// Package format lists the file formats: a name, the endings of file names that mean it, and its implementation.
//
// Lookup gives the implementation of a name, ForPath the name that a path's ending means. What a format must do is storage.Format; what flows through
// it, and who owns the memory, is said there. Adding one is a package beside parquet and csv and a line here.
//
// The package also knows what files have beside their rows: the columns that folders such as year=2024 add, and a column with the file's name, so that
// files are left out before they are opened; and it reads files that lack some of their table's columns, which are NULL.
package format
