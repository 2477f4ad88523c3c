package csv

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Format is the CSV format.
type Format struct{}

var _ storage.Format = Format{}

// Statistics are unknown without reading the file.
func (Format) Statistics(context.Context, storage.Store, plan.File, []column.Field, map[string]string) (*plan.Statistics, error) {
	return nil, nil
}

// Prune keeps all splits: there is no metadata to go by.
func (Format) Prune(_ context.Context, _ storage.Store, splits []plan.Split, _ *storage.Scan) ([]plan.Split, error) {
	return splits, nil
}

// splitBytes is about how large a split is: some tens of milliseconds of parsing.
const splitBytes = 16 << 20

// Splits cuts a file at row borders. Only a file of more than one split's size is read for that.
func (Format) Splits(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (_ []plan.Split, err error) {
	d, err := parseOptions(options, file.URL)
	if err != nil {
		return nil, err
	}
	if file.Size == 0 {
		return nil, nil
	}
	borders := []int64{0}
	if d.cuttable() && file.Size > splitBytes {
		f, err := store.Open(ctx, file)
		if err != nil {
			return nil, err
		}
		var from int64
		if from, err = skipped(f, f.Size(), &d); err == nil {
			borders, err = findBorders(ctx, f, from, f.Size(), &d, splitBytes)
		}
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, readFailure(err, file.URL)
		}
	}
	splits := make([]plan.Split, len(borders))
	for i, from := range borders {
		to := file.Size
		if i+1 < len(borders) {
			to = borders[i+1]
		}
		splits[i] = plan.Split{File: file, Start: from, End: to, Rows: -1, Bytes: to - from}
	}
	return splits, nil
}

// skipped is where the lines end that the option skip passes over.
func skipped(f io.ReaderAt, size int64, d *dialect) (int64, error) {
	at, left := int64(0), d.skip
	buf := make([]byte, 64<<10)
	for left > 0 && at < size {
		b := buf[:min(int64(len(buf)), size-at)]
		if _, err := f.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		pos := 0
		for left > 0 {
			n := bytes.IndexByte(b[pos:], '\n')
			if n < 0 {
				pos = len(b)
				break
			}
			pos += n + 1
			left--
		}
		at += int64(pos)
	}
	return at, nil
}

// findBorders returns the beginnings of rows that are step bytes apart or a little more, and 0 for the first; rows begin at first.
func findBorders(ctx context.Context, f io.ReaderAt, first, size int64, d *dialect, step int64) ([]int64, error) {
	borders := []int64{0}
	quotes := 0
	buf := make([]byte, 1<<20)
	for at := first; at < size; at += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := buf[:min(int64(len(buf)), size-at)]
		if _, err := f.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		goal := borders[len(borders)-1] + step
		from := 0
		if skip := goal - at; skip > 0 {
			from = int(min(skip, int64(len(b))))
			quotes += d.countQuotes(b[:from])
		}
		for from < len(b) {
			n := bytes.IndexByte(b[from:], '\n')
			if n < 0 {
				quotes += d.countQuotes(b[from:])
				break
			}
			quotes += d.countQuotes(b[from : from+n])
			from += n + 1
			if row := at + int64(from); quotes%2 == 0 && row >= goal && row < size {
				borders = append(borders, row)
				quotes += d.countQuotes(b[from:])
				break // a step is larger than a block
			}
		}
	}
	return borders, nil
}

func (d *dialect) countQuotes(b []byte) int {
	if d.quote == 0 {
		return 0
	}
	return bytes.Count(b, []byte{d.quote})
}
