package executor

import (
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// limit passes a range of the rows, counted over all workers.
type limit struct {
	mu    sync.Mutex
	skip  int64 // rows still to be skipped
	count int64 // rows still to be passed; negative: all
}

func init() {
	register(func(b *Builder, n *plan.Limit) (*Stream, error) {
		b.bound(n)
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		return s.Then(&limit{skip: n.Offset, count: n.Count}), nil
	})
}

// bound notes that a recursion below a limit, with projections between, need not find more rows than the limit passes: WITH RECURSIVE without an end
// is read this way.
func (b *Builder) bound(n *plan.Limit) {
	if n.Count < 0 || n.Count+n.Offset < n.Count {
		return
	}
	in := n.Input
	for {
		p, ok := in.(*plan.Project)
		if !ok {
			break
		}
		in = p.Input
	}
	if r, ok := in.(*plan.Recursion); ok {
		if b.enough == nil {
			b.enough = map[*plan.Recursion]int64{}
		}
		b.enough[r] = max(1, n.Count+n.Offset)
	}
}

// take says which of n rows pass: those from lo to hi-1.
func (l *limit) take(n int) (lo, hi int, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lo = int(min(l.skip, int64(n)))
	l.skip -= int64(lo)
	if l.count < 0 {
		return lo, n, false
	}
	hi = lo + int(min(l.count, int64(n-lo)))
	l.count -= int64(hi - lo)
	return lo, hi, l.count == 0
}

// Enough reports that no worker needs to read on.
func (l *limit) Enough() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count == 0
}

func (l *limit) Worker(_ *Worker, next Sink) (Sink, error) {
	return &limitSink{limit: l, next: next}, nil
}

type limitSink struct {
	*limit
	next Sink
	out  column.Batch
	sel  []uint32
}

func (s *limitSink) Push(b *column.Batch) error {
	lo, hi, done := s.take(b.Rows())
	if hi > lo {
		s.out = *b
		if lo > 0 || hi < b.Rows() {
			s.out.Sel = s.rows(b, lo, hi)
		}
		if err := s.next.Push(&s.out); err != nil {
			return err
		}
	}
	if done {
		return ErrDone
	}
	return nil
}

// rows is the selection of the rows lo to hi-1 of those that count.
func (s *limitSink) rows(b *column.Batch, lo, hi int) []uint32 {
	if b.Sel != nil {
		return b.Sel[lo:hi]
	}
	s.sel = s.sel[:0]
	for i := lo; i < hi; i++ {
		s.sel = append(s.sel, uint32(i))
	}
	return s.sel
}

func (s *limitSink) Finish() error { return s.next.Finish() }
