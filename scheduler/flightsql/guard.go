package flightsql

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/shuffle/transport"
)

// recovered turns a panic of a call into its error: the other calls go on.
func recovered(method string, err *error) {
	if r := recover(); r != nil {
		slog.Error("a call failed", "method", method, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		*err = status.Errorf(codes.Internal, "%s failed: %v", method, r)
	}
}

func guardUnary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (out any, err error) {
	defer recovered(info.FullMethod, &err)
	out, err = handle(ctx, request)
	return out, wire.Status(err, "")
}

func guardStream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	defer recovered(info.FullMethod, &err)
	return wire.Status(handle(server, stream), "")
}

// router is the Flight service: what carries rows of queries goes to this package's own code, everything else through the library's routing.
type router struct {
	flight.FlightServer
	service *service
}

// DoGet streams the rows of a query, or an answer about the catalog.
func (r *router) DoGet(ticket *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	if handle, ok := wire.Handle(ticket.GetTicket()); ok {
		if query, part, ok := transport.PartOf(handle); ok {
			return r.service.fetchPart(stream, query, part)
		}
		return r.service.fetch(stream, string(handle))
	}
	return r.FlightServer.DoGet(ticket, stream)
}

// DoPut takes parameters and rows.
func (r *router) DoPut(stream flight.FlightService_DoPutServer) error {
	first, err := stream.Recv()
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "the stream has no message: %s", err)
	}
	if first.GetFlightDescriptor() == nil {
		return status.Error(codes.InvalidArgument, "the first message has no descriptor")
	}
	return put(r.FlightServer, &replayed{FlightService_DoPutServer: stream, first: first})
}

// put reads what a client sent. The reader of Arrow's messages panics on some that are damaged.
func put(s flight.FlightServer, stream *replayed) (err error) {
	defer func() {
		if r := recover(); r != nil {
			slog.Warn("a stream of Arrow messages could not be read", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = status.Errorf(codes.InvalidArgument, "malformed Arrow stream: %v", r)
		}
	}()
	return s.DoPut(stream)
}

// replayed is a stream whose first message was read already.
type replayed struct {
	flight.FlightService_DoPutServer
	first *flight.FlightData
}

// Recv returns the next message.
func (r *replayed) Recv() (*flight.FlightData, error) {
	if first := r.first; first != nil {
		r.first = nil
		return first, nil
	}
	return r.FlightService_DoPutServer.Recv()
}

// Handshake is for servers with users.
func (r *router) Handshake(flight.FlightService_HandshakeServer) error {
	return status.Error(codes.Unimplemented, "this server has no users to authenticate")
}
