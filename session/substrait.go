package session

import (
	"context"
	"time"

	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/planner/substrait"
)

// PlanSubstrait plans an encoded Substrait plan without running it. Errors are *fault.Error that say where in the plan they arose.
func (s *Session) PlanSubstrait(ctx context.Context, encoded []byte) (*Planned, error) {
	bound, err := substrait.Convert(ctx, encoded, resolver{s}, substrait.Options{View: s.bindView})
	if err != nil {
		return nil, err
	}
	p, err := s.planBound(ctx, bound.Plan, bound.IDs, time.Now(), nil)
	if err != nil {
		return nil, err
	}
	return &Planned{rows: true, fields: p.Result(), run: func(ctx context.Context) (Result, error) { return s.start(ctx, p) }}, nil
}

// bindView binds all columns of a view.
func (s *Session) bindView(ctx context.Context, schema, name string) (logical.Node, error) {
	text := "SELECT * FROM "
	if schema != "" {
		text += quoteName(schema) + "."
	}
	list, err := sql.Parse(text + quoteName(name))
	if err != nil {
		return nil, err
	}
	bound, err := sql.Bind(ctx, list[0].Body.(*parse.Query), resolver{s}, s.options(sql.Options{}))
	if err != nil {
		return nil, err
	}
	return bound.Plan, nil
}
