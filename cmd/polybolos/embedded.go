package main

import (
	"context"
	"time"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/shell"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
)

// embedded is a session of an engine in this process as the shell's connection.
type embedded struct{ *engine.Session }

// Parse splits and parses a script.
func (e embedded) Parse(script string) ([]shell.Statement, error) {
	list, err := e.Session.Parse(script)
	if err != nil {
		return nil, err
	}
	out := make([]shell.Statement, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out, nil
}

// Run starts a statement that Parse returned.
func (e embedded) Run(ctx context.Context, s shell.Statement) (shell.Result, error) {
	st, ok := s.(session.Statement)
	if !ok {
		return nil, fault.New(fault.Internal, "a statement of another connection: %T", s)
	}
	r, err := e.Session.Run(ctx, st)
	if err != nil {
		return nil, err
	}
	return result{r, e.Session}, nil
}

// result is a session's result with the shell's type of progress.
type result struct {
	session.Result
	of *engine.Session
}

// Notices are what there is to say beside the result, once its rows are read.
func (r result) Notices() []string { return r.of.Notices() }

// Progress is how far the statement is.
func (r result) Progress() shell.Progress { return shell.Progress(r.Result.Progress()) }

// Zone is that of the session's setting.
func (r result) Zone() *time.Location { return r.of.Zone() }

// functionNames are the functions that completion proposes.
func functionNames() []string { return append(expr.FunctionNames(), "generate_series") }
