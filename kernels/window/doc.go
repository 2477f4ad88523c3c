// Package window computes window functions over rows that lie in order.
//
// What flows in is a Block: whole partitions, one behind another, whose columns can be had as flat vectors. Compute gives one vector a function, a
// value a row, in the block's arena; nothing else is kept.
//
// A function's frames become two arrays, the first row of each row's frame and the one behind its last. What is excluded splits a frame into up to
// three parts. Counts, exact sums and booleans are differences of running totals, which answer any frame in constant time. Sums of floats, extremes
// and variances are folded: a frame that grows out of the one before takes up the new rows, one that does not is put together from a tree of folded
// rows, so that no frame costs more than the logarithm of its length. Everything else (medians, concatenations, DISTINCT) is aggregated
// anew for each different frame.
//
// A partition that is larger than memory is a paged block: its arena and its columns lie in a file that is mapped, and Check has the system take back the pages that
// were touched. The code is the same, and so are the results.
//
// All arrays are charged to the arena's budget. Compute asks the block's Check between a few thousand rows.
package window
