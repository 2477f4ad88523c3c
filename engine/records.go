package engine

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/dataframe"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
)

// Records runs one statement and returns its rows as Arrow, which the caller closes: what dataframe needs of a session.
func (s *Session) Records(ctx context.Context, statement string) (dataframe.Records, error) {
	list, err := s.Parse(statement)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fault.New(fault.SyntaxError, "the text has %d statements instead of one", len(list)).WithHint("Exec and Query run scripts")
	}
	result, err := s.Run(ctx, list[0])
	if err != nil {
		return nil, err
	}
	return &records{result: result, schema: column.ArrowSchema(result.Fields()), arena: mem.NewArena(nil)}, nil
}

// records gives the rows of a result on the Go heap, so that they may be kept.
type records struct {
	result session.Result
	schema *arrow.Schema
	arena  *mem.Arena
	last   arrow.RecordBatch
}

func (r *records) Schema() *arrow.Schema { return r.schema }

func (r *records) Tag() string { return r.result.Tag() }

func (r *records) Record(ctx context.Context) (arrow.RecordBatch, error) {
	r.forget()
	for {
		b, err := r.result.Next(ctx)
		if err != nil || b == nil {
			return nil, err
		}
		if b.Rows() == 0 {
			continue
		}
		r.arena.Reset()
		shared, err := column.ToArrow(r.arena, b, r.schema)
		if err != nil {
			return nil, err
		}
		r.last = ownRecord(shared)
		shared.Release()
		return r.last, nil
	}
}

func (r *records) forget() {
	if r.last != nil {
		r.last.Release()
		r.last = nil
	}
}

func (r *records) Close() error {
	r.forget()
	err := r.result.Close()
	r.arena.Free()
	return err
}

// ownRecord copies a record to the Go heap.
func ownRecord(shared arrow.RecordBatch) arrow.RecordBatch {
	columns := make([]arrow.Array, shared.NumCols())
	for i := range columns {
		data := ownData(shared.Column(i).Data())
		columns[i] = array.MakeFromData(data)
		data.Release()
	}
	out := array.NewRecordBatch(shared.Schema(), columns, shared.NumRows())
	for _, c := range columns {
		c.Release()
	}
	return out
}

func ownData(d arrow.ArrayData) arrow.ArrayData {
	buffers := make([]*memory.Buffer, len(d.Buffers()))
	for i, b := range d.Buffers() {
		if b != nil {
			buffers[i] = memory.NewBufferBytes(append([]byte(nil), b.Bytes()...))
		}
	}
	children := make([]arrow.ArrayData, len(d.Children()))
	for i, c := range d.Children() {
		children[i] = ownData(c)
	}
	out := array.NewData(d.DataType(), d.Len(), buffers, children, d.NullN(), d.Offset())
	for _, c := range children {
		c.Release()
	}
	return out
}

var _ dataframe.Session = (*Session)(nil)
