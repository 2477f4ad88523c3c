// Package cpu evaluates kernel programs on batches: the vectorized interpreter of expressions.
//
// An Evaluator owns one worker's registers. Every instruction is one loop over the batch, chosen by operation and physical type: of package simd over all
// rows, unless less than an eighth of them is selected; what such a loop finds wrong in a row that is not selected is then looked at anew. Comparisons
// give bitmaps, which conjunctions join before they make a selection of them. Instructions over one dictionary-encoded column and constants run once per
// dictionary entry and are kept until the dictionary changes; booleans of them become a table that codes look up. Validity bitmaps are combined
// word by word, values are computed without looking at them, and only where a loop reports a failure (overflow, division by zero) are the rows
// looked through for one that is selected and not NULL.
//
// AND, OR, CASE and COALESCE narrow the selection arm by arm, so that nothing is computed, and nothing fails, where SQL forbids it.
//
// Memory: registers share buffers where their lives do not overlap; the buffers and the heap of long strings come from the caller's arena,
// are reused from batch to batch and grow with the largest one. Results are valid until the next call; they may alias the input.
package cpu
