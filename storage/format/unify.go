package format

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

const (
	// FilenameOption is the option under which a table keeps the name of the column that holds each row's file.
	FilenameOption = "filename_column"
	// UnionOption says that a file need not have all columns of its table: those that it has not are NULL.
	UnionOption = "union_by_name"
)

// unified reads the files of another format with what the options ask for: a column with the file's name, and NULL for columns that a file has not.
type unified struct{ partitioned }

// Detect passes on to the format, which does not see the options that are not its own.
func (u unified) Detect(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (map[string]string, error) {
	rest, _ := inner(plain(options))
	found, err := u.partitioned.Detect(ctx, store, file, rest)
	if err != nil || len(rest) == len(options) {
		return found, err
	}
	found = maps.Clone(found)
	if found == nil {
		found = map[string]string{}
	}
	for _, k := range []string{FilenameOption, UnionOption, PartitionOption} {
		if v, ok := options[k]; ok {
			found[k] = v
		}
	}
	return found, nil
}

// plain are the options without ours.
func plain(options map[string]string) map[string]string {
	_, filename := options[FilenameOption]
	_, union := options[UnionOption]
	if !filename && !union {
		return options
	}
	out := maps.Clone(options)
	delete(out, FilenameOption)
	delete(out, UnionOption)
	return out
}

func (u unified) Infer(ctx context.Context, store storage.Store, file plan.File, options map[string]string) ([]column.Field, error) {
	return u.partitioned.Infer(ctx, store, file, plain(options))
}

func (u unified) Splits(ctx context.Context, store storage.Store, file plan.File, options map[string]string) ([]plan.Split, error) {
	return u.partitioned.Splits(ctx, store, file, plain(options))
}

// absent are the columns of the schema that the file has not and that are not its folders' either. The name of the file is one of them.
func (u unified) absent(ctx context.Context, store storage.Store, file plan.File, schema []column.Field, options map[string]string) (map[string]bool, error) {
	out := map[string]bool{}
	if name, ok := options[FilenameOption]; ok {
		out[name] = true
	}
	if _, ok := options[UnionOption]; !ok {
		return out, nil
	}
	rest, folders := inner(plain(options))
	if u.names(rest) {
		rest = maps.Clone(rest)
		rest["sample_size"] = "1" // names are all that is wanted
	}
	have, err := u.partitioned.Infer(ctx, store, file, rest)
	if err != nil {
		return nil, err
	}
	for _, f := range schema {
		if !slices.Contains(folders, f.Name) && !slices.ContainsFunc(have, func(h column.Field) bool { return strings.EqualFold(h.Name, f.Name) }) {
			out[f.Name] = true
		}
	}
	return out, nil
}

// names reports whether the format's columns have their names in the first row.
func (u unified) names(options map[string]string) bool {
	_, ok := options["header"]
	return ok
}

// view takes a scan apart: what is read of the file, and for each wanted column where it comes from.
type view struct {
	scan  storage.Scan
	from  []int // per wanted column: position among the columns read, or -1
	whole bool  // all filters are passed on
}

func viewOf(scan *storage.Scan, absent map[string]bool) view {
	v := view{scan: *scan, whole: true}
	v.scan.Options, v.scan.Schema, v.scan.Columns, v.scan.Shared = plain(scan.Options), nil, nil, nil
	place := make([]int, len(scan.Schema))
	for i, f := range scan.Schema {
		place[i] = -1
		if !absent[f.Name] {
			place[i] = len(v.scan.Schema)
			v.scan.Schema = append(v.scan.Schema, f)
		}
	}
	for _, c := range scan.Columns {
		if place[c] < 0 {
			v.from = append(v.from, -1)
			continue
		}
		v.from = append(v.from, len(v.scan.Columns))
		v.scan.Columns = append(v.scan.Columns, place[c])
	}
	v.scan.Filters = v.moved(scan.Filters)
	v.scan.Hints = v.moved(scan.Hints)
	v.whole = len(v.scan.Filters) == len(scan.Filters)
	return v
}

// moved are the conditions that speak of columns that are read alone, over the positions that these have.
func (v *view) moved(conditions []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, f := range conditions {
		own := true
		to := expr.Rewrite(f, func(e expr.Expr) expr.Expr {
			r, ok := e.(*expr.Ref)
			if !ok {
				return e
			}
			if v.from[r.Index] < 0 {
				own = false
				return e
			}
			c := *r
			c.Index = v.from[r.Index]
			return &c
		})
		if own {
			out = append(out, to)
		}
	}
	return out
}

func active(options map[string]string) bool {
	_, filename := options[FilenameOption]
	_, union := options[UnionOption]
	return filename || union
}

// Divide passes on to the format, unless files are read one by one.
func (u unified) Divide(ctx context.Context, store storage.Store, s plan.Split, scan *storage.Scan, rows int64) ([]plan.Split, error) {
	if active(scan.Options) {
		return []plan.Split{s}, nil
	}
	return u.partitioned.Divide(ctx, store, s, scan, rows)
}

func (u unified) Statistics(ctx context.Context, store storage.Store, file plan.File, schema []column.Field, options map[string]string) (*plan.Statistics, error) {
	if !active(options) {
		return u.partitioned.Statistics(ctx, store, file, schema, options)
	}
	absent, err := u.absent(ctx, store, file, schema, options)
	if err != nil {
		return nil, err
	}
	var own []column.Field
	for _, f := range schema {
		if !absent[f.Name] {
			own = append(own, f)
		}
	}
	s, err := u.partitioned.Statistics(ctx, store, file, own, plain(options))
	if s == nil || err != nil {
		return nil, err
	}
	out := &plan.Statistics{Rows: s.Rows, Bytes: s.Bytes}
	next := 0
	for _, f := range schema {
		switch {
		case !absent[f.Name]:
			out.Columns = append(out.Columns, s.Columns[next])
			next++
		case f.Name == options[FilenameOption]:
			v := column.TextValue(file.URL)
			out.Columns = append(out.Columns, plan.ColumnStatistics{Min: &v, Max: &v, Distinct: 1})
		default:
			out.Columns = append(out.Columns, plan.ColumnStatistics{Nulls: s.Rows})
		}
	}
	return out, nil
}

func (u unified) Prune(ctx context.Context, store storage.Store, splits []plan.Split, scan *storage.Scan) ([]plan.Split, error) {
	if !active(scan.Options) {
		return u.partitioned.Prune(ctx, store, splits, scan)
	}
	var out []plan.Split
	for from := 0; from < len(splits); {
		to := from + 1
		for to < len(splits) && splits[to].File.URL == splits[from].File.URL {
			to++
		}
		absent, err := u.absent(ctx, store, splits[from].File, scan.Schema, scan.Options)
		if err != nil {
			return nil, err
		}
		v := viewOf(scan, absent)
		kept, err := u.partitioned.Prune(ctx, store, splits[from:to], &v.scan)
		if err != nil {
			return nil, err
		}
		out = append(out, kept...)
		from = to
	}
	return out, nil
}

func (u unified) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	if !active(scan.Options) {
		return u.partitioned.NewReader(store, scan, budget)
	}
	return &unifiedReader{format: u, store: store, scan: scan, budget: budget, arena: mem.NewArena(budget)}, nil
}

// unifiedReader reads files of different columns, with a reader of the format's own for each set of columns in turn.
type unifiedReader struct {
	format unified
	store  storage.Store
	scan   *storage.Scan
	budget *mem.Budget
	arena  *mem.Arena // of the columns that are not read

	file  plan.File
	inner storage.Reader
	view  view
	out   []*column.Vector

	skipped int64 // by readers that are closed
}

// Skipped is how many bad rows the readers left out.
func (r *unifiedReader) Skipped() int64 { return r.skipped + skippedBy(r.inner) }

// skippedBy is how many bad rows a reader left out, as an option allowed.
func skippedBy(r storage.Reader) int64 {
	if s, ok := r.(storage.Skipper); ok {
		return s.Skipped()
	}
	return 0
}

func (r *unifiedReader) Start(ctx context.Context, s plan.Split) error {
	if r.inner == nil || s.File.URL != r.file.URL {
		absent, err := r.format.absent(ctx, r.store, s.File, r.scan.Schema, r.scan.Options)
		if err != nil {
			return err
		}
		v := viewOf(r.scan, absent)
		if err := r.closeInner(); err != nil {
			return err
		}
		r.view = v
		if r.inner, err = r.format.partitioned.NewReader(r.store, &r.view.scan, r.budget); err != nil {
			r.inner = nil
			return err
		}
	}
	r.file = s.File
	return r.inner.Start(ctx, s)
}

func (r *unifiedReader) Next(ctx context.Context, b *column.Batch) (bool, error) {
	var own column.Batch
	more, err := r.inner.Next(ctx, &own)
	if err != nil || !more {
		return more, err
	}
	r.arena.Reset()
	r.out = r.out[:0]
	for i, from := range r.view.from {
		if from >= 0 {
			r.out = append(r.out, own.Cols[from])
			continue
		}
		f := r.scan.Schema[r.scan.Columns[i]]
		value := column.NullValue(f.Type)
		if f.Name == r.scan.Options[FilenameOption] {
			value = column.TextValue(r.file.URL)
		}
		v, err := column.NewConstant(r.arena, value, own.Len)
		if err != nil {
			return false, err
		}
		r.out = append(r.out, v)
	}
	b.Cols, b.Len, b.Sel = r.out, own.Len, own.Sel
	return true, nil
}

// Exact reports whether there are no filters: which are tested differs from file to file.
func (r *unifiedReader) Exact() bool { return len(r.scan.Filters) == 0 }

func (r *unifiedReader) closeInner() error {
	if r.inner == nil {
		return nil
	}
	r.skipped += skippedBy(r.inner)
	err := r.inner.Close()
	r.inner = nil
	return err
}

func (r *unifiedReader) Close() error {
	err := r.closeInner()
	r.arena.Free()
	return err
}

// CheckNew refuses a column of ours that the files have already.
func CheckNew(fields []column.Field, name string) error {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return fault.New(fault.DuplicateColumn, "the files have a column %q already", f.Name).
				WithHint("give the column with the file's name another one: filename => 'source'")
		}
	}
	return nil
}
