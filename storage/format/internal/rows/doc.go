// Package rows makes a storage.Reader of a decoder that gives a file's rows one value after another, as formats that store rows do.
//
// What flows in is a Decoder, what flows out are batches of flat vectors of up to column.BatchRows rows in an arena of the reader's, valid until the
// next call. Values pass through the Go heap: such formats are for exchange, not for scans that must be fast.
package rows
