package shuffle

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Reader reads the blocks of one partition of several outputs. It is safe for concurrent use.
type Reader struct {
	fields []column.Field
	blocks []Block
}

// NewReader finds the blocks of a partition of all the outputs.
func NewReader(ctx context.Context, store Store, outputs []ID, partition int, fields []column.Field) (*Reader, error) {
	r := &Reader{fields: fields}
	for _, id := range outputs {
		blocks, err := store.Blocks(ctx, id, partition)
		if err != nil {
			return nil, err
		}
		r.blocks = append(r.blocks, blocks...)
	}
	return r, nil
}

// Blocks is how many blocks there are.
func (r *Reader) Blocks() int { return len(r.blocks) }

// Read decodes block i into a. A damaged block gives XX001.
func (r *Reader) Read(ctx context.Context, i int, a *mem.Arena) ([]*column.Batch, error) {
	p, err := r.blocks[i].Read(ctx)
	if err != nil {
		return nil, err
	}
	if p, err = Stream(p); err != nil {
		return nil, err
	}
	return decode(p, r.fields, a)
}
