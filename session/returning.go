package session

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// returned are the rows of RETURNING, kept in a folder from before the statement takes effect until they are read: an error in RETURNING leaves the table
// as it was, and later statements do not change what comes back.
type returned struct {
	stored catalog.Stored
	fields []column.Field
}

// collect writes down what comes back: the rows of a query over the table that from knows as sourceName.
func (s *Session) collect(ctx context.Context, q *parse.Query, from catalog.Table, o sql.Options) (*returned, error) {
	bound, err := bindReturning(ctx, q, withSource{resolver{s}, from}, o)
	if err != nil {
		return nil, err
	}
	out := &returned{fields: fieldsOf(bound.Plan.Columns())}
	columns := stored(out.fields)
	for i := range columns {
		columns[i].Name, columns[i].NotNull = fmt.Sprint("c", i+1), false // names of results may be equal
		if columns[i].Type.Kind == column.Null {
			columns[i].Type, out.fields[i].Type = column.T(column.Text), column.T(column.Text)
		}
	}
	if out.stored, err = newStored(s.temporaryObject("returning"), columns); err != nil {
		return nil, err
	}
	part, _, err := s.fill(ctx, bound, o, out.stored)
	if err != nil {
		return nil, errors.Join(err, out.remove())
	}
	out.stored.Parts = []string{part}
	return out, nil
}

// bindReturning binds the list of RETURNING, which is about one row at a time.
func bindReturning(ctx context.Context, q *parse.Query, from catalog.Resolver, o sql.Options) (*sql.Bound, error) {
	o = withoutTargets(o)
	o.Clause = "RETURNING"
	return sql.Bind(ctx, q, from, o)
}

// withoutTargets are the options for a query whose result is not assigned to a table's columns.
func withoutTargets(o sql.Options) sql.Options {
	o.Targets, o.Defaults, o.Fewer = nil, nil, false
	return o
}

// remove gives up the rows. It may be called for none.
func (r *returned) remove() error {
	if r == nil {
		return nil
	}
	return os.RemoveAll(r.stored.Folder)
}

// result ends a statement: with the rows of RETURNING, which the result removes when it is closed, or without any.
func (s *Session) result(ctx context.Context, r *returned, o sql.Options, tag string) (Result, error) {
	if r == nil {
		return done{tag}, nil
	}
	var columns []string
	for _, c := range r.stored.Columns {
		columns = append(columns, c.Name)
	}
	t, err := catalog.OpenStored(ctx, sourceName, r.stored)
	if err != nil {
		return nil, errors.Join(err, r.remove())
	}
	q, err := selectAll(quoteName(sourceName), columns)
	if err != nil {
		return nil, errors.Join(err, r.remove())
	}
	bound, err := sql.Bind(ctx, q, withSource{resolver{s}, t}, withoutTargets(o))
	if err != nil {
		return nil, errors.Join(err, r.remove())
	}
	p, err := s.planBound(ctx, bound.Plan, bound.IDs, o.Now, nil)
	if err != nil {
		return nil, errors.Join(err, r.remove())
	}
	rows, err := s.start(ctx, p)
	if err != nil {
		return nil, errors.Join(err, r.remove())
	}
	return &returning{rows: rows, of: r, tag: tag}, nil
}

// returning is the result of a statement with RETURNING.
type returning struct {
	*rows
	of  *returned
	tag string
}

func (r *returning) Fields() []column.Field { return r.of.fields }
func (r *returning) Tag() string            { return r.tag }

func (r *returning) Close() error { return errors.Join(r.rows.Close(), r.of.remove()) }

// returningFields are the columns that come back from a statement; nil when none do.
func (s *Session) returningFields(ctx context.Context, b parse.Body, o sql.Options) ([]column.Field, error) {
	var table parse.Name
	var r *parse.Returning
	switch b := b.(type) {
	case *parse.Insert:
		table, r = b.Table, b.Returning
	case *parse.Change:
		table, r = b.Table, b.Returning
	case *parse.Merge:
		table, r = b.Table, b.Returning
	}
	if r == nil {
		return nil, nil
	}
	_, t, _, err := s.find(ctx, table)
	if err != nil {
		return nil, err
	}
	st := catalog.StoredOf(t)
	if st == nil {
		return nil, fault.New(fault.WrongObjectType, "%q was not made by CREATE TABLE", table.Parts[len(table.Parts)-1]).At(table.Position)
	}
	var bound *sql.Bound
	if r.Others {
		bound, err = s.readingOthers(ctx, b, *st, s.options(o))
	} else {
		bound, err = s.readingTable(ctx, b, r, *st, s.options(o))
	}
	if err != nil {
		return nil, err
	}
	fields := fieldsOf(bound.Plan.Columns())
	for i := range fields {
		if fields[i].Type.Kind == column.Null {
			fields[i].Type = column.T(column.Text)
		}
	}
	return fields, nil
}

// readingTable binds the RETURNING of a statement that reads no other tables, over no rows.
func (s *Session) readingTable(ctx context.Context, b parse.Body, r *parse.Returning, st catalog.Stored, o sql.Options) (*sql.Bound, error) {
	none, err := partsTable(ctx, st, nil)
	if err != nil {
		return nil, err
	}
	q := r.Query(sourceName)
	if c, ok := b.(*parse.Change); ok && c.Verb == "DELETE" {
		q = c.Returned(sourceName)
	}
	return bindReturning(ctx, q, withSource{resolver{s}, none}, o)
}
