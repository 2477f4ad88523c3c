package sort

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// Sorter is one ordering of rows by several workers.
type Sorter struct {
	layout *Layout
	types  []column.Type
	limit  int64 // rows wanted from the start on, -1: all
	piece  int   // rows of a piece of the merge, about

	bound atomic.Pointer[[]byte] // leading key bytes beyond which no row is wanted

	mu   sync.Mutex
	runs []*Run

	rows   *column.Appender // of all runs
	order  []uint32         // row numbers, in order
	merged bool
}

// New makes a sorter of rows of the given types. With limit >= 0 only the first limit rows of the order are wanted.
func New(types []column.Type, layout *Layout, limit int64) *Sorter {
	return &Sorter{layout: layout, types: types, limit: limit, piece: pieceRows}
}

// Run is the rows of one worker.
type Run struct {
	s       *Sorter
	encoder encoder
	rows    *column.Appender
	keys    [][]byte // by chunk of rows
	differ  differences
	order   []uint32 // row numbers, sorted, after Finish
	first   uint32   // what to add to a row number of the run

	finished           bool
	rowArena, keyArena *mem.Arena
	newArena           func() *mem.Arena
	scratch            []byte
	passed             []uint32
	views              [][][]column.View // by part and chunk: the strings, once rows are complete
}

// topRows is how many rows a run keeps at least beyond the limit before it drops what is not among the first: dropping sorts, which pays for many at once.
const topRows = 16384

// NewRun makes a worker's run. Its memory comes from arenas that newArena makes, whose owner frees them at the latest when the order is no longer read.
func (s *Sorter) NewRun(newArena func() *mem.Arena) *Run {
	r := &Run{s: s, encoder: encoder{Layout: s.layout}, newArena: newArena}
	r.restart()
	return r
}

func (r *Run) restart() {
	r.rowArena, r.keyArena = r.newArena(), r.newArena()
	r.rows = column.NewAppender(r.rowArena, r.s.types)
	r.keys, r.order, r.views, r.finished, r.differ = nil, nil, nil, false, differences{}
}

// top reports whether rows are dropped on the way.
func (r *Run) top() bool { return r.s.limit >= 0 && r.s.limit <= 1<<20 }

// Add takes the selected rows of b. check is asked now and then whether to go on. After a refusal of memory it may be repeated.
func (r *Run) Add(b *column.Batch, check func() error) error {
	n, width := b.Rows(), r.s.layout.width
	if cap(r.scratch) < n*width {
		r.scratch = make([]byte, max(n, column.BatchRows)*width)
	}
	keys := r.scratch[:n*width]
	r.encoder.encode(keys, b)
	if !r.top() {
		if err := r.addKeys(keys, n); err != nil {
			return err
		}
		return r.rows.Append(b)
	}
	if r.s.limit == 0 {
		return nil
	}
	r.passed = r.passed[:0]
	kept := 0
	bound, lead := r.s.bound.Load(), r.s.layout.decisive()
	for k := range n {
		key := keys[k*width : (k+1)*width]
		if bound != nil && bytes.Compare(key[:lead], *bound) > 0 {
			continue
		}
		copy(keys[kept*width:], key)
		kept++
		r.passed = append(r.passed, uint32(b.Row(k)))
	}
	if kept == 0 {
		return nil
	}
	if err := r.addKeys(keys, kept); err != nil {
		return err
	}
	if err := r.rows.AppendRows(b, r.passed); err != nil {
		return err
	}
	if int64(r.rows.Rows()) < r.s.limit+max(r.s.limit, topRows) {
		return nil
	}
	// Without memory to drop rows they stay; the next rows are refused then.
	if err := r.cut(check); !mem.Refused(err) {
		return err
	}
	return nil
}

// addKeys appends n keys.
func (r *Run) addKeys(keys []byte, n int) error {
	width := r.s.layout.width
	if width == 0 {
		return nil
	}
	r.differ.add(keys[:n*width], width)
	at := r.rows.Rows()
	for n > 0 {
		chunk := at / column.ChunkRows
		if chunk == len(r.keys) {
			c, err := r.keyArena.Alloc(column.ChunkRows * width)
			if err != nil {
				return err
			}
			r.keys = append(r.keys, c)
		}
		from := at % column.ChunkRows
		m := min(n, column.ChunkRows-from)
		copy(r.keys[chunk][from*width:], keys[:m*width])
		keys = keys[m*width:]
		at, n = at+m, n-m
	}
	return nil
}

// cut keeps the first rows only, and lowers the bound to the last of them.
func (r *Run) cut(check func() error) (err error) {
	if err := r.sort(check); err != nil {
		return err
	}
	best := r.order[:min(int64(len(r.order)), r.s.limit)]
	if int64(len(best)) == r.s.limit {
		r.lower(r.key(best[len(best)-1]))
	}
	old := *r
	r.restart()
	defer func() {
		if err != nil {
			r.rowArena.Free()
			r.keyArena.Free()
			*r = old
			r.order = nil
		}
	}()
	width := r.s.layout.width
	batch := &column.Batch{Cols: make([]*column.Vector, len(r.s.types))}
	tmp := r.newArena()
	defer tmp.Free()
	for len(best) > 0 {
		part := best[:min(len(best), column.BatchRows)]
		best = best[len(part):]
		tmp.Reset()
		for c := range batch.Cols {
			v, err := old.rows.Gather(tmp, c, part)
			if err != nil {
				return err
			}
			batch.Cols[c] = v
		}
		batch.Len = len(part)
		keys := make([]byte, 0, len(part)*width)
		for _, row := range part {
			keys = append(keys, old.key(row)...)
		}
		if err := r.addKeys(keys, len(part)); err != nil {
			return err
		}
		if err := r.rows.Append(batch); err != nil {
			return err
		}
	}
	old.rowArena.Free()
	old.keyArena.Free()
	return nil
}

// Drain gives the run's rows in sorted pieces and empties the run, which may be finished: begin starts a piece, emit takes its rows in order, valid during the call
// and up to batchRows at a time. Pieces have up to pieceRows rows, so that what sorting them takes, which a charges, is bounded; a finished run is one.
func (r *Run) Drain(a *mem.Arena, pieceRows, batchRows int, check func() error, begin func() error, emit func(b *column.Batch) error) error {
	defer a.Free()
	if r.order != nil && r.finished {
		if err := r.drainPiece(a, r.order, batchRows, begin, emit); err != nil {
			return err
		}
	} else {
		if err := r.complete(); err != nil {
			return err
		}
		for lo := 0; lo < r.rows.Rows(); lo += pieceRows {
			a.Reset()
			order, err := r.sorted(a, a, lo, min(lo+pieceRows, r.rows.Rows()), check)
			if err != nil {
				return err
			}
			if limit := r.s.limit; limit >= 0 && int64(len(order)) > limit {
				order = order[:limit]
			}
			if err := r.drainPiece(a, order, batchRows, begin, emit); err != nil {
				return err
			}
		}
	}
	r.s.mu.Lock()
	r.s.runs = slices.DeleteFunc(r.s.runs, func(x *Run) bool { return x == r })
	r.s.mu.Unlock()
	r.rowArena.Free()
	r.keyArena.Free()
	r.restart()
	return nil
}

func (r *Run) drainPiece(a *mem.Arena, order []uint32, batchRows int, begin func() error, emit func(b *column.Batch) error) error {
	if len(order) == 0 {
		return nil
	}
	if err := begin(); err != nil {
		return err
	}
	scratch := a.Child()
	defer scratch.Free()
	for len(order) > 0 {
		n := min(len(order), batchRows)
		scratch.Reset()
		b := &column.Batch{Cols: make([]*column.Vector, len(r.s.types)), Len: n}
		for c := range b.Cols {
			v, err := r.rows.Gather(scratch, c, order[:n])
			if err != nil {
				return err
			}
			b.Cols[c] = v
		}
		if err := emit(b); err != nil {
			return err
		}
		order = order[n:]
	}
	return nil
}

// Rows is how many rows the run has.
func (r *Run) Rows() int { return r.rows.Rows() }

// lower makes key the bound unless a lower one is known.
func (r *Run) lower(key []byte) {
	lead := bytes.Clone(key[:r.s.layout.decisive()])
	for {
		known := r.s.bound.Load()
		if known != nil && bytes.Compare(*known, lead) <= 0 || r.s.bound.CompareAndSwap(known, &lead) {
			return
		}
	}
}

// Finish sorts the run and hands it over.
func (r *Run) Finish(check func() error) error {
	if err := r.sort(check); err != nil {
		return err
	}
	if r.top() && int64(len(r.order)) > r.s.limit {
		r.order = r.order[:r.s.limit]
	}
	r.finished = true
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if len(r.order) > 0 {
		r.s.runs = append(r.s.runs, r)
	}
	return nil
}

// Size is the number of bytes of rows and keys.
func (r *Run) Size() int64 { return r.rowArena.Size() + r.keyArena.Size() }

// Free gives the run's memory back; it must not be one of the sorter's any more that is read.
func (r *Run) Free() {
	r.rowArena.Free()
	r.keyArena.Free()
	r.rows, r.keys, r.order, r.views = nil, nil, nil, nil
}

// key is a row's key.
func (r *Run) key(row uint32) []byte {
	width := r.s.layout.width
	if width == 0 {
		return nil
	}
	at := int(row%column.ChunkRows) * width
	return r.keys[row/column.ChunkRows][at : at+width]
}

// ref is a row of a run.
type ref struct {
	run *Run
	row uint32
}

func (x ref) key() []byte { return x.run.key(x.row) }

func (x ref) text(part int) *column.View {
	return &x.run.views[part][x.row/column.ChunkRows][x.row%column.ChunkRows]
}

// complete makes the strings of string keys reachable; rows are complete.
func (r *Run) complete() error {
	if r.rows.End() >= int(column.NoRow) {
		return fault.New(fault.StatementTooComplex, "more than %d rows to sort", column.NoRow)
	}
	r.views = make([][][]column.View, len(r.s.layout.parts))
	for i, p := range r.s.layout.parts {
		if p.phys == column.PhysView {
			r.views[i] = column.Chunked[column.View](r.rows, p.column)
		}
	}
	return nil
}
