package output

import (
	"fmt"
	"io"

	arrowlib "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// arrow writes an Arrow IPC stream, a record batch for each batch.
type arrow struct {
	w      io.Writer
	schema *arrowlib.Schema
	stream *ipc.Writer
	arena  *mem.Arena // of one batch
}

func (a *arrow) Begin(fields []column.Field) error {
	a.schema = column.ArrowSchema(fields)
	a.stream = ipc.NewWriter(a.w, ipc.WithSchema(a.schema))
	a.arena = mem.NewArena(nil)
	return nil
}

func (a *arrow) Write(b *column.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	a.arena.Reset()
	rec, err := column.ToArrow(a.arena, b, a.schema)
	if err != nil {
		return err
	}
	defer rec.Release()
	if err := a.stream.Write(rec); err != nil {
		return fmt.Errorf("write an Arrow stream: %w", err)
	}
	return nil
}

func (a *arrow) End() error {
	if err := a.stream.Close(); err != nil {
		return fmt.Errorf("end an Arrow stream: %w", err)
	}
	return nil
}

// Close frees the last batch. A stream that was not ended stays without its end, so that readers see that rows are missing.
func (a *arrow) Close() error {
	if a.arena != nil {
		a.arena.Free()
	}
	return nil
}
