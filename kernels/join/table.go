package join

import (
	"context"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

const (
	// sparseFactor is how many times more entries than rows the array of a direct table may have while it is no larger than directBytes; beyond that
	// denseFactor: an array costs less per probe than hashing even when it is sparse, but not its zeroing.
	sparseFactor = 32
	denseFactor  = 8
	directBytes  = 64 << 20
	// residentSlots slots stay in a second-level cache; larger tables are read ahead, so that cache misses overlap.
	residentSlots = 64 << 10
	maxRows       = math.MaxUint32 - 2
)

// Table finds the rows of an Appender by their keys. It is immutable once built, but for its Marks, and safe for concurrent use.
type Table struct {
	rows     *column.Appender
	keys     []int
	nullSafe []bool
	anySafe  bool
	exact    bool // all keys are told equal by their words
	stride   int  // words a row: one a key and, with null-safe keys, one that says which are NULL

	next   hash.Slice[uint32] // by row: the next row of its chain plus one, 0 at the end
	unique bool

	direct   hash.Slice[uint32] // by key-least: first row plus one
	isDirect bool
	bounded  bool // least and greatest are known: a single integer key and at least one row
	least    uint64
	greatest uint64
	flip     uint64 // what makes a word's unsigned order the key's order

	slots hash.Slice[uint64] // step words each: salt<<32 | first row plus one, then with inline keys the key's word
	step  int                // 2 with inline keys: when one word decides, so that a probe reads one cache line; otherwise 1
	mask  uint64
	shift uint
	words hash.Slice[uint64] // by row; not kept with inline keys
	first uint32             // without keys: the first row plus one

	linked  atomic.Int64 // rows in chains
	compare []comparer   // by key; nil where the word decides
}

// comparer tells whether a key of row r of probe vector v equals that of a table's row.
type comparer func(v *column.Vector, r int, row uint32) bool

// Workers is who builds a table: Run calls f on up to threads goroutines, at most Threads, and waits for them; a panic becomes an error there. A nil Run calls it
// once.
type Workers struct {
	Threads int
	Run     func(ctx context.Context, threads int, f func(ctx context.Context) error) error
}

// Build is BuildWith on up to threads goroutines of its own.
func Build(ctx context.Context, b *mem.Budget, rows *column.Appender, keys []int, nullSafe []bool, threads int) (*Table, error) {
	return BuildWith(ctx, b, rows, keys, nullSafe, Workers{Threads: threads, Run: func(ctx context.Context, threads int, f func(ctx context.Context) error) error {
		group, ctx := errgroup.WithContext(ctx)
		for range threads {
			group.Go(func() error { return f(ctx) })
		}
		return group.Wait()
	}})
}

// BuildWith makes the table of rows over the columns keys. nullSafe (nil: none) says of which keys NULL equals NULL. Memory is
// charged to b. rows must not change any more.
func BuildWith(ctx context.Context, b *mem.Budget, rows *column.Appender, keys []int, nullSafe []bool, workers Workers) (*Table, error) {
	t := &Table{rows: rows, keys: keys, nullSafe: make([]bool, len(keys)), exact: true, stride: len(keys),
		next: hash.Slice[uint32]{Budget: b}, direct: hash.Slice[uint32]{Budget: b}, slots: hash.Slice[uint64]{Budget: b}, words: hash.Slice[uint64]{Budget: b}}
	copy(t.nullSafe, nullSafe)
	if rows.End() > maxRows {
		return nil, fault.New(fault.InsufficientResources, "the build side of a join has more than %d rows", uint32(maxRows))
	}
	for i, k := range keys {
		typ := rows.Types()[k]
		if err := hash.Supported(typ); err != nil {
			return nil, err
		}
		t.anySafe = t.anySafe || t.nullSafe[i]
		t.compare = append(t.compare, newComparer(rows, k))
		t.exact = t.exact && t.compare[i] == nil
	}
	if t.anySafe {
		t.stride++
	}
	err := t.build(ctx, workers)
	if err != nil {
		t.Free()
		return nil, err
	}
	t.unique = t.next.S == nil || int(t.linked.Load()) == 0
	return t, nil
}

// Free gives the table's memory back; the rows are their owner's.
func (t *Table) Free() {
	t.next.Free()
	t.direct.Free()
	t.slots.Free()
	t.words.Free()
}

// Size is the number of bytes that the table holds, the rows apart.
func (t *Table) Size() int64 {
	return t.next.Size() + t.direct.Size() + t.slots.Size() + t.words.Size()
}

// Unique reports whether no two rows have the same key: then chains have one row.
func (t *Table) Unique() bool { return t.unique }

// IsDirect reports whether the keys index an array.
func (t *Table) IsDirect() bool { return t.isDirect }

// Rows is the build side.
func (t *Table) Rows() *column.Appender { return t.rows }

// Next is the row after row in its chain, plus one, or 0 at the end. Given and returned numbers are one more than the row's.
func (t *Table) Next(rowPlusOne uint32) uint32 { return t.next.S[rowPlusOne-1] }

func newComparer(rows *column.Appender, key int) comparer {
	switch rows.Types()[key].Physical() {
	case column.PhysInt128:
		vals := column.Chunked[column.Int128](rows, key)
		return func(v *column.Vector, r int, row uint32) bool {
			return column.Values[column.Int128](v.Target())[v.Index(r)] == vals[row/column.ChunkRows][row%column.ChunkRows]
		}
	case column.PhysInterval:
		vals := column.Chunked[column.IntervalValue](rows, key)
		return func(v *column.Vector, r int, row uint32) bool {
			return column.Values[column.IntervalValue](v.Target())[v.Index(r)].Compare(vals[row/column.ChunkRows][row%column.ChunkRows]) == 0
		}
	case column.PhysView:
		vals := column.Chunked[column.View](rows, key)
		return func(v *column.Vector, r int, row uint32) bool {
			return column.EqualViews(&column.Values[column.View](v.Target())[v.Index(r)], &vals[row/column.ChunkRows][row%column.ChunkRows])
		}
	}
	return nil
}

// indexable reports whether values of t are integers that may index an array, and the flip that orders their words.
func indexable(t column.Type) (flip uint64, ok bool) {
	switch t.Physical() {
	case column.PhysUint64:
		return 0, true
	case column.PhysBool, column.PhysInt8, column.PhysInt16, column.PhysInt32, column.PhysInt64, column.PhysUint8, column.PhysUint16, column.PhysUint32:
		return 1 << 63, true
	}
	return 0, false
}

func (t *Table) build(ctx context.Context, threads Workers) error {
	if err := t.next.Reset(t.rows.End()); err != nil {
		return err
	}
	if len(t.keys) == 0 {
		t.chainAll()
		return nil
	}
	if len(t.keys) == 1 {
		if flip, ok := indexable(t.rows.Types()[t.keys[0]]); ok {
			t.flip = flip
			if err := t.bound(ctx, threads); err != nil {
				return err
			}
			if room := t.greatest - t.least; t.bounded && !t.anySafe && t.fitsDirect(room) {
				t.isDirect = true
				if err := t.direct.Reset(int(room) + 1); err != nil {
					return err
				}
				return t.each(ctx, threads, t.insertDirect)
			}
		}
	}
	slots := 64
	for slots < 2*t.rows.Rows() {
		slots *= 2
	}
	t.shift = uint(64 - bits.TrailingZeros(uint(slots)))
	t.mask, t.step = uint64(slots-1), 1
	if t.stride == 1 && t.exact {
		t.step = 2
	}
	if err := t.slots.Reset(slots * t.step); err != nil {
		return err
	}
	if err := t.words.Reset(t.rows.End() * t.stride); err != nil {
		return err
	}
	if err := t.each(ctx, threads, t.insertHashed); err != nil {
		return err
	}
	if t.step == 2 {
		t.words.Free()
	}
	return nil
}

func (t *Table) fitsDirect(room uint64) bool {
	n := uint64(t.rows.Rows())
	if room < directBytes/4 {
		return room < 4096+sparseFactor*n
	}
	return room < denseFactor*n && room < maxRows
}

// chainAll makes one chain of all rows, first to last.
func (t *Table) chainAll() {
	before := &t.first
	for i := range t.rows.Chunks() {
		for k := range t.rows.Chunk(i).Len {
			row := uint32(i*column.ChunkRows + k)
			*before = row + 1
			before = &t.next.S[row]
			t.linked.Add(1)
		}
	}
	if t.linked.Load() == 1 {
		t.linked.Store(0)
	}
}

// worker is what a goroutine needs to turn chunks into words.
type worker struct {
	t      *Table
	serial bool // no other goroutine inserts
	reader *words
	linked int64
	least  uint64 // flipped words
	most   uint64
	any    bool
}

// each calls f for every chunk.
func (t *Table) each(ctx context.Context, threads Workers, f func(w *worker, chunk int) error) error {
	return t.eachWorker(ctx, threads, f, func(*worker) {})
}

func (t *Table) eachWorker(ctx context.Context, workers Workers, f func(w *worker, chunk int) error, end func(w *worker)) error {
	threads := max(1, min(workers.Threads, t.rows.Chunks()))
	if workers.Run == nil {
		threads = 1
		workers.Run = func(ctx context.Context, _ int, f func(ctx context.Context) error) error { return f(ctx) }
	}
	var next atomic.Int64
	var mu sync.Mutex
	return workers.Run(ctx, threads, func(ctx context.Context) error {
		w := &worker{t: t, serial: threads == 1, reader: newWords(t), least: math.MaxUint64}
		for {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			i := int(next.Add(1) - 1)
			if i >= t.rows.Chunks() {
				break
			}
			if err := f(w, i); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		t.linked.Add(w.linked)
		end(w)
		return nil
	})
}

// bound finds the least and the greatest key.
func (t *Table) bound(ctx context.Context, threads Workers) error {
	t.least, t.greatest = math.MaxUint64, 0
	return t.eachWorker(ctx, threads, func(w *worker, chunk int) error {
		b := t.rows.Chunk(chunk)
		w.reader.read(b, t.keys)
		keys := w.reader.cols[0]
		least, most := w.least, w.most
		if w.reader.live == nil {
			for _, x := range keys {
				x ^= t.flip
				least, most = min(least, x), max(most, x)
			}
		} else {
			for _, k := range w.reader.live {
				x := keys[k] ^ t.flip
				least, most = min(least, x), max(most, x)
			}
		}
		w.least, w.most = least, most
		w.any = w.any || w.reader.count() > 0
		return nil
	}, func(w *worker) {
		if w.any {
			t.bounded = true
			t.least, t.greatest = min(t.least, w.least), max(t.greatest, w.most)
		}
	})
}

func (t *Table) insertDirect(w *worker, chunk int) error {
	w.reader.read(t.rows.Chunk(chunk), t.keys)
	keys, base := w.reader.cols[0], uint32(chunk*column.ChunkRows)
	direct, next, least, flip := t.direct.S, t.next.S, t.least, t.flip
	for i := range w.reader.count() {
		k := w.reader.at(i)
		row := base + uint32(k)
		p := &direct[(keys[k]^flip)-least]
		if w.serial {
			if *p != 0 {
				next[row] = *p
				w.linked++
			}
			*p = row + 1
			continue
		}
		for {
			old := atomic.LoadUint32(p)
			next[row] = old
			if atomic.CompareAndSwapUint32(p, old, row+1) {
				if old != 0 {
					w.linked++
				}
				break
			}
		}
	}
	return nil
}

func (t *Table) insertHashed(w *worker, chunk int) error {
	r := w.reader
	b := t.rows.Chunk(chunk)
	r.read(b, t.keys)
	r.hash()
	base := chunk * column.ChunkRows
	stride, words := t.stride, t.words.S[base*t.stride:]
	for j, col := range r.cols {
		for k, x := range col {
			words[k*stride+j] = x
		}
	}
	slots, mask, step, next := t.slots.S, t.mask, uint64(t.step), t.next.S
	r.touchSlots(t)
	for i := range r.count() {
		k := r.at(i)
		h := r.hashes[k]
		row := uint32(base + k)
		entry := uint64(hash.Salt(h))<<32 | uint64(row+1)
		at := h >> t.shift
		for {
			p := &slots[at*step]
			e := atomic.LoadUint64(p)
			if e == 0 {
				if w.serial {
					*p = entry
				} else if !atomic.CompareAndSwapUint64(p, 0, entry) {
					continue
				}
				if step == 2 {
					// Nobody reads the slot's key before the table is built: inserting compares with the words of rows.
					slots[at*2+1] = words[k]
				}
				break
			}
			if e>>32 == entry>>32 && t.sameWords(uint32(e)-1, words[k*stride:]) && (t.exact || t.sameValues(b, t.keys, k, uint32(e)-1)) {
				// The slot belongs to this key for good; only the head of its chain changes.
				next[row] = uint32(e)
				if w.serial {
					*p = entry
				} else if !atomic.CompareAndSwapUint64(p, e, entry) {
					continue
				}
				w.linked++
				break
			}
			at = (at + 1) & mask
		}
	}
	return nil
}

// sameWords reports whether the words of row are those given.
func (t *Table) sameWords(row uint32, given []uint64) bool {
	own := t.words.S[int(row)*t.stride:]
	for j := range t.stride {
		if own[j] != given[j] {
			return false
		}
	}
	return true
}

// sameValues compares the keys whose words are hashes; words, and so NULLs, are known to agree.
func (t *Table) sameValues(b *column.Batch, cols []int, r int, row uint32) bool {
	for i, same := range t.compare {
		if same == nil {
			continue
		}
		if v := b.Cols[cols[i]]; !v.IsNull(r) && !same(v, r, row) {
			return false
		}
	}
	return true
}
