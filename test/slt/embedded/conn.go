package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/test/slt"
)

// Conn is an engine with one session.
type Conn struct {
	engine  *engine.Engine
	session *engine.Session
}

// Connect opens an engine with one session on it.
func Connect(config engine.Config) (*Conn, error) {
	e, err := engine.Open(config)
	if err != nil {
		return nil, err
	}
	return &Conn{engine: e, session: e.Session()}, nil
}

// Over is a connection to a session of something else than an engine of its own, such as a cluster. Closing it ends the session.
func Over(s *engine.Session) *Conn { return &Conn{session: s} }

// Close ends the session and the engine.
func (c *Conn) Close() error {
	if c.engine == nil {
		return c.session.Close()
	}
	return errors.Join(c.session.Close(), c.engine.Close())
}

// coded gives an error's SQLSTATE to the runner.
type coded struct{ error }

func (e coded) Unwrap() error { return e.error }

func (e coded) SQLState() string {
	if f, ok := errors.AsType[*fault.Error](e.error); ok {
		return string(f.Code)
	}
	return ""
}

// Place is where in the statement the error is.
func (e coded) Place() int {
	if f, ok := errors.AsType[*fault.Error](e.error); ok {
		return f.Position
	}
	return 0
}

// Exec runs one statement.
func (c *Conn) Exec(ctx context.Context, sql string) (slt.Result, error) {
	result, err := c.exec(ctx, sql)
	if err != nil {
		return slt.Result{}, coded{err}
	}
	return result, nil
}

func (c *Conn) exec(ctx context.Context, sql string) (result slt.Result, err error) {
	statements, err := c.session.Parse(sql)
	if err != nil {
		return result, err
	}
	if len(statements) != 1 {
		return result, fmt.Errorf("expected one statement, got %d", len(statements))
	}
	rows, err := c.session.Run(ctx, statements[0])
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return read(ctx, rows)
}

// read takes all rows of a statement as text.
func read(ctx context.Context, rows session.Result) (slt.Result, error) {
	var result slt.Result
	var letters []byte
	for _, f := range rows.Fields() {
		result.Columns = append(result.Columns, f.Name)
		letters = append(letters, letter(f.Type.Kind))
	}
	result.Types = string(letters)
	for {
		batch, err := rows.Next(ctx)
		if err != nil || batch == nil {
			return result, err
		}
		for k := range batch.Rows() {
			row := make([]slt.Value, len(batch.Cols))
			for i, v := range batch.Cols {
				value := v.ValueAt(batch.Row(k))
				row[i] = slt.Value{Null: value.Null}
				if !value.Null {
					row[i].Text = value.String()
				}
			}
			result.Rows = append(result.Rows, row)
		}
	}
}

func letter(k column.Kind) byte {
	switch {
	case k.IsInteger():
		return 'I'
	case k.IsFloat():
		return 'R'
	case k == column.Decimal:
		return 'D'
	}
	return 'T'
}
