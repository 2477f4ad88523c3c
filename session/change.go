package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// maxChangedParts is how many parts of a table are looked at one by one; of a table with more, all are written anew as one.
const maxChangedParts = 16

// change runs DELETE and UPDATE. Files are not changed: the parts of the table that have rows which the statement is about are written anew, and then
// stand in the place of the old ones, all at once. A statement that fails changes nothing.
func (s *Session) change(ctx context.Context, c *parse.Change, o sql.Options) (Result, error) {
	at, t, v, err := s.find(ctx, c.Table)
	if err != nil {
		return nil, err
	}
	st, err := s.own(at, t, v, c.Verb)
	if err != nil {
		return nil, fault.At(err, c.Table.Position)
	}
	if err := setsExist(c.Sets, st, c.Table); err != nil {
		return nil, err
	}
	o = s.options(o)
	if c.Returning != nil && c.Returning.Others {
		bound, err := s.readingOthers(ctx, c, st, o)
		if err != nil {
			return nil, err
		}
		if bound.Others {
			return s.changeReading(ctx, c, at, t, st, o)
		}
	}
	if c.Verb == "UPDATE" {
		if err := s.checkUpdate(ctx, c, st, o); err != nil {
			return nil, err
		}
	}
	groups := [][]string{}
	for _, p := range st.Parts {
		groups = append(groups, []string{p})
	}
	if len(groups) > maxChangedParts {
		groups = [][]string{st.Parts}
	}
	next := st
	next.Parts, next.Distinct = nil, nil
	var made, updated []string
	var total int64
	for _, g := range groups {
		parts, changed, count, err := s.changeParts(ctx, c, o, st, g)
		if err == nil {
			total += count
			if count > 0 {
				made = append(made, parts...)
			}
			next.Parts = append(next.Parts, parts...)
			updated = append(updated, changed...)
			continue
		}
		return nil, errors.Join(inTable(err, at.name.Name), removeParts(st, made))
	}
	if len(groups) == 0 && c.Verb == "DELETE" { // there are no rows, but mistakes are told
		if _, err := s.boundCount(ctx, c, o, st, nil); err != nil {
			return nil, err
		}
	}
	var back *returned
	switch {
	case c.Returning == nil:
	case c.Verb == "DELETE":
		back, err = s.collectParts(ctx, c.Returned, st, st.Parts, o)
	default:
		back, err = s.collectParts(ctx, c.Returning.Query, st, updated, o)
	}
	if err != nil {
		return nil, errors.Join(err, removeParts(st, made))
	}
	if total > 0 {
		if err := s.replace(ctx, at, t, next); err != nil {
			return nil, errors.Join(err, removeParts(st, made), back.remove())
		}
	}
	return s.result(ctx, back, o, fmt.Sprintf("%s %d", c.Verb, total))
}

// collectParts is collect of a query over some parts of a table.
func (s *Session) collectParts(
	ctx context.Context, query func(table string) *parse.Query, st catalog.Stored, parts []string, o sql.Options,
) (*returned, error) {
	t, err := partsTable(ctx, st, parts)
	if err != nil {
		return nil, err
	}
	return s.collect(ctx, query(sourceName), t, o)
}

// setsExist tells of columns that SET names and the table has not.
func setsExist(sets []parse.Assignment, st catalog.Stored, table parse.Name) error {
	for _, a := range sets {
		if !slices.ContainsFunc(st.Columns, func(k catalog.StoredColumn) bool { return k.Name == a.Column }) {
			return fault.New(fault.UndefinedColumn, "column %q of table %q does not exist", a.Column, table.Parts[len(table.Parts)-1]).At(a.Position)
		}
	}
	return nil
}

func removeParts(st catalog.Stored, parts []string) error {
	var err error
	for _, p := range parts {
		err = errors.Join(err, os.RemoveAll(filepath.Join(st.Folder, p)))
	}
	return err
}

// partsTable is some parts of a table as the table that the queries of a change read.
func partsTable(ctx context.Context, st catalog.Stored, parts []string) (catalog.Table, error) {
	some := st
	some.Parts, some.Distinct = parts, nil
	return catalog.OpenStored(ctx, sourceName, some)
}

func (s *Session) boundCount(ctx context.Context, c *parse.Change, o sql.Options, st catalog.Stored, parts []string) (*sql.Bound, error) {
	t, err := partsTable(ctx, st, parts)
	if err != nil {
		return nil, err
	}
	return sql.Bind(ctx, c.Count(sourceName), withSource{resolver{s}, t}, o)
}

// countQuery runs a query whose result is one count.
func (s *Session) countQuery(ctx context.Context, q *parse.Query, from catalog.Resolver, o sql.Options) (int64, error) {
	bound, err := sql.Bind(ctx, q, from, o)
	if err != nil {
		return 0, err
	}
	return s.countBound(ctx, bound, o)
}

func (s *Session) countBound(ctx context.Context, bound *sql.Bound, o sql.Options) (int64, error) {
	p, err := s.planBound(ctx, bound.Plan, bound.IDs, o.Now, nil)
	if err != nil {
		return 0, err
	}
	return s.runToEnd(ctx, p)
}

// changeParts writes parts anew and gives the new ones, and how many rows the statement is about; when there is none the parts stay. With RETURNING, the
// rows that an UPDATE is about are a part of their own, changed.
func (s *Session) changeParts(
	ctx context.Context, c *parse.Change, o sql.Options, st catalog.Stored, parts []string,
) (written, changed []string, count int64, err error) {
	counting, err := s.boundCount(ctx, c, o, st, parts)
	if err != nil {
		return nil, nil, 0, err
	}
	if count, err = s.countBound(ctx, counting, o); err != nil || count == 0 {
		return parts, nil, 0, err
	}
	if c.Verb == "DELETE" && c.All() {
		return nil, nil, count, nil
	}
	t, err := partsTable(ctx, st, parts)
	if err != nil {
		return nil, nil, 0, err
	}
	from := withSource{resolver{s}, t}
	columns, defaults, err := columnsAndDefaults(st)
	if err != nil {
		return nil, nil, 0, err
	}
	for _, k := range st.Columns {
		o.Targets = append(o.Targets, k.Type)
	}
	if c.Verb == "UPDATE" && c.Returning != nil {
		rows, err := c.Updated(sourceName, columns, defaults)
		if err == nil {
			changed, err = s.fillPart(ctx, rows, from, o, st)
		}
		if err != nil {
			return nil, nil, 0, err
		}
		if kept := c.Kept(sourceName, columns); kept != nil {
			if written, err = s.fillPart(ctx, kept, from, o, st); err != nil {
				return nil, nil, 0, errors.Join(err, removeParts(st, changed))
			}
		}
		return append(written, changed...), changed, count, nil
	}
	rows, err := c.Rows(sourceName, columns, defaults)
	if err != nil {
		return nil, nil, 0, err
	}
	written, err = s.fillPart(ctx, rows, from, o, st)
	return written, nil, count, err
}

// fillPart writes the rows of a query as a part; none when there are no rows.
func (s *Session) fillPart(ctx context.Context, q *parse.Query, from catalog.Resolver, o sql.Options, st catalog.Stored) ([]string, error) {
	bound, err := sql.Bind(ctx, q, from, o)
	if err != nil {
		return nil, err
	}
	part, count, err := s.fill(ctx, bound, o, st)
	if err != nil {
		return nil, err
	}
	if count == 0 {
		return nil, removeParts(st, []string{part})
	}
	return []string{part}, nil
}

// defaultQuery is a column's default as a query of one value.
func defaultQuery(k catalog.StoredColumn) (*parse.Query, error) {
	text := k.Default
	if text == "" {
		text = "null"
	}
	list, err := sql.Parse("select cast((" + text + ") as " + k.Type.String() + ")")
	if err != nil || k.Type.Kind == column.Null {
		return nil, err
	}
	q, _ := list[0].Body.(*parse.Query)
	return q, nil
}
