package avro

import (
	"context"
	"errors"
	"io"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Format is the Avro format.
type Format struct{}

var _ storage.Format = Format{}

func noOptions(options map[string]string) error {
	for k := range options {
		return fault.New(fault.InvalidParameterValue, "Avro has no option %q", k).WithHint("files tell all that reading them needs")
	}
	return nil
}

// open opens a file and reads its header.
func open(ctx context.Context, store storage.Store, file plan.File) (storage.ReadFile, *header, error) {
	f, err := store.Open(ctx, file)
	if err != nil {
		return nil, nil, err
	}
	h, err := readHeader(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		if _, ours := fault.As(err); !ours {
			err = fault.Wrap(fault.DataCorrupted, err, "cannot read the header of the Avro file").In("%s", file.URL)
		}
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, h, nil
}

// Infer returns the fields of the schema in the file's header.
func (Format) Infer(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (_ []column.Field, err error) {
	if err := noOptions(options); err != nil {
		return nil, err
	}
	f, h, err := open(ctx, store, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	fields := h.schema.columns()
	if len(fields) == 0 {
		return nil, fault.New(fault.FeatureNotSupported, "the records of the Avro file have no fields").In("%s", file.URL)
	}
	return fields, nil
}

// Statistics are unknown without reading the file.
func (Format) Statistics(context.Context, storage.Store, plan.File, []column.Field, map[string]string) (*plan.Statistics, error) {
	return nil, nil
}

// splitBytes is about how large a split is: some tens of milliseconds of decoding.
const splitBytes = 16 << 20

// Splits cuts a file at byte positions; each split has the blocks that begin in it.
func (Format) Splits(_ context.Context, _ storage.Store, file plan.File, options map[string]string) ([]plan.Split, error) {
	if err := noOptions(options); err != nil {
		return nil, err
	}
	var out []plan.Split
	for at := int64(0); at < file.Size; at += splitBytes {
		end := min(at+splitBytes, file.Size)
		out = append(out, plan.Split{File: file, Start: at, End: end, Rows: -1, Bytes: end - at})
	}
	return out, nil
}

// Prune keeps all splits: there is no metadata to go by.
func (Format) Prune(_ context.Context, _ storage.Store, splits []plan.Split, _ *storage.Scan) ([]plan.Split, error) {
	return splits, nil
}
