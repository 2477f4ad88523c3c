package transport

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/service/rpc"
	"github.com/polybolos-db/polybolos/shuffle"
)

// Phase is how far a client is with a part of a result.
type Phase uint8

// The phases: each read begins, and ends in one of two ways.
const (
	Begun  Phase = iota
	Read         // all was sent
	Broken       // the client went away, or what lies here could not be read
)

// maxMessage is about how many bytes of rows go into one message: gRPC clients refuse messages of more than 4 MB unless told otherwise.
const maxMessage = 2 << 20

// maxReaders is how many parts one client may read at once from here; further reads wait.
const maxReaders = 64

// Results serves parts of results to clients.
type Results struct {
	flight.BaseFlightServer
	store shuffle.Store
	keys  *Keys
	note  func(shuffle.ID, Phase)
}

// NewResultServer makes a gRPC server that gives clients the outputs of store for which they have tickets, signed with one of the keys. note is told of each read;
// it must not wait. Options may protect connections.
func NewResultServer(store shuffle.Store, keys *Keys, note func(shuffle.ID, Phase), options ...grpc.ServerOption) *grpc.Server {
	g := grpc.NewServer(append(options,
		grpc.MaxConcurrentStreams(maxReaders), grpc.KeepaliveParams(keepalive.ServerParameters{Time: keepalivePeriod}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: keepalivePeriod / 2, PermitWithoutStream: true}),
	)...)
	flight.RegisterFlightServiceServer(g, &Results{store: store, keys: keys, note: note})
	return g
}

// DoGet streams a part: its schema, then its rows block by block, none read before the one before it was taken.
func (s *Results) DoGet(ticket *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	t, err := s.keys.Open(ticket.GetTicket())
	if err != nil {
		return rpc.Status(err, "")
	}
	ctx := stream.Context()
	blocks, err := s.store.Blocks(ctx, t.Output, 0)
	if fault.CodeOf(err) == fault.UndefinedObject {
		return rpc.Status(fault.New(fault.InvalidStatementName, "the result is not on this executor any more: it was fetched, was canceled or has expired").
			WithHint("run the query again"), "")
	}
	if err != nil {
		return rpc.Status(err, "")
	}
	s.note(t.Output, Begun)
	if err := sendPart(ctx, t.Schema, blocks, stream.Send); err != nil {
		s.note(t.Output, Broken)
		return rpc.Status(err, "")
	}
	s.note(t.Output, Read)
	return nil
}

func sendPart(ctx context.Context, schema []byte, blocks []shuffle.Block, send func(*flight.FlightData) error) error {
	told := false
	err := shuffle.Messages(schema, func(kind byte, header, _ []byte) error {
		if told || kind != shuffle.SchemaMessage {
			return fault.New(fault.InvalidParameterValue, "the schema of the ticket is none")
		}
		told = true
		return send(&flight.FlightData{DataHeader: header})
	})
	if err != nil {
		return err
	}
	if !told {
		return fault.New(fault.InvalidParameterValue, "the ticket has no schema")
	}
	for _, b := range blocks {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		p, err := b.Read(ctx)
		if err != nil {
			return err
		}
		if p, err = shuffle.Stream(p); err != nil {
			return err
		}
		if err := sendRows(p, send); err != nil {
			return err
		}
	}
	return nil
}

// sendRows sends the batches of a block as they are, or in pieces where they are too large for a client.
func sendRows(block []byte, send func(*flight.FlightData) error) error {
	large := false
	err := shuffle.Messages(block, func(_ byte, _, body []byte) error {
		large = large || len(body) > maxMessage
		return nil
	})
	if err != nil {
		return err
	}
	if large {
		return sendPieces(block, send)
	}
	return shuffle.Messages(block, func(kind byte, header, body []byte) error {
		if kind == shuffle.SchemaMessage {
			return nil
		}
		return send(&flight.FlightData{DataHeader: header, DataBody: body})
	})
}

func sendPieces(block []byte, send func(*flight.FlightData) error) error {
	r, err := ipc.NewReader(bytes.NewReader(block))
	if err != nil {
		return fault.Wrap(fault.DataCorrupted, err, "cannot read a shuffle block")
	}
	defer r.Release()
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Wrap(fault.DataCorrupted, err, "cannot read a shuffle block")
		}
		rows, size := record.NumRows(), recordSize(record)
		step := rows
		if size > maxMessage {
			step = max(1, rows*maxMessage/size)
		}
		for at := int64(0); at < rows; at += step {
			if err := sendSlice(record, at, min(rows, at+step), send); err != nil {
				return err
			}
		}
	}
}

func sendSlice(record arrow.RecordBatch, from, to int64, send func(*flight.FlightData) error) error {
	part := record.NewSlice(from, to)
	defer part.Release()
	payload, err := ipc.GetRecordBatchPayload(part)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "cut a batch of a result")
	}
	defer payload.Release()
	var body bytes.Buffer
	if err := payload.SerializeBody(&body); err != nil {
		return fault.Wrap(fault.Internal, err, "cut a batch of a result")
	}
	header := payload.Meta()
	defer header.Release()
	return send(&flight.FlightData{DataHeader: header.Bytes(), DataBody: body.Bytes()})
}

// recordSize is how many bytes a record's buffers have.
func recordSize(record arrow.RecordBatch) (n int64) {
	for _, c := range record.Columns() {
		n += dataSize(c.Data())
	}
	return n
}

func dataSize(d arrow.ArrayData) (n int64) {
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
