package json

import (
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

// settings are the options.
type settings struct {
	compression string // "", "gzip", "zstd"
	sample      int    // objects that types are inferred from, -1: all
}

const defaultSample = 20480

func parse(options map[string]string, url string) (settings, error) {
	s := settings{sample: defaultSample}
	switch u := strings.ToLower(url); {
	case strings.HasSuffix(u, ".gz"):
		s.compression = "gzip"
	case strings.HasSuffix(u, ".zst"):
		s.compression = "zstd"
	}
	for k, v := range options {
		switch k {
		case "compression":
			switch strings.ToLower(v) {
			case "gzip", "gz":
				s.compression = "gzip"
			case "zstd", "zst":
				s.compression = "zstd"
			case "none", "uncompressed":
				s.compression = ""
			case "auto":
			default:
				return s, fault.New(fault.InvalidParameterValue, "JSON option compression is gzip, zstd or none, not %q", v)
			}
		case "sample_size":
			n, err := strconv.Atoi(v)
			if err != nil || n < -1 || n == 0 {
				return s, fault.New(fault.InvalidParameterValue, "JSON option sample_size is a number of objects, or -1 for all, not %q", v)
			}
			s.sample = n
		default:
			return s, fault.New(fault.InvalidParameterValue, "JSON has no option %q", k).WithHint("options are sample_size and compression")
		}
	}
	return s, nil
}

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
	return &source{f, newObjects(in, file.URL)}, nil
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
	var seen shape
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
		return nil, fault.New(fault.BadCopyFileFormat, "the file has no objects: its columns must be declared").In("%s", file.URL)
	}
	return seen.columns(), nil
}

// Statistics are unknown without reading the file.
func (Format) Statistics(context.Context, storage.Store, plan.File, []column.Field, map[string]string) (*plan.Statistics, error) {
	return nil, nil
}

// Splits makes one split of a file.
func (Format) Splits(_ context.Context, _ storage.Store, file plan.File, options map[string]string) ([]plan.Split, error) {
	if _, err := parse(options, file.URL); err != nil {
		return nil, err
	}
	if file.Size == 0 {
		return nil, nil
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
		src, err := open(ctx, store, split.File, s)
		if err != nil {
			return nil, err
		}
		return &decoder{src, fields, place}, nil
	}), nil
}

type decoder struct {
	*source
	fields []column.Field
	place  map[string]int
}

func (d *decoder) Close() error { return d.file.Close() }

func (d *decoder) Next(row []column.Value) (bool, error) {
	m, err := d.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
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
				return false, err
			}
			return false, e.In("%s, row %d, column %q", d.url, d.row, d.fields[i].Name).
				WithHint("declare the column as text, or raise the option sample_size when its type was inferred")
		}
	}
	return true, nil
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
