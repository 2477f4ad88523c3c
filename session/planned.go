package session

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// Planned is a statement that is ready to run, with the values of its parameters. It runs at most once.
type Planned struct {
	fields []column.Field
	rows   bool
	run    func(ctx context.Context) (Result, error)
}

// Plan binds and plans a query without running it, so that its columns are known; parameters are the values of $1, $2, …. What a statement of
// another kind does, it does in Run alone. Errors are *fault.Error with a position in the statement's script.
func (s *Session) Plan(ctx context.Context, st Statement, parameters []column.Value) (*Planned, error) {
	return s.ready(ctx, st.parsed, s.options(sql.Options{Parameters: parameters}))
}

func (s *Session) ready(ctx context.Context, st *parse.Statement, o sql.Options) (*Planned, error) {
	out := &Planned{rows: true, run: func(ctx context.Context) (Result, error) { return s.run(ctx, st, o) }}
	switch body := st.Body.(type) {
	case *parse.Query:
		p, err := s.plan(ctx, body, o, nil)
		if err != nil {
			return nil, err
		}
		out.fields = p.Result()
		out.run = func(ctx context.Context) (Result, error) { return s.start(ctx, p) }
	case *parse.Execute:
		p, o, err := s.arguments(ctx, body)
		if err != nil {
			return nil, err
		}
		return s.ready(ctx, p.statement, o)
	case *parse.Explain:
		out.fields = textFields("plan")
	case *parse.ShowSetting:
		if body.Name == "" {
			out.fields = textFields("name", "setting", "description")
			break
		}
		name, _, err := lookupSetting(body.Name, body.Position)
		if err != nil {
			return nil, err
		}
		out.fields = textFields(name)
	case *parse.ShowList:
		out.fields = textFields("name")
		if body.What == parse.ShowFunctions {
			out.fields = textFields("name", "kind")
		}
		if body.What == parse.ShowExecutors {
			out.fields = textFields(executorColumns...)
		}
	case *parse.Summarize:
		out.fields = textFields(summaryColumns...)
	case *parse.ShowCreate:
		out.fields = textFields("name", "statement")
	case *parse.Describe:
		out.fields = textFields("column_name", "column_type", "null", "default")
	case *parse.Insert, *parse.Change, *parse.Merge:
		fields, err := s.returningFields(ctx, body, o)
		if err != nil {
			return nil, err
		}
		out.fields, out.rows = fields, fields != nil
	default:
		out.rows = false
	}
	return out, nil
}

func textFields(names ...string) []column.Field {
	out := make([]column.Field, len(names))
	for i, n := range names {
		out[i] = column.Field{Name: n, Type: column.T(column.Text)}
	}
	return out
}

// ReturnsRows says whether the statement gives rows, maybe none.
func (p *Planned) ReturnsRows() bool { return p.rows }

// Fields are the columns of the result.
func (p *Planned) Fields() []column.Field { return p.fields }

// Run starts the statement, as Session.Run does; it is a call of the session's.
func (p *Planned) Run(ctx context.Context) (Result, error) {
	if p.run == nil {
		return nil, fault.New(fault.ObjectNotInState, "the statement has run already")
	}
	run := p.run
	p.run = nil
	return run(ctx)
}
