// Package oracle asks other engines what the right answer is.
//
// DuckDB is the reference for results, PostgreSQL for the meaning of SQL where
// the two differ. Neither may enter the main module: DuckDB alone adds some
// 70 MB to a binary. So this is a module of its own, built into one program,
// `oracle`, which tests of the main module start as a child process.
//
// What flows in: SQL text, Parquet files, query files. What flows out: values
// in one canonical text form ([Answer]), so that results of different engines
// can be compared as text, decimal digit by decimal digit.
//
// The canonical text of a value:
//
//   - integers of any width and decimals: all digits, a decimal with exactly
//     its scale ("12.50"); no exponent
//   - floats: the shortest text that reads back as the same float64;
//     "NaN", "Infinity", "-Infinity"
//   - booleans: "true", "false"
//   - dates "1995-03-15"; times "04:05:06"; timestamps "1995-03-15 04:05:06";
//     a fraction of a second follows without its trailing zeros
//   - intervals as PostgreSQL prints them ("1 year 2 mons 3 days 04:05:06")
//   - binary: "\x" and lower-case hexadecimal digits
//   - lists: "[a, b]", with NULL elements as "NULL"
//
// A NULL is not a text; each file format and protocol here has its own mark.
//
// Type names are SQL's in lower case: boolean, smallint, integer, bigint,
// hugeint, decimal(15,2), real, double, varchar, date, time, timestamp,
// timestamptz, interval, blob. A PostgreSQL numeric without a declared scale
// is "decimal".
//
// An [Engine] owns its connection and is used by one goroutine at a time.
package oracle
