// Package column holds the engine's data: typed vectors and batches of them.
//
// # Vectors
//
// A Vector is a column of Len rows in one of three forms. Flat: one value a row in Arrow's fixed-width layout. Constant: one value for all
// rows. Dict: a code a row into a dictionary of values, as Parquet stores them; operators keep codes as long as they can. A validity
// bitmap (nil: no NULL) says which rows hold a value. The value bytes of a NULL row are initialized memory of no meaning: kernels may compute on
// them and must not fail on them.
//
// Fixed-width values lie as Go slices of the physical type, reached by Values[T]: bool as one byte 0 or 1, integers and floats as
// themselves, date as int32 days and time, timestamp as int64 microseconds since 1970, decimals up to 18 digits as int64 and up
// to 38 as Int128 (both scaled), uuid as Int128's 16 bytes big-endian, interval as Interval, text and binary as View: 16 bytes that hold a short
// string itself or point to a long one. List, struct and map keep their rows in Children.
//
// # Ownership
//
// Vectors never own memory: an arena of package mem does, and the vector is valid as long as that arena is neither reset nor freed. A batch
// that travels through a pipeline is valid until the callee returns; who keeps rows longer (a hash table, a sort) copies them, strings
// included, into its own arena. Views point to arena memory only, never to the Go heap, since the collector does not see them.
//
// # Batches and selections
//
// A Batch is vectors of equal length and a selection: nil for all rows, or the ascending indexes of the rows that count. Filters narrow the
// selection instead of copying; expressions compute at the selected positions only; Compact makes a batch dense when little is left.
//
// # Keeping and moving rows
//
// An Appender keeps rows in an arena, strings included, and finds them by number; Clone keeps one batch. Gather picks rows by index, NoRow giving NULL;
// Slice, Scatter and Flatten do as they say, all without copying strings. ToArrow and FromArrow lead to Arrow records and back.
package column
