package catalog

import (
	"context"

	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Statistics merges what the files' metadata says. It is read once; a failure is not kept.
func (t *files) Statistics(ctx context.Context) (*plan.Statistics, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known {
		return t.stats, nil
	}
	list := t.source.Files
	each := make([]*plan.Statistics, len(list))
	err := forFiles(ctx, len(list), func(ctx context.Context, i int) (err error) {
		each[i], err = t.format.Statistics(ctx, t.store, list[i], t.schema, t.source.Options)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.stats, t.known = storage.MergeStatistics(each, len(t.schema)), true
	if t.stats != nil {
		for i, f := range t.schema {
			if n, ok := t.distinct[f.Name]; ok {
				t.stats.Columns[i].Distinct = min(n, float64(t.stats.Rows))
			}
		}
	}
	return t.stats, nil
}
