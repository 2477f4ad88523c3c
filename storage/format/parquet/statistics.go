package parquet

import (
	"context"
	"math"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Statistics merges the row groups' statistics of the table's columns. The greatest value of a float column does not count NaN.
func (Format) Statistics(ctx context.Context, store storage.Store, file plan.File, schema []column.Field, _ map[string]string) (*plan.Statistics, error) {
	f, err := footerOf(ctx, store, file)
	if err != nil {
		return nil, err
	}
	parts := make([]*plan.Statistics, len(f.groups))
	for i := range f.groups {
		g := &f.groups[i]
		s := &plan.Statistics{Rows: g.rows, Columns: make([]plan.ColumnStatistics, len(schema))}
		for k, want := range schema {
			s.Columns[k] = plan.ColumnStatistics{Nulls: -1, Distinct: -1, Bytes: -1}
			if l := f.leaf(want.Name); l != nil && !l.nested {
				s.Columns[k] = g.statistics(l, want.Type)
			}
		}
		parts[i] = s
	}
	out := storage.MergeStatistics(parts, len(schema))
	if len(parts) == 0 {
		for k := range out.Columns {
			out.Columns[k] = plan.ColumnStatistics{Nulls: 0, Distinct: 0, Bytes: 0}
		}
	}
	out.Bytes = file.Size
	return out, nil
}

func (g *rowGroup) statistics(l *leaf, typ column.Type) plan.ColumnStatistics {
	c := &g.chunks[l.index]
	s := plan.ColumnStatistics{Nulls: c.nulls, Distinct: -1, Bytes: c.uncompressed}
	if !l.optional {
		s.Nulls = 0
	}
	s.Min, s.Max = c.bounds(l, typ)
	switch {
	case c.distinct >= 0:
		s.Distinct = float64(c.distinct)
	case c.dictionary > 0:
		s.Distinct = min(dictionaryEntries(c, l), float64(g.rows))
	}
	return s
}

// pageHeaderBytes is the usual size of a dictionary page's header.
const pageHeaderBytes = 20

// dictionaryEntries estimates how many entries a dictionary has from its size, taking strings to be as long as the bounds are on average.
func dictionaryEntries(c *chunk, l *leaf) float64 {
	width := float64(l.rawWidth())
	if l.physical == parquet.Types.ByteArray {
		width = 4 + float64(len(c.min)+len(c.max))/2
	}
	return max(1, math.Ceil(float64(c.dictionary-pageHeaderBytes)/width))
}

// bounds are the least and greatest value of the chunk as values of the table's type, nil when unknown.
func (c *chunk) bounds(l *leaf, typ column.Type) (lo, hi *column.Value) {
	if c.encrypted {
		return nil, nil
	}
	return (&zone{min: c.min, max: c.max}).bounds(l, typ)
}

// bounds are the least and greatest value as values of the table's type, nil when unknown.
func (z *zone) bounds(l *leaf, typ column.Type) (lo, hi *column.Value) {
	if z.min == nil || z.max == nil {
		return nil, nil
	}
	if lo, hi = l.bound(z.min, typ), l.bound(z.max, typ); lo == nil || hi == nil || storage.CompareValues(*lo, *hi) > 0 {
		return nil, nil
	}
	return lo, hi
}

// bound converts an encoded bound; nil when it is malformed or of a type without a useful order.
func (l *leaf) bound(raw []byte, typ column.Type) *column.Value {
	v := &column.Value{Type: typ}
	switch {
	case l.means == parquetInterval || l.means == ownInterval || l.physical == parquet.Types.Int96 || l.means == halfFloat:
		return nil
	case l.means == decimalText:
		var ok bool
		if v.Int, ok = bigEndian(raw); !ok {
			return nil
		}
		return v
	case typ.Kind == column.Text || typ.Kind == column.Binary:
		v.Str = string(raw)
		return v
	case len(raw) != l.rawWidth():
		return nil
	}
	conv, err := l.conversionTo(typ)
	if err != nil {
		return nil
	}
	data := raw
	if conv != nil {
		// Bounds are few: the buffer may come from the Go heap, as no views are made here.
		data = column.BytesOf(make([]uint64, 2))
		if conv(data, raw, 1) != nil {
			return nil
		}
	}
	one := column.Vector{Type: typ, Len: 1, Data: data}
	*v = one.ValueAt(0)
	if typ.Kind.IsFloat() && math.IsNaN(v.Float) {
		return nil
	}
	return v
}
