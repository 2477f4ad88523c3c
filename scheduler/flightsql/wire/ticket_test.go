package wire

import "testing"

func TestTickets(t *testing.T) {
	ticket, err := Ticket([]byte("handle"))
	if err != nil {
		t.Fatal(err)
	}
	if handle, ok := Handle(ticket); !ok || string(handle) != "handle" {
		t.Errorf("%q, %t", handle, ok)
	}
	for n := range ticket {
		if _, ok := Handle(ticket[:n]); ok && n > 0 {
			t.Errorf("the first %d bytes of a ticket are one", n)
		}
	}
	if m := ParseMetadata(Metadata{Tag: "SELECT 1", Rows: 5}.Bytes()); m.Tag != "SELECT 1" || m.Rows != 5 {
		t.Errorf("%+v", m)
	}
	if m := ParseMetadata([]byte("{")); m != (Metadata{}) {
		t.Errorf("%+v", m)
	}
}
