package flightsql

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/session"
)

// planAll plans a statement once for each row of parameters, or once without any. All plans see the tables as they are now.
func (s *service) planAll(ctx context.Context, u *user, st statement, rows [][]column.Value) ([]*session.Planned, error) {
	if err := u.lock(ctx); err != nil {
		return nil, err
	}
	defer u.unlock()
	if len(rows) == 0 {
		rows = [][]column.Value{nil}
	}
	out := make([]*session.Planned, len(rows))
	for i, values := range rows {
		p, err := st.plan(ctx, u, values)
		if err != nil {
			return nil, st.restore(err)
		}
		if i > 0 && !slices.EqualFunc(p.Fields(), out[0].Fields(), sameType) {
			return nil, fault.New(fault.IndeterminateDatatype, "with row %d of the parameters the columns are others than with the first", i+1)
		}
		out[i] = p
	}
	return out, nil
}

func sameType(a, b column.Field) bool { return a.Name == b.Name && a.Type.Equal(b.Type) }

// runAll runs planned statements without rows, one after the other, and sums what they did.
func (s *service) runAll(ctx context.Context, u *user, st statement, list []*session.Planned) (rows int64, did wire.Metadata, err error) {
	var notices []string
	for _, p := range list {
		var n int64
		if n, did, err = s.run(ctx, u, st, p); err != nil {
			return rows, did, err
		}
		rows += n
		if did.Notices != "" {
			notices = append(notices, did.Notices)
		}
	}
	if len(list) > 1 {
		did.Notices = strings.Join(notices, "\n")
		if name, last, ok := cutLast(did.Tag); ok {
			if _, err := strconv.ParseInt(last, 10, 64); err == nil {
				did.Tag = fmt.Sprintf("%s %d", name, rows)
			}
		}
	}
	return rows, did, nil
}

// cutLast takes the last word off a tag.
func cutLast(tag string) (name, last string, ok bool) {
	at := strings.LastIndexByte(tag, ' ')
	if at < 0 {
		return tag, "", false
	}
	return tag[:at], tag[at+1:], true
}

// series is the results of a query for several rows of parameters, one after the other; used by one goroutine, but for Progress.
type series struct {
	ctx    context.Context // of all of them
	query  *query
	now    session.Result
	closed bool

	mu   sync.Mutex // of what follows, which Progress reads
	at   int
	rows int64
}

// newSeries starts the first.
func newSeries(ctx context.Context, q *query) (session.Result, error) {
	first, err := q.runOne(ctx, 0)
	if err != nil {
		return nil, err
	}
	return &series{ctx: ctx, query: q, now: first}, nil
}

// Fields are the columns.
func (s *series) Fields() []column.Field { return s.now.Fields() }

// Progress is how many of the rows of parameters are done.
func (s *series) Progress() session.Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return session.Progress{Done: int64(s.at), Total: int64(len(s.query.planned)), Rows: s.rows}
}

// Tag counts the rows.
func (s *series) Tag() string { return fmt.Sprintf("SELECT %d", s.rows) }

// Next returns the next rows, of the next result where one has ended.
func (s *series) Next(ctx context.Context) (*column.Batch, error) {
	for {
		b, err := s.now.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b != nil {
			s.count(int64(b.Rows()), 0)
			return b, nil
		}
		if s.at+1 >= len(s.query.planned) {
			return nil, nil
		}
		if err := s.now.Close(); err != nil {
			return nil, err
		}
		next, err := s.query.runOne(s.ctx, s.at+1)
		if err != nil {
			return nil, err
		}
		s.now = next
		s.count(0, 1)
	}
}

func (s *series) count(rows int64, at int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows += rows
	s.at += at
}

// Close ends the result that is open.
func (s *series) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	return s.now.Close()
}
