package shuffle

import (
	"context"
	"sync/atomic"
)

// Counted is a store for one output that counts the bytes of its partitions.
type Counted struct {
	Store
	sizes []atomic.Int64
}

// Count makes a store that counts what goes to another.
func Count(s Store) *Counted { return &Counted{Store: s} }

// Create begins the output.
func (c *Counted) Create(ctx context.Context, id ID, partitions int) (Output, error) {
	c.sizes = make([]atomic.Int64, partitions)
	out, err := c.Store.Create(ctx, id, partitions)
	if err != nil {
		return nil, err
	}
	return &countedOutput{out, c}, nil
}

// Sizes are the bytes that were put into each partition; the output must have ended.
func (c *Counted) Sizes() []int64 {
	out := make([]int64, len(c.sizes))
	for i := range out {
		out[i] = c.sizes[i].Load()
	}
	return out
}

type countedOutput struct {
	Output
	counted *Counted
}

func (o *countedOutput) Put(ctx context.Context, partition int, block []byte) error {
	if err := o.Output.Put(ctx, partition, block); err != nil {
		return err
	}
	o.counted.sizes[partition].Add(int64(len(block)))
	return nil
}
