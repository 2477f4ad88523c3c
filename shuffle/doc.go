// Package shuffle carries rows from the tasks of one stage to those of the next.
//
// A map task's workers each have a Writer. It buffers rows, spreads them over the partitions (equal keys to the same one, whatever the form of their
// vectors), and when its buffer is full puts one block for every partition that has rows: an Arrow IPC stream, which any Arrow reader understands, and its checksum.
// Blocks go to an Output of a Store and are seen by readers only after its Commit; an attempt that fails or is overtaken leaves nothing.
// A Reader gives the blocks of one partition, of all the map tasks, in any order and to any number of workers.
//
// The Memory store keeps blocks off the Go heap and charges them to a budget; what a job put there is freed when the job is dropped. The Tiered store
// sends blocks that its budget refuses to files of a folder, and lets blocks be read while they are dropped. Package transport reads blocks that lie in
// another process.
package shuffle
