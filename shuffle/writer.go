package shuffle

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/simd"
)

// bufferBytes of rows are buffered before a worker's buffer is spread into blocks. With many partitions blocks become small: a buffer of 8 MB gives 200
// partitions blocks of 40 KB, still far more than the few hundred bytes that a stream's schema takes.
const bufferBytes = 8 << 20

// bufferRows bounds the row numbers of a buffer.
const bufferRows = 1 << 20

// Writer spreads one worker's rows over partitions.
type Writer struct {
	out          Output
	schema       *arrow.Schema
	types        []column.Type
	partitioning plan.Partitioning
	next         *atomic.Uint64 // RoundRobin: rows dealt by all workers

	hasher  *hash.Hasher // Hash, and Range for the words of its keys
	arena   *mem.Arena   // of the buffered rows
	scratch *mem.Arena   // of what a block is made from
	rows    *column.Appender
	parts   []uint32 // partition of every buffered row
	buf     bytes.Buffer
}

// Shared is what the writers of a task share.
type Shared struct {
	Out          Output
	Fields       []column.Field
	Partitioning plan.Partitioning
	dealt        atomic.Uint64
}

// NewWriter makes a worker's writer, whose buffers are charged to budget. Close frees them.
func (s *Shared) NewWriter(budget *mem.Budget) (*Writer, error) {
	w := &Writer{out: s.Out, schema: column.ArrowSchema(s.Fields), partitioning: s.Partitioning, next: &s.dealt,
		arena: mem.NewArena(budget), scratch: mem.NewArena(budget)}
	for _, f := range s.Fields {
		w.types = append(w.types, f.Type)
	}
	if s.Partitioning.Kind == plan.Hash {
		keys := make([]column.Type, len(s.Partitioning.Keys))
		for i, k := range s.Partitioning.Keys {
			keys[i] = w.types[k]
		}
		var err error
		if w.hasher, err = hash.NewHasher(keys); err != nil {
			return nil, err
		}
	}
	if s.Partitioning.Kind == plan.Range {
		w.hasher = hash.NewWidener()
	}
	w.rows = column.NewAppender(w.arena, w.types)
	return w, nil
}

// Write takes the selected rows of b.
func (w *Writer) Write(ctx context.Context, b *column.Batch) error {
	n := b.Rows()
	if count := uint64(w.partitioning.Partitions); count > 1 {
		switch w.partitioning.Kind {
		case plan.Hash:
			first := len(w.parts)
			w.parts = slices.Grow(w.parts, n)[:first+n]
			simd.Partitions(w.parts[first:], w.hasher.Hash(b, w.partitioning.Keys), int(count))
		case plan.Range:
			w.ranges(b)
		case plan.RoundRobin:
			first := w.next.Add(uint64(n)) - uint64(n)
			for k := range n {
				w.parts = append(w.parts, uint32((first+uint64(k))%count))
			}
		}
	}
	if err := w.rows.Append(b); err != nil {
		return err
	}
	if w.arena.Size() < bufferBytes && w.rows.Rows() < bufferRows {
		return nil
	}
	return w.Flush(ctx)
}

// ranges notes the partitions of b's rows by the ranges of their keys, which are dealt in turn; NULL is in the first.
func (w *Writer) ranges(b *column.Batch) {
	v := b.Cols[w.partitioning.Keys[0]]
	count := w.partitioning.Partitions
	nulls := v.Valid != nil || v.Type.Kind == column.Null
	for k, word := range w.hasher.Words(0, v, b.Sel, b.Rows()) {
		if nulls && v.IsNull(b.Row(k)) {
			w.parts = append(w.parts, 0)
			continue
		}
		at, _ := slices.BinarySearchFunc(w.partitioning.Bounds, int64(word), func(bound, key int64) int {
			if bound <= key {
				return -1
			}
			return 1
		})
		w.parts = append(w.parts, uint32(at%count))
	}
}

// Flush spreads what is buffered and puts the blocks.
func (w *Writer) Flush(ctx context.Context) error {
	if w.rows.Rows() == 0 {
		return nil
	}
	if len(w.parts) == 0 {
		// One partition takes all: chunks go out as they are.
		batches := make([]*column.Batch, w.rows.Chunks())
		for i := range batches {
			batches[i] = w.rows.Chunk(i)
		}
		if err := w.put(ctx, 0, batches); err != nil {
			return err
		}
	} else if err := w.spread(ctx); err != nil {
		return err
	}
	w.parts = w.parts[:0]
	w.arena.Reset()
	w.rows = column.NewAppender(w.arena, w.types)
	return nil
}

// spread sorts the row numbers by partition and puts a block for each.
func (w *Writer) spread(ctx context.Context) error {
	starts, rows := make([]uint32, w.partitioning.Partitions+1), make([]uint32, len(w.parts))
	simd.SplitRows(rows, starts, w.parts)
	for p := range w.partitioning.Partitions {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		mine := rows[starts[p]:starts[p+1]]
		var batches []*column.Batch
		for len(mine) > 0 {
			part := mine[:min(len(mine), column.BatchRows)]
			mine = mine[len(part):]
			b := &column.Batch{Cols: make([]*column.Vector, len(w.types)), Len: len(part)}
			for c := range b.Cols {
				v, err := w.rows.Gather(w.scratch, c, part)
				if err != nil {
					return err
				}
				b.Cols[c] = v
			}
			batches = append(batches, b)
		}
		if len(batches) == 0 {
			continue
		}
		if err := w.put(ctx, p, batches); err != nil {
			return err
		}
	}
	return nil
}

// put writes batches as one block.
func (w *Writer) put(ctx context.Context, partition int, batches []*column.Batch) error {
	w.buf.Reset()
	stream := ipc.NewWriter(&w.buf, ipc.WithSchema(w.schema))
	for _, b := range batches {
		rec, err := column.ToArrow(w.scratch, b, w.schema)
		if err != nil {
			return err
		}
		err = stream.Write(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	if err := stream.Close(); err != nil {
		return err
	}
	w.scratch.Reset()
	w.buf.Write(Checksum(w.buf.Bytes()))
	return w.out.Put(ctx, partition, w.buf.Bytes())
}

// Close frees the buffers; what was not flushed is lost.
func (w *Writer) Close() {
	w.arena.Free()
	w.scratch.Free()
}
