// Package parquet reads and writes Parquet files, page by page, straight between the file and column vectors.
//
// # Reading
//
// A footer, cached for the process, gives the schema, the row groups and their statistics. A split is a row group. A reader opens each wanted
// column chunk, decompresses a page at a time into buffers off the Go heap, and fills batches of column.BatchRows rows across page borders: plain
// fixed-width values are viewed in the page where a batch lies within one, strings are views of the page's bytes, and dictionary codes stay codes
// into a dictionary that is converted once a chunk. What other encodings hold is unfolded once a page. A page's buffers are kept until the batch
// that points into them is done.
//
// Filters are applied in the reader: row groups whose statistics exclude a conjunct are pruned; the columns of conjuncts are decoded first; on
// dictionary codes a conjunct is decided once an entry; when no row of a batch is left the other columns are passed over, whole pages without
// being decompressed.
//
// Every length and index that a file gives is checked: what is wrong becomes SQLSTATE XX001 with file, row group and column.
// Nested columns (lists, structs, maps) have a type in the schema but reading one is refused with 0A000; the file's other columns are readable.
//
// # Writing
//
// A writer gathers batches into row groups and writes them with arrow-go's column writers. Options: compression (snappy, zstd, gzip, lz4, brotli,
// none) and row_group_size (rows). Type interval is written as FIXED_LEN_BYTE_ARRAY(16) with a mark in the file's metadata, since Parquet's
// own INTERVAL holds neither negative parts nor microseconds.
package parquet
