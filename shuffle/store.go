package shuffle

import "context"

// ID names the output of one attempt of one map task.
type ID struct {
	Job     string
	Stage   int
	Task    int
	Attempt int
}

// Store keeps the outputs of map tasks. It is safe for concurrent use.
type Store interface {
	// Create begins an output of so many partitions. An output of the same ID must not exist.
	Create(ctx context.Context, id ID, partitions int) (Output, error)
	// Blocks are the blocks of a partition of a committed output; UndefinedObject when there is no such output.
	Blocks(ctx context.Context, id ID, partition int) ([]Block, error)
	// Drop frees all outputs of a job, those not yet committed included.
	Drop(job string)
}

// Output is a map task's output while it is written. Exactly one of Commit and Abort ends it; Put is safe for concurrent use.
type Output interface {
	// Put adds a block to a partition. The bytes are copied.
	Put(ctx context.Context, partition int, block []byte) error
	Commit(ctx context.Context) error
	Abort()
}

// Block is a stored block.
type Block interface {
	// Read returns the block's bytes, valid and unchanged as long as its job is not dropped.
	Read(ctx context.Context) ([]byte, error)
}
