package session

import (
	"context"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// explain shows the plan of a query, or of the query of a statement that writes; with ANALYZE it runs the query first and adds what was measured.
func (s *Session) explain(ctx context.Context, e *parse.Explain, o sql.Options) (Result, error) {
	asJSON, err := explainFormat(e.Options)
	if err != nil {
		return nil, err
	}
	q, o, err := s.explained(ctx, e, o)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, q, o, nil)
	if err != nil {
		return nil, err
	}
	if placer, ok := s.config.Jobs.(Placer); ok {
		placer.Place(p)
	}
	var stats map[int]plan.NodeStats
	var changes []string
	if e.Analyze {
		if p, changes, stats, err = s.measured(ctx, p); err != nil {
			return nil, err
		}
	}
	if asJSON {
		text, err := plan.ExplainJSON(p, stats)
		if err != nil {
			return nil, err
		}
		return newTable("EXPLAIN", []string{"plan"}, [][]*string{cells(text)})
	}
	var lines [][]*string
	text := plan.Explain
	if e.Verbose {
		text = plan.ExplainVerbose
	}
	for _, l := range strings.Split(text(p, stats), "\n") {
		lines = append(lines, cells(l))
	}
	for i, c := range changes {
		if i == 0 {
			lines = append(lines, cells("Planned anew while it ran"))
		}
		lines = append(lines, cells("  "+c))
	}
	return newTable("EXPLAIN", []string{"plan"}, lines)
}

// explained is the query that EXPLAIN is about.
func (s *Session) explained(ctx context.Context, e *parse.Explain, o sql.Options) (*parse.Query, sql.Options, error) {
	var q *parse.Query
	switch body := e.Statement.Body.(type) {
	case *parse.Query:
		q = body
	case *parse.CreateTableAs:
		q = body.Query
	case *parse.Copy:
		q = body.Query
	case *parse.Insert:
		q = body.Query
	case *parse.Execute:
		p, with, err := s.arguments(ctx, body)
		if err != nil {
			return nil, o, err
		}
		q, _ = p.statement.Body.(*parse.Query)
		o = with
	}
	if q == nil || e.Analyze && changes(e.Statement.Body) {
		return nil, o, fault.New(fault.FeatureNotSupported, "EXPLAIN of %s is not supported", firstWords(e.Statement.Text)).At(e.Statement.Offset + 1)
	}
	return q, o, nil
}

// explainFormat reads EXPLAIN's further options. Those of PostgreSQL that only leave something out are accepted.
func explainFormat(options []parse.Option) (asJSON bool, err error) {
	for _, o := range options {
		switch o.Key {
		case "format":
			switch strings.ToLower(o.Value) {
			case "json":
				asJSON = true
			case "text":
				asJSON = false
			default:
				return false, fault.New(fault.InvalidParameterValue, "EXPLAIN has no format %q: there are text and json", o.Value).At(o.Position)
			}
		case "costs", "timing", "summary", "buffers", "settings", "wal":
		default:
			return false, fault.New(fault.SyntaxError, "EXPLAIN has no option %q", o.Key).At(o.Position)
		}
	}
	return asJSON, nil
}
