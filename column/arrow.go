package column

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// arrowTypes are the kinds that have one Arrow type.
var arrowTypes = map[Kind]arrow.DataType{
	Null: arrow.Null, Bool: arrow.FixedWidthTypes.Boolean,
	Int8: arrow.PrimitiveTypes.Int8, Int16: arrow.PrimitiveTypes.Int16, Int32: arrow.PrimitiveTypes.Int32, Int64: arrow.PrimitiveTypes.Int64,
	Uint8: arrow.PrimitiveTypes.Uint8, Uint16: arrow.PrimitiveTypes.Uint16, Uint32: arrow.PrimitiveTypes.Uint32, Uint64: arrow.PrimitiveTypes.Uint64,
	Float32: arrow.PrimitiveTypes.Float32, Float64: arrow.PrimitiveTypes.Float64,
	Date: arrow.FixedWidthTypes.Date32, Time: arrow.FixedWidthTypes.Time64us,
	Timestamp: &arrow.TimestampType{Unit: arrow.Microsecond}, TimestampTZ: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	Interval: arrow.FixedWidthTypes.MonthDayNanoInterval,
	Text:     arrow.BinaryTypes.String, Binary: arrow.BinaryTypes.Binary,
	UUID: &arrow.FixedSizeBinaryType{ByteWidth: 16},
}

// ArrowType is the Arrow type of t's values as ToArrow makes them: all decimals have 128 bits, times count microseconds, a uuid is 16 bytes.
func ArrowType(t Type) arrow.DataType {
	switch t.Kind {
	case Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case List:
		return arrow.ListOfField(arrowField(t.Nested.Fields[0]))
	case Struct:
		fields := make([]arrow.Field, len(t.Nested.Fields))
		for i, f := range t.Nested.Fields {
			fields[i] = arrowField(f)
		}
		return arrow.StructOf(fields...)
	case Map:
		key, item := t.Nested.Fields[0], t.Nested.Fields[1]
		m := arrow.MapOf(ArrowType(key.Type), ArrowType(item.Type))
		m.SetItemNullable(!item.NotNull)
		return m
	}
	return arrowTypes[t.Kind]
}

func arrowField(f Field) arrow.Field {
	out := arrow.Field{Name: f.Name, Type: ArrowType(f.Type), Nullable: !f.NotNull}
	if f.Type.Kind == UUID {
		out.Metadata = arrow.NewMetadata([]string{"ARROW:extension:name", "ARROW:extension:metadata"}, []string{"arrow.uuid", ""})
	}
	return out
}

// ArrowSchema is the Arrow schema of fields.
func ArrowSchema(fields []Field) *arrow.Schema {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		out[i] = arrowField(f)
	}
	return arrow.NewSchema(out, nil)
}

// ToArrow makes a record of b's selected rows. Its buffers lie in a or are b's own: it is valid as long as both, and must not be retained
// longer. It fails where Arrow cannot hold what b does: intervals of more than 292 years in microseconds (22008), more than 2 GiB of strings in a column (54000).
func ToArrow(a *mem.Arena, b *Batch, schema *arrow.Schema) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, len(b.Cols))
	for i, v := range b.Cols {
		if b.Sel != nil {
			var err error
			if v, err = Gather(a, v, b.Sel); err != nil {
				return nil, err
			}
		}
		data, err := arrowData(a, v, schema.Field(i).Type)
		if err != nil {
			return nil, err
		}
		cols[i] = array.MakeFromData(data)
	}
	return array.NewRecordBatch(schema, cols, int64(b.Rows())), nil
}

// arrowData makes the buffers of a vector.
func arrowData(a *mem.Arena, v *Vector, t arrow.DataType) (arrow.ArrayData, error) {
	n := v.Len
	if v.Type.Kind == Null {
		return array.NewData(t, n, []*memory.Buffer{nil}, nil, n, 0), nil
	}
	v, err := Flatten(a, v)
	if err != nil {
		return nil, err
	}
	nulls := n - v.Valid.Count(n)
	var valid *memory.Buffer
	if nulls > 0 {
		valid = memory.NewBufferBytes(BytesOf(v.Valid[:BitmapWords(n)])[:(n+7)/8])
	}
	if v.Type.Kind.IsNested() {
		return nestedData(a, v, t, valid, nulls)
	}
	if v.Type.Physical() == PhysView {
		offsets, bytes, err := stringData(a, v)
		if err != nil {
			return nil, err
		}
		return array.NewData(t, n, []*memory.Buffer{valid, memory.NewBufferBytes(offsets), memory.NewBufferBytes(bytes)}, nil, nulls, 0), nil
	}
	p, err := fixedData(a, v)
	if err != nil {
		return nil, err
	}
	return array.NewData(t, n, []*memory.Buffer{valid, memory.NewBufferBytes(p)}, nil, nulls, 0), nil
}

// fixedData is the values of a flat vector as Arrow lays them out: mostly the vector's own.
func fixedData(a *mem.Arena, v *Vector) ([]byte, error) {
	n := v.Len
	switch {
	case v.Type.Kind == Bool:
		p, err := a.AllocZero(8 * BitmapWords(n))
		if err != nil {
			return nil, err
		}
		bits := Bitmap(SliceOf[uint64](p))
		for i, x := range Values[uint8](v)[:n] {
			if x != 0 {
				bits.Set(i)
			}
		}
		return p[:(n+7)/8], nil
	case v.Type.Kind == Decimal && v.Type.Physical() == PhysInt64:
		out, err := AllocSlice[Int128](a, n)
		if err != nil {
			return nil, err
		}
		for i, x := range Values[int64](v)[:n] {
			out[i] = Int128FromInt64(x)
		}
		return BytesOf(out), nil
	case v.Type.Kind == UUID:
		out, err := AllocSlice[Int128](a, n)
		if err != nil {
			return nil, err
		}
		for i, x := range Values[Int128](v)[:n] {
			out[i] = swapUUID(x)
		}
		return BytesOf(out), nil
	case v.Type.Kind == Interval:
		return intervalData(a, v)
	}
	return v.Data[:n*v.Type.Width()], nil
}

// swapUUID turns a uuid's number into its 16 bytes, or back.
func swapUUID(x Int128) Int128 { return Int128{Lo: swap64(uint64(x.Hi)), Hi: int64(swap64(x.Lo))} }

func swap64(x uint64) uint64 { return uint64(swap32(uint32(x)))<<32 | uint64(swap32(uint32(x>>32))) }

const nanosPerMicro = 1000

func intervalData(a *mem.Arena, v *Vector) ([]byte, error) {
	out, err := AllocSlice[IntervalValue](a, v.Len)
	if err != nil {
		return nil, err
	}
	for i, x := range Values[IntervalValue](v)[:v.Len] {
		if v.IsNull(i) {
			x = IntervalValue{}
		}
		if x.Micros > math.MaxInt64/nanosPerMicro || x.Micros < math.MinInt64/nanosPerMicro {
			return nil, fault.New(fault.DatetimeOverflow, "interval %s is out of range for Arrow, which counts nanoseconds", x)
		}
		x.Micros *= nanosPerMicro
		out[i] = x
	}
	return BytesOf(out), nil
}

// stringData lays the strings of a flat vector one behind another.
func stringData(a *mem.Arena, v *Vector) (offsets, bytes []byte, err error) {
	views := Values[View](v)[:v.Len]
	ends, err := AllocSlice[int32](a, v.Len+1)
	if err != nil {
		return nil, nil, err
	}
	total := 0
	ends[0] = 0
	for i := range views {
		if v.Valid.Get(i) {
			total += int(views[i].Len)
		}
		if total > math.MaxInt32 {
			return nil, nil, fault.New(fault.StatementTooComplex, "more than 2 GiB of %s in %d rows", v.Type, v.Len)
		}
		ends[i+1] = int32(total)
	}
	if bytes, err = a.Alloc(total); err != nil {
		return nil, nil, err
	}
	for i := range views {
		if v.Valid.Get(i) {
			copy(bytes[ends[i]:], views[i].Bytes())
		}
	}
	return BytesOf(ends), bytes, nil
}

// nestedData makes the data of a flat list, struct or map. Lists' elements are gathered: their spans may lie anywhere.
func nestedData(a *mem.Arena, v *Vector, t arrow.DataType, valid *memory.Buffer, nulls int) (arrow.ArrayData, error) {
	if v.Type.Kind == Struct {
		children := make([]arrow.ArrayData, len(v.Children))
		for i, c := range v.Children {
			d, err := arrowData(a, c, t.(*arrow.StructType).Field(i).Type)
			if err != nil {
				return nil, err
			}
			children[i] = d
		}
		return array.NewData(t, v.Len, []*memory.Buffer{valid}, children, nulls, 0), nil
	}
	ends, err := AllocSlice[int32](a, v.Len+1)
	if err != nil {
		return nil, err
	}
	ends[0] = 0
	var elements []uint32
	for i, s := range Values[Span](v)[:v.Len] {
		if v.Valid.Get(i) {
			for e := s.Offset; e < s.Offset+s.Length; e++ {
				elements = append(elements, e)
			}
		}
		if len(elements) > math.MaxInt32 {
			return nil, fault.New(fault.StatementTooComplex, "more than 2^31 elements of %s in %d rows", v.Type, v.Len)
		}
		ends[i+1] = int32(len(elements))
	}
	parts := make([]arrow.ArrayData, len(v.Children))
	for k, c := range v.Children {
		child, err := Gather(a, c, elements)
		if err != nil {
			return nil, err
		}
		elem := t.(arrow.ListLikeType).Elem()
		if s, ok := elem.(*arrow.StructType); ok && v.Type.Kind == Map {
			elem = s.Field(k).Type
		}
		if parts[k], err = arrowData(a, child, elem); err != nil {
			return nil, err
		}
	}
	child := parts[0]
	if v.Type.Kind == Map {
		child = array.NewData(t.(*arrow.MapType).Elem(), len(elements), []*memory.Buffer{nil}, parts, 0, 0)
	}
	return array.NewData(t, v.Len, []*memory.Buffer{valid, memory.NewBufferBytes(BytesOf(ends))}, []arrow.ArrayData{child}, nulls, 0), nil
}
