package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
)

// Rows is the result of a statement. Its query runs on the server from the first call of Next or Record, or before, where the server says from which executors the rows
// are read.
type Rows struct {
	client *flightsql.Client
	places *places
	schema *arrow.Schema
	fields []column.Field
	did    wire.Metadata // of a statement without rows
	count  int64
	left   []*flight.FlightEndpoint // not read yet
	handle []byte                   // of the query, for its progress
	polled *Polled                  // of a query whose result is not complete; then left is not known

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	reader *flight.Reader
	arena  *mem.Arena

	watch    sync.Once
	watching sync.WaitGroup
	progress atomic.Pointer[Progress]
}

// Progress is how far a query is: Done of Total parts of its scans, and rows scanned. A Total of 0 means that it is not known.
type Progress struct{ Done, Total, Rows int64 }

func (c *Client) rows(info *flight.FlightInfo) (*Rows, error) {
	schema, err := flight.DeserializeSchema(info.GetSchema(), memory.DefaultAllocator)
	if err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "the schema of the result")
	}
	r := &Rows{client: c.flight, places: &c.places, schema: schema, did: wire.ParseMetadata(info.GetAppMetadata()), left: info.GetEndpoint(), arena: mem.NewArena(nil)}
	if r.fields, err = wire.Fields(schema); err != nil {
		return nil, err
	}
	if len(r.left) > 0 {
		r.handle = r.left[0].GetTicket().GetTicket()
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r, nil
}

// Schema is the Arrow schema of the records.
func (r *Rows) Schema() *arrow.Schema { return r.schema }

// Fields are the columns; empty for a statement without rows.
func (r *Rows) Fields() []column.Field { return r.fields }

// Tag says what was done: SELECT 3, CREATE TABLE. It is complete once Next or Record has returned nil.
func (r *Rows) Tag() string {
	if r.did.Tag == "" {
		return fmt.Sprintf("SELECT %d", r.count)
	}
	return r.did.Tag
}

// Zone is the time zone in which the session shows timestamps with time zone; nil is UTC. The rows have them in UTC.
func (r *Rows) Zone() *time.Location {
	if r.did.Zone == "" {
		return nil
	}
	zone, err := time.LoadLocation(r.did.Zone)
	if err != nil {
		return nil
	}
	return zone
}

// Notices are what there is to say beside the tag of a statement without rows, such as where COPY has written.
func (r *Rows) Notices() []string {
	if r.did.Notices == "" {
		return nil
	}
	return strings.Split(r.did.Notices, "\n")
}

// Next returns the next rows, nil after the last. The batch is valid until the next call or Close. The query ends when ctx does.
func (r *Rows) Next(ctx context.Context) (*column.Batch, error) {
	record, err := r.Record(ctx)
	if err != nil || record == nil {
		return nil, err
	}
	r.arena.Reset()
	return column.FromArrow(r.arena, record, r.fields)
}

// Record returns the next rows as Arrow, nil after the last. The record is valid until the next call or Close, or longer when it is retained.
func (r *Rows) Record(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if r.polled != nil {
			if err := r.await(ctx); err != nil {
				return nil, err
			}
		}
		if r.reader == nil {
			if len(r.left) == 0 {
				return nil, nil
			}
			if err := r.open(ctx); err != nil {
				return nil, r.failure(ctx, err)
			}
		}
		stop := context.AfterFunc(ctx, r.cancel)
		record, err := r.reader.Read()
		stop()
		switch {
		case err == nil && record.NumRows() == 0:
			continue
		case err == nil:
			r.count += record.NumRows()
			return record, nil
		case !errors.Is(err, io.EOF):
			return nil, r.failure(ctx, err)
		}
		r.reader.Release()
		r.reader = nil
	}
}

// await polls until it is known where the rows are.
func (r *Rows) await(ctx context.Context) error {
	for {
		done, err := r.polled.Poll(ctx)
		if err != nil {
			return r.failure(ctx, err)
		}
		p := r.polled.Progress()
		r.progress.Store(&p)
		if done {
			break
		}
	}
	r.left, r.polled = r.polled.latest.GetInfo().GetEndpoint(), nil
	return nil
}

// open begins to read the next endpoint.
func (r *Rows) open(ctx context.Context) error {
	stop := context.AfterFunc(ctx, r.cancel)
	defer stop()
	reader, err := r.places.read(r.ctx, r.client.Client, r.left[0])
	if err != nil {
		return err
	}
	r.reader, r.left = reader, r.left[1:]
	return nil
}

// failure is the error of a call that failed; what ended ctx when that is why.
func (r *Rows) failure(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return wire.Fault(err)
}

// Progress is how far the query is. It may be called while Next runs. The first call begins to ask the server, again and again until Close.
func (r *Rows) Progress() Progress {
	r.watch.Do(func() {
		if r.handle == nil {
			return
		}
		r.watching.Add(1)
		go func() {
			defer r.watching.Done()
			r.follow()
		}()
	})
	if p := r.progress.Load(); p != nil {
		return *p
	}
	return Progress{}
}

// follow asks for the progress until the query is over. The server lets each call wait a while.
func (r *Rows) follow() {
	for {
		info, err := r.client.Client.PollFlightInfo(r.ctx, &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: r.handle})
		if err != nil {
			return
		}
		m := wire.ParseMetadata(info.GetInfo().GetAppMetadata())
		r.progress.Store(&Progress{Done: m.Done, Total: m.Total, Rows: m.Rows})
		if info.GetFlightDescriptor() == nil {
			return
		}
	}
}

// Close ends the query, also before its end, and frees the rows' memory. It may be called more than once.
func (r *Rows) Close() error {
	if (len(r.left) > 0 || r.polled != nil) && r.ctx.Err() == nil {
		r.forget()
	}
	r.polled = nil
	r.cancel()
	r.watching.Wait()
	if r.reader != nil {
		r.reader.Release()
		r.reader = nil
	}
	r.left = nil
	r.arena.Free()
	return nil
}

// forget tells the server that a query will not be fetched.
func (r *Rows) forget() {
	ctx, cancel := context.WithTimeout(r.ctx, closePatience)
	defer cancel()
	// A query that stays is forgotten when its ticket expires.
	info := &flight.FlightInfo{Endpoint: r.left}
	if r.polled != nil {
		info = &flight.FlightInfo{FlightDescriptor: r.polled.latest.GetFlightDescriptor()}
	}
	_, _ = r.client.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: info})
}
