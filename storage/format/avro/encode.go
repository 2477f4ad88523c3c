package avro

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// namer makes the schema of columns; each record in it needs a name of its own.
type namer struct{ records int }

func (n *namer) record(name string, fields []column.Field) (any, error) {
	list := []any{}
	for _, f := range fields {
		if !isName(f.Name) {
			return nil, fault.New(fault.InvalidName, "column %q is no name in Avro, which has letters, digits and underscores", f.Name).
				WithHint("give it another name with AS")
		}
		t, err := n.typ(f.Type)
		if err != nil {
			return nil, err
		}
		if !f.NotNull {
			t = []any{"null", t}
		}
		list = append(list, map[string]any{"name": f.Name, "type": t})
	}
	return map[string]any{"type": "record", "name": name, "fields": list}, nil
}

func logical(typ, name string) map[string]any {
	return map[string]any{"type": typ, "logicalType": name}
}

// typ is the type of Avro's that holds values of t.
func (n *namer) typ(t column.Type) (any, error) {
	switch t.Kind {
	case column.Bool:
		return "boolean", nil
	case column.Int8, column.Int16, column.Int32, column.Uint8, column.Uint16:
		return "int", nil
	case column.Int64, column.Uint32:
		return "long", nil
	case column.Uint64:
		out := logical("bytes", "decimal")
		out["precision"], out["scale"] = 20, 0
		return out, nil
	case column.Float32:
		return "float", nil
	case column.Float64:
		return "double", nil
	case column.Decimal:
		out := logical("bytes", "decimal")
		out["precision"], out["scale"] = int(t.Precision), int(t.Scale)
		return out, nil
	case column.Date:
		return logical("int", "date"), nil
	case column.Time:
		return logical("long", "time-micros"), nil
	case column.Timestamp:
		return logical("long", "local-timestamp-micros"), nil
	case column.TimestampTZ:
		return logical("long", "timestamp-micros"), nil
	case column.Null, column.Text, column.Interval: // Avro's duration has no negative parts
		return "string", nil
	case column.UUID:
		return logical("string", "uuid"), nil
	case column.Binary:
		return "bytes", nil
	case column.Struct:
		n.records++
		return n.record(fmt.Sprintf("record%d", n.records), t.Nested.Fields)
	case column.List:
		item, err := n.typ(t.Elem())
		return map[string]any{"type": "array", "items": []any{"null", item}}, err
	case column.Map:
		if t.Nested.Fields[0].Type.Kind != column.Text {
			break
		}
		value, err := n.typ(t.Nested.Fields[1].Type)
		return map[string]any{"type": "map", "values": []any{"null", value}}, err
	}
	return nil, fault.New(fault.FeatureNotSupported, "values of type %s cannot be written to Avro", t)
}

func appendBytes(p, value []byte) []byte {
	return append(binary.AppendVarint(p, int64(len(value))), value...)
}

// appendCell appends row i of v; union says that null stands beside the type.
func appendCell(p []byte, v *column.Vector, i int, union bool) []byte {
	if v.IsNull(i) {
		return append(p, 0)
	}
	if union {
		p = append(p, 2)
	}
	t, at := v.Target(), v.Index(i)
	switch v.Type.Kind {
	case column.Int32, column.Date:
		return binary.AppendVarint(p, int64(column.Values[int32](t)[at]))
	case column.Int64, column.Time, column.Timestamp, column.TimestampTZ:
		return binary.AppendVarint(p, column.Values[int64](t)[at])
	case column.Float64:
		return binary.LittleEndian.AppendUint64(p, math.Float64bits(column.Values[float64](t)[at]))
	case column.Text, column.Binary:
		return appendBytes(p, column.Values[column.View](t)[at].Bytes())
	}
	return appendValue(p, v.ValueAt(i))
}

// appendValue appends a value that is not NULL.
func appendValue(p []byte, v column.Value) []byte {
	switch k := v.Type.Kind; {
	case k == column.Bool:
		return append(p, byte(v.Int.Lo))
	case k == column.Uint64:
		return appendDecimal(p, column.Int128{Lo: v.Int.Lo})
	case k == column.Decimal:
		return appendDecimal(p, v.Int)
	case k.IsInteger(), k == column.Date, k == column.Time, k == column.Timestamp, k == column.TimestampTZ:
		return binary.AppendVarint(p, v.Int64())
	case k == column.Float32:
		return binary.LittleEndian.AppendUint32(p, math.Float32bits(float32(v.Float)))
	case k == column.Float64:
		return binary.LittleEndian.AppendUint64(p, math.Float64bits(v.Float))
	case k == column.Text, k == column.Binary:
		return appendBytes(p, []byte(v.Str))
	case k == column.Struct:
		for i, f := range v.Type.Nested.Fields {
			p = appendElement(p, v.List[i], !f.NotNull)
		}
		return p
	case k == column.List:
		if len(v.List) > 0 {
			p = binary.AppendVarint(p, int64(len(v.List)))
			for _, e := range v.List {
				p = appendElement(p, e, true)
			}
		}
		return append(p, 0)
	case k == column.Map:
		if len(v.List) > 0 {
			p = binary.AppendVarint(p, int64(len(v.List)/2))
			for i := 0; i+1 < len(v.List); i += 2 {
				p = appendElement(appendBytes(p, []byte(v.List[i].Str)), v.List[i+1], true)
			}
		}
		return append(p, 0)
	}
	return appendBytes(p, []byte(v.String())) // interval, uuid
}

func appendElement(p []byte, v column.Value, union bool) []byte {
	if v.Null {
		return append(p, 0)
	}
	if union {
		p = append(p, 2)
	}
	return appendValue(p, v)
}

// appendDecimal appends a number in two's complement of as few bytes as it needs.
func appendDecimal(p []byte, v column.Int128) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(v.Hi))
	binary.BigEndian.PutUint64(b[8:], v.Lo)
	from := 0
	for from < 15 && b[from] == byte(v.Hi>>63) && b[from+1]>>7 == b[from]>>7 {
		from++
	}
	return appendBytes(p, b[from:])
}
