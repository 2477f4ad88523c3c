package catalog

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/column"
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

	declared []column.Field // as the user gave them; nil: the files decide
	stored   *Stored        // of a table whose files the engine owns
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

// OpenTable makes the table of the files at location, which source.Format and source.Options say how to read; source.Files is found here. A location may be several
// paths with line ends between. declared is the schema that the user gave, or nil to take that of the files, which must all have the same columns. A folder may be empty when the
// schema is declared.
func OpenTable(ctx context.Context, name string, source plan.Source, location string, declared []column.Field) (Table, error) {
	store, err := objectstore.For(location)
	if err != nil {
		return nil, err
	}
	source.Format = strings.ToLower(source.Format)
	f, err := format.Lookup(source.Format)
	if err != nil {
		return nil, err
	}
	listed, err := listAll(ctx, store, location)
	if err != nil && (declared == nil || !errors.Is(err, objectstore.ErrEmptyFolder)) {
		return nil, err
	}
	if source.Files, err = ofFormat(listed, source.Format, location); err != nil {
		return nil, err
	}
	partitions, err := partitionColumns(&source)
	if err != nil {
		return nil, err
	}
	if d, ok := f.(storage.Detector); ok && len(source.Files) > 0 {
		if source.Options, err = d.Detect(ctx, store, source.Files[0], source.Options); err != nil {
			return nil, err
		}
	}
	t := &files{name: name, location: location, source: source, format: f, store: store, schema: declared, declared: declared}
	if t.schema == nil || !inferred(source.Format) {
		if err := t.readSchema(ctx, without(declared, partitions)); err != nil {
			return nil, err
		}
	}
	if declared == nil && len(partitions) > 0 {
		t.schema = append(without(t.schema, partitions), partitions...)
	}
	return t, nil
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

// hivePartitioning is the option that turns columns from folders' names off.
const hivePartitioning = "hive_partitioning"

// partitionColumns are the columns that the folders of all files hold, as year=2024 does; they are noted in the source's options.
func partitionColumns(source *plan.Source) ([]column.Field, error) {
	wanted, given := source.Options[hivePartitioning]
	options := map[string]string{}
	for k, v := range source.Options {
		if k != hivePartitioning && k != format.PartitionOption {
			options[k] = v
		}
	}
	if given || source.Options[format.PartitionOption] != "" {
		source.Options = options
	}
	switch strings.ToLower(wanted) {
	case "false", "off", "0", "no":
		return nil, nil
	case "", "true", "on", "1", "yes", "auto":
	default:
		return nil, fault.New(fault.InvalidParameterValue, "option %s is true or false, not %q", hivePartitioning, wanted)
	}
	if len(source.Files) == 0 {
		return nil, nil
	}
	keys, _ := format.PartitionKeys(source.Files[0].URL)
	values := make([][]string, len(keys))
	for _, f := range source.Files {
		k, v := format.PartitionKeys(f.URL)
		if !slices.Equal(k, keys) {
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
		options[format.PartitionOption] = strings.Join(names, ",")
		source.Options = options
	}
	return out, nil
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

// ofFormat leaves out the files of a folder or glob whose names tell of another format.
func ofFormat(listed []plan.File, name, location string) ([]plan.File, error) {
	if len(listed) <= 1 {
		return listed, nil
	}
	var out []plan.File
	for _, f := range listed {
		if other, known := format.ForPath(f.URL); !known || other == name {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.UndefinedFile, "%q holds %d files, none of them %s", location, len(listed), name)
	}
	return out, nil
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

// readSchema reads the schemas of all files and makes the table's of them, or checks them against the declared one.
func (t *files) readSchema(ctx context.Context, declared []column.Field) error {
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
			if err := check(declared, s, list[i].URL); err != nil {
				return err
			}
		}
		return nil
	}
	merged := append([]column.Field(nil), schemas[0]...)
	seen := map[string]bool{}
	for _, f := range merged {
		if seen[f.Name] {
			return fault.New(fault.DuplicateColumn, "column %q appears twice", f.Name).In("%s", list[0].URL)
		}
		seen[f.Name] = true
	}
	for i, s := range schemas[1:] {
		if t.source.Format == "json" {
			// An object need not have all members, and neither need a file.
			for _, f := range s {
				if find(merged, f.Name) == nil {
					merged = append(merged, f)
				}
			}
			for _, f := range merged {
				if find(s, f.Name) == nil {
					s = append(s, f)
				}
			}
		}
		if err := merge(merged, s, list[i+1].URL, list[0].URL, inferred(t.source.Format)); err != nil {
			return err
		}
	}
	t.schema = merged
	return nil
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
		WithHint("all files of a table must have the same columns")
}

// check tests that a file has the declared columns.
func check(declared, have []column.Field, file string) error {
	for _, want := range declared {
		f := find(have, want.Name)
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
func merge(table, file []column.Field, name, first string, inferred bool) error {
	for _, f := range file {
		if find(table, f.Name) == nil {
			return fault.New(fault.UndefinedColumn, "the file has a column %q, which %s has not", f.Name, path.Base(first)).In("%s", name).
				WithHint("all files of a table must have the same columns")
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
			return fault.New(fault.DatatypeMismatch, "column %q is %s here and %s in %s", have.Name, have.Type, table[i].Type, path.Base(first)).In("%s", name)
		}
		table[i].NotNull = table[i].NotNull && have.NotNull
	}
	return nil
}
