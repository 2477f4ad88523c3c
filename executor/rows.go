package executor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/plan"
)

// Rows is a breaker that keeps all rows, to be read by any number of later pipelines at once: in memory of the task, and what has no room there in a file
// for each worker, in front of what the worker has in memory.
type Rows struct {
	task    *Task
	types   []column.Type
	ordered bool

	mu    sync.Mutex
	parts []*rowsPart
}

// NewRows makes an empty store for rows of the given fields. With ordered a later pipeline reads them on one worker, in the order in which they came.
func NewRows(t *Task, fields []column.Field, ordered bool) *Rows {
	return &Rows{task: t, types: fieldTypes(fields), ordered: ordered}
}

func fieldTypes(fields []column.Field) []column.Type {
	types := make([]column.Type, len(fields))
	for i, f := range fields {
		types[i] = f.Type
	}
	return types
}

// rowsPart is one worker's rows.
type rowsPart struct {
	r          *Rows
	state      *mem.Budget
	registered *mem.Registration

	mu    sync.Mutex // taken by the worker while it pushes, and by who spills
	arena *mem.Arena
	kept  *column.Appender // nil once closed
	file  *spill.File      // nil: nothing is spilled
	pins  int              // pipelines that read
	err   error            // of a spill on behalf of somebody else
}

// part makes a worker's part, which lives until the task ends unless it is closed before.
func (r *Rows) part() *rowsPart {
	p := r.ownPart()
	r.task.Defer(p.close)
	return p
}

// ownPart is part for who closes it.
func (r *Rows) ownPart() *rowsPart {
	p := &rowsPart{r: r, state: r.task.state()}
	p.arena = mem.NewArena(p.state)
	p.kept = column.NewAppender(p.arena, r.types)
	p.registered = r.task.Budget.Register(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = append(r.parts, p)
	return p
}

// close frees everything.
func (r *Rows) close() {
	for _, p := range r.parts {
		p.close()
	}
}

func (p *rowsPart) close() {
	p.registered.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arena.Free()
	p.kept = nil
	if p.file != nil {
		p.file.Remove()
	}
}

// Held is what the rows take in memory.
func (p *rowsPart) Held() int64 { return p.state.Used() }

// Spill sends the rows in memory to the file.
func (p *rowsPart) Spill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil || p.pins > 0 || p.err != nil {
		return false
	}
	before := p.state.Used()
	p.err = p.spill()
	return p.state.Used() < before
}

func (p *rowsPart) spill() error {
	if p.kept.Rows() == 0 {
		return nil
	}
	if p.file == nil {
		p.file = p.r.task.store().Create(p.r.types)
	}
	out := spill.NewWriter(p.r.task.urgent(), p.file)
	defer out.Close()
	for i := range p.kept.Chunks() {
		if err := out.WriteBlock(0, p.kept.Chunk(i)); err != nil {
			return err
		}
	}
	p.arena.Free()
	p.kept = column.NewAppender(p.arena, p.r.types)
	return nil
}

// Push keeps rows.
func (p *rowsPart) Push(b *column.Batch) error {
	defer p.r.task.grown(p)
	return grow(&p.mu, p.state, func() error {
		if p.err != nil {
			return p.err
		}
		return p.kept.Append(b)
	})
}

// Finish has nothing left to do.
func (p *rowsPart) Finish() error { return nil }

// Worker makes a worker's end.
func (r *Rows) Worker(*Worker) (Sink, error) { return r.part(), nil }

// Seal has nothing left to do.
func (r *Rows) Seal(context.Context) error { return nil }

// Report is the size of the rows.
func (r *Rows) Report() (int64, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var held, spilled int64
	for _, p := range r.parts {
		p.mu.Lock()
		held += p.state.Used()
		if p.file != nil {
			spilled += p.file.Bytes()
		}
		p.mu.Unlock()
	}
	if spilled > 0 {
		return held, "spilled " + formatBytes(spilled)
	}
	return held, ""
}

// spilledBytes is how much is in the part's file.
func (p *rowsPart) spilledBytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return 0
	}
	return p.file.Bytes()
}

// count is the number of rows; they are complete.
func (r *Rows) count() int64 {
	var n int64
	for _, p := range r.parts {
		n += int64(p.kept.Rows())
		if p.file != nil {
			n += p.file.Rows()
		}
	}
	return n
}

// Source reads the rows once; every reading pipeline has a source of its own.
func (r *Rows) Source() Source { return &rowsSource{rows: r} }

// rowsSource shares out blocks of the files and chunks in memory.
type rowsSource struct {
	rows  *Rows
	next  atomic.Int64
	once  sync.Once
	units []rowsUnit
}

// rowsUnit is a block of a part's file, or a chunk in memory.
type rowsUnit struct {
	p     *rowsPart
	block int // -1: chunk
	chunk int
}

// pin keeps the rows where they are while the pipeline reads them.
func (s *rowsSource) pin(on bool) {
	for _, p := range s.rows.parts {
		p.mu.Lock()
		if on {
			p.pins++
		} else {
			p.pins--
		}
		p.mu.Unlock()
	}
}

// Release lets the rows go, for other readers.
func (s *rowsSource) Release() { s.pin(false) }

// MaxWorkers is asked when the rows are complete.
func (s *rowsSource) MaxWorkers() int {
	if s.rows.ordered {
		return 1
	}
	n := 0
	for _, p := range s.rows.parts {
		n += p.kept.Chunks()
		if p.file != nil {
			n += p.file.Blocks()
		}
	}
	return n
}

func (s *rowsSource) Worker(w *Worker) (Reader, error) {
	s.once.Do(func() {
		for _, p := range s.rows.parts {
			if p.file != nil {
				for i := range p.file.Blocks() {
					s.units = append(s.units, rowsUnit{p: p, block: i})
				}
			}
			for i := range p.kept.Chunks() {
				s.units = append(s.units, rowsUnit{p: p, block: -1, chunk: i})
			}
		}
	})
	for _, p := range s.rows.parts {
		if p.err != nil {
			return nil, p.err
		}
	}
	return &rowsReader{s: s, arena: mem.NewArena(w.Task.Budget)}, nil
}

type rowsReader struct {
	s     *rowsSource
	arena *mem.Arena // of a block read from a file
}

func (r *rowsReader) Next(b *column.Batch) (bool, error) {
	i := int(r.s.next.Add(1) - 1)
	if i >= len(r.s.units) {
		return false, nil
	}
	u := r.s.units[i]
	if u.block < 0 {
		*b = *u.p.kept.Chunk(u.chunk)
		return true, nil
	}
	r.arena.Reset()
	made, err := u.p.file.Read(u.block, r.arena)
	if err != nil {
		return false, err
	}
	*b = *made
	return true, nil
}

func (r *rowsReader) Close() error {
	r.arena.Free()
	return nil
}

func init() {
	register(func(b *Builder, n *plan.SharedRead) (*Stream, error) {
		if n.Shared < 0 || n.Shared >= len(b.Task.shared) {
			return nil, fmt.Errorf("executor: there is no shared subplan %d", n.Shared)
		}
		return &Stream{Source: b.Task.shared[n.Shared].Source()}, nil
	})
}
