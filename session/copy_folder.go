package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// copyTarget is how COPY writes.
type copyTarget struct {
	format     string
	options    map[string]string
	perThread  bool     // a file for each worker, in a folder
	overwrite  bool     // the files that a folder has are replaced
	partitions []string // columns whose values become folders; nil: none
}

// maxPartitions bounds the folders of one COPY: each is written by a query of its own.
const maxPartitions = 1000

// folderOptions takes the options on folders out of the others.
func folderOptions(options map[string]string, c *parse.Copy) (copyTarget, error) {
	var t copyTarget
	for key, set := range map[string]*bool{"per_thread_output": &t.perThread, "overwrite": &t.overwrite, "overwrite_or_ignore": &t.overwrite} {
		switch v, ok := options[key]; {
		case !ok:
		case v == "true" || v == "on" || v == "1" || v == "":
			*set = true
		case v != "false" && v != "off" && v != "0":
			return t, fault.New(fault.InvalidParameterValue, "COPY option %s is true or false, not %q", key, v).At(c.Position)
		}
		delete(options, key)
	}
	if list, ok := options["partition_by"]; ok {
		delete(options, "partition_by")
		for _, n := range strings.Split(strings.Trim(list, "()"), ",") {
			t.partitions = append(t.partitions, strings.TrimSpace(n))
		}
	}
	return t, nil
}

// byName adds the options that a file's name tells.
func byName(kind, path string, options map[string]string) {
	if kind != "csv" && kind != "json" {
		return
	}
	path = strings.ToLower(path)
	base := strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst")
	if _, given := options["compression"]; !given {
		switch {
		case strings.HasSuffix(path, ".gz"):
			options["compression"] = "gzip"
		case strings.HasSuffix(path, ".zst"):
			options["compression"] = "zstd"
		}
	}
	for _, k := range []string{"delimiter", "delim", "sep", "separator"} {
		if _, given := options[k]; given {
			return
		}
	}
	if kind == "csv" && strings.HasSuffix(base, ".tsv") {
		options["delimiter"] = "\t"
	} else if kind == "csv" && strings.HasSuffix(base, ".tbl") {
		options["delimiter"] = "|"
	}
}

// prepareFolder checks that a folder has no files, or with overwrite removes those of known formats.
func prepareFolder(ctx context.Context, path string, overwrite bool) error {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return fault.New(fault.DuplicateFile, "%q is a file; COPY with these options writes a folder", path)
	} else if os.IsNotExist(err) {
		return nil
	}
	store, err := objectstore.For(path)
	if err != nil {
		return err
	}
	files, err := store.List(ctx, path)
	if errors.Is(err, objectstore.ErrEmptyFolder) {
		return nil
	}
	if err != nil {
		return err
	}
	if !overwrite {
		return fault.New(fault.DuplicateFile, "the folder %q has %d files", path, len(files)).WithHint("add the option OVERWRITE to replace them")
	}
	for _, f := range files {
		if _, known := format.ForPath(f.URL); known {
			if err := store.Remove(ctx, f.URL); err != nil {
				return err
			}
		}
	}
	return nil
}

// write runs a bound query whose rows go to a file or folder, and returns their number.
func (s *Session) write(ctx context.Context, q *sql.Bound, o sql.Options, fields []column.Field, path string, t copyTarget) (int64, error) {
	p, err := s.planBound(ctx, q.Plan, q.IDs, o.Now, func(n plan.Node) plan.Node {
		return &plan.Write{
			Info: plan.Info{Rows: 1}, Input: n, Format: t.format, Options: t.options, URL: path, PerTask: t.perThread || t.partitions != nil, Schema: fields,
		}
	})
	if err != nil {
		return 0, err
	}
	return s.runToEnd(ctx, p)
}

// copyPartitions writes a folder for each value of the partition columns. The query runs once, into a temporary table, so that it need not give
// the same rows each time.
func (s *Session) copyPartitions(ctx context.Context, q *sql.Bound, o sql.Options, fields []column.Field, path string, t copyTarget) (count int64, err error) {
	var keys, rest []string
	for _, f := range fields {
		if !slices.Contains(t.partitions, f.Name) {
			rest = append(rest, quoteName(f.Name))
		}
	}
	for _, k := range t.partitions {
		if !slices.ContainsFunc(fields, func(f column.Field) bool { return f.Name == k }) {
			return 0, fault.New(fault.UndefinedColumn, "partition column %q does not exist", k)
		}
		keys = append(keys, quoteName(k))
	}
	if len(rest) == 0 {
		return 0, fault.New(fault.InvalidTableDefinition, "no columns are left beside those of PARTITION_BY")
	}
	if err := checkNames(fields); err != nil {
		return 0, err
	}
	at := s.temporaryObject("copy")
	columns := stored(fields)
	for i := range columns {
		columns[i].NotNull = false
	}
	st, err := newStored(at, columns)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(st.Folder)) }()
	part, _, err := s.fill(ctx, q, o, st)
	if err != nil {
		return 0, err
	}
	st.Parts = []string{part}
	at.name.Name = filepath.Base(st.Folder)
	if err := s.create(ctx, at, st, false, false); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, at.catalog.DropTable(context.WithoutCancel(ctx), at.name, true)) }()
	from := " from " + at.quoted(s)
	values, err := s.allRows(ctx, "select distinct "+strings.Join(keys, ", ")+from, maxPartitions)
	if err != nil {
		return 0, err
	}
	for _, row := range values {
		folder, conditions := path, []string{}
		for i, v := range row {
			folder += "/" + format.EscapePartition(t.partitions[i], false) + "=" + format.EscapePartition(v.String(), v.Null)
			literal := "null"
			if !v.Null {
				literal = "cast(" + quoteText(v.String()) + " as " + v.Type.String() + ")"
			}
			conditions = append(conditions, keys[i]+" is not distinct from "+literal)
		}
		bound, err := s.bindText(ctx, "select "+strings.Join(rest, ", ")+from+" where "+strings.Join(conditions, " and "), o)
		if err != nil {
			return count, err
		}
		n, err := s.write(ctx, bound, o, fieldsOf(bound.Plan.Columns()), folder, t)
		if err != nil {
			return count, err
		}
		count += n
	}
	return count, nil
}

// bindText binds a query that was made here.
func (s *Session) bindText(ctx context.Context, text string, o sql.Options) (*sql.Bound, error) {
	list, err := sql.Parse(text)
	if err != nil {
		return nil, withoutPosition(err)
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok {
		return nil, fault.New(fault.Internal, "%s is not a query", text)
	}
	bound, err := sql.Bind(ctx, q, resolver{s}, s.options(o))
	return bound, withoutPosition(err)
}

// allRows runs a query that was made here and gives its rows, of which there may be limit.
func (s *Session) allRows(ctx context.Context, text string, limit int) (out [][]column.Value, err error) {
	bound, err := s.bindText(ctx, text, sql.Options{})
	if err != nil {
		return nil, err
	}
	p, err := s.planBound(ctx, bound.Plan, bound.IDs, now(sql.Options{}).Now, nil)
	if err != nil {
		return nil, err
	}
	_, err = s.each(ctx, p, func(b *column.Batch) error {
		for k := range b.Rows() {
			if len(out) == limit {
				return fault.New(fault.ConfigurationLimit, "PARTITION_BY would make more than %d folders", limit)
			}
			row := make([]column.Value, len(b.Cols))
			for i, v := range b.Cols {
				row[i] = v.ValueAt(b.Row(k))
			}
			out = append(out, row)
		}
		return nil
	})
	return out, err
}
