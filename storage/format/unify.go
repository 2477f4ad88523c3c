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
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format/csv"
	"github.com/polybolos-db/polybolos/storage/format/json"
)

const (
	// FilenameOption is the option under which a table keeps the name of the column that holds each row's file.
	FilenameOption = "filename_column"
	// UnionOption says that a file need not have all columns of its table, where those that it has not are NULL, nor of its types: values are cast.
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

// Bounds passes on to the format, but says nothing of files that need not have all columns.
func (u unified) Bounds(ctx context.Context, store storage.Store, splits []plan.Split, field column.Field, options map[string]string) ([]plan.ColumnStatistics, error) {
	_, union := options[UnionOption]
	if union || options[FilenameOption] == field.Name && field.Name != "" {
		return nil, nil
	}
	return u.partitioned.Bounds(ctx, store, splits, field, plain(options))
}

// difference is what a file has not, or has of another type, among the columns of its table.
type difference struct {
	absent map[string]bool        // neither in the file nor of its folders; the name of the file is one of them
	types  map[string]column.Type // in the file, whose values are cast
}

func (u unified) difference(ctx context.Context, store storage.Store, file plan.File, schema []column.Field, options map[string]string) (difference, error) {
	out := difference{absent: map[string]bool{}, types: map[string]column.Type{}}
	if name, ok := options[FilenameOption]; ok {
		out.absent[name] = true
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
		return out, err
	}
	for _, f := range schema {
		if slices.Contains(folders, f.Name) {
			continue
		}
		at := slices.IndexFunc(have, func(h column.Field) bool { return h.Name == f.Name })
		if at < 0 {
			at = slices.IndexFunc(have, func(h column.Field) bool { return strings.EqualFold(h.Name, f.Name) })
		}
		switch {
		case at < 0:
			out.absent[f.Name] = true
		case u.typed() && !storage.Widens(have[at].Type, f.Type):
			out.types[f.Name] = have[at].Type
		}
	}
	return out, nil
}

// typed reports whether files say what types their columns have; other files are read as what their table wants.
func (u unified) typed() bool {
	switch u.Format.(type) {
	case csv.Format, json.Format:
		return false
	}
	return true
}

// names reports whether the format's columns have their names in the first row.
func (u unified) names(options map[string]string) bool {
	_, ok := options["header"]
	return ok
}

// view takes a scan apart: what is read of the file, and for each wanted column where it comes from.
type view struct {
	scan  storage.Scan
	from  []int  // per wanted column: position among the columns read, or -1
	whole bool   // all filters are passed on
	cast  []bool // per wanted column: the file has another type
}

func viewOf(scan *storage.Scan, d difference) view {
	v := view{scan: *scan, whole: true}
	v.scan.Options, v.scan.Schema, v.scan.Columns, v.scan.Shared = plain(scan.Options), nil, nil, nil
	place := make([]int, len(scan.Schema))
	for i, f := range scan.Schema {
		place[i] = -1
		if !d.absent[f.Name] {
			place[i] = len(v.scan.Schema)
			if t, ok := d.types[f.Name]; ok {
				f.Type = t
			}
			v.scan.Schema = append(v.scan.Schema, f)
		}
	}
	for _, c := range scan.Columns {
		_, other := d.types[scan.Schema[c].Name]
		v.cast = append(v.cast, other)
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

// casts is the program that makes the table's types of those columns that the file has of another type, nil when there is none.
func (v *view) casts(scan *storage.Scan) (*kernels.Program, error) {
	var out []expr.Expr
	for i, from := range v.from {
		if !v.cast[i] || from < 0 {
			continue
		}
		f := v.scan.Schema[v.scan.Columns[from]]
		e, err := expr.NewCast(&expr.Ref{Index: from, Typ: f.Type}, scan.Schema[scan.Columns[i]].Type, false)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	if out == nil {
		return nil, nil
	}
	var inputs []column.Type
	for _, c := range v.scan.Columns {
		inputs = append(inputs, v.scan.Schema[c].Type)
	}
	return expr.Compile(out, inputs)
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
			if v.from[r.Index] < 0 || v.cast[r.Index] {
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
	d, err := u.difference(ctx, store, file, schema, options)
	if err != nil {
		return nil, err
	}
	var own []column.Field
	for _, f := range schema {
		if t, ok := d.types[f.Name]; ok {
			f.Type = t
		}
		if !d.absent[f.Name] {
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
		case !d.absent[f.Name]:
			c := s.Columns[next]
			if _, ok := d.types[f.Name]; ok {
				c.Min, c.Max = nil, nil // they are of the file's type
			}
			out.Columns = append(out.Columns, c)
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
		d, err := u.difference(ctx, store, splits[from].File, scan.Schema, scan.Options)
		if err != nil {
			return nil, err
		}
		v := viewOf(scan, d)
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

	evaluator *cpu.Evaluator // of the casts; nil without
	casting   *mem.Arena     // of the evaluator
	cast      []*column.Vector

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
		d, err := r.format.difference(ctx, r.store, s.File, r.scan.Schema, r.scan.Options)
		if err != nil {
			return err
		}
		v := viewOf(r.scan, d)
		if err := r.closeInner(); err != nil {
			return err
		}
		r.view = v
		if err := r.prepareCasts(); err != nil {
			return err
		}
		if r.inner, err = r.format.partitioned.NewReader(r.store, &r.view.scan, r.budget); err != nil {
			r.inner = nil
			return err
		}
	}
	r.file = s.File
	return r.inner.Start(ctx, s)
}

// prepareCasts makes what casts the columns of the next file.
func (r *unifiedReader) prepareCasts() error {
	program, err := r.view.casts(r.scan)
	if program == nil || err != nil {
		return err
	}
	r.casting = mem.NewArena(r.budget)
	r.cast = make([]*column.Vector, len(program.Outputs))
	r.evaluator, err = cpu.NewEvaluator(program, r.casting)
	return err
}

func (r *unifiedReader) Next(ctx context.Context, b *column.Batch) (bool, error) {
	var own column.Batch
	more, err := r.inner.Next(ctx, &own)
	if err != nil || !more {
		return more, err
	}
	r.arena.Reset()
	r.out = r.out[:0]
	if r.evaluator != nil {
		if err := r.evaluator.Eval(&own, r.cast); err != nil {
			return false, err
		}
	}
	casts := 0
	for i, from := range r.view.from {
		if from >= 0 && r.view.cast[i] {
			r.out = append(r.out, r.cast[casts])
			casts++
			continue
		}
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
	if r.casting != nil {
		r.casting.Free()
		r.casting, r.evaluator = nil, nil
	}
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
