package kernels

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	formats "github.com/polybolos-db/polybolos/storage/format/parquet"
)

// fileRows is the number of rows of the files that are decoded, one row group each.
const fileRows = 1 << 18

// encoded is a file of one column.
type encoded struct {
	name        string
	physical    parquet.Type
	encoding    parquet.Encoding
	dictionary  bool
	compression compress.Compression
}

// decoding reads Parquet files of one column that lie in memory, one for each encoding.
func decoding() []Kernel {
	none, snappy := compress.Codecs.Uncompressed, compress.Codecs.Snappy
	var out []Kernel
	for _, e := range []encoded{
		{"int64, plain", parquet.Types.Int64, parquet.Encodings.Plain, false, none},
		{"int64, plain, snappy", parquet.Types.Int64, parquet.Encodings.Plain, false, snappy},
		{"int64, dictionary", parquet.Types.Int64, parquet.Encodings.RLEDict, true, none},
		{"int64, delta", parquet.Types.Int64, parquet.Encodings.DeltaBinaryPacked, false, none},
		{"double, byte stream split", parquet.Types.Double, parquet.Encodings.ByteStreamSplit, false, none},
		{"boolean, plain", parquet.Types.Boolean, parquet.Encodings.Plain, false, none},
		{"text, plain", parquet.Types.ByteArray, parquet.Encodings.Plain, false, none},
		{"text, plain, snappy", parquet.Types.ByteArray, parquet.Encodings.Plain, false, snappy},
		{"text, dictionary", parquet.Types.ByteArray, parquet.Encodings.RLEDict, true, none},
		{"text, delta lengths", parquet.Types.ByteArray, parquet.Encodings.DeltaLengthByteArray, false, none},
		{"text, delta", parquet.Types.ByteArray, parquet.Encodings.DeltaByteArray, false, none},
	} {
		out = append(out, Kernel{Name: "parquet/" + e.name, Prepare: func(*mem.Arena) (Loop, error) {
			data, err := e.write()
			if err != nil {
				return Loop{}, err
			}
			return e.loop(data)
		}})
	}
	return out
}

// write makes the file.
func (e encoded) write() ([]byte, error) {
	node, err := schema.NewPrimitiveNode("v", parquet.Repetitions.Required, e.physical, -1, -1)
	if e.physical == parquet.Types.ByteArray {
		node, err = schema.NewPrimitiveNodeLogical("v", parquet.Repetitions.Required, schema.StringLogicalType{}, e.physical, -1, -1)
	}
	if err != nil {
		return nil, err
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{node}, -1)
	if err != nil {
		return nil, err
	}
	options := []parquet.WriterProperty{parquet.WithDictionaryDefault(e.dictionary), parquet.WithCompression(e.compression), parquet.WithStats(false)}
	if !e.dictionary {
		options = append(options, parquet.WithEncoding(e.encoding))
	}
	var buffer bytes.Buffer
	w := file.NewParquetWriter(&buffer, root, file.WithWriterProps(parquet.NewWriterProperties(options...)))
	err = errors.Join(e.writeGroup(w), w.Close())
	return buffer.Bytes(), err
}

func (e encoded) writeGroup(w *file.Writer) error {
	group, err := w.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	chunk, err := group.NextColumn()
	if err != nil {
		return err
	}
	if err := e.fill(chunk); err != nil {
		return err
	}
	return errors.Join(chunk.Close(), group.Close())
}

// fill writes the values: few and many distinct ones, for dictionaries and others.
func (e encoded) fill(w file.ColumnChunkWriter) (err error) {
	random := newRandom()
	distinct := int64(1_000_000)
	if e.dictionary {
		distinct = 500
	}
	switch w := w.(type) {
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(made(func() int64 { return random.Int64N(distinct) }), nil, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = w.WriteBatch(made(random.Float64), nil, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(made(func() bool { return random.IntN(2) == 0 }), nil, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(made(func() parquet.ByteArray { return fmt.Appendf(nil, "Customer#%09d", random.Int64N(distinct)) }), nil, nil)
	default:
		err = fmt.Errorf("no values for a column of type %s", e.physical)
	}
	return err
}

func made[T any](value func() T) []T {
	out := make([]T, fileRows)
	for i := range out {
		out[i] = value()
	}
	return out
}

// loop reads the file from its start to its end, the footer excepted, which stays cached.
func (e encoded) loop(data []byte) (Loop, error) {
	ctx, store, format := context.Background(), memory(data), formats.Format{}
	// The footers of a process are cached by name and size.
	f := plan.File{URL: "memory:" + e.name, Size: int64(len(data))}
	fields, err := format.Infer(ctx, store, f, nil)
	if err != nil {
		return Loop{}, err
	}
	splits, err := format.Splits(ctx, store, f, nil)
	if err != nil {
		return Loop{}, err
	}
	reader, err := format.NewReader(store, &storage.Scan{Schema: fields, Columns: []int{0}}, nil)
	if err != nil {
		return Loop{}, err
	}
	var b column.Batch
	width := int64(fields[0].Type.Width())
	if e.dictionary {
		width = 4 // codes stay codes
	}
	return Loop{
		Rows: fileRows, Traffic: Traffic{Read: int64(len(data)), Written: fileRows * width},
		Pass: func() error {
			rows := 0
			for _, s := range splits {
				if err := reader.Start(ctx, s); err != nil {
					return err
				}
				for {
					more, err := reader.Next(ctx, &b)
					if err != nil {
						return err
					}
					if !more {
						break
					}
					rows += b.Rows()
				}
			}
			if rows != fileRows {
				return fmt.Errorf("%d rows instead of %d", rows, fileRows)
			}
			return nil
		},
		Close: func() { _ = reader.Close() },
	}, nil
}

// memory is a store of one file.
type memory []byte

var errReadOnly = errors.New("the store in memory is for reading")

func (m memory) List(context.Context, string) ([]plan.File, error) { return nil, errReadOnly }
func (m memory) Open(context.Context, plan.File) (storage.ReadFile, error) {
	return memoryFile{bytes.NewReader(m)}, nil
}
func (m memory) Create(context.Context, string) (storage.WriteFile, error) { return nil, errReadOnly }
func (m memory) Remove(context.Context, string) error                      { return errReadOnly }

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }
