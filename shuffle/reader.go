package shuffle

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
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
	stream, err := ipc.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "cannot read a shuffle block")
	}
	defer stream.Release()
	var batches []*column.Batch
	for {
		rec, err := stream.Read()
		if errors.Is(err, io.EOF) {
			return batches, nil
		}
		if err != nil {
			return nil, fault.Wrap(fault.DataCorrupted, err, "cannot read a shuffle block")
		}
		b, err := column.FromArrow(a, rec, r.fields)
		if err != nil {
			return nil, err
		}
		batches = append(batches, b)
	}
}
