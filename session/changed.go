package session

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// changedRows are the rows that a statement with RETURNING adds, changes or removes, each beside the rows of other tables that it met. They are written
// down once, and what comes back and what the table gets are read from there: both are the same, also where an expression gives another value each time.
type changedRows struct {
	session *Session
	table   catalog.Stored // that changes
	rows    catalog.Stored // the table's columns, the action of MERGE, the other tables' columns
	kept    []string       // the parts of rows that are the table's afterwards
	names   *sql.ChangedNames
	options sql.Options
}

func (s *Session) newChangedRows(st catalog.Stored, o sql.Options) *changedRows {
	o = withoutTargets(o)
	for _, c := range st.Columns {
		o.Targets = append(o.Targets, c.Type)
	}
	return &changedRows{session: s, table: st, options: o}
}

// columns are those of the rows that a query gives.
func (c *changedRows) columns(b *sql.Bound) []catalog.StoredColumn {
	var out []catalog.StoredColumn
	for i, f := range fieldsOf(b.Plan.Columns()) {
		if i < len(c.table.Columns) {
			k := c.table.Columns[i]
			k.Default = ""
			out = append(out, k)
			continue
		}
		out = append(out, catalog.StoredColumn{Name: fmt.Sprint("\x01", i), Type: f.Type}) // no name of the table's
	}
	return out
}

// returning binds RETURNING over no rows; q is any of the statement's queries for changed rows.
func (c *changedRows) returning(ctx context.Context, q *parse.Changed, r *parse.Returning, from catalog.Resolver) (*sql.Bound, error) {
	t, err := c.empty(ctx, q, from)
	if err != nil {
		return nil, err
	}
	return bindReturning(ctx, r.Changed(sourceName), withSource{resolver{c.session}, t}, c.options)
}

// empty is the table that RETURNING reads, without rows.
func (c *changedRows) empty(ctx context.Context, q *parse.Changed, from catalog.Resolver) (catalog.Table, error) {
	b, names, err := sql.BindChanged(ctx, q, from, c.options)
	if err != nil {
		return nil, err
	}
	t, err := catalog.OpenStored(ctx, sourceName, catalog.Stored{Folder: c.table.Folder, Columns: c.columns(b)})
	if err != nil {
		return nil, err
	}
	return names.Over(t), nil
}

// add writes down what a query gives, and returns how many rows. kept says that they are the table's afterwards.
func (c *changedRows) add(ctx context.Context, q *parse.Changed, from catalog.Resolver, kept bool) (int64, error) {
	b, names, err := sql.BindChanged(ctx, q, from, c.options)
	if err != nil {
		return 0, err
	}
	if c.names == nil {
		if c.rows, err = newStored(c.session.temporaryObject("changed"), c.columns(b)); err != nil {
			return 0, err
		}
		c.names = names
	}
	part, count, err := c.session.fill(ctx, b, c.options, c.rows)
	if err != nil {
		return 0, err
	}
	c.rows.Parts = append(c.rows.Parts, part)
	if kept && count > 0 {
		c.kept = append(c.kept, part)
	}
	return count, nil
}

// written writes the rows that are the table's afterwards as a part of it; none when there are no such rows.
func (c *changedRows) written(ctx context.Context) ([]string, error) {
	if len(c.kept) == 0 {
		return nil, nil
	}
	var columns []string
	for _, k := range c.table.Columns {
		columns = append(columns, k.Name)
	}
	q, err := selectAll(quoteName(sourceName), columns)
	if err != nil {
		return nil, err
	}
	t, err := partsTable(ctx, c.rows, c.kept)
	if err != nil {
		return nil, err
	}
	return c.session.fillPart(ctx, q, withSource{resolver{c.session}, t}, c.options, c.table)
}

// collect writes down what comes back.
func (c *changedRows) collect(ctx context.Context, r *parse.Returning) (*returned, error) {
	t, err := partsTable(ctx, c.rows, c.rows.Parts)
	if err != nil {
		return nil, err
	}
	return c.session.collect(ctx, r.Changed(sourceName), c.names.Over(t), c.options)
}

// remove gives up the rows.
func (c *changedRows) remove() error {
	if c.names == nil {
		return nil
	}
	return os.RemoveAll(c.rows.Folder)
}

// changeReading runs an UPDATE or DELETE whose RETURNING reads the tables of FROM or USING. A row that several of their rows meet is an error: which of them
// would come back is nowhere said.
func (s *Session) changeReading(ctx context.Context, c *parse.Change, at object, t catalog.Table, st catalog.Stored, o sql.Options) (_ Result, err error) {
	columns, defaults, err := columnsAndDefaults(st)
	if err != nil {
		return nil, err
	}
	all, err := partsTable(ctx, st, st.Parts)
	if err != nil {
		return nil, err
	}
	from := withSource{resolver{s}, all}
	rows := s.newChangedRows(st, o)
	next := st
	next.Parts, next.Distinct = nil, nil
	var back *returned
	defer func() {
		err = errors.Join(err, rows.remove())
		if err != nil {
			err = errors.Join(err, removeParts(st, next.Parts), back.remove())
		}
	}()
	q, err := c.Changed(sourceName, columns, defaults)
	if err != nil {
		return nil, err
	}
	pairs, err := rows.add(ctx, q, from, c.Verb == "UPDATE")
	if err != nil {
		return nil, inTable(err, at.name.Name)
	}
	touched, err := s.countQuery(ctx, c.Count(sourceName), from, o)
	if err != nil {
		return nil, err
	}
	if pairs != touched {
		return nil, fault.New(fault.CardinalityViolation, "%s … RETURNING meets a row of table %q more than once", c.Verb, at.name.Name).At(c.Table.Position).
			WithHint("Several rows of the other tables match one row of the table.")
	}
	if back, err = rows.collect(ctx, c.Returning); err != nil {
		return nil, err
	}
	if pairs > 0 {
		if kept := c.Kept(sourceName, columns); kept != nil {
			if next.Parts, err = s.fillPart(ctx, kept, from, rows.options, st); err != nil {
				return nil, err
			}
		}
		changed, err := rows.written(ctx)
		if err != nil {
			return nil, err
		}
		next.Parts = append(next.Parts, changed...)
		if err := s.replace(ctx, at, t, next); err != nil {
			return nil, err
		}
	}
	kept := back
	back = nil // the result's from here on
	return s.result(ctx, kept, o, fmt.Sprintf("%s %d", c.Verb, pairs))
}

// checkUpdate binds an UPDATE in the form in which mistakes have the places that the user knows.
func (s *Session) checkUpdate(ctx context.Context, c *parse.Change, st catalog.Stored, o sql.Options) error {
	q, _, from, err := s.changedQuery(ctx, c, st, o)
	if err != nil {
		return err
	}
	_, _, err = sql.BindChanged(ctx, q, from, s.newChangedRows(st, o).options)
	return err
}

// returning writes what the clauses of MERGE change, remove and add, and gives what comes back and how many rows that is. rewrite says that rows which the
// table has are among them, so that the others are written anew.
func (r *merging) returning(ctx context.Context, rewrite bool) (back *returned, count int64, err error) {
	rows := r.session.newChangedRows(r.stored, r.options)
	defer func() { err = errors.Join(err, rows.remove()) }()
	list, kept, err := r.merge.Changes(sourceName, r.columns, r.defaults)
	if err != nil {
		return nil, 0, err
	}
	if _, err := rows.returning(ctx, list[0], r.merge.Returning, r.from); err != nil {
		return nil, 0, err
	}
	for i, q := range list {
		n, err := rows.add(ctx, q, r.from, kept[i])
		if err != nil {
			return nil, 0, err
		}
		count += n
	}
	if rewrite {
		if _, err := r.fill(ctx, r.merge.Kept(sourceName, r.columns)); err != nil {
			return nil, 0, err
		}
	}
	parts, err := rows.written(ctx)
	r.made = append(r.made, parts...)
	if err != nil {
		return nil, 0, err
	}
	back, err = rows.collect(ctx, r.merge.Returning)
	return back, count, err
}

// columnsAndDefaults are the names of a table's columns, and their defaults as queries.
func columnsAndDefaults(st catalog.Stored) (columns []string, defaults []*parse.Query, err error) {
	for _, c := range st.Columns {
		d, err := defaultQuery(c)
		if err != nil {
			return nil, nil, err
		}
		columns, defaults = append(columns, c.Name), append(defaults, d)
	}
	return columns, defaults, nil
}

// readingOthers binds the RETURNING of a statement that reads other tables, over no rows.
func (s *Session) readingOthers(ctx context.Context, b parse.Body, st catalog.Stored, o sql.Options) (*sql.Bound, error) {
	q, r, from, err := s.changedQuery(ctx, b, st, o)
	if err != nil {
		return nil, err
	}
	return s.newChangedRows(st, o).returning(ctx, q, r, from)
}

// changedQuery is one of the queries for the rows that a statement changes, its RETURNING, and a resolver that knows the table without rows as sourceName.
func (s *Session) changedQuery(
	ctx context.Context, b parse.Body, st catalog.Stored, o sql.Options,
) (*parse.Changed, *parse.Returning, catalog.Resolver, error) {
	none, err := partsTable(ctx, st, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	columns, defaults, err := columnsAndDefaults(st)
	if err != nil {
		return nil, nil, nil, err
	}
	from := withSource{resolver{s}, none}
	switch b := b.(type) {
	case *parse.Change:
		if err := setsExist(b.Sets, st, b.Table); err != nil {
			return nil, nil, nil, err
		}
		q, err := b.Changed(sourceName, columns, defaults)
		return q, b.Returning, from, err
	case *parse.Merge:
		st.Parts = nil
		if _, err := s.newMerging(ctx, b, st, o); err != nil {
			return nil, nil, nil, err
		}
		list, _, err := b.Changes(sourceName, columns, defaults)
		if err != nil {
			return nil, nil, nil, err
		}
		return list[0], b.Returning, from, nil
	}
	return nil, nil, nil, fault.New(fault.Internal, "a statement without FROM, USING or a source reads no other tables")
}
