package json

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format/internal/rows"
)

// Format is the JSON format.
type Format struct{}

var _ storage.Format = Format{}

// maxWindow bounds the memory that a file can ask its decompression to take.
const maxWindow = 256 << 20

// source is an open file as objects.
type source struct {
	file storage.ReadFile
	*objects
}

func open(ctx context.Context, store storage.Store, file plan.File, s settings) (*source, error) {
	f, err := store.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	var in io.Reader = io.NewSectionReader(f, 0, f.Size())
	switch s.compression {
	case "gzip":
		in, err = gzip.NewReader(in)
	case "zstd":
		in, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow))
	}
	if err != nil {
		return nil, errors.Join(fault.Wrap(fault.DataCorrupted, err, "the file is not compressed by %s, or damaged", s.compression).In("%s", file.URL), f.Close())
	}
	return &source{f, newObjects(in, file.URL, &s)}, nil
}

// openPart opens the lines of a file that begin from start to end.
func openPart(ctx context.Context, store storage.Store, split plan.Split, s settings) (*source, error) {
	if split.Start == 0 && split.End >= split.File.Size {
		return open(ctx, store, split.File, s)
	}
	f, err := store.Open(ctx, split.File)
	if err != nil {
		return nil, err
	}
	from, err := lineStart(f, split.Start, f.Size())
	var to int64
	if err == nil {
		to, err = lineStart(f, split.End, f.Size())
	}
	if err != nil {
		return nil, errors.Join(fault.Wrap(fault.IOError, err, "cannot read the file").In("%s", split.File.URL), f.Close())
	}
	s.layout = lines
	o := newObjects(io.NewSectionReader(f, from, to-from), split.File.URL, &s)
	o.offset = from
	return &source{f, o}, nil
}

// lineStart is where the first line begins that begins at from or later.
func lineStart(f io.ReaderAt, from, size int64) (int64, error) {
	if from == 0 {
		return 0, nil
	}
	buf := make([]byte, 64<<10)
	for at := from - 1; at < size; at += int64(len(buf)) {
		p := buf[:min(int64(len(buf)), size-at)]
		if _, err := f.ReadAt(p, at); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
	}
	return size, nil
}

// Infer returns the members that a sample of the objects shows.
func (Format) Infer(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (_ []column.Field, err error) {
	s, err := parse(options, file.URL)
	if err != nil {
		return nil, err
	}
	src, err := open(ctx, store, file, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.file.Close()) }()
	if s.records == recordsAuto {
		if src.values, err = src.holdsValues(); err != nil {
			return nil, err
		}
	}
	seen := shape{depth: s.maxDepth}
	for n := 0; n != s.sample; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		seen.seeMembers(m)
	}
	if len(seen.names) == 0 {
		return nil, fault.New(fault.BadCopyFileFormat, "the file has no objects with members: its columns must be declared").In("%s", file.URL)
	}
	return seen.columns(), nil
}

// Statistics are unknown without reading the file.
func (Format) Statistics(context.Context, storage.Store, plan.File, []column.Field, map[string]string) (*plan.Statistics, error) {
	return nil, nil
}

// splitBytes is about how large a split is.
const splitBytes = 16 << 20

// Splits cuts a file of lines at byte positions: a line belongs to the split in which it begins. Other files are one split.
func (Format) Splits(_ context.Context, _ storage.Store, file plan.File, options map[string]string) ([]plan.Split, error) {
	s, err := parse(options, file.URL)
	if err != nil {
		return nil, err
	}
	if file.Size == 0 {
		return nil, nil
	}
	if s.layout == lines && s.compression == "" {
		var out []plan.Split
		for at := int64(0); at < file.Size; at += splitBytes {
			end := min(at+splitBytes, file.Size)
			out = append(out, plan.Split{File: file, Start: at, End: end, Rows: -1, Bytes: end - at})
		}
		return out, nil
	}
	return []plan.Split{{File: file, End: file.Size, Rows: -1, Bytes: file.Size}}, nil
}

// Prune keeps all splits: there is no metadata to go by.
func (Format) Prune(_ context.Context, _ storage.Store, splits []plan.Split, _ *storage.Scan) ([]plan.Split, error) {
	return splits, nil
}

// NewReader makes a reader.
func (Format) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	place := map[string]int{}
	fields := make([]column.Field, len(scan.Columns))
	for i, c := range scan.Columns {
		fields[i] = scan.Schema[c]
		place[fields[i].Name] = i
	}
	return rows.New(scan, budget, func(ctx context.Context, split plan.Split) (rows.Decoder, error) {
		s, err := parse(scan.Options, split.File.URL)
		if err != nil {
			return nil, err
		}
		src, err := openPart(ctx, store, split, s)
		if err != nil {
			return nil, err
		}
		if s.records == recordsAuto && len(scan.Schema) == 1 && scan.Schema[0].Name == valueColumn {
			if src.values, err = src.holdsValues(); err != nil {
				return nil, errors.Join(err, src.file.Close())
			}
		}
		src.wanted = func(name []byte) bool {
			_, ok := place[string(name)]
			return ok
		}
		return &decoder{src, fields, place}, nil
	}), nil
}

// holdsValues reports whether the file's first value is no object, so that all are a column.
func (o *objects) holdsValues() (bool, error) {
	err := o.begin()
	var c byte
	if err == nil {
		c, err = o.peek()
	}
	if err != nil {
		return false, o.failure(err, o.offset+int64(o.pos))
	}
	return c != 0 && c != '{' && (c == '[' || c == '"' || c == '-' || c >= '0' && c <= '9' || c == 't' || c == 'f' || c == 'n'), nil
}

type decoder struct {
	*source
	fields []column.Field
	place  map[string]int
}

func (d *decoder) Close() error { return d.file.Close() }

// Skipped is how many bad objects were left out, as the option ignore_errors asks.
func (d *decoder) Skipped() int64 { return d.skipped }

func (d *decoder) Next(row []column.Value) (bool, error) {
	for {
		m, err := d.next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if err = d.assign(m, row); err == nil {
			return true, nil
		}
		if !d.ignore {
			return false, err
		}
		d.skipped++
	}
}

func (d *decoder) assign(m members, row []column.Value) (err error) {
	for i, f := range d.fields {
		row[i] = column.NullValue(f.Type)
	}
	for _, e := range m {
		i, ok := d.place[e.name]
		if !ok {
			continue
		}
		if row[i], err = assign(e.value, d.fields[i].Type); err != nil {
			e, _ := fault.As(err)
			if e == nil {
				return err
			}
			return e.In("%s, row %d, column %q", d.url, d.row, d.fields[i].Name).
				WithHint("declare the column as text, or raise the option sample_size when its type was inferred")
		}
	}
	return nil
}

// assign converts a JSON value to a type.
func assign(v any, t column.Type) (column.Value, error) {
	if v == nil {
		return column.NullValue(t), nil
	}
	bad := func() error {
		return fault.New(fault.InvalidTextRepresentation, "cannot read %s as %s", shown(v), t)
	}
	switch t.Kind {
	case column.List:
		list, ok := v.([]any)
		if !ok {
			return column.Value{}, bad()
		}
		out := column.Value{Type: t, List: make([]column.Value, len(list))}
		for i, e := range list {
			var err error
			if out.List[i], err = assign(e, t.Elem()); err != nil {
				return out, err
			}
		}
		return out, nil
	case column.Struct:
		m, ok := v.(members)
		if !ok {
			return column.Value{}, bad()
		}
		out := column.Value{Type: t, List: make([]column.Value, len(t.Nested.Fields))}
		for i, f := range t.Nested.Fields {
			out.List[i] = column.NullValue(f.Type)
			for _, e := range m {
				if e.name == f.Name {
					var err error
					if out.List[i], err = assign(e.value, f.Type); err != nil {
						return out, err
					}
				}
			}
		}
		return out, nil
	case column.Map:
		return column.Value{}, fault.New(fault.FeatureNotSupported, "type %s cannot be read from JSON", t)
	}
	var text []byte
	switch x := v.(type) {
	case string:
		if t.Kind == column.Text {
			return column.TextValue(x), nil
		}
		text = []byte(x)
	case number:
		text = []byte(x)
	case bool:
		text = strconv.AppendBool(nil, x)
	default:
		if t.Kind != column.Text {
			return column.Value{}, bad()
		}
		text = compact(nil, v)
	}
	out, err := convert.Text(text, t)
	if e, ok := fault.As(err); ok {
		return out, fault.Wrap(e.Code, err, "cannot read %s as %s", shown(v), t)
	}
	return out, err
}

// maxShown is how much of a value an error shows, in bytes.
const maxShown = 60

func shown(v any) string {
	s := string(compact(nil, v))
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
