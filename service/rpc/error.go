package rpc

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/polybolos-db/polybolos/fault"
)

// Domain is the domain of the ErrorInfo that carries an error's parts.
const Domain = "polybolos"

// maxMessage bounds each text of an error in bytes: statuses travel in headers, which peers limit to 8 KB or more in all.
const maxMessage = 1500

// exact are the codes that differ from their class's.
var exact = map[fault.Code]codes.Code{
	fault.QueryCanceled:        codes.Canceled,
	fault.AdminShutdown:        codes.Unavailable,
	fault.UndefinedTable:       codes.NotFound,
	fault.UndefinedFile:        codes.NotFound,
	fault.InvalidStatementName: codes.NotFound,
	fault.DuplicateTable:       codes.AlreadyExists,
	fault.DuplicateStatement:   codes.AlreadyExists,
	fault.DuplicateFile:        codes.AlreadyExists,
	fault.DataCorrupted:        codes.DataLoss,
}

// classes are the codes of SQLSTATE's classes, the first two characters.
var classes = map[string]codes.Code{
	"08": codes.Unavailable, "0A": codes.Unimplemented, "21": codes.InvalidArgument, "22": codes.InvalidArgument, "23": codes.FailedPrecondition,
	"26": codes.NotFound, "28": codes.Unauthenticated, "34": codes.InvalidArgument, "3F": codes.NotFound, "42": codes.InvalidArgument,
	"53": codes.ResourceExhausted, "54": codes.InvalidArgument, "55": codes.FailedPrecondition, "57": codes.Unavailable, "58": codes.Internal,
}

// GRPCCode is the gRPC code of a SQLSTATE.
func GRPCCode(c fault.Code) codes.Code {
	if code, ok := exact[c]; ok {
		return code
	}
	if len(c) >= 2 {
		if code, ok := classes[string(c[:2])]; ok {
			return code
		}
	}
	return codes.Internal
}

// Status makes of err what a server returns: nil and statuses stay; others get their code, the message rendered with its place in text (the
// statement, may be empty) and their parts as an ErrorInfo whose reason is the SQLSTATE.
func Status(err error, text string) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	code := fault.CodeOf(err)
	info := &errdetails.ErrorInfo{Reason: string(code), Domain: Domain, Metadata: map[string]string{}}
	put := func(key, value string) {
		if value != "" {
			info.Metadata[key] = shorten(value)
		}
	}
	put("message", err.Error())
	if e, ok := fault.As(err); ok {
		if e.Where != "" {
			put("where", e.Where)
			put("message", strings.TrimPrefix(err.Error(), e.Where+": "))
		}
		put("detail", e.Detail)
		put("hint", e.Hint)
		if e.Position > 0 {
			put("position", strconv.Itoa(e.Position))
			if text != "" {
				line, column := fault.LineColumn(text, e.Position)
				put("line", strconv.Itoa(line))
				put("column", strconv.Itoa(column))
			}
		}
	}
	grpcCode := GRPCCode(code)
	if errors.Is(err, context.DeadlineExceeded) {
		grpcCode = codes.DeadlineExceeded
	}
	out := status.New(grpcCode, shorten(fault.Render(err, text)))
	if detailed, derr := out.WithDetails(info); derr == nil {
		out = detailed
	}
	return out.Err()
}

// shorten cuts a text at maxMessage, between characters; what a header cannot hold is replaced.
func shorten(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= maxMessage {
		return s
	}
	end := maxMessage
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Fault makes of a status what a client returns: a *fault.Error with the server's SQLSTATE, position, detail and hint. A status of another server,
// or of the connection, becomes one with the nearest code. Other errors stay.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	for _, d := range st.Details() {
		info, ok := d.(*errdetails.ErrorInfo)
		if !ok || info.GetDomain() != Domain {
			continue
		}
		m := info.GetMetadata()
		out := &fault.Error{Code: fault.Code(info.GetReason()), Message: m["message"], Detail: m["detail"], Hint: m["hint"], Where: m["where"]}
		if n, perr := strconv.Atoi(m["position"]); perr == nil && n > 0 {
			out.Position = n
		}
		return out
	}
	return fault.New(codeOf(st.Code()), "%s", st.Message())
}

// codeOf is the nearest SQLSTATE to a gRPC code.
func codeOf(c codes.Code) fault.Code {
	switch c {
	case codes.Canceled, codes.DeadlineExceeded:
		return fault.QueryCanceled
	case codes.Unavailable:
		return fault.ConnectionFailure
	case codes.Unimplemented:
		return fault.FeatureNotSupported
	case codes.ResourceExhausted:
		return fault.InsufficientResources
	case codes.InvalidArgument:
		return fault.InvalidParameterValue
	case codes.NotFound:
		return fault.UndefinedObject
	}
	return fault.Internal
}
