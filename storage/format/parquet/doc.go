// Package parquet reads and writes Parquet files, page by page, straight between the file and column vectors.
//
// # Reading
//
// A footer, cached for the process, gives the schema, the row groups and their statistics. A split is a row group or, where those are few, a range of its
// rows; readers of one scan share the dictionaries of such a row group. A reader opens each wanted column chunk, decompresses a page at a time into
// buffers off the Go heap, and fills batches of column.BatchRows rows across page borders: plain fixed-width values are viewed in the page where a batch
// lies within one, strings are views of the page's bytes, and dictionary codes stay codes into a dictionary that is converted once a chunk. What other
// encodings hold is unfolded once a page. A page's buffers are kept until the batch that points into them is done.
//
// A nested column (list, struct, map) is the tree of its nodes over leaves that are read as flat columns are; the leaves' repetition and definition levels
// give the validity and the spans of the nodes above them.
//
// # Leaving out
//
// Filters are applied in the reader: row groups whose statistics or Bloom filters exclude a conjunct are pruned; the page index leaves ranges of rows; the
// columns of conjuncts are decoded first, then those of the joins' probes; on dictionary codes a conjunct is decided once an entry; when no row of a batch
// is left the other columns are passed over, whole pages without being decompressed.
//
// # Files that are far away
//
// A storage.RemoteFile is read ahead of need, in pieces, several at once, within bounds: first what conditions need, the rest when something of it is
// asked for.
//
// # Damage
//
// Every length, level and index that a file gives is checked, and so is what a page unfolds to: what is wrong becomes SQLSTATE XX001 with file, row group,
// column and page. A page index or Bloom filter that cannot be right is not used.
//
// # Writing
//
// A writer gathers batches into row groups and writes them with arrow-go's column writers, with a page index. What a row group takes is charged to a budget
// and bounded. Options: compression (snappy, zstd, gzip, lz4, brotli, none), row_group_size (rows) and bloom_filter (columns). Type interval is written as
// FIXED_LEN_BYTE_ARRAY(16) with a mark in the file's metadata, since Parquet's own INTERVAL holds neither negative parts nor microseconds.
package parquet
