package shuffle

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	shufflev1 "github.com/polybolos-db/polybolos/api/shuffle/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// Inline is an output that stays in memory as long as it is small, to travel in messages; when it grows beyond a limit it goes to a store. Readers never look for a small one
// there.
type Inline struct {
	ctx        context.Context // of the output, which outlives that of who puts blocks
	store      Store
	id         ID
	partitions int
	limit      int

	mu     sync.Mutex
	small  *shufflev1.Inline // nil when it is in the store
	size   int
	stored Output
	ended  bool
}

// NewInline begins an output that travels in messages up to limit bytes, and goes to store when it is larger. It ends with ctx at the latest.
func NewInline(ctx context.Context, store Store, id ID, partitions, limit int) *Inline {
	return &Inline{ctx: ctx, store: store, id: id, partitions: partitions, limit: limit, small: &shufflev1.Inline{Partitions: uint32(partitions)}}
}

// Put keeps a block.
func (o *Inline) Put(ctx context.Context, partition int, block []byte) error {
	stored, err := o.keep(partition, block)
	if err != nil || stored == nil {
		return err
	}
	return stored.Put(ctx, partition, block)
}

// keep keeps a block, or returns the output of the store where it has to go.
func (o *Inline) keep(partition int, block []byte) (Output, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.ended:
		return nil, fmt.Errorf("shuffle: output %v has ended", o.id)
	case partition < 0 || partition >= o.partitions:
		return nil, fmt.Errorf("shuffle: partition %d of output %v, which has %d", partition, o.id, o.partitions)
	case o.small == nil:
		return o.stored, nil
	case o.size+len(block) <= o.limit:
		o.small.Partition = append(o.small.Partition, uint32(partition))
		o.small.Block = append(o.small.Block, slices.Clone(block))
		o.size += len(block)
		return nil, nil
	}
	var err error
	if o.stored, err = o.store.Create(o.ctx, o.id, o.partitions); err != nil {
		return nil, err
	}
	small := o.small
	o.small = nil
	for i, b := range small.GetBlock() {
		if err := o.stored.Put(o.ctx, int(small.GetPartition()[i]), b); err != nil {
			return nil, err
		}
	}
	return o.stored, nil
}

// Commit makes the output visible where it is stored.
func (o *Inline) Commit(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	if o.stored != nil {
		return o.stored.Commit(ctx)
	}
	return nil
}

// Abort frees the output; what was committed stays.
func (o *Inline) Abort() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	if o.stored != nil {
		o.stored.Abort()
	}
}

// Encoded is a committed output as a polybolos.shuffle.v1.Inline; nil when it is in the store.
func (o *Inline) Encoded() ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.small == nil {
		return nil, nil
	}
	p, err := proto.Marshal(o.small)
	if err != nil {
		return nil, fmt.Errorf("encode a small output: %w", err)
	}
	return p, nil
}

// InlineBlocks are the blocks of a partition of an encoded small output.
func InlineBlocks(encoded []byte, partition int) ([][]byte, error) {
	var p shufflev1.Inline
	if err := proto.Unmarshal(encoded, &p); err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "cannot read a small output")
	}
	if len(p.GetBlock()) != len(p.GetPartition()) || partition < 0 || partition >= int(p.GetPartitions()) {
		return nil, fault.New(fault.DataCorrupted, "a small output of %d partitions has %d blocks of %d", p.GetPartitions(), len(p.GetBlock()), len(p.GetPartition()))
	}
	var out [][]byte
	for i, k := range p.GetPartition() {
		if int(k) == partition {
			out = append(out, p.GetBlock()[i])
		}
	}
	return out, nil
}

// Decode makes batches in a of a block with its checksum.
func Decode(block []byte, fields []column.Field, a *mem.Arena) ([]*column.Batch, error) {
	p, err := Stream(block)
	if err != nil {
		return nil, err
	}
	if misaligned(p) {
		p = slices.Clone(p)
	}
	return decode(p, fields, a)
}
