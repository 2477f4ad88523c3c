package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/storage/format/arrow"
)

// Client reads from servers. It is safe for concurrent use.
type Client struct {
	security credentials.TransportCredentials

	mu     sync.Mutex
	conns  map[string]*grpc.ClientConn
	closed bool
}

// NewClient makes a client without connections. security is that of connections; nil: in the clear.
func NewClient(security credentials.TransportCredentials) *Client {
	if security == nil {
		security = insecure.NewCredentials()
	}
	return &Client{security: security, conns: map[string]*grpc.ClientConn{}}
}

// Close ends all connections.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	var err error
	for _, conn := range c.conns {
		err = errors.Join(err, conn.Close())
	}
	c.conns = nil
	return err
}

// Forget ends the connection to an address that nobody is expected at any more.
func (c *Client) Forget(address string) {
	c.mu.Lock()
	conn := c.conns[address]
	delete(c.conns, address)
	c.mu.Unlock()
	if conn != nil {
		// Nothing is written to it.
		_ = conn.Close()
	}
}

func (c *Client) connection(address string) (*grpc.ClientConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fault.New(fault.AdminShutdown, "the reader of shuffle outputs is closed")
	}
	if conn := c.conns[address]; conn != nil {
		return conn, nil
	}
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(c.security),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepalivePeriod, Timeout: keepalivePeriod / 2}))
	if err != nil {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "connect to executor at %s", address)
	}
	c.conns[address] = conn
	return conn, nil
}

// Stream is a partition of an output while it is read, by one goroutine.
type Stream struct {
	data    *checkedData
	cancel  context.CancelFunc
	records *flight.Reader // nil until the first message
	fields  []column.Field
	id      shuffle.ID
	address string
}

// Open begins to read a partition of an output at an address. The stream ends with ctx at the latest.
func (c *Client) Open(ctx context.Context, address string, id shuffle.ID, partition int, fields []column.Field) (*Stream, error) {
	conn, err := c.connection(address)
	if err != nil {
		return nil, err
	}
	ticket, err := proto.Marshal(&controlv1.Output{
		Job: id.Job, Stage: uint32(id.Stage), Task: uint32(id.Task), Attempt: uint32(id.Attempt), Partition: uint32(partition),
	})
	if err != nil {
		return nil, fmt.Errorf("encode a ticket: %w", err)
	}
	own, cancel := context.WithCancel(ctx)
	s := &Stream{cancel: cancel, fields: fields, id: id, address: address}
	get, err := flight.NewClientFromConn(conn, nil).DoGet(own, &flight.Ticket{Ticket: ticket})
	if err != nil {
		cancel()
		// The caller's context tells whether it was canceled: the stream's own just was.
		return nil, s.failed(ctx, err)
	}
	s.data = &checkedData{get: get}
	return s, nil
}

// Next decodes the next rows into a; nil at the end.
func (s *Stream) Next(ctx context.Context, a *mem.Arena) (b *column.Batch, err error) {
	defer shuffle.Unreadable(&err)
	// The stream has a context of its own, which ends with its caller's.
	stop := context.AfterFunc(ctx, s.cancel)
	defer stop()
	if s.records == nil {
		if err := s.data.peek(); errors.Is(err, io.EOF) {
			return nil, nil
		} else if err != nil {
			return nil, s.failed(ctx, err)
		}
		if s.records, err = flight.NewRecordReader(s.data); err != nil {
			return nil, s.failed(ctx, err)
		}
	}
	rec, err := s.records.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return column.FromArrow(a, rec, s.fields)
}

// Close ends the stream.
func (s *Stream) Close() error {
	s.cancel()
	if s.records != nil {
		s.records.Release()
		s.records = nil
	}
	return nil
}

// failed names what could not be read. The code tells what is the matter: ConnectionFailure when the server is not reached, UndefinedObject
// when it does not have the output, DataCorrupted when it arrived damaged.
func (s *Stream) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if f, ok := fault.As(err); ok && f.Code != fault.Internal {
		return err
	}
	code := fault.IOError
	message := err.Error()
	if st, ok := status.FromError(err); ok {
		message = st.Message()
		switch st.Code() {
		case codes.Unavailable, codes.Canceled:
			code = fault.ConnectionFailure
		case codes.NotFound:
			code = fault.UndefinedObject
		case codes.DataLoss:
			code = fault.DataCorrupted
		}
	}
	return fault.New(code, "cannot read the output of stage %d, task %d, attempt %d from the executor at %s: %s",
		s.id.Stage, s.id.Task, s.id.Attempt, s.address, message)
}

// checkedData checks the messages of an answer.
type checkedData struct {
	get    flight.FlightService_DoGetClient
	check  arrow.Stream
	peeked *flight.FlightData
}

// peek receives the first message, or io.EOF when there is none.
func (d *checkedData) peek() (err error) {
	d.peeked, err = d.Recv()
	return err
}

// Recv receives the next message.
func (d *checkedData) Recv() (*flight.FlightData, error) {
	if m := d.peeked; m != nil {
		d.peeked = nil
		return m, nil
	}
	m, err := d.get.Recv()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(m.GetAppMetadata(), checksum(m.GetDataHeader(), m.GetDataBody())) {
		return nil, fault.New(fault.DataCorrupted, "a message of %d bytes does not have the checksum that it was sent with", len(m.GetDataBody()))
	}
	if err := d.check.Check(m.GetDataHeader(), len(m.GetDataBody())); err != nil {
		return nil, err
	}
	return m, nil
}
