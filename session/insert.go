package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// insert adds a part to a table that the session may change.
func (s *Session) insert(ctx context.Context, i *parse.Insert, o sql.Options) (Result, error) {
	at, t, v, err := s.find(ctx, i.Table)
	if err != nil {
		return nil, err
	}
	st, err := s.own(at, t, v, "INSERT")
	if err != nil {
		return nil, fault.At(err, i.Table.Position)
	}
	o = s.options(o)
	count, back, err := s.insertRows(ctx, i, at, t, st, resolver{s}, o)
	if err != nil {
		return nil, err
	}
	return s.result(ctx, back, o, fmt.Sprintf("INSERT 0 %d", count))
}

// insertRows adds the rows of an INSERT's query to a table and returns their number, and what comes back of them.
func (s *Session) insertRows(
	ctx context.Context, i *parse.Insert, at object, t catalog.Table, st catalog.Stored, from catalog.Resolver, o sql.Options,
) (count int64, back *returned, err error) {
	o = s.options(o)
	defaults := make([]expr.Expr, len(st.Columns))
	for k, c := range st.Columns {
		if defaults[k], err = sql.Default(ctx, c.Default, c.Type, sql.Options{Now: o.Now, Zone: o.Zone}); err != nil {
			return 0, nil, err
		}
	}
	targets, err := insertTargets(i, st)
	if err != nil {
		return 0, nil, err
	}
	for _, k := range targets {
		o.Targets = append(o.Targets, st.Columns[k].Type)
		o.Defaults = append(o.Defaults, defaults[k])
	}
	query := i.Query
	if query == nil {
		if query, err = defaultRow(len(targets)); err != nil {
			return 0, nil, err
		}
	}
	o.Fewer = true // columns at the end get their defaults, unless they are named
	bound, err := sql.Bind(ctx, query, from, o)
	if err != nil {
		return 0, nil, err
	}
	if got := len(bound.Plan.Columns()); got < len(i.Columns) {
		return 0, nil, fault.New(fault.SyntaxError, "INSERT has more target columns than expressions: %d and %d", len(targets), got).At(i.Positions[got])
	}
	if i.Conflict != nil {
		return 0, nil, s.conflict(ctx, i.Conflict, i.Table, st, o)
	}
	bound.Plan = arrange(bound, st, targets, defaults)
	part, count, err := s.fill(ctx, bound, o, st)
	if err != nil {
		return 0, nil, inTable(err, at.name.Name)
	}
	if i.Returning != nil {
		if back, err = s.collectParts(ctx, i.Returning.Query, st, []string{part}, o); err != nil {
			return 0, nil, errors.Join(err, removeParts(st, []string{part}))
		}
	}
	if count == 0 {
		return 0, back, removeParts(st, []string{part})
	}
	if err = s.addPart(ctx, at, t, part); err != nil {
		return 0, nil, errors.Join(err, back.remove())
	}
	return count, back, nil
}

// inTable names the table where a NULL was refused.
func inTable(err error, table string) error {
	if e, ok := fault.As(err); ok && e.Code == fault.NotNullViolation {
		return e.WithDetail("The table is %q.", table)
	}
	return err
}

// insertTargets are the positions of the columns that an INSERT gives values for.
func insertTargets(i *parse.Insert, st catalog.Stored) ([]int, error) {
	var out []int
	if len(i.Columns) == 0 {
		for k := range st.Columns {
			out = append(out, k)
		}
		return out, nil
	}
	for n, name := range i.Columns {
		k := slices.IndexFunc(st.Columns, func(c catalog.StoredColumn) bool { return c.Name == name })
		if k < 0 {
			return nil, fault.New(fault.UndefinedColumn, "column %q of table %q does not exist", name, i.Table.Parts[len(i.Table.Parts)-1]).At(i.Positions[n])
		}
		if slices.Contains(out, k) {
			return nil, fault.New(fault.DuplicateColumn, "column %q specified more than once", name).At(i.Positions[n])
		}
		out = append(out, k)
	}
	return out, nil
}

// defaultRow is the query of INSERT … DEFAULT VALUES.
func defaultRow(columns int) (*parse.Query, error) {
	list, err := sql.Parse("insert into t values (" + strings.TrimSuffix(strings.Repeat("default, ", columns), ", ") + ")")
	if err != nil {
		return nil, err
	}
	i, ok := list[0].Body.(*parse.Insert)
	if !ok || i.Query == nil {
		return nil, fault.New(fault.Internal, "DEFAULT VALUES made no query")
	}
	return i.Query, nil
}

// arrange puts a query's columns into the order of the table and adds the defaults of those that do not come.
func arrange(q *sql.Bound, st catalog.Stored, targets []int, defaults []expr.Expr) logical.Node {
	given := q.Plan.Columns()
	p := &logical.Project{Input: q.Plan}
	for k, c := range st.Columns {
		e := defaults[k]
		nullable := !logical.NotNull(e, nil)
		if from := slices.Index(targets, k); from >= 0 && from < len(given) {
			e, nullable = given[from].Expr(), given[from].Nullable
		}
		p.Exprs = append(p.Exprs, e)
		p.Cols = append(p.Cols, logical.Col{ID: q.IDs.Next(), Name: c.Name, Type: c.Type, Nullable: nullable})
	}
	return p
}

// truncate removes the rows of tables, all or of none when one may not be changed.
func (s *Session) truncate(ctx context.Context, tr *parse.Truncate) (Result, error) {
	type change struct {
		o   object
		old catalog.Table
		st  catalog.Stored
	}
	var list []change
	for _, n := range tr.Tables {
		o, t, v, err := s.find(ctx, n)
		if err != nil {
			return nil, err
		}
		st, err := s.own(o, t, v, "TRUNCATE")
		if err != nil {
			return nil, fault.At(err, n.Position)
		}
		st.Parts, st.Distinct = nil, nil
		list = append(list, change{o, t, st})
	}
	for _, c := range list {
		if err := s.replace(ctx, c.o, c.old, c.st); err != nil {
			return nil, err
		}
	}
	return done{"TRUNCATE TABLE"}, nil
}

// replace puts a new description of a table in the place of the old.
func (s *Session) replace(ctx context.Context, o object, old catalog.Table, st catalog.Stored) error {
	t, err := catalog.OpenStored(ctx, o.name.Name, st)
	if err != nil {
		return err
	}
	return o.catalog.Swap(ctx, o.name, old, t)
}

// rewrite makes the rows of a table anew: each column of the new description by an expression over the old table, as SQL.
func (s *Session) rewrite(ctx context.Context, at object, old catalog.Table, st catalog.Stored, exprs []string) error {
	list, err := sql.Parse("select " + strings.Join(exprs, ", ") + " from " + at.quoted(s))
	if err != nil {
		return err
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok {
		return fault.New(fault.Internal, "ALTER TABLE made no query")
	}
	o := s.options(sql.Options{})
	for _, c := range st.Columns {
		o.Targets = append(o.Targets, c.Type)
	}
	bound, err := sql.Bind(ctx, q, resolver{s}, o)
	if err != nil {
		return withoutPosition(err)
	}
	part, _, err := s.fill(ctx, bound, o, st)
	if err != nil {
		return withoutPosition(inTable(err, at.name.Name))
	}
	next := st
	next.Parts, next.Distinct = []string{part}, nil
	if err := s.replace(ctx, at, old, next); err != nil {
		return errors.Join(err, os.RemoveAll(filepath.Join(st.Folder, part)))
	}
	return nil
}

// withoutPosition is an error of a query that was made here: its positions are not the user's.
func withoutPosition(err error) error {
	if e, ok := fault.As(err); ok {
		e.Position = 0
	}
	return err
}
