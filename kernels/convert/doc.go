// Package convert turns single values from one SQL type into another, and text into values, by PostgreSQL's rules and with its errors.
//
// The parsers take the bytes of a text and give the physical value (days, microseconds, scaled integers); they allocate nothing where
// the text is sound. Value converts a column.Value to any type that an explicit cast reaches. Errors are *fault.Error with the SQLSTATE that
// PostgreSQL gives: 22P02 and 22007 for text that does not read as the type, 22003 and 22008 for values outside of it.
package convert
