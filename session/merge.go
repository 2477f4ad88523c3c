package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// merge runs MERGE: it counts the rows that the clauses are about, writes the rows of the table that stay, the new values of others and the new rows as
// parts of the table, and puts them in the place of the old parts at once. When rows are only added, the old parts stay.
func (s *Session) merge(ctx context.Context, m *parse.Merge, o sql.Options) (_ Result, err error) {
	at, t, v, err := s.find(ctx, m.Table)
	if err != nil {
		return nil, err
	}
	st, err := s.own(at, t, v, "MERGE")
	if err != nil {
		return nil, fault.At(err, m.Table.Position)
	}
	run, err := s.newMerging(ctx, m, st, s.options(o))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeParts(st, run.made))
		}
	}()
	pairs, err := run.count(ctx, m.Pairs(sourceName))
	if err != nil {
		return nil, err
	}
	changed, err := run.count(ctx, m.Touched(sourceName))
	if err != nil {
		return nil, err
	}
	if pairs != changed {
		return nil, fault.New(fault.CardinalityViolation, "MERGE command cannot affect row a second time").At(m.Table.Position).
			WithHint("Several rows of the source match one row of the table.")
	}
	if m.Has(parse.NotMatchedBySource, "UPDATE", "DELETE") {
		alone, err := run.count(ctx, m.Alone(sourceName))
		if err != nil {
			return nil, err
		}
		changed += alone
	}
	next := st
	next.Distinct = nil
	if changed > 0 {
		next.Parts = nil
	}
	var back *returned
	total := int64(0)
	if m.Returning != nil {
		back, total, err = run.returning(ctx, changed > 0)
	} else {
		total, err = run.write(ctx, changed)
	}
	if err != nil {
		return nil, inTable(err, at.name.Name)
	}
	if total > 0 {
		next.Parts = append(slices.Clone(next.Parts), run.made...)
		if err := s.replace(ctx, at, t, next); err != nil {
			return nil, errors.Join(err, back.remove())
		}
	}
	return s.result(ctx, back, run.options, fmt.Sprintf("MERGE %d", total))
}

// write writes the rows of the table anew when some of them change or are removed, and those that are added. It returns how many rows MERGE is about.
func (r *merging) write(ctx context.Context, changed int64) (int64, error) {
	if changed > 0 {
		if err := r.rewritten(ctx); err != nil {
			return 0, err
		}
	}
	if !r.merge.Has(parse.NotMatchedByTarget, "INSERT") {
		return changed, nil
	}
	q, err := r.merge.Inserted(sourceName, r.columns, r.defaults)
	if err != nil {
		return 0, err
	}
	added, err := r.fill(ctx, q)
	return changed + added, err
}

// merging is the state of one MERGE.
type merging struct {
	session  *Session
	merge    *parse.Merge
	stored   catalog.Stored
	from     catalog.Resolver // knows the table as sourceName
	options  sql.Options
	columns  []string
	defaults []*parse.Query
	made     []string // the parts that were written
}

func (s *Session) newMerging(ctx context.Context, m *parse.Merge, st catalog.Stored, o sql.Options) (*merging, error) {
	t, err := partsTable(ctx, st, st.Parts)
	if err != nil {
		return nil, err
	}
	run := &merging{session: s, merge: m, stored: st, from: withSource{resolver{s}, t}, options: o}
	if run.columns, run.defaults, err = columnsAndDefaults(st); err != nil {
		return nil, err
	}
	for _, w := range m.Whens {
		if err := run.check(w); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// check tells of columns that do not exist, and of numbers of values that are not those of the columns.
func (r *merging) check(w parse.MergeWhen) error {
	table := r.merge.Table.Parts[len(r.merge.Table.Parts)-1]
	for _, a := range w.Sets {
		if !slices.Contains(r.columns, a.Column) {
			return fault.New(fault.UndefinedColumn, "column %q of table %q does not exist", a.Column, table).At(a.Position)
		}
	}
	for i, name := range w.Columns {
		if !slices.Contains(r.columns, name) {
			return fault.New(fault.UndefinedColumn, "column %q of table %q does not exist", name, table).At(w.Positions[i])
		}
		if slices.Contains(w.Columns[:i], name) {
			return fault.New(fault.DuplicateColumn, "column %q specified more than once", name).At(w.Positions[i])
		}
	}
	columns, values := len(w.Columns), w.Values()
	if w.Action != "INSERT" || values < 0 {
		return nil
	}
	if columns > values {
		return fault.New(fault.SyntaxError, "INSERT has more target columns than expressions: %d and %d", columns, values).At(w.Positions[values])
	}
	if columns == 0 {
		columns = len(r.columns)
	}
	if values > columns {
		return fault.New(fault.SyntaxError, "INSERT has more expressions than target columns: %d and %d", values, columns).At(w.Position)
	}
	return nil
}

func (r *merging) count(ctx context.Context, q *parse.Query) (int64, error) {
	return r.session.countQuery(ctx, q, r.from, r.options)
}

// rewritten writes the rows that stay and the new values of those that change.
func (r *merging) rewritten(ctx context.Context) error {
	queries := []*parse.Query{r.merge.Kept(sourceName, r.columns)}
	if r.merge.Has(parse.Matched, "UPDATE") {
		q, err := r.merge.Updated(sourceName, r.columns, r.defaults)
		if err != nil {
			return err
		}
		queries = append(queries, q)
	}
	if r.merge.Has(parse.NotMatchedBySource, "UPDATE") {
		q, err := r.merge.UpdatedAlone(sourceName, r.columns, r.defaults)
		if err != nil {
			return err
		}
		queries = append(queries, q)
	}
	for _, q := range queries {
		if _, err := r.fill(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// fill writes a query's rows as a part; none when there are no rows.
func (r *merging) fill(ctx context.Context, q *parse.Query) (int64, error) {
	o := r.options
	for _, c := range r.stored.Columns {
		o.Targets = append(o.Targets, c.Type)
	}
	bound, err := sql.Bind(ctx, q, r.from, o)
	if err != nil {
		return 0, err
	}
	part, count, err := r.session.fill(ctx, bound, o, r.stored)
	if err != nil {
		return 0, err
	}
	if count == 0 {
		return 0, os.RemoveAll(filepath.Join(r.stored.Folder, part))
	}
	r.made = append(r.made, part)
	return count, nil
}
