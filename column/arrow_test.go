package column_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

func fieldsOf(types []column.Type) []column.Field {
	fields := make([]column.Field, len(types))
	for i, t := range types {
		fields[i] = column.Field{Name: t.String(), Type: t}
	}
	return fields
}

func TestArrowRoundTripKeepsRows(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	types := allTypes()
	fields := fieldsOf(types)
	schema := column.ArrowSchema(fields)
	for range 60 {
		src, dst := mem.NewArena(nil), mem.NewArena(nil)
		b := columntest.RandomBatch(r, src, types, r.IntN(200))
		want := columntest.Rows(b)
		rec, err := column.ToArrow(src, b, schema)
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		w := ipc.NewWriter(&buf, ipc.WithSchema(schema))
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		src.Free()
		rd, err := ipc.NewReader(&buf)
		if err != nil {
			t.Fatal(err)
		}
		back, err := rd.Read()
		if err != nil {
			t.Fatal(err)
		}
		got, err := column.FromArrow(dst, back, fields)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range got.Cols {
			check(t, v)
		}
		compareRows(t, "arrow", columntest.Rows(got), want)
		if n := int(back.NumRows()); n > 3 {
			slice, err := column.FromArrow(dst, back.NewSlice(3, int64(n)), fields)
			if err != nil {
				t.Fatal(err)
			}
			compareRows(t, "slice", columntest.Rows(slice), want[3:])
		}
		dst.Free()
	}
}

func TestArrowRefusesWhatItCannotHold(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	typ := column.T(column.Interval)
	v := columntest.Vector(a, typ, []column.Value{{Type: typ, Interval: column.IntervalValue{Micros: math.MaxInt64}}})
	schema := column.ArrowSchema(fieldsOf([]column.Type{typ}))
	if _, err := column.ToArrow(a, &column.Batch{Cols: []*column.Vector{v}, Len: 1}, schema); fault.CodeOf(err) != fault.DatetimeOverflow {
		t.Errorf("got %v", err)
	}
}

func TestFromArrowNamesTheColumnOfAnotherType(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	v := columntest.Vector(a, column.T(column.Int64), []column.Value{column.IntValue(column.T(column.Int64), 1)})
	rec, err := column.ToArrow(a, &column.Batch{Cols: []*column.Vector{v}, Len: 1}, column.ArrowSchema(fieldsOf([]column.Type{v.Type})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = column.FromArrow(a, rec, []column.Field{{Name: "price", Type: column.DecimalType(15, 2)}})
	if fault.CodeOf(err) != fault.DatatypeMismatch || !bytes.Contains([]byte(err.Error()), []byte("price")) {
		t.Errorf("got %v", err)
	}
}
