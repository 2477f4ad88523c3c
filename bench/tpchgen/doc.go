// Package tpchgen generates the eight tables of TPC-H at any scale factor, straight into Parquet files.
//
// Values equal those of the specification's own generator: keys, numbers, dates and enumerations, and also names,
// addresses and comments, which the published answers of queries 2, 10, 13, 15, 16 and 20 depend on. Scale factor 0.01
// was compared with its files on every row of every column; from scale factor 30,000 on, where keys come from 64-bit
// streams, there was nothing to compare with. Some other programs draw the same keys and numbers but different addresses
// and comments; answers that show or search those differ. Below scale factor 0.008 there are so few suppliers that a
// part can have one of them twice, there as here.
//
// # The way of a row
//
// A column is a stream of random numbers with its own first seed. A stream steps by one multiplication modulo a prime,
// so its state k draws ahead is one power and one product away (random.go). Each row owns a fixed number of draws in
// each stream, whether it takes them or not; an order owns those of seven lines in the streams of lineitem. Therefore
// rows can be drawn from anywhere, and nothing before them is drawn.
//
// A run is cut into tasks, one for each row group: a range of keys of one table. The keys of orders make both orders
// and lineitem (an order's total follows from its lines, whose streams are drawn twice rather than kept), those of part
// both part and partsupp. Tasks are handed out in table, file and row order, large tables first. A worker
//
//   - fills its chunk, column by column, with the stream's seed in a register (the file of each table);
//   - encodes the chunk into a row group that has no place yet, offsets counting from 0 (encode.go);
//   - gives the row group to its file, which writes it when all before it are written and moves the offsets
//     (tablefile.go).
//
// A row group of lineitem holds whole orders, so Options.RowGroupRows is its average; all others are exact.
//
// # Columns
//
// Columns with few possible values are dictionaries known beforehand and sorted (dictionary.go): the streams draw
// positions in them, rows hold positions, the Parquet writer takes positions, and the least and the greatest position
// give the statistics. Other columns are plain. All columns are required and have minimum, maximum and null count for
// each row group, and a page index; pages end after 20,480 rows or about 1 MiB, before compression.
//
// # Text
//
// A comment is a stretch of one text of 300 MiB, the pool, which one stream writes sentence by sentence from a small
// grammar (textpool.go). The first run writes it in less than half a second; runs at the same time share it; it is
// released with the last.
//
// # Memory
//
// The pool lies outside the Go heap and belongs to the runs that use it. A chunk belongs to its worker; its strings
// point into the pool or into the chunk's letters and end with the next fill. An encoded row group belongs to the
// worker, then to the file, and returns to a free list when it is written; there are two for each worker, and a worker
// takes one before its task, so that the earliest task always has one and memory does not grow with the scale factor.
// What does grow is the footer, by about 15 kB for a row group of lineitem until its file ends: many files instead of
// one keep that small.
//
// # Manifest
//
// A run ends by writing DIR/manifest.json with rows, bytes and checksums (manifest.go). A checksum is of the values in
// their order and combines from pieces (checksum.go): it is the same for all numbers of workers, files and rows in a row
// group, and all codecs. A directory with a manifest is whole: the manifest of an earlier run goes first, files appear
// under their names when they are finished, and a run that fails or is canceled removes its files.
package tpchgen
