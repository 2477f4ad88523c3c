package transport

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/shuffle"
)

// maxStreams is how many outputs one peer may read at once; further reads wait. A stream holds a block of up to some megabytes.
const maxStreams = 256

// keepalivePeriod is how often an idle connection is tried, so that a machine that is gone without a word is noticed.
const keepalivePeriod = 10 * time.Second

// Server serves the outputs of a store.
type Server struct {
	flight.BaseFlightServer
	store shuffle.Store
}

// NewServer makes a gRPC server of the outputs in store. Further options may protect its connections.
func NewServer(store shuffle.Store, options ...grpc.ServerOption) *grpc.Server {
	g := grpc.NewServer(append(options,
		grpc.MaxSendMsgSize(math.MaxInt32), grpc.MaxConcurrentStreams(maxStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: keepalivePeriod}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: keepalivePeriod / 2, PermitWithoutStream: true}),
	)...)
	flight.RegisterFlightServiceServer(g, &Server{store: store})
	return g
}

// DoGet sends a partition of an output.
func (s *Server) DoGet(ticket *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	var o controlv1.Output
	if err := proto.Unmarshal(ticket.GetTicket(), &o); err != nil {
		return status.Errorf(codes.InvalidArgument, "the ticket is not a polybolos.control.v1.Output: %v", err)
	}
	id := shuffle.ID{Job: o.GetJob(), Stage: int(o.GetStage()), Task: int(o.GetTask()), Attempt: int(o.GetAttempt())}
	blocks, err := s.store.Blocks(stream.Context(), id, int(o.GetPartition()))
	if err != nil {
		return statusOf(err)
	}
	first := true
	for _, b := range blocks {
		if err := sendBlock(stream.Context(), b, first, stream.Send); err != nil {
			return statusOf(err)
		}
		first = false
	}
	return nil
}

// sendBlock sends the messages of a block, the schema only with the first one.
func sendBlock(ctx context.Context, b shuffle.Block, first bool, send func(*flight.FlightData) error) error {
	p, err := b.Read(ctx)
	if err != nil {
		return err
	}
	ipc, err := shuffle.Stream(p)
	if err != nil {
		return err
	}
	return shuffle.Messages(ipc, func(kind byte, header, body []byte) error {
		if kind == shuffle.SchemaMessage && !first {
			return nil
		}
		return send(&flight.FlightData{DataHeader: header, DataBody: body, AppMetadata: checksum(header, body)})
	})
}

// statusOf is an error with gRPC's code.
func statusOf(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, err.Error())
	case fault.CodeOf(err) == fault.UndefinedObject:
		return status.Error(codes.NotFound, err.Error())
	case fault.CodeOf(err) == fault.DataCorrupted:
		return status.Error(codes.DataLoss, err.Error())
	}
	return status.Error(codes.Internal, err.Error())
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(header, body []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.Update(crc32.Checksum(header, castagnoli), castagnoli, body))
}
