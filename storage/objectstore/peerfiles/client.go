package peerfiles

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// Find says where executors are.
type Find func(ctx context.Context, name string) (*controlv1.FindExecutorsReply, error)

const (
	// callTime bounds a call for what is small, stallTime how long no part of a file may come.
	callTime, stallTime = 30 * time.Second, 30 * time.Second
	// patience is how long an executor that does not answer is waited for, where the scheduler says nothing else.
	patience = 10 * time.Second
	// keepalivePeriod is how often an idle connection is tried.
	keepalivePeriod = 10 * time.Second
)

// Client reaches the folders of executors. It may be used by many goroutines.
type Client struct {
	find     Find
	security credentials.TransportCredentials

	mu       sync.Mutex
	conns    map[string]*grpc.ClientConn // nil: closed
	patience time.Duration
}

var _ objectstore.Places = (*Client)(nil)

// NewClient makes a client without connections; security is that of connections, nil: in the clear. Close it.
func NewClient(find Find, security credentials.TransportCredentials) *Client {
	if security == nil {
		security = insecure.NewCredentials()
	}
	return &Client{find: find, security: security, conns: map[string]*grpc.ClientConn{}, patience: patience}
}

// Close ends all connections.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, conn := range c.conns {
		err = errors.Join(err, conn.Close())
	}
	c.conns = nil
	return err
}

// Find asks where the executors of a name are.
func (c *Client) Find(ctx context.Context, name string) ([]objectstore.Place, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := c.find(ctx, name)
	if err != nil {
		if status.Code(err) == codes.Unavailable {
			err = &objectstore.Gone{Patience: patience, Err: fault.Wrap(fault.ConnectionFailure, err, "ask the scheduler where executor %q is", name)}
		}
		return nil, err
	}
	wait := time.Duration(r.GetPatience()) * time.Millisecond
	if wait > 0 {
		c.mu.Lock()
		c.patience = wait
		c.mu.Unlock()
	}
	if len(r.GetPlaces()) == 0 {
		switch {
		case name == "":
			return nil, fault.New(fault.UndefinedFile, "no executor shares a folder").WithHint("start executors with --local-dir DIR")
		case r.GetKnown():
			return nil, &objectstore.Gone{Patience: wait, Err: fault.New(fault.UndefinedFile, "executor %q, on which the file lies, is gone", name).
				WithHint("start it again, with the same --name and --local-dir")}
		}
		e := fault.New(fault.UndefinedFile, "there is no executor %q that shares a folder", name)
		if len(r.GetNames()) > 0 {
			return nil, e.WithHint("those that do are %s", list(r.GetNames()))
		}
		return nil, e.WithHint("start executors with --name %s and --local-dir DIR", name)
	}
	var out []objectstore.Place
	for _, p := range r.GetPlaces() {
		out = append(out, objectstore.Place{Name: p.GetName(), Address: p.GetAddress()})
	}
	return out, nil
}

// maxListed bounds how many names an error lists.
const maxListed = 20

func list(names []string) string {
	out := ""
	for i, n := range names {
		if i == maxListed {
			return out + ", …"
		}
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

// List finds files at a place.
func (c *Client) List(ctx context.Context, at objectstore.Place, pattern string) ([]plan.File, error) {
	files, err := c.files(at)
	if err != nil {
		return nil, err
	}
	call, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := files.List(call, &controlv1.ListFilesRequest{Pattern: pattern}, grpc.MaxCallRecvMsgSize(64<<20))
	if err != nil {
		return nil, c.failure(ctx, err, at)
	}
	var out []plan.File
	for _, f := range r.GetFiles() {
		out = append(out, fileOf(f))
	}
	return out, nil
}

// Read fills p with a part of a file.
func (c *Client) Read(ctx context.Context, at objectstore.Place, path string, file plan.File, p []byte, offset int64) error {
	files, err := c.files(at)
	if err != nil {
		return err
	}
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	// A machine that is gone without a word must not keep a reader for ever.
	timer := time.AfterFunc(stallTime, cancel)
	defer timer.Stop()
	stream, err := files.Read(call, &controlv1.ReadFileRequest{File: message(path, file), Offset: offset, Length: int64(len(p))})
	for err == nil {
		var r *controlv1.ReadFileReply
		if r, err = stream.Recv(); err != nil {
			break
		}
		timer.Reset(stallTime)
		if len(r.GetData()) > len(p) {
			return fault.New(fault.DataCorrupted, "executor %q sent more of a file than was asked for", at.Name)
		}
		p = p[copy(p, r.GetData()):]
	}
	switch {
	case errors.Is(err, io.EOF) && len(p) == 0:
		return nil
	case errors.Is(err, io.EOF):
		return fault.New(fault.DataCorrupted, "executor %q sent less of a file than was asked for", at.Name)
	case call.Err() != nil && ctx.Err() == nil:
		return c.gone(at, fault.New(fault.ConnectionFailure, "it does not answer for %v", stallTime))
	}
	return c.failure(ctx, err, at)
}

// Remove deletes a file.
func (c *Client) Remove(ctx context.Context, at objectstore.Place, path string) error {
	files, err := c.files(at)
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if _, err = files.Remove(call, &controlv1.RemoveFileRequest{Path: path}); err != nil {
		return c.failure(ctx, err, at)
	}
	return nil
}

func (c *Client) files(at objectstore.Place) (controlv1.FilesClient, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conns == nil {
		return nil, fault.New(fault.AdminShutdown, "the connections to executors are closed")
	}
	conn := c.conns[at.Address]
	if conn == nil {
		var err error
		conn, err = grpc.NewClient("passthrough:///"+at.Address, grpc.WithTransportCredentials(c.security),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepalivePeriod, Timeout: keepalivePeriod / 2}))
		if err != nil {
			return nil, fault.Wrap(fault.ConnectionFailure, err, "connect to executor %q at %s", at.Name, at.Address)
		}
		c.conns[at.Address] = conn
	}
	return controlv1.NewFilesClient(conn), nil
}

// gone is the error of an executor that does not answer. Its address is tried anew.
func (c *Client) gone(at objectstore.Place, cause error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn := c.conns[at.Address]; conn != nil {
		delete(c.conns, at.Address)
		cause = errors.Join(cause, conn.Close())
	}
	return &objectstore.Gone{Patience: c.patience, Err: fault.Wrap(fault.IOError, cause, "cannot reach executor %q at %s, on which the file lies", at.Name, at.Address)}
}

func (c *Client) failure(ctx context.Context, err error, at objectstore.Place) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return c.gone(at, errors.New(s.Message()))
	case codes.FailedPrecondition, codes.Unimplemented:
		return fault.New(fault.ObjectNotInState, "executor %q shares no folder", at.Name).WithHint("start it with --local-dir DIR")
	}
	for _, b := range byCode {
		if b.grpc == s.Code() {
			return fault.New(b.fault, "executor %q: %s", at.Name, s.Message())
		}
	}
	return fault.New(fault.IOError, "executor %q: %s", at.Name, s.Message())
}
