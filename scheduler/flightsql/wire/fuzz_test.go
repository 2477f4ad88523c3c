package wire

import (
	"bytes"
	"testing"
)

// FuzzTicket reads tickets and metadata of any bytes, and what Ticket made comes back.
func FuzzTicket(f *testing.F) {
	ticket, err := Ticket([]byte("handle"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ticket)
	f.Add(Metadata{Tag: "INSERT 0 1", Done: 1, Total: 2}.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if m := ParseMetadata(data); m != ParseMetadata(m.Bytes()) {
			t.Errorf("%q: metadata does not come back", data)
		}
		handle, ok := Handle(data)
		if !ok {
			return
		}
		again, err := Ticket(handle)
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := Handle(again); !ok || !bytes.Equal(h, handle) {
			t.Errorf("%q: handle %q comes back as %q", data, handle, h)
		}
	})
}
