package catalog

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// maxOpening is how many files are opened at once to read their schema or statistics: enough to hide an object store's latency.
const maxOpening = 16

// files is a table of files.
type files struct {
	name     string
	location string
	schema   []column.Field
	source   plan.Source
	format   storage.Format
	store    storage.Store

	options  map[string]string // as the user gave them
	declared []column.Field    // as the user gave them; nil: the files decide
	stored   *Stored           // of a table whose files the engine owns
	distinct map[string]float64

	mu    sync.Mutex
	stats *plan.Statistics
	known bool
}

var _ Table = (*files)(nil)

func (t *files) Name() string           { return t.name }
func (t *files) Schema() []column.Field { return t.schema }
func (t *files) Source() plan.Source    { return t.source }
func (t *files) Location() string       { return t.location }

// OptionsOf are the options that a table of files was made with; nil for other tables. They must not be changed.
func OptionsOf(t Table) map[string]string {
	if f, ok := t.(*files); ok {
		return f.options
	}
	return nil
}

// OpenTable makes the table of the files at location, which source.Format and source.Options say how to read; source.Files is found here. A location may be several
// paths with line ends between. declared is the schema that the user gave, or nil to take that of the files, which must all have the same columns. A folder may be empty when the
// schema is declared.
func OpenTable(ctx context.Context, name string, source plan.Source, location string, declared []column.Field) (Table, error) {
	store, err := objectstore.For(location)
	if err != nil {
		return nil, err
	}
	source.Format = strings.ToLower(source.Format)
	original := source.Options
	f, err := format.Lookup(source.Format)
	if err != nil {
		return nil, err
	}
	opts, err := readingOptions(&source)
	if err != nil {
		return nil, err
	}
	kept := declared
	if declared == nil {
		declared = opts.columns
	}
	listed, err := listAll(ctx, store, location)
	if err != nil && (declared == nil || !errors.Is(err, objectstore.ErrEmptyFolder)) {
		return nil, err
	}
	if source.Files, err = ofFormat(listed, source.Format, location); err != nil {
		return nil, err
	}
	partitions, err := partitionColumns(&source, opts)
	if err != nil {
		return nil, err
	}
	t := &files{name: name, location: location, source: source, format: f, store: store, declared: kept, options: original}
	if err := t.findSchema(ctx, declared, partitions, opts); err != nil {
		return nil, err
	}
	return t, nil
}

// findSchema makes the table's schema of the declared one or of the files', and notes in the source's options how they are read.
func (t *files) findSchema(ctx context.Context, declared, partitions []column.Field, opts *reading) (err error) {
	if d, ok := t.format.(storage.Detector); ok && len(t.source.Files) > 0 {
		if t.source.Options, err = d.Detect(ctx, t.store, t.source.Files[0], t.source.Options); err != nil {
			return err
		}
	}
	if opts.union {
		t.source.Options = with(t.source.Options, format.UnionOption, "true")
		if _, given := t.source.Options["header"]; !given && t.source.Format == "csv" {
			t.source.Options["header"] = "true" // without names there is nothing to unite by
		}
	}
	t.schema = declared
	if declared == nil || !inferred(t.source.Format) {
		if err := t.readSchema(ctx, without(declared, partitions), opts.union); err != nil {
			return err
		}
		if declared == nil {
			if t.schema, err = opts.apply(t.schema, "types"); err != nil {
				return err
			}
		}
	}
	if opts.filename != "" {
		if err := format.CheckNew(t.schema, opts.filename); err != nil {
			return err
		}
		t.source.Options = with(t.source.Options, format.FilenameOption, opts.filename)
		t.schema = append(slices.Clone(t.schema), column.Field{Name: opts.filename, Type: column.T(column.Text), NotNull: true})
	}
	if t.declared == nil && len(partitions) > 0 {
		t.schema = append(without(t.schema, partitions), partitions...)
	}
	return checkTwice(t.schema, t.location)
}

func with(options map[string]string, key, value string) map[string]string {
	out := maps.Clone(options)
	if out == nil {
		out = map[string]string{}
	}
	out[key] = value
	return out
}

func checkTwice(fields []column.Field, where string) error {
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.Name] {
			return fault.New(fault.DuplicateColumn, "column %q appears twice", f.Name).In("%s", where)
		}
		seen[f.Name] = true
	}
	return nil
}

// listAll lists the files of a location, which may be several paths with line ends between.
func listAll(ctx context.Context, store storage.Store, location string) ([]plan.File, error) {
	var out []plan.File
	for _, one := range strings.Split(location, "\n") {
		list, err := store.List(ctx, one)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// partitionColumns are the columns that the folders of all files hold, as year=2024 does; they are noted in the source's options.
func partitionColumns(source *plan.Source, opts *reading) ([]column.Field, error) {
	if opts.hive == "false" {
		return nil, nil
	}
	if len(source.Files) == 0 {
		return nil, nil
	}
	keys, _ := format.PartitionKeys(source.Files[0].URL)
	values := make([][]string, len(keys))
	for _, f := range source.Files {
		k, v := format.PartitionKeys(f.URL)
		if !slices.Equal(k, keys) {
			if opts.hive == "true" {
				return nil, fault.New(fault.InvalidParameterValue, "the folders of the files do not hold the same columns").In("%s", f.URL).
					WithDetail("%s has other ones.", source.Files[0].URL)
			}
			return nil, nil // folders of a few files say nothing of all
		}
		for i := range v {
			values[i] = append(values[i], v[i])
		}
	}
	var out []column.Field
	var names []string
	for i, k := range keys {
		if slices.Contains(keys[:i], k) || strings.Contains(k, ",") {
			return nil, nil
		}
		names = append(names, k)
		out = append(out, column.Field{Name: k, Type: format.PartitionType(values[i])})
	}
	if len(names) > 0 {
		source.Options = with(source.Options, format.PartitionOption, strings.Join(names, ","))
	}
	return opts.hiveColumns(out)
}

// without are the fields that are not among others, by name; nil stays nil.
func without(fields, others []column.Field) []column.Field {
	if fields == nil {
		return nil
	}
	out := make([]column.Field, 0, len(fields))
	for _, f := range fields {
		if !slices.ContainsFunc(others, func(o column.Field) bool { return o.Name == f.Name }) {
			out = append(out, f)
		}
	}
	return out
}

// inferred reports whether a format's files do not say their columns' types.
func inferred(format string) bool { return format == "csv" || format == "json" }

// openPath makes the table of a path that a query names.
func openPath(ctx context.Context, location, formatName string, options map[string]string) (Table, error) {
	if formatName == "" {
		known := false
		if formatName, known = format.ForPath(location); !known {
			store, err := objectstore.For(location)
			if err != nil {
				return nil, err
			}
			list, err := listAll(ctx, store, location)
			if err != nil {
				return nil, err
			}
			for _, f := range list {
				if formatName, known = format.ForPath(f.URL); known {
					break
				}
			}
			if !known {
				return nil, fault.New(fault.InvalidParameterValue, "the name of %q does not say which format it has", location).
					WithHint("known formats are %s", strings.Join(format.Names(), ", "))
			}
		}
	}
	return OpenTable(ctx, location, plan.Source{Format: formatName, Options: options}, location, nil)
}

// ofFormat leaves out the files of a folder or glob whose names tell of another format, and of a folder those whose names tell nothing, such as a
// README, when others are of the format.
func ofFormat(listed []plan.File, name, location string) ([]plan.File, error) {
	if len(listed) <= 1 {
		return listed, nil
	}
	var of, unknown []plan.File
	for _, f := range listed {
		switch other, known := format.ForPath(f.URL); {
		case !known:
			unknown = append(unknown, f)
		case other == name:
			of = append(of, f)
		}
	}
	switch {
	case len(of)+len(unknown) == 0:
		return nil, fault.New(fault.UndefinedFile, "%q holds %d files, none of them %s", location, len(listed), name)
	case len(of) == 0 || len(unknown) == 0:
		return append(of, unknown...), nil
	case !strings.ContainsAny(location, "*?[\n"):
		return of, nil
	}
	of = append(of, unknown...)
	sort.Slice(of, func(i, j int) bool { return of[i].URL < of[j].URL })
	return of, nil
}

// forFiles calls f for each file, some at a time, and returns the first file's error.
func forFiles(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, n)
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, maxOpening) {
		wg.Go(func() {
			for i := range next {
				if errs[i] = f(ctx, i); errs[i] != nil {
					cancel()
				}
			}
		})
	}
	sent := 0
	for ; sent < n; sent++ {
		select {
		case next <- sent:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
	// A cancellation that another file's error caused says nothing.
	var canceled error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			canceled = err
		}
	}
	if canceled == nil && sent < n {
		canceled = ctx.Err()
	}
	return canceled
}

// readSchema reads the schemas of all files and makes the table's of them, or checks them against the declared one. With union a file need not have all
// columns.
func (t *files) readSchema(ctx context.Context, declared []column.Field, union bool) error {
	list := t.source.Files
	schemas := make([][]column.Field, len(list))
	err := forFiles(ctx, len(list), func(ctx context.Context, i int) (err error) {
		schemas[i], err = t.format.Infer(ctx, t.store, list[i], t.source.Options)
		return err
	})
	if err != nil {
		return err
	}
	if declared != nil {
		for i, s := range schemas {
			if err := check(declared, s, list[i].URL, union); err != nil {
				return err
			}
		}
		return nil
	}
	merged := append([]column.Field(nil), schemas[0]...)
	if err := checkTwice(merged, list[0].URL); err != nil {
		return err
	}
	for i, s := range schemas[1:] {
		// An object of JSON need not have all members, and neither need a file.
		if union || t.source.Format == "json" {
			s, merged = complete(s, merged)
		}
		if err := merge(merged, s, list[i+1].URL, list[0].URL, inferred(t.source.Format), union); err != nil {
			return err
		}
	}
	t.schema = merged
	return nil
}

// complete adds to either list the columns that only the other has; such a column may be NULL.
func complete(file, table []column.Field) (_, _ []column.Field) {
	file, table = slices.Clone(file), slices.Clone(table)
	for _, f := range file {
		if find(table, f.Name) == nil {
			f.NotNull = false
			table = append(table, f)
		}
	}
	for i, f := range table {
		if find(file, f.Name) == nil {
			table[i].NotNull, f.NotNull = false, false
			file = append(file, f)
		}
	}
	return file, table
}

func find(fields []column.Field, name string) *column.Field {
	var near *column.Field
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
		if strings.EqualFold(fields[i].Name, name) {
			near = &fields[i]
		}
	}
	return near
}

func noColumn(name, file string) error {
	return fault.New(fault.UndefinedColumn, "the file has no column %q, which its table has", name).In("%s", file).
		WithHint("all files of a table must have the same columns, unless union_by_name => true says that they may be missing")
}

// check tests that a file has the declared columns.
func check(declared, have []column.Field, file string, union bool) error {
	for _, want := range declared {
		f := find(have, want.Name)
		if f == nil && union {
			continue
		}
		if f == nil {
			return noColumn(want.Name, file)
		}
		if !storage.Widens(f.Type, want.Type) {
			return fault.New(fault.DatatypeMismatch, "column %q is declared %s, the file has %s", want.Name, want.Type, f.Type).In("%s", file)
		}
	}
	return nil
}

// merge widens the table's schema by that of a further file, which must have the same columns. Text takes up what differs when the types were
// only inferred.
func merge(table, file []column.Field, name, first string, inferred, union bool) error {
	for _, f := range file {
		if find(table, f.Name) == nil {
			return fault.New(fault.UndefinedColumn, "the file has a column %q, which %s has not", f.Name, path.Base(first)).In("%s", name).
				WithHint("all files of a table must have the same columns, unless union_by_name => true says that they may be missing")
		}
	}
	for i := range table {
		have := find(file, table[i].Name)
		switch {
		case have == nil:
			return noColumn(table[i].Name, name)
		case storage.Widens(have.Type, table[i].Type):
		case storage.Widens(table[i].Type, have.Type):
			table[i].Type = have.Type
		case inferred && have.Type.Kind.IsNumeric() && table[i].Type.Kind.IsNumeric():
			table[i].Type = column.T(column.Float64)
		case inferred:
			table[i].Type = column.T(column.Text)
		default:
			if union {
				if t, ok := wider(have.Type, table[i].Type); ok {
					table[i].Type = t
					break
				}
			}
			return fault.New(fault.DatatypeMismatch, "column %q is %s here and %s in %s", have.Name, have.Type, table[i].Type, path.Base(first)).In("%s", name)
		}
		table[i].NotNull = table[i].NotNull && have.NotNull
	}
	return nil
}

// wider is the type to which the values of two others are cast where union_by_name puts them together: that of a set operation, but a text stays a text.
func wider(a, b column.Type) (column.Type, bool) {
	if (a.Kind == column.Text) != (b.Kind == column.Text) {
		return a, false
	}
	t, err := expr.CommonType("union_by_name", []expr.Expr{&expr.Ref{Typ: a}, &expr.Ref{Typ: b}})
	return t, err == nil
}
