package output

import (
	"bytes"
	stdcsv "encoding/csv"
	stdjson "encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
)

func TestJSON(t *testing.T) {
	big, _ := column.Pow10(30).AddChecked(column.Int128FromInt64(7))
	list := column.ListType(tInt)
	fields := []column.Field{
		field("i", tInt), field("dec", column.DecimalType(38, 5)), field("f", column.T(column.Float64)), field(`"q"`, tText),
		field("b", column.T(column.Bool)), field("l", list),
	}
	batch := cells(t, fields,
		[]any{math.MaxInt64, big, 0.1, "a\"b\\c\n\x01é<&>", true, []column.Value{column.IntValue(tInt, 1), column.NullValue(tInt)}},
		[]any{nil, nil, math.NaN(), "\xff", nil, nil})
	golden(t, printed(t, "json", Options{}, fields, batch), `
[
{"i":9223372036854775807,"dec":10000000000000000000000000.00007,"f":0.1,"\"q\"":"a\"b\\c\n\u0001é<&>","b":true,"l":[1,null]},
{"i":null,"dec":null,"f":null,"\"q\"":"`+"\ufffd"+`","b":null,"l":null}
]
`)
	golden(t, printed(t, "json", Options{}, fields), "[]\n")
	golden(t, printed(t, "ndjson", Options{}, fields), "")
}

// TestEveryType reads back what is printed of random values of all types.
func TestEveryType(t *testing.T) {
	types := append(columntest.Types(), columntest.NestedTypes()...)
	fields := make([]column.Field, len(types))
	for i, typ := range types {
		fields[i] = field(string(rune('a'+i/26))+string(rune('a'+i%26)), typ)
	}
	r := rand.New(rand.NewPCG(1, 2))
	arena := mem.NewArena(nil)
	defer arena.Free()
	for range 20 {
		b := columntest.RandomBatch(r, arena, types, 50)
		n := b.Rows()
		var objects []map[string]any
		if err := stdjson.Unmarshal([]byte(printed(t, "json", Options{}, fields, b)), &objects); err != nil || len(objects) != n {
			t.Fatalf("%d objects of %d rows: %v", len(objects), n, err)
		}
		lines, err := stdcsv.NewReader(bytes.NewReader([]byte(printed(t, "csv", Options{}, fields, b)))).ReadAll()
		if err != nil || len(lines) != n+1 {
			t.Fatalf("%d lines of %d rows: %v", len(lines), n, err)
		}
		for k := range n {
			for i, v := range b.Cols {
				want := v.ValueAt(b.Row(k))
				if want.Null {
					if lines[k+1][i] != "" || objects[k][fields[i].Name] != nil {
						t.Fatalf("NULL of %s became %q and %v", v.Type, lines[k+1][i], objects[k][fields[i].Name])
					}
				} else if got := lines[k+1][i]; got != want.String() {
					t.Fatalf("%s %q became %q", v.Type, want, got)
				}
			}
		}
		readers, err := ipc.NewReader(bytes.NewReader([]byte(printed(t, "arrow", Options{}, fields, b, b))))
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for readers.Next() {
			rows += int(readers.RecordBatch().NumRows())
		}
		if readers.Err() != nil || rows != 2*n {
			t.Fatalf("%d rows of %d in the Arrow stream: %v", rows, 2*n, readers.Err())
		}
		readers.Release()
	}
}
