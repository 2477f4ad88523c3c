package shuffle

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/format/arrow"
)

// The parts of an encapsulated Arrow IPC message: four bytes of ones, the header's length, the header (a flatbuffer), the body.
const (
	continuation = 0xFFFFFFFF
	prefixLen    = 8

	// Slots of the Message table in a header, and the kind of a schema.
	slotKind       = 6
	slotBodyLength = 10
)

// SchemaMessage is the kind of the message that is a stream's schema.
const SchemaMessage = 1

// Messages calls f with the parts of each message of a checked stream.
func Messages(stream []byte, f func(kind byte, header, body []byte) error) error {
	for {
		kind, header, body, rest, err := cut(stream)
		if err != nil || header == nil {
			return err
		}
		if err := f(kind, header, body); err != nil {
			return err
		}
		stream = rest
	}
}

// cut takes the first message off a stream; a nil header at its end.
func cut(stream []byte) (kind byte, header, body, rest []byte, err error) {
	if len(stream) < prefixLen {
		return 0, nil, nil, nil, nil
	}
	n := int64(binary.LittleEndian.Uint32(stream[4:]))
	if binary.LittleEndian.Uint32(stream) != continuation || prefixLen+n > int64(len(stream)) {
		return 0, nil, nil, nil, fault.New(fault.DataCorrupted, "a shuffle block is no Arrow IPC stream")
	}
	if n == 0 {
		return 0, nil, nil, nil, nil
	}
	header = stream[prefixLen : prefixLen+n]
	kind, length, err := describe(header)
	if err != nil {
		return 0, nil, nil, nil, err
	}
	rest = stream[prefixLen+n:]
	if length < 0 || length > int64(len(rest)) {
		return 0, nil, nil, nil, fault.New(fault.DataCorrupted, "a message of a shuffle block is cut short")
	}
	return kind, header, rest[:length], rest[length:], nil
}

// Unreadable makes an error of a panic of the library that reads Arrow, where what it read was damaged before its checksum was made.
func Unreadable(err *error) {
	if r := recover(); r != nil {
		*err = fault.New(fault.DataCorrupted, "Arrow data of a shuffle output cannot be read: %v", r)
	}
}

// describe reads the kind and the body's length of a header.
func describe(header []byte) (kind byte, length int64, err error) {
	defer Unreadable(&err)
	t := flatbuffers.Table{Bytes: header, Pos: flatbuffers.GetUOffsetT(header)}
	if o := flatbuffers.UOffsetT(t.Offset(slotKind)); o != 0 {
		kind = t.GetByte(o + t.Pos)
	}
	if o := flatbuffers.UOffsetT(t.Offset(slotBodyLength)); o != 0 {
		length = t.GetInt64(o + t.Pos)
	}
	return kind, length, nil
}

// inMemory gives the messages of a stream without copying their bodies, each checked before the library believes what it says.
type inMemory struct {
	rest  []byte
	check arrow.Stream
}

func (r *inMemory) Message() (*ipc.Message, error) {
	_, header, body, rest, err := cut(r.rest)
	if err != nil {
		return nil, err
	}
	if header == nil {
		return nil, io.EOF
	}
	r.rest = rest
	if err := r.check.Check(header, len(body)); err != nil {
		return nil, err
	}
	return ipc.NewMessage(memory.NewBufferBytes(header), memory.NewBufferBytes(body)), nil
}

func (r *inMemory) Retain()  {}
func (r *inMemory) Release() {}

// decode makes batches in a of a stream whose checksum is right, which may go afterwards.
func decode(p []byte, fields []column.Field, a *mem.Arena) (batches []*column.Batch, err error) {
	defer Unreadable(&err)
	stream, err := ipc.NewReaderFromMessageReader(&inMemory{rest: p})
	if err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "cannot read a shuffle block")
	}
	defer stream.Release()
	for {
		rec, err := stream.Read()
		if errors.Is(err, io.EOF) {
			return batches, nil
		}
		if err != nil {
			return nil, fault.Wrap(fault.DataCorrupted, err, "cannot read a shuffle block")
		}
		b, err := column.FromArrow(a, rec, fields)
		if err != nil {
			return nil, err
		}
		batches = append(batches, b)
	}
}
