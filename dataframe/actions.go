package dataframe

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/polybolos-db/polybolos/fault"
)

// Records runs the frame and returns its rows, which the caller closes.
func (f Frame) Records(ctx context.Context) (Records, error) {
	r, err := f.render("")
	if err != nil {
		return nil, err
	}
	records, err := f.session.Records(ctx, r.text.String())
	if err != nil {
		return nil, r.explain(err)
	}
	return &located{Records: records, rendering: r}, nil
}

// located adds the step to the errors of rows.
type located struct {
	Records
	rendering *rendering
}

func (l *located) Record(ctx context.Context) (arrow.RecordBatch, error) {
	b, err := l.Records.Record(ctx)
	if err != nil {
		return nil, l.rendering.explain(err)
	}
	return b, nil
}

// Collect runs the frame and returns all its rows, which the caller releases.
func (f Frame) Collect(ctx context.Context) (arrow.Table, error) {
	records, err := f.Records(ctx)
	if err != nil {
		return nil, err
	}
	var all []arrow.RecordBatch
	defer func() {
		for _, b := range all {
			b.Release()
		}
	}()
	for {
		b, err := records.Record(ctx)
		if err != nil {
			return nil, errors.Join(err, records.Close())
		}
		if b == nil {
			break
		}
		b.Retain()
		all = append(all, b)
	}
	t := array.NewTableFromRecords(records.Schema(), all)
	if err := records.Close(); err != nil {
		t.Release()
		return nil, err
	}
	return t, nil
}

// Columns is the schema of the frame's rows; no row is computed.
func (f Frame) Columns(ctx context.Context) (*arrow.Schema, error) {
	records, err := f.Limit(0).Records(ctx)
	if err != nil {
		return nil, err
	}
	return records.Schema(), records.Close()
}

// Count is the number of rows.
func (f Frame) Count(ctx context.Context) (int64, error) {
	t, err := f.Select(CountAll()).Collect(ctx)
	if err != nil {
		return 0, err
	}
	defer t.Release()
	if t.NumRows() != 1 {
		return 0, fault.New(fault.Internal, "a count has %d rows", t.NumRows())
	}
	n, ok := t.Column(0).Data().Chunk(0).(*array.Int64)
	if !ok {
		return 0, fault.New(fault.Internal, "a count has type %s", t.Column(0).DataType())
	}
	return n.Value(0), nil
}

// Explain is the plan of the frame as text; with analyze it is run, and the plan shows what was measured.
func (f Frame) Explain(ctx context.Context, analyze bool) (string, error) {
	prefix := "EXPLAIN "
	if analyze {
		prefix = "EXPLAIN ANALYZE "
	}
	var lines []string
	_, err := f.run(ctx, prefix, "", func(b arrow.RecordBatch) {
		for i := range int(b.NumRows()) {
			lines = append(lines, b.Column(0).ValueStr(i))
		}
	})
	return strings.Join(lines, "\n"), err
}

// Write puts the rows into a file, or into a folder when options make several, and returns how many they were. The suffix of path, or the option format,
// says the format; options are those of COPY.
func (f Frame) Write(ctx context.Context, path string, options Options) (int64, error) {
	target, err := quoteText(path)
	if err != nil {
		return 0, err
	}
	suffix := ") TO " + target
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(options)) {
		v := Lit(options[key])
		name, err := quoteName(key)
		if err = errors.Join(err, v.err); err != nil {
			return 0, err
		}
		texts = append(texts, name+" "+v.text)
	}
	if len(texts) > 0 {
		suffix += " (" + strings.Join(texts, ", ") + ")"
	}
	return f.run(ctx, "COPY (", suffix, nil)
}

// CreateTable makes a table of the rows, in place of the one of that name when replace is set, and returns how many they were.
func (f Frame) CreateTable(ctx context.Context, name string, replace bool) (int64, error) {
	q, err := quoteName(name)
	if err != nil {
		return 0, err
	}
	if replace {
		return f.run(ctx, "CREATE OR REPLACE TABLE "+q+" AS ", "", nil)
	}
	return f.run(ctx, "CREATE TABLE "+q+" AS ", "", nil)
}

// CreateView names the query; it is computed where it is used.
func (f Frame) CreateView(ctx context.Context, name string, replace bool) error {
	q, err := quoteName(name)
	if err != nil {
		return err
	}
	prefix := "CREATE VIEW "
	if replace {
		prefix = "CREATE OR REPLACE VIEW "
	}
	_, err = f.run(ctx, prefix+q+" AS ", "", nil)
	return err
}

// InsertInto appends the rows to a table, column by column, and returns how many they were.
func (f Frame) InsertInto(ctx context.Context, table string) (int64, error) {
	q, err := quoteName(table)
	if err != nil {
		return 0, err
	}
	return f.run(ctx, "INSERT INTO "+q+" ", "", nil)
}

// run runs the frame within another statement, calls each with its records, and returns the number in its tag.
func (f Frame) run(ctx context.Context, prefix, suffix string, each func(arrow.RecordBatch)) (n int64, err error) {
	r, err := f.render(prefix)
	if err != nil {
		return 0, err
	}
	records, err := f.session.Records(ctx, r.text.String()+suffix)
	if err != nil {
		return 0, r.explain(err)
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	for {
		b, err := records.Record(ctx)
		if err != nil {
			return 0, r.explain(err)
		}
		if b == nil {
			break
		}
		if each != nil {
			each(b)
		}
	}
	tag := records.Tag()
	if n, err := strconv.ParseInt(tag[strings.LastIndexByte(tag, ' ')+1:], 10, 64); err == nil {
		return n, nil
	}
	return 0, nil
}
