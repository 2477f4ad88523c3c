package parquet

import (
	"context"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Format is the Parquet format.
type Format struct{}

var _ storage.Format = Format{}

// Infer returns the schema that the footer declares.
func (Format) Infer(ctx context.Context, store storage.Store, file plan.File, _ map[string]string) ([]column.Field, error) {
	f, err := footerOf(ctx, store, file)
	if err != nil {
		return nil, err
	}
	fields := make([]column.Field, len(f.leaves))
	for i := range f.leaves {
		fields[i] = f.leaves[i].field()
	}
	return fields, nil
}

// Splits are the row groups, and parts of very large ones.
func (Format) Splits(ctx context.Context, store storage.Store, file plan.File, _ map[string]string) ([]plan.Split, error) {
	f, err := footerOf(ctx, store, file)
	if err != nil {
		return nil, err
	}
	splits := make([]plan.Split, 0, len(f.groups))
	for i := range f.groups {
		g := &f.groups[i]
		if g.rows == 0 {
			continue
		}
		s := plan.Split{File: file, Start: int64(i), End: int64(i) + 1, Rows: g.rows}
		for k := range g.chunks {
			s.Bytes += g.chunks[k].size
		}
		if g.rows > largeGroup && (g.indexed() || !strings.Contains(strings.TrimPrefix(file.URL, "file://"), "://")) {
			splits = append(splits, divideRows(s, g.rows, largeGroup/2)...)
			continue
		}
		splits = append(splits, s)
	}
	return splits, nil
}

// indexed reports whether all column chunks have an offset index. Without, the pages of a part of the row group are found by a walk over the others, which takes
// too many reads of an object.
func (g *rowGroup) indexed() bool {
	for i := range g.chunks {
		if g.chunks[i].offsetIndex.size == 0 {
			return false
		}
	}
	return true
}

// resolve finds the leaf of each wanted column in a file and checks that it can be read as the table's type.
func (f *footer) resolve(url string, schema []column.Field, columns []int) ([]*leaf, error) {
	leaves := make([]*leaf, len(columns))
	for i, c := range columns {
		want := schema[c]
		l := f.leaf(want.Name)
		if l == nil {
			return nil, fault.New(fault.UndefinedColumn, "the file has no column %q, which its table has", want.Name).In("%s", url).
				WithHint("all files of a table must have the same columns")
		}
		if l.nested {
			if !l.typ.Equal(want.Type) {
				return nil, fault.New(fault.DatatypeMismatch, "column %q is of type %s in the file and %s in the table", l.name, l.typ, want.Type).In("%s", url)
			}
			leaves[i] = l
			continue
		}
		if _, err := l.conversionTo(want.Type); err != nil {
			return nil, fault.Wrap(fault.DatatypeMismatch, err, "cannot read column %q", want.Name).In("%s", url)
		}
		leaves[i] = l
	}
	return leaves, nil
}
