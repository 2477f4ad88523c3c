package transport

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"

	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/shuffle"
)

// Ticket lets a client read a part of a result from the executor where it lies, or from the scheduler.
type Ticket struct {
	Query  string     // its name, without a dot
	Output shuffle.ID // of which partition 0 is the part
	Schema []byte     // the message of an Arrow stream that holds the schema
}

// between stands between the name of a query and the rest of its ticket.
const between = "."

// Seal makes a ticket as Flight SQL has them, signed with a key.
func (t Ticket) Seal(key []byte) ([]byte, error) {
	part, err := proto.Marshal(&controlv1.ResultTicket{
		Output: &controlv1.Output{Job: t.Output.Job, Stage: uint32(t.Output.Stage), Task: uint32(t.Output.Task), Attempt: uint32(t.Output.Attempt)},
		Schema: t.Schema,
	})
	if err != nil {
		return nil, fmt.Errorf("make a ticket: %w", err)
	}
	handle := append([]byte(t.Query+between), part...)
	handle = append(handle, signature(key, handle)...)
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

func signature(key, handle []byte) []byte {
	h := hmac.New(sha256.New, key)
	// A hash takes all that it is given.
	_, _ = h.Write(handle)
	return h.Sum(nil)
}

// Keys are those by which tickets are told from forgeries: that of this run of the scheduler, and the one before. It is safe for concurrent use.
type Keys struct {
	mu              sync.Mutex
	current, before []byte
}

// Set takes the key of the scheduler; an empty one changes nothing.
func (k *Keys) Set(key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(key) > 0 && !bytes.Equal(key, k.current) {
		k.current, k.before = bytes.Clone(key), k.current
	}
}

// Key is the one that tickets are signed with.
func (k *Keys) Key() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current
}

// signed reports whether one of the keys has signed a handle.
func (k *Keys) signed(handle, by []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range [][]byte{k.current, k.before} {
		if len(key) > 0 && hmac.Equal(signature(key, handle), by) {
			return true
		}
	}
	return false
}

// Open reads a ticket and checks its signature. Bytes that are no such ticket give InvalidParameterValue, one that was not signed with these keys gives
// InvalidAuthorization.
func (k *Keys) Open(ticket []byte) (Ticket, error) {
	var command anypb.Any
	var statement pb.TicketStatementQuery
	if proto.Unmarshal(ticket, &command) != nil || command.UnmarshalTo(&statement) != nil {
		return Ticket{}, fault.New(fault.InvalidParameterValue, "the ticket is none of a result")
	}
	return k.OpenHandle(statement.GetStatementHandle())
}

// PartOf is the query of a part's statement handle and the number of the part, unsigned or not: the scheduler knows its queries, and nobody can guess their names.
func PartOf(handle []byte) (query string, part int, ok bool) {
	name, rest, ok := bytes.Cut(handle, []byte(between))
	if !ok || len(rest) < sha256.Size {
		return "", 0, false
	}
	var t controlv1.ResultTicket
	if proto.Unmarshal(rest[:len(rest)-sha256.Size], &t) != nil {
		return "", 0, false
	}
	return string(name), int(t.GetOutput().GetTask()), true
}

// OpenHandle is Open for the statement handle within a ticket.
func (k *Keys) OpenHandle(handle []byte) (Ticket, error) {
	query, rest, ok := bytes.Cut(handle, []byte(between))
	if !ok || len(rest) < sha256.Size {
		return Ticket{}, fault.New(fault.InvalidParameterValue, "the ticket is none of a part of a result")
	}
	end := len(handle) - sha256.Size
	if !k.signed(handle[:end], handle[end:]) {
		return Ticket{}, fault.New(fault.InvalidAuthorization, "the ticket was not signed by the scheduler of this executor")
	}
	var part controlv1.ResultTicket
	if err := proto.Unmarshal(rest[:len(rest)-sha256.Size], &part); err != nil {
		return Ticket{}, fault.Wrap(fault.InvalidParameterValue, err, "the ticket cannot be read")
	}
	o := part.GetOutput()
	return Ticket{
		Query: string(query), Schema: part.GetSchema(),
		Output: shuffle.ID{Job: o.GetJob(), Stage: int(o.GetStage()), Task: int(o.GetTask()), Attempt: int(o.GetAttempt())},
	}, nil
}
