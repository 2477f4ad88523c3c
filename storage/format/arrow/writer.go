package arrow

import (
	"io"
	"strings"

	arrowgo "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// NewWriter makes a writer of a file, or with the option stream of a stream. The option compression is none, lz4 or zstd.
func (Format) NewWriter(w io.Writer, fields []column.Field, options map[string]string) (storage.Writer, error) {
	out := &writer{schema: column.ArrowSchema(fields), arena: mem.NewArena(nil)}
	set := []ipc.Option{ipc.WithSchema(out.schema)}
	stream := false
	for k, v := range options {
		switch strings.ToLower(k + "=" + v) {
		case "stream=true":
			stream = true
		case "stream=false", "compression=none", "compression=uncompressed":
		case "compression=lz4":
			set = append(set, ipc.WithLZ4())
		case "compression=zstd":
			set = append(set, ipc.WithZstd())
		default:
			return nil, fault.New(fault.InvalidParameterValue, "Arrow has no option %s = %q", k, v).
				WithHint("options are stream (true or false) and compression (none, lz4 or zstd)")
		}
	}
	if stream {
		out.out = ipc.NewWriter(w, set...)
		return out, nil
	}
	f, err := ipc.NewFileWriter(w, set...)
	out.out = f
	return out, err
}

type writer struct {
	schema *arrowgo.Schema
	arena  *mem.Arena
	out    interface {
		Write(rec arrowgo.RecordBatch) error
		Close() error
	}
}

// Write appends the batch's selected rows as a record batch.
func (w *writer) Write(b *column.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	w.arena.Reset()
	rec, err := column.ToArrow(w.arena, b, w.schema)
	if err != nil {
		return err
	}
	defer rec.Release()
	return w.out.Write(rec)
}

// Close writes the file's end.
func (w *writer) Close() error {
	err := w.out.Close()
	w.arena.Free()
	return err
}
