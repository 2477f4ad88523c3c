package shuffle

import (
	"context"
	"fmt"
	"sync"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// Memory is the store that keeps blocks in memory, charged to a budget.
type Memory struct {
	budget *mem.Budget

	mu      sync.Mutex
	outputs map[ID]*memoryOutput
}

// NewMemory makes an empty store.
func NewMemory(budget *mem.Budget) *Memory {
	return &Memory{budget: budget, outputs: map[ID]*memoryOutput{}}
}

// memoryOutput holds the blocks of all partitions in one arena.
type memoryOutput struct {
	store     *Memory
	id        ID
	mu        sync.Mutex
	arena     *mem.Arena
	blocks    [][]Block
	committed bool
	freed     bool
}

// Create begins an output.
func (m *Memory) Create(_ context.Context, id ID, partitions int) (Output, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.outputs[id] != nil {
		return nil, fmt.Errorf("shuffle: output %v exists", id)
	}
	out := &memoryOutput{store: m, id: id, arena: mem.NewArena(m.budget), blocks: make([][]Block, partitions)}
	m.outputs[id] = out
	return out, nil
}

// Blocks are the blocks of a partition.
func (m *Memory) Blocks(_ context.Context, id ID, partition int) ([]Block, error) {
	m.mu.Lock()
	out := m.outputs[id]
	m.mu.Unlock()
	if out == nil {
		return nil, missing(id)
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if !out.committed || out.freed {
		return nil, missing(id)
	}
	if partition < 0 || partition >= len(out.blocks) {
		return nil, fmt.Errorf("shuffle: partition %d of output %v, which has %d", partition, id, len(out.blocks))
	}
	return out.blocks[partition], nil
}

func missing(id ID) error {
	return fault.New(fault.UndefinedObject, "there is no shuffle output of job %s, stage %d, task %d, attempt %d", id.Job, id.Stage, id.Task, id.Attempt)
}

// Drop frees all outputs of a job. Nobody may be reading them.
func (m *Memory) Drop(job string) {
	var dropped []*memoryOutput
	m.mu.Lock()
	for id, out := range m.outputs {
		if id.Job == job {
			dropped = append(dropped, out)
			delete(m.outputs, id)
		}
	}
	m.mu.Unlock()
	for _, out := range dropped {
		out.free()
	}
}

func (o *memoryOutput) free() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.freed = true
	o.blocks = nil
	o.arena.Free()
}

// Put copies a block into the arena.
func (o *memoryOutput) Put(_ context.Context, partition int, block []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.committed || o.freed {
		return fmt.Errorf("shuffle: output %v has ended", o.id)
	}
	p, err := o.arena.Copy(block)
	if err != nil {
		return err
	}
	o.blocks[partition] = append(o.blocks[partition], memoryBlock(p))
	return nil
}

// Commit makes the output visible.
func (o *memoryOutput) Commit(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.freed {
		return missing(o.id)
	}
	o.committed = true
	return nil
}

// Abort frees the output; a committed one stays.
func (o *memoryOutput) Abort() {
	o.mu.Lock()
	committed := o.committed
	o.mu.Unlock()
	if committed {
		return
	}
	o.store.mu.Lock()
	if o.store.outputs[o.id] == o {
		delete(o.store.outputs, o.id)
	}
	o.store.mu.Unlock()
	o.free()
}

type memoryBlock []byte

func (b memoryBlock) Read(context.Context) ([]byte, error) { return b, nil }
