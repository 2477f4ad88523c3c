package session

import (
	"context"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// explain shows a query's plan, a line a row; with ANALYZE it runs the query first and adds what was measured.
func (s *Session) explain(ctx context.Context, e *parse.Explain, o sql.Options) (Result, error) {
	q, ok := e.Statement.Body.(*parse.Query)
	if !ok {
		return nil, fault.New(fault.FeatureNotSupported, "EXPLAIN of %s is not supported", firstWords(e.Statement.Text)).At(e.Statement.Offset + 1)
	}
	p, err := s.plan(ctx, q, o, nil)
	if err != nil {
		return nil, err
	}
	var stats map[int]plan.NodeStats
	if e.Analyze {
		if stats, err = s.measure(ctx, p); err != nil {
			return nil, err
		}
	}
	var lines [][]*string
	for _, l := range strings.Split(plan.Explain(p, stats), "\n") {
		lines = append(lines, cells(l))
	}
	return newTable("EXPLAIN", []string{"plan"}, lines)
}

// measure runs a plan, drops its rows and returns what was measured.
func (s *Session) measure(ctx context.Context, p *plan.Plan) (stats map[int]plan.NodeStats, err error) {
	r, err := s.start(ctx, p)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return r.job.Stats(), nil
		}
	}
}
