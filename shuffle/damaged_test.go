package shuffle

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// TestDamageBeforeTheChecksum changes bytes of blocks and gives them a checksum that is right: reading says that they are damaged, or gives rows, and never takes the
// process down.
func TestDamageBeforeTheChecksum(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	types := []column.Type{column.T(column.Int64), column.T(column.Text), {Kind: column.List, Nested: &column.Nested{Fields: []column.Field{{Name: "item", Type: column.T(column.Text)}}}}}
	fields := make([]column.Field, len(types))
	for i, typ := range types {
		fields[i] = column.Field{Name: string(rune('a' + i)), Type: typ}
	}
	a := mem.NewArena(nil)
	defer a.Free()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(column.ArrowSchema(fields)))
	record, err := column.ToArrow(a, columntest.RandomBatch(r, a, types, 100), column.ArrowSchema(fields))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := buf.Bytes()
	refused := 0
	for range 1500 {
		p := bytes.Clone(whole)
		for range 1 + r.IntN(3) {
			p[r.IntN(len(p))] = byte(r.Uint32())
		}
		own := mem.NewArena(nil)
		_, err := Decode(append(p, Checksum(p)...), fields, own)
		own.Free()
		if err != nil {
			refused++
			if code := fault.CodeOf(err); code != fault.DataCorrupted && code != fault.DatatypeMismatch {
				t.Fatalf("%s: %v", code, err)
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}
