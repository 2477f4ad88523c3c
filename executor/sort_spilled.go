package executor

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/kernels/sort"
)

const (
	// A block of a sorted file takes runBlockShare of the limit, between leastRunBlock and mostRunBlock bytes, and a merge has mergeShare of the limit for the
	// blocks of its files, of which it reads between leastFanIn and mostFanIn.
	runBlockShare = 512
	leastRunBlock = 32 << 10
	mostRunBlock  = 512 << 10
	mergeShare    = 16
	leastFanIn    = 4
	mostFanIn     = 64
	// sortingBytes is what sorting takes for a row, rounded up as arenas do.
	sortingBytes = 80
	leastPiece   = 8 << 10
)

// spilledRuns is the sorted files of a sort.
type spilledRuns struct {
	x       *sorter
	written atomic.Int64 // bytes

	mu   sync.Mutex
	runs []*spill.File
}

// any reports whether there are files.
func (s *spilledRuns) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs != nil
}

func (s *spilledRuns) rows() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int64
	for _, f := range s.runs {
		n += f.Rows()
	}
	return n
}

func (s *spilledRuns) remove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.runs {
		f.Remove()
	}
}

// blockBytes is the size of a block.
func (s *spilledRuns) blockBytes() int64 {
	limit := s.x.task.Budget.Tightest()
	if limit == 0 {
		return mostRunBlock
	}
	return min(max(limit/runBlockShare, leastRunBlock), mostRunBlock)
}

// fanIn is how many files are merged at once.
func (s *spilledRuns) fanIn() int {
	if s.x.task.early {
		return 2
	}
	limit := s.x.task.Budget.Tightest()
	if limit == 0 {
		return mostFanIn
	}
	return int(min(max(limit/mergeShare/s.blockBytes(), leastFanIn), mostFanIn))
}

// pieceRows is how many rows are sorted at once when memory has run out.
func (s *spilledRuns) pieceRows() int {
	limit := s.x.task.Budget.Tightest()
	if limit == 0 {
		return 1 << 20
	}
	return int(max(min(limit/8, 24<<20)/int64(max(1, s.x.task.Threads))/sortingBytes, leastPiece))
}

// rowsOf is how many rows make a block, when n rows take size bytes.
func (s *spilledRuns) rowsOf(size int64, n int) int {
	each := max(1, size/int64(max(1, n)))
	return int(min(max(s.blockBytes()/each, 16), column.BatchRows))
}

// newRun makes a file.
func (s *spilledRuns) newRun() *spill.File {
	f := s.x.task.store().Create(s.x.types)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = append(s.runs, f)
	return f
}

// drain writes a run.
func (s *spilledRuns) drain(run *sort.Run) error {
	if run.Rows() == 0 {
		return nil
	}
	var out *spill.Writer
	var file *spill.File
	begin := func() error {
		file = s.newRun()
		if out != nil {
			out.Close()
		}
		out = spill.NewWriter(s.x.task.urgent(), file)
		return nil
	}
	defer func() {
		if out != nil {
			out.Close()
		}
	}()
	emit := func(b *column.Batch) error {
		before := file.Bytes()
		err := out.WriteBlock(0, b)
		s.written.Add(file.Bytes() - before)
		return err
	}
	none := func() error { return nil }
	return run.Drain(mem.NewArena(s.x.task.urgent()), s.pieceRows(), s.rowsOf(run.Size(), run.Rows()), none, begin, emit)
}

// write writes the merged order of x.
func (s *spilledRuns) write(x *sorter) error {
	file := s.newRun()
	out := spill.NewWriter(x.task.urgent(), file)
	defer out.Close()
	arena := mem.NewArena(x.task.urgent())
	defer arena.Free()
	step := s.rowsOf(x.size, x.sorter.Rows())
	for at := 0; at < x.sorter.Rows(); at += step {
		arena.Reset()
		b, err := x.sorter.Read(arena, at, min(step, x.sorter.Rows()-at))
		if err != nil {
			return err
		}
		if err := out.WriteBlock(0, b); err != nil {
			return err
		}
	}
	s.written.Add(file.Bytes())
	return nil
}

// narrow merges files until one merge can read all that are left.
func (s *spilledRuns) narrow(ctx context.Context) error {
	fan := s.fanIn()
	for len(s.runs) > fan {
		// The shortest ones first, so that little is written again.
		slices.SortFunc(s.runs, func(a, b *spill.File) int { return int(min(max(a.Bytes()-b.Bytes(), -1), 1)) })
		n := min(fan, len(s.runs)-fan+1)
		var groups [][]*spill.File
		for len(s.runs)-len(groups)*(n-1) > fan && (len(groups)+1)*n <= len(s.runs) {
			groups = append(groups, s.runs[len(groups)*n:(len(groups)+1)*n])
		}
		made := make([]*spill.File, len(groups))
		err := s.x.task.Parallel(ctx, s.x.node, len(groups), func(ctx context.Context, i int) (err error) {
			made[i], err = s.merge(ctx, groups[i])
			return err
		})
		if err != nil {
			return err
		}
		s.runs = append(slices.Clone(s.runs[len(groups)*n:]), made...)
	}
	return nil
}

// merge makes one file of several.
func (s *spilledRuns) merge(ctx context.Context, files []*spill.File) (*spill.File, error) {
	in := s.stream(files, s.x.task.urgent())
	defer in.close()
	made := s.x.task.store().Create(s.x.types)
	out := spill.NewWriter(s.x.task.urgent(), made)
	defer out.Close()
	arena := mem.NewArena(s.x.task.urgent())
	defer arena.Free()
	var bytes, rows int64
	for _, f := range files {
		bytes, rows = bytes+f.Bytes(), rows+f.Rows()
	}
	block := s.rowsOf(bytes, int(rows))
	left := rows
	if limit := s.limit(); limit >= 0 {
		left = min(left, limit)
	}
	for left > 0 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		arena.Reset()
		b, err := in.Next(arena, int(min(int64(block), left)))
		if err != nil {
			return nil, err
		}
		if b == nil {
			break
		}
		left -= int64(b.Len)
		if err := out.Write(0, b); err != nil {
			return nil, err
		}
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	s.written.Add(made.Bytes())
	for _, f := range files {
		f.Remove()
	}
	return made, nil
}

// limit is how many rows of the order are wanted, negative: all.
func (s *spilledRuns) limit() int64 {
	if n := s.x.node; n.Count >= 0 && n.Count+n.Offset >= 0 {
		return n.Count + n.Offset
	}
	return -1
}

// runStream is the rows of several files in order.
type runStream struct {
	*sort.Stream
	readers []*spill.Reader
}

// open merges the files that there are.
func (s *spilledRuns) open(w *Worker) *runStream { return s.stream(s.runs, w.Task.Budget) }

func (s *spilledRuns) stream(files []*spill.File, b *mem.Budget) *runStream {
	r := &runStream{}
	var inputs []func() (*column.Batch, error)
	for _, f := range files {
		in := f.NewReader(b)
		r.readers = append(r.readers, in)
		inputs = append(inputs, in.Next)
	}
	r.Stream = s.x.sorter.NewStream(inputs)
	return r
}

func (r *runStream) close() {
	for _, in := range r.readers {
		in.Close()
	}
}
