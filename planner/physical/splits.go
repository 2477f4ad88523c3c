package physical

import (
	"context"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// formatSplits asks the table's format for the splits of its files, without those that the filters exclude by metadata.
func formatSplits(ctx context.Context, table catalog.Table, scan *storage.Scan) ([]plan.Split, error) {
	source := table.Source()
	f, err := format.Lookup(source.Format)
	if err != nil {
		return nil, err
	}
	var all []plan.Split
	for _, file := range source.Files {
		if keep, err := format.KeepFile(file, scan); err != nil || !keep {
			if err != nil {
				return nil, err
			}
			continue
		}
		store, err := objectstore.For(file.URL)
		if err != nil {
			return nil, err
		}
		splits, err := f.Splits(ctx, store, file, source.Options)
		if err != nil {
			return nil, err
		}
		if splits, err = f.Prune(ctx, store, splits, scan); err != nil {
			return nil, err
		}
		all = append(all, splits...)
	}
	return all, nil
}
