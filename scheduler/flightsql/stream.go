package flightsql

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
)

// maxChunk is about how many bytes of rows go into one message: gRPC clients refuse messages of more than 4 MB unless told otherwise.
const maxChunk = 2 << 20

// fetch runs the query of a ticket and sends its rows as they are made.
func (s *service) fetch(stream flight.FlightService_DoGetServer, handle string) error {
	q, err := s.query(stream.Context(), handle)
	if err != nil {
		return err
	}
	return wire.Status(s.server.stream(stream, q), q.text)
}

func (s *Server) stream(out flight.FlightService_DoGetServer, q *query) error {
	ctx, first, err := s.take(out.Context(), q)
	if ctx == nil {
		return err
	}
	defer func() { s.end(q, nil) }()
	if err != nil {
		return causeOf(ctx, err)
	}
	q.mu.Lock()
	result := q.result
	q.mu.Unlock()
	w := flight.NewRecordWriter(out, ipc.WithSchema(q.schema))
	if err := send(ctx, w, q.schema, result, first); err != nil {
		return q.restore(causeOf(ctx, err))
	}
	return w.Close()
}

// take makes a query this call's: one that was started goes on, another begins. A nil context says that it is somebody else's.
func (s *Server) take(ctx context.Context, q *query) (context.Context, *column.Batch, error) {
	q.mu.Lock()
	was := q.state
	q.mu.Unlock()
	if was != started && was != placed {
		ctx, err := s.begin(ctx, q, fetched)
		return ctx, nil, err
	}
	select {
	case <-q.ready:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	q.mu.Lock()
	mine := q.state == started || q.state == placed && !slices.Contains(q.read, true)
	if mine {
		q.state = fetched
	}
	cancel := q.cancel
	q.mu.Unlock()
	if !mine && q.err != nil {
		return nil, nil, q.err
	}
	if !mine {
		// Somebody was faster; begin says so.
		ctx, err := s.begin(ctx, q, fetched)
		return ctx, nil, err
	}
	context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return ctx, q.first, q.err
}

// causeOf is why a context ended, when that is what err says and the cause says it better.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
	}
	return err
}

// source is where rows come from: a result, or a part of one.
type source interface {
	Next(ctx context.Context) (*column.Batch, error)
}

// send writes the rows of a result, first before what Next gives.
func send(ctx context.Context, w *flight.Writer, schema *arrow.Schema, result source, first *column.Batch) error {
	arena := mem.NewArena(nil)
	defer arena.Free()
	b := first
	for {
		if b == nil {
			var err error
			if b, err = result.Next(ctx); err != nil || b == nil {
				return err
			}
		}
		arena.Reset()
		record, err := column.ToArrow(arena, b, schema)
		if err != nil {
			return err
		}
		if err := sendChunks(w, record); err != nil {
			return err
		}
		b = nil
	}
}

// sendChunks writes a record in as many messages as its size asks for.
func sendChunks(w *flight.Writer, record arrow.RecordBatch) error {
	defer record.Release()
	rows, size := record.NumRows(), sizeOf(record)
	if size <= maxChunk || rows <= 1 {
		return w.Write(record)
	}
	step := max(1, rows*maxChunk/size)
	for at := int64(0); at < rows; at += step {
		part := record.NewSlice(at, min(rows, at+step))
		err := w.Write(part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// sizeOf is how many bytes a record's buffers have.
func sizeOf(record arrow.RecordBatch) int64 {
	var n int64
	for _, c := range record.Columns() {
		n += dataSize(c.Data())
	}
	return n
}

func dataSize(d arrow.ArrayData) int64 {
	var n int64
	for _, b := range d.Buffers() {
		if b != nil {
			n += int64(b.Len())
		}
	}
	for _, c := range d.Children() {
		n += dataSize(c)
	}
	return n
}
