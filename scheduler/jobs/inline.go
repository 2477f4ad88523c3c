package jobs

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/shuffle"
)

// keep keeps a small output, which travels to its readers with their launches.
func (j *job) keep(r *Report) {
	if r.Inline == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.inline == nil {
		j.inline = map[core.Task][]byte{}
	}
	j.inline[r.Task] = r.Inline
}

// small is the output of an attempt that was kept; nil for others.
func (j *job) small(t core.Task) []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.inline[t]
}

// fetch opens the result of the job.
func (j *job) fetch(from core.Producer) (Rows, error) {
	if p := j.small(from.Task); p != nil {
		blocks, err := shuffle.InlineBlocks(p, 0)
		return &inlineRows{blocks: blocks, fields: j.fields, arena: mem.NewArena(j.budget)}, err
	}
	return j.jobs.fetch(j.ctx, from.Executor, j.output(from.Task), j.fields, j.budget)
}

// inlineRows is a small result, of which one block at a time is decoded.
type inlineRows struct {
	blocks  [][]byte
	fields  []column.Field
	arena   *mem.Arena
	batches []*column.Batch
}

func (r *inlineRows) Next(context.Context) (*column.Batch, error) {
	for len(r.batches) == 0 {
		if len(r.blocks) == 0 {
			return nil, nil
		}
		r.arena.Reset()
		var err error
		if r.batches, err = shuffle.Decode(r.blocks[0], r.fields, r.arena); err != nil {
			return nil, err
		}
		r.blocks = r.blocks[1:]
	}
	b := r.batches[0]
	r.batches = r.batches[1:]
	return b, nil
}

func (r *inlineRows) Close() error {
	r.arena.Free()
	return nil
}
