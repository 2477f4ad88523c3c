package executor

import (
	"context"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/plan"
)

// buildSide is where a join's build rows are: in memory, or spread over files by their keys. Workers collect rows in memory; a worker's rows, and later
// the sealed side as a whole, can be spilled until a pipeline probes it.
type buildSide struct {
	j            *joined
	buildKeys    []int // positions in kept by whose values rows are spread over files; none: one file
	probeKeys    []int // the same, as columns of the probe side
	allProbeKeys []int // every probe column that is compared
	state        *mem.Budget
	drop         func(whole bool) // frees what was made of the rows

	mu         sync.Mutex // of parts while workers begin, and of all once sealed; taken before the parts' own
	parts      []*collector
	spilled    *spilledJoin
	sealed     bool
	pinned     bool
	closed     bool
	err        error // of a spill on behalf of somebody else
	registered *mem.Registration

	filesMu sync.Mutex
	files   []*spill.File // nil: nothing is spilled
	null    bool          // a spilled row has a NULL in a key
}

func (s *buildSide) init(j *joined) {
	s.j, s.state = j, j.task.state()
	j.task.Defer(s.close)
}

// close frees the build side.
func (s *buildSide) close() {
	s.mu.Lock()
	registered := s.registered
	s.registered, s.closed = nil, true
	for _, c := range s.parts {
		c.close()
	}
	if s.drop != nil {
		s.drop(true)
	}
	s.mu.Unlock()
	if registered != nil {
		registered.Close()
	}
}

// collector is a worker's end of the build side.
type collector struct {
	s          *buildSide
	state      *mem.Budget
	arena      *mem.Arena
	in         column.Batch
	registered *mem.Registration

	mu   sync.Mutex // taken by the worker while it pushes, and by who spills
	part *column.Appender
	err  error
}

func (s *buildSide) worker() *collector {
	c := &collector{s: s, state: s.j.task.state()}
	c.arena = mem.NewArena(c.state)
	c.part = column.NewAppender(c.arena, s.j.keptTypes())
	c.registered = s.j.task.Budget.Register(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, c)
	return c
}

func (c *collector) close() {
	c.registered.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arena.Free()
	c.part = nil
}

// Push keeps the rows' columns that are of use.
func (c *collector) Push(b *column.Batch) error {
	c.in = column.Batch{Cols: c.in.Cols[:0], Len: b.Len, Sel: b.Sel}
	for _, k := range c.s.j.kept {
		c.in.Cols = append(c.in.Cols, b.Cols[k])
	}
	defer c.s.j.task.grown(c)
	return grow(&c.mu, c.state, func() error {
		if c.err != nil {
			return c.err
		}
		return c.part.Append(&c.in)
	})
}

// Finish has nothing left to do.
func (c *collector) Finish() error { return nil }

// Held is what the rows take.
func (c *collector) Held() int64 { return c.state.Used() }

// Spill writes the rows to the build side's files.
func (c *collector) Spill() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.part == nil || c.err != nil {
		return false
	}
	before := c.state.Used()
	c.err = c.spill()
	return c.state.Used() < before
}

// spill does so; the caller holds the lock.
func (c *collector) spill() error {
	if c.part.Rows() == 0 {
		return nil
	}
	if err := c.s.write(c.part); err != nil {
		return err
	}
	c.arena.Free()
	c.part = column.NewAppender(c.arena, c.s.j.keptTypes())
	return nil
}

// write appends rows to the files.
func (s *buildSide) write(rows *column.Appender) error {
	s.filesMu.Lock()
	if s.files == nil {
		n := 1
		if len(s.buildKeys) > 0 {
			n = s.j.task.fanOut()
		}
		s.files = s.j.task.store().CreateAll(s.j.keptTypes(), n)
	}
	files := s.files
	s.filesMu.Unlock()
	w := spill.NewWriter(s.j.task.urgent(), files...)
	defer w.Close()
	x, err := newSpreader(rows.Types(), s.buildKeys, files, 1)
	if err != nil {
		return err
	}
	null := false
	for i := range rows.Chunks() {
		b := rows.Chunk(i)
		for _, k := range s.buildKeys {
			null = null || hasNull(b.Cols[k])
		}
		if err := x.write(w, b); err != nil {
			return err
		}
	}
	s.filesMu.Lock()
	s.null = s.null || null
	s.filesMu.Unlock()
	return w.Flush()
}

// hasNull reports whether a row of v is NULL.
func hasNull(v *column.Vector) bool {
	if v.Valid == nil {
		return v.Type.Kind == column.Null && v.Len > 0
	}
	for i := range v.Len {
		if v.IsNull(i) {
			return true
		}
	}
	return false
}

// spreader writes rows to files by the hash of their keys.
type spreader struct {
	keys   []int
	hasher *hash.Hasher
	split  *splitter
}

func newSpreader(types []column.Type, keys []int, files []*spill.File, level int) (*spreader, error) {
	var of []column.Type
	for _, k := range keys {
		of = append(of, types[k])
	}
	h, err := hash.NewHasher(of)
	if err != nil {
		return nil, err
	}
	return &spreader{keys: keys, hasher: h, split: newSplitter(len(files), level)}, nil
}

func (x *spreader) write(w *spill.Writer, b *column.Batch) error {
	if len(x.keys) == 0 {
		return w.Write(0, b)
	}
	return w.Split(b, x.split.parts(x.hasher.Hash(b, x.keys)), x.split.sel)
}

// seal makes the rows one, and what make makes of them, or sends all to the files when some are there or when make has no memory.
func (s *buildSide) seal(ctx context.Context, n plan.Node, make func() error) error {
	for _, c := range s.parts {
		c.registered.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows int64
	for _, c := range s.parts {
		// A spill that began before the registration was closed is over when the lock is free.
		c.mu.Lock()
		err := c.err
		rows += c.state.Used()
		c.mu.Unlock()
		if err != nil {
			return err
		}
	}
	s.sealed = true
	for {
		s.filesMu.Lock()
		spilled := s.files != nil
		s.filesMu.Unlock()
		if spilled {
			return s.sealSpilled(ctx, n)
		}
		s.j.rows = column.NewAppender(nil, s.j.keptTypes())
		for _, c := range s.parts {
			s.j.rows.Adopt(c.part)
		}
		err := make()
		if !mem.Refused(err) {
			return err
		}
		s.drop(true)
		// What is small waits for others to make room; what is large makes room itself.
		if rows > s.j.task.Budget.Tightest()/8 || !s.state.Relieve() {
			return s.sealSpilled(ctx, n)
		}
	}
}

// sealSpilled sends what is in memory to the files. The caller holds mu.
func (s *buildSide) sealSpilled(ctx context.Context, n plan.Node) error {
	err := s.j.task.Parallel(ctx, n, len(s.parts), func(_ context.Context, i int) error {
		c := s.parts[i]
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err == nil && c.part != nil {
			c.err = c.spill()
		}
		return c.err
	})
	if err != nil {
		s.err = err
		return err
	}
	for _, c := range s.parts {
		c.close()
	}
	s.drop(false)
	s.filesMu.Lock()
	defer s.filesMu.Unlock()
	if s.files == nil {
		s.files = s.j.task.store().CreateAll(s.j.keptTypes(), 1)
	}
	s.spilled = newSpilledJoin(s)
	return nil
}

// register offers the sealed side for spilling.
func (s *buildSide) register() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.registered = s.j.task.Budget.Register(s)
	}
}

// Held is what the build side takes while it waits for its probe side.
func (s *buildSide) Held() int64 {
	if !s.mu.TryLock() {
		return 0
	}
	defer s.mu.Unlock()
	if !s.idle() {
		return 0
	}
	n := s.state.Used()
	for _, c := range s.parts {
		n += c.state.Used()
	}
	return n
}

func (s *buildSide) idle() bool {
	return s.sealed && !s.pinned && !s.closed && s.spilled == nil && s.err == nil
}

// Spill sends the build side to files.
func (s *buildSide) Spill() bool {
	if !s.mu.TryLock() {
		return false
	}
	defer s.mu.Unlock()
	if !s.idle() {
		return false
	}
	return s.sealSpilled(context.Background(), nil) == nil
}

// pin keeps the build side where it is, or lets it go.
func (j *joined) pin(on bool) {
	j.side.mu.Lock()
	defer j.side.mu.Unlock()
	j.side.pinned = on
}

// Release frees the build side.
func (j *joined) Release() { j.side.close() }
