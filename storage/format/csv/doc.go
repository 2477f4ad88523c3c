// Package csv reads and writes comma-separated values as RFC 4180 describes them and PostgreSQL's COPY reads them.
//
// A quote begins or ends a quoted stretch wherever it stands, and inside one the escape character (the quote, unless set otherwise) makes the next
// quote or escape literal. Fields that equal the null string (empty, unless set otherwise) and were not quoted are NULL. Rows end at LF or CR LF
// outside of quotes; with more than one column, empty lines are passed over.
//
// What flows in is bytes: a block at a time in memory off the Go heap, in which quoted fields are unescaped in place and into which the views of texts
// point; a batch therefore ends where its block does. What flows out is flat vectors of the table's types, converted by package convert, so
// that text means in a file what it means in a cast. Errors name the file, the line and the column.
//
// A large file is cut into splits at row borders, which are found by counting quotes from its beginning: quotes toggle everywhere, so the count is
// exact. With another escape character, comments, another encoding, or compressed, a file is one split.
//
// Options say what differs from that: the dialect (delimiter, quote, escape, header, null, comment, skip, encoding, compression), how values are
// written (dateformat, timestampformat, decimal_separator, timezone), how types are found (sample_size, all_varchar, auto_detect), what becomes of bad rows
// (null_padding, ignore_errors, max_line_size) and what is quoted when written (force_quote). docs/sql-statements.md says what each means.
package csv
