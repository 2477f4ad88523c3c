package session

import (
	"context"
	"fmt"
	"slices"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/storage/format"
)

// sourceName is the name under which the query of COPY FROM knows its file.
const sourceName = "\x01copy source"

// withSource finds one more table.
type withSource struct {
	catalog.Resolver
	table catalog.Table
}

// Table finds a table or a view.
func (r withSource) Table(ctx context.Context, schema, name string) (catalog.Table, *catalog.View, error) {
	if name == sourceName && schema == "" {
		return r.table, nil, nil
	}
	return r.Resolver.Table(ctx, schema, name)
}

// copyFrom adds the rows of files to a table.
func (s *Session) copyFrom(ctx context.Context, c *parse.Copy, o sql.Options) (Result, error) {
	at, t, v, err := s.find(ctx, c.Table)
	if err != nil {
		return nil, err
	}
	st, err := s.own(at, t, v, "COPY FROM")
	if err != nil {
		return nil, fault.At(err, c.Table.Position)
	}
	into := &parse.Insert{Table: c.Table, Columns: c.Columns, Positions: make([]int, len(c.Columns))}
	for i := range into.Positions {
		into.Positions[i] = c.Table.Position
	}
	targets, err := insertTargets(into, st)
	if err != nil {
		return nil, err
	}
	source, err := s.copySource(ctx, c, st, targets)
	if err != nil {
		return nil, fault.At(err, c.Position)
	}
	columns, err := sourceColumns(source.Schema(), st, targets)
	if err != nil {
		return nil, fault.At(err, c.Position)
	}
	if into.Query, err = selectAll(quoteName(sourceName), columns); err != nil {
		return nil, err
	}
	for _, k := range targets {
		into.Columns = append(into.Columns, st.Columns[k].Name)
	}
	into.Columns = into.Columns[len(c.Columns):]
	into.Positions = make([]int, len(into.Columns))
	count, _, err := s.insertRows(ctx, into, at, t, st, withSource{resolver{s}, source}, o)
	if err != nil {
		return nil, fault.At(withoutPosition(err), c.Position)
	}
	return done{fmt.Sprintf("COPY %d", count)}, nil
}

// copySource opens the files of COPY FROM. Files of text are read with the types of the table's columns.
func (s *Session) copySource(ctx context.Context, c *parse.Copy, st catalog.Stored, targets []int) (catalog.Table, error) {
	options, err := optionMap(c.Options)
	if err != nil {
		return nil, err
	}
	kind, given := options["format"]
	delete(options, "format")
	if !given {
		var known bool
		if kind, known = format.ForPath(c.Path); !known {
			return nil, fault.New(fault.InvalidParameterValue, "the name %q does not say which format to read", c.Path).
				WithHint("add (FORMAT csv) or (FORMAT parquet)")
		}
	}
	var declared []column.Field
	switch kind {
	case "csv", "json":
		for _, k := range targets {
			declared = append(declared, column.Field{Name: st.Columns[k].Name, Type: st.Columns[k].Type})
		}
	}
	if _, given := options["header"]; !given && kind == "csv" {
		// Only the columns' names make a first row a header: another one is data, and an error where it does not fit.
		options["header"] = "names"
	}
	return catalog.OpenTable(ctx, c.Path, plan.Source{Format: kind, Options: options}, c.Path, declared)
}

// sourceColumns are the columns of the files for the table's: those of the same names, or when some are missing and there are as many, those in the same
// places.
func sourceColumns(have []column.Field, st catalog.Stored, targets []int) ([]string, error) {
	var byName, byPlace []string
	missing := ""
	for n, k := range targets {
		name := st.Columns[k].Name
		if !slices.ContainsFunc(have, func(f column.Field) bool { return f.Name == name }) && missing == "" {
			missing = name
		}
		byName = append(byName, name)
		if n < len(have) {
			byPlace = append(byPlace, have[n].Name)
		}
	}
	switch {
	case missing == "":
		return byName, nil
	case len(have) == len(targets):
		return byPlace, nil
	}
	return nil, fault.New(fault.UndefinedColumn, "the files have no column %q, and %d columns for %d of the table", missing, len(have), len(targets)).
		WithHint("name the table's columns that the files have: COPY t (a, b) FROM …")
}
