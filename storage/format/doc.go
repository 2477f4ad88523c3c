// Package format lists the file formats: a name, the endings of file names that mean it, and its implementation. Adding one is a package beside
// parquet and csv and a line here.
package format
