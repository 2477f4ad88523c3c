package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/polybolos-db/polybolos/fault"
)

// An error arrives as it left.
func TestErrorsTravel(t *testing.T) {
	text := "select\n nope"
	sent := fault.New(fault.UndefinedColumn, "column %q does not exist", "nope").At(9).WithDetail("a detail").WithHint("a hint").In("a.parquet")
	err := Status(fmt.Errorf("plan: %w", sent), text)
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "LINE 2, COLUMN 2") {
		t.Errorf("the status is %v", err)
	}
	got, ok := fault.As(Fault(err))
	if !ok || got.Code != sent.Code || got.Position != 9 || got.Detail != sent.Detail || got.Hint != sent.Hint || got.Where != sent.Where ||
		!strings.Contains(got.Message, sent.Message) {
		t.Errorf("got %#v", got)
	}
}

func TestStatusCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want codes.Code
	}{
		{fault.New(fault.SyntaxError, "x"), codes.InvalidArgument},
		{fault.New(fault.UndefinedTable, "x"), codes.NotFound},
		{fault.New(fault.DuplicateTable, "x"), codes.AlreadyExists},
		{fault.New(fault.OutOfMemory, "x"), codes.ResourceExhausted},
		{fault.New(fault.QueryCanceled, "x"), codes.Canceled},
		{fault.New(fault.FeatureNotSupported, "x"), codes.Unimplemented},
		{fault.New("", "x"), codes.Internal},
		{context.Canceled, codes.Canceled},
		{context.DeadlineExceeded, codes.DeadlineExceeded},
		{errors.New("x"), codes.Internal},
		{status.Error(codes.DataLoss, "x"), codes.DataLoss},
	} {
		if got := status.Code(Status(c.err, "")); got != c.want {
			t.Errorf("%v has code %s, want %s", c.err, got, c.want)
		}
	}
	if Status(nil, "") != nil || Fault(nil) != nil {
		t.Error("no error became one")
	}
}

// A long message with a broken character fits a header.
func TestLongErrors(t *testing.T) {
	err := Status(fault.New(fault.SyntaxError, "%s", strings.Repeat("é\xff", 5000)), "")
	if n := len(status.Convert(err).Message()); n > maxMessage+len("…") {
		t.Errorf("the message has %d bytes", n)
	}
}

func TestForeignStatuses(t *testing.T) {
	err := Fault(status.Error(codes.Unavailable, "no server"))
	if fault.CodeOf(err) != fault.ConnectionFailure {
		t.Errorf("%v", err)
	}
	if plain := errors.New("plain"); fault.CodeOf(Fault(plain)) != fault.Internal {
		t.Error("a plain error was changed")
	}
}
