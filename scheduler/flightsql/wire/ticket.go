package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Ticket is the ticket of a query's handle, as DoGet takes it. PollFlightInfo takes the same bytes as the command of a descriptor.
func Ticket(handle []byte) ([]byte, error) {
	var command anypb.Any
	if err := command.MarshalFrom(&pb.TicketStatementQuery{StatementHandle: handle}); err != nil {
		return nil, fmt.Errorf("make a ticket: %w", err)
	}
	out, err := proto.Marshal(&command)
	if err != nil {
		return nil, fmt.Errorf("make a ticket: %w", err)
	}
	return out, nil
}

// Handle is the query's handle of a ticket, or false for bytes that are none.
func Handle(ticket []byte) ([]byte, bool) {
	var command anypb.Any
	var out pb.TicketStatementQuery
	if proto.Unmarshal(ticket, &command) != nil || command.UnmarshalTo(&out) != nil {
		return nil, false
	}
	return out.GetStatementHandle(), len(out.GetStatementHandle()) > 0
}

// Query is the name of the query of a ticket, which may be of a part of its result, or false for bytes that are none.
func Query(ticket []byte) (string, bool) {
	handle, ok := Handle(ticket)
	name, _, _ := bytes.Cut(handle, []byte("."))
	return string(name), ok && len(name) > 0
}

// Metadata rides along with a FlightInfo as JSON.
type Metadata struct {
	Tag   string `json:"tag,omitempty"` // what a statement without rows did
	Done  int64  `json:"done,omitempty"`
	Total int64  `json:"total,omitempty"` // Done of Total splits were read
	Rows  int64  `json:"rows,omitempty"`  // scanned so far

	Zone    string `json:"zone,omitempty"`    // in which the session shows timestamps with time zone, where it is not UTC
	Notices string `json:"notices,omitempty"` // what there is to say beside the tag, in lines
}

// Bytes is the metadata as it travels.
func (m Metadata) Bytes() []byte {
	// Strings and numbers always encode.
	out, _ := json.Marshal(m)
	return out
}

// ParseMetadata reads what Bytes made; anything else is the zero Metadata.
func ParseMetadata(p []byte) Metadata {
	var m Metadata
	if json.Unmarshal(p, &m) != nil {
		return Metadata{}
	}
	return m
}
