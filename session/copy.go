package session

import (
	"context"
	"fmt"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/storage/format"
)

// copy writes a query's rows, or a table's, to a file.
func (s *Session) copy(ctx context.Context, c *parse.Copy, o sql.Options) (Result, error) {
	if c.From {
		return s.copyFrom(ctx, c, o)
	}
	q := c.Query
	if q == nil {
		at, _, view, err := s.find(ctx, c.Table)
		if err != nil {
			return nil, err
		}
		name := at.quoted(s)
		if at.catalog == nil && view == nil {
			name = quoteName(c.Table.Parts[len(c.Table.Parts)-1])
		}
		if q, err = selectAll(name, c.Columns); err != nil {
			return nil, err
		}
	}
	options, err := optionMap(c.Options)
	if err != nil {
		return nil, err
	}
	kind, given := options["format"]
	delete(options, "format")
	if !given {
		var known bool
		if kind, known = format.ForPath(c.Path); !known {
			return nil, fault.New(fault.InvalidParameterValue, "the name %q does not say which format to write", c.Path).At(c.Position).
				WithHint("add (FORMAT parquet) or (FORMAT csv)")
		}
	}
	if _, err := format.Lookup(kind); err != nil {
		return nil, fault.At(err, c.Position)
	}
	target, err := folderOptions(options, c)
	if err != nil {
		return nil, err
	}
	byName(kind, c.Path, options)
	if zone := s.mustSetting("timezone"); zone != "UTC" && (kind == "csv" || kind == "json") {
		if _, given := options["timezone"]; !given {
			options["timezone"] = zone
		}
	}
	o = s.options(o)
	bound, err := sql.Bind(ctx, q, resolver{s}, o)
	if err != nil {
		if c.Query == nil {
			// The query was made here, so its positions are not the user's.
			if e, ok := fault.As(err); ok {
				e.Position = c.Table.Position
			}
		}
		return nil, err
	}
	fields := fieldsOf(bound.Plan.Columns())
	target.format, target.options = kind, options
	if onExecutors(c.Path) {
		if err := target.toExecutors(c.Path); err != nil {
			return nil, fault.At(err, c.Position)
		}
	}
	if err := checkPartitions(&target, fields); err != nil {
		return nil, fault.At(err, c.Position)
	}
	if err := checkParent(c.Path); err != nil {
		return nil, fault.At(err, c.Position)
	}
	if target.intoFolder() {
		if err := prepareFolder(ctx, c.Path, target.folder); err != nil {
			return nil, fault.At(err, c.Position)
		}
	} else if target.folder == folderAppend {
		return nil, fault.New(fault.FeatureNotSupported, "COPY cannot append to a file").At(c.Position).
			WithHint("with PER_THREAD_OUTPUT or PARTITION_BY, files are added to a folder")
	}
	count, err := s.write(ctx, bound, o, fields, c.Path, target)
	if err != nil {
		return nil, fault.At(err, c.Position)
	}
	return done{fmt.Sprintf("COPY %d", count)}, nil
}

// selectAll is the query that reads columns of a table, whose name is given as SQL, all when none are named.
func selectAll(table string, columns []string) (*parse.Query, error) {
	text := "select "
	if len(columns) == 0 {
		text += "*"
	}
	for i, c := range columns {
		if i > 0 {
			text += ", "
		}
		text += quoteName(c)
	}
	list, err := sql.Parse(text + " from " + table)
	if err != nil {
		return nil, err
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok {
		return nil, fault.New(fault.Internal, "COPY of table %q made no query", table)
	}
	return q, nil
}

func quoteName(name string) string {
	out := []byte{'"'}
	for i := range len(name) {
		if name[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, name[i])
	}
	return string(append(out, '"'))
}
