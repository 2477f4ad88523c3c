package tpch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/polybolos-db/polybolos/bench/peer"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/engine"
)

// Served is an embedded engine as a peer: what our own figures are measured with, so that they are taken as those of the others.
type Served struct {
	Session *engine.Session
	Version string
}

// Hello names the engine.
func (s Served) Hello() peer.Hello { return peer.Hello{Name: "Polybolos", Version: s.Version} }

// Query runs a script and returns its last statement's result. The clock stops when the result lies in memory as columns.
func (s Served) Query(ctx context.Context, script string) (peer.Result, error) {
	a := mem.NewArena(nil)
	defer a.Free()
	start := time.Now()
	fields, rows, err := s.collect(ctx, script, a)
	if err != nil {
		return peer.Result{}, err
	}
	out := peer.Result{Seconds: time.Since(start).Seconds()}
	t := &Table{}
	for _, f := range fields {
		out.Columns = append(out.Columns, peer.Column{Name: f.Name, Type: f.Type.String()})
	}
	for i := range rows.Chunks() {
		t.add(rows.Chunk(i))
	}
	out.Rows = t.Rows
	return out, nil
}

func (s Served) collect(ctx context.Context, script string, a *mem.Arena) (fields []column.Field, rows *column.Appender, err error) {
	list, err := s.Session.Parse(script)
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, errors.New("a request without a statement")
	}
	for _, st := range list {
		r, err := s.Session.Run(ctx, st)
		if err != nil {
			return nil, nil, err
		}
		fields = r.Fields()
		types := make([]column.Type, len(fields))
		for i, f := range fields {
			types[i] = f.Type
		}
		rows = column.NewAppender(a, types)
		for {
			b, err := r.Next(ctx)
			if err == nil && b != nil {
				err = rows.Append(b)
			}
			if err != nil {
				return nil, nil, errors.Join(err, r.Close())
			}
			if b == nil {
				break
			}
		}
		if err := r.Close(); err != nil {
			return nil, nil, err
		}
	}
	return fields, rows, nil
}

// tableOf is a peer's result as a table.
func tableOf(r peer.Result) (*Table, error) {
	t := &Table{Rows: r.Rows}
	for _, c := range r.Columns {
		t.Names = append(t.Names, c.Name)
		t.Types = append(t.Types, c.Type)
	}
	for i, row := range r.Rows {
		if len(row) != len(t.Names) {
			return nil, fmt.Errorf("row %d has %d cells for %d columns", i+1, len(row), len(t.Names))
		}
	}
	return t, nil
}
