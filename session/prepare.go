package session

import (
	"context"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// prepared is a statement with parameters. It is bound anew for each execution, so that plans see the parameters' values.
type prepared struct {
	statement *parse.Statement
	types     []column.Type
}

func (s *Session) prepare(ctx context.Context, p *parse.Prepare) (Result, error) {
	if s.prepared[p.Name] != nil {
		return nil, fault.New(fault.DuplicateStatement, "prepared statement %q already exists", p.Name)
	}
	out := &prepared{statement: p.Statement}
	for _, t := range p.Types {
		typ, err := sql.Type(t)
		if err != nil {
			return nil, err
		}
		out.types = append(out.types, typ)
	}
	if err := s.checkNames(ctx, out); err != nil {
		return nil, err
	}
	s.prepared[p.Name] = out
	return done{"PREPARE"}, nil
}

// checkedParameters is for how many parameters the names of a prepared statement are checked.
const checkedParameters = 64

// toldEarly are the errors that no value of a parameter changes: PREPARE tells them, and EXECUTE the others.
var toldEarly = []fault.Code{
	fault.UndefinedColumn, fault.UndefinedTable, fault.UndefinedObject, fault.AmbiguousColumn, fault.DuplicateColumn, fault.DuplicateAlias, fault.SyntaxError,
	fault.WrongObjectType, fault.GroupingError, fault.InvalidColumnReference, fault.InvalidSchemaName,
}

// checkNames tells of tables and columns that do not exist, and of other mistakes that do not depend on the parameters' values.
func (s *Session) checkNames(ctx context.Context, p *prepared) error {
	values := make([]column.Value, max(checkedParameters, len(p.types)))
	for i := range values {
		t := column.T(column.Null)
		if i < len(p.types) {
			t = p.types[i]
		}
		values[i] = column.NullValue(t)
	}
	_, _, err := s.nullTypes(ctx, p.statement, values)
	if !slices.Contains(toldEarly, fault.CodeOf(err)) {
		return nil
	}
	return err
}

func (s *Session) execute(ctx context.Context, e *parse.Execute) (Result, error) {
	p, o, err := s.arguments(ctx, e)
	if err != nil {
		return nil, err
	}
	return s.run(ctx, p.statement, o)
}

// arguments finds a prepared statement and evaluates what it is executed with.
func (s *Session) arguments(ctx context.Context, e *parse.Execute) (*prepared, sql.Options, error) {
	o := s.options(sql.Options{})
	p := s.prepared[e.Name]
	if p == nil {
		return nil, o, fault.New(fault.InvalidStatementName, "prepared statement %q does not exist", e.Name).At(e.Position)
	}
	if len(p.types) > 0 && len(e.Arguments) != len(p.types) {
		return nil, o, fault.New(fault.SyntaxError, "prepared statement %q takes %d parameters, not %d", e.Name, len(p.types), len(e.Arguments)).At(e.Position)
	}
	for i, a := range e.Arguments {
		v, err := sql.Evaluate(ctx, a, s.options(sql.Options{Now: o.Now}))
		if err != nil {
			return nil, o, err
		}
		if len(p.types) > 0 {
			if v, err = convert(v, p.types[i]); err != nil {
				return nil, o, fault.At(err, e.Position)
			}
		}
		o.Parameters = append(o.Parameters, v)
	}
	o.Place = e.Position
	return p, o, nil
}

// convert assigns a value to a declared type.
func convert(v column.Value, t column.Type) (column.Value, error) {
	e, err := expr.NewCast(&expr.Literal{Value: v}, t, false)
	if err != nil {
		return v, err
	}
	return expr.Evaluate(e)
}

func (s *Session) deallocate(d *parse.Deallocate) (Result, error) {
	if d.Name == "" {
		clear(s.prepared)
		return done{"DEALLOCATE ALL"}, nil
	}
	if s.prepared[d.Name] == nil {
		return nil, fault.New(fault.InvalidStatementName, "prepared statement %q does not exist", d.Name)
	}
	delete(s.prepared, d.Name)
	return done{"DEALLOCATE"}, nil
}
