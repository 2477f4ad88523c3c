// Package hash turns key columns into 64-bit hashes and fixed-width keys, and keeps the growing arrays that hash tables are made of.
//
// Equal values have equal hashes whatever the vector's form: flat, constant or dictionary. NULL has a hash of its own, -0 equals 0, NaN equals NaN,
// intervals are equal when their spans are, strings when their bytes are; integers hash by value, whatever their width, and so do decimals of one
// scale. Work on a dictionary is done once per entry and kept as long as batches come with the same DictID.
//
// A Hasher serves one worker. Its results are dense: the k-th hash belongs to the k-th selected row. Tables take their slots from a hash's high
// bits and compare its low 32 bits (Salt); Partition, which spreads rows over tasks, mixes again, so that the rows of one partition still spread
// over all of a table's slots.
//
// Memory: Slice and Strings are off-heap storage charged to a budget and owned by the table that holds them; results of a Hasher lie on the Go
// heap and are overwritten by its next call.
package hash
