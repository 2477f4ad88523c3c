package peerfiles

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// piece is how many bytes of a file a message has, and maxRange how many a call may ask for.
const (
	piece    = 1 << 20
	maxRange = 1 << 30
)

// Server gives the files of a folder.
type Server struct {
	controlv1.UnimplementedFilesServer
	folder *objectstore.Folder
}

// Register adds the service to a gRPC server. A folder of nil is none.
func Register(g *grpc.Server, folder *objectstore.Folder) {
	controlv1.RegisterFilesServer(g, &Server{folder: folder})
}

func (s *Server) check() error {
	if s.folder == nil {
		return status.Error(codes.FailedPrecondition, "this executor shares no folder: it was started without --local-dir")
	}
	return nil
}

// List finds files.
func (s *Server) List(ctx context.Context, r *controlv1.ListFilesRequest) (*controlv1.ListFilesReply, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	files, err := s.folder.List(ctx, r.GetPattern())
	if err != nil {
		return nil, statusOf(err)
	}
	out := &controlv1.ListFilesReply{}
	for _, f := range files {
		out.Files = append(out.Files, message(f.URL, f))
	}
	return out, nil
}

// Read gives a range of a file.
func (s *Server) Read(r *controlv1.ReadFileRequest, stream grpc.ServerStreamingServer[controlv1.ReadFileReply]) error {
	if err := s.check(); err != nil {
		return err
	}
	ctx, from, n := stream.Context(), r.GetOffset(), r.GetLength()
	if from < 0 || n < 0 || n > maxRange || from+n > r.GetFile().GetSize() || from+n < from {
		return status.Errorf(codes.InvalidArgument, "%d bytes from %d of a file of %d bytes", n, from, r.GetFile().GetSize())
	}
	file, err := s.folder.Open(ctx, r.GetFile().GetPath(), fileOf(r.GetFile()))
	if err != nil {
		return statusOf(err)
	}
	buffer := make([]byte, min(n, piece))
	for n > 0 && err == nil {
		part := buffer[:min(n, piece)]
		var got int
		if got, err = file.ReadAt(part, from); got == len(part) || errors.Is(err, io.EOF) && got == len(part) {
			err = stream.Send(&controlv1.ReadFileReply{Data: part})
		} else if errors.Is(err, io.EOF) {
			err = status.Error(codes.Aborted, "the file has become shorter")
		}
		from, n = from+int64(len(part)), n-int64(len(part))
	}
	return statusOf(errors.Join(err, file.Close()))
}

// Remove deletes a file.
func (s *Server) Remove(ctx context.Context, r *controlv1.RemoveFileRequest) (*controlv1.RemoveFileReply, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &controlv1.RemoveFileReply{}, statusOf(s.folder.Remove(ctx, r.GetPath()))
}

func message(path string, f plan.File) *controlv1.SharedFile {
	return &controlv1.SharedFile{Path: path, Size: f.Size, Modified: f.ModTime.UnixNano()}
}

func fileOf(m *controlv1.SharedFile) plan.File {
	return plan.File{URL: m.GetPath(), Size: m.GetSize(), ModTime: time.Unix(0, m.GetModified()).UTC()}
}

// byCode says which gRPC codes stand for which errors, in both directions.
var byCode = []struct {
	fault fault.Code
	grpc  codes.Code
}{
	{fault.UndefinedFile, codes.NotFound},
	{fault.ObjectNotInState, codes.Aborted},
	{fault.InsufficientPrivilege, codes.PermissionDenied},
	{fault.InvalidParameterValue, codes.InvalidArgument},
	{fault.IOError, codes.DataLoss},
}

func statusOf(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	text := err.Error()
	if f, ok := fault.As(err); ok {
		text = f.Message
		if f.Err != nil {
			text += ": " + f.Err.Error()
		}
	}
	for _, c := range byCode {
		if fault.CodeOf(err) == c.fault {
			return status.Error(c.grpc, text)
		}
	}
	return status.Error(codes.Internal, text)
}
