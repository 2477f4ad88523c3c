package parquet

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

var _ storage.Bounder = Format{}

// Bounds are the bounds of each split's row groups.
func (Format) Bounds(ctx context.Context, store storage.Store, splits []plan.Split, field column.Field, _ map[string]string) ([]plan.ColumnStatistics, error) {
	out := make([]plan.ColumnStatistics, len(splits))
	for i, s := range splits {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		f, err := footerOf(ctx, store, s.File)
		if err != nil {
			return nil, err
		}
		out[i] = f.boundsOf(s, field)
	}
	return out, nil
}

// boundsOf merges the statistics of a split's row groups.
func (f *footer) boundsOf(s plan.Split, field column.Field) plan.ColumnStatistics {
	unknown := plan.ColumnStatistics{Nulls: -1, Distinct: -1, Bytes: -1}
	l := f.leaf(field.Name)
	if l == nil || l.nested || s.Start < 0 || s.End > int64(len(f.groups)) || s.Start >= s.End {
		return unknown
	}
	out := f.groups[s.Start].statistics(l, field.Type)
	for i := s.Start + 1; i < s.End && out.Min != nil; i++ {
		more := f.groups[i].statistics(l, field.Type)
		if more.Min == nil || more.Max == nil {
			return unknown
		}
		if storage.CompareValues(*more.Min, *out.Min) < 0 {
			out.Min = more.Min
		}
		if storage.CompareValues(*more.Max, *out.Max) > 0 {
			out.Max = more.Max
		}
		if out.Nulls += more.Nulls; more.Nulls < 0 || out.Nulls < more.Nulls {
			out.Nulls = -1
		}
	}
	out.Distinct, out.Bytes = -1, -1
	return out
}
