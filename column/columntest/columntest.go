package columntest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Types is one type of every kind and layout that a table can hold.
func Types() []column.Type {
	return []column.Type{
		column.T(column.Bool), column.T(column.Int8), column.T(column.Int16), column.T(column.Int32), column.T(column.Int64),
		column.T(column.Uint8), column.T(column.Uint16), column.T(column.Uint32), column.T(column.Uint64), column.T(column.Float32),
		column.T(column.Float64), column.DecimalType(15, 2), column.DecimalType(38, 10), column.T(column.Date), column.T(column.Time),
		column.T(column.Timestamp), column.T(column.TimestampTZ), column.T(column.Interval), column.T(column.Text), column.T(column.Binary),
		column.T(column.UUID),
	}
}

// NestedTypes is some lists, structs and maps.
func NestedTypes() []column.Type {
	pair := column.Type{Kind: column.Struct, Nested: &column.Nested{Fields: []column.Field{
		{Name: "n", Type: column.T(column.Int64)}, {Name: "s", Type: column.T(column.Text)}}}}
	dict := column.Type{Kind: column.Map, Nested: &column.Nested{Fields: []column.Field{
		{Name: "key", Type: column.T(column.Text), NotNull: true}, {Name: "value", Type: column.DecimalType(38, 2)}}}}
	return []column.Type{column.ListType(column.T(column.Text)), pair, dict, column.ListType(column.ListType(pair))}
}

// Value makes a random value of type t: one in nulls is NULL (0: none), extremes are frequent.
func Value(r *rand.Rand, t column.Type, nulls int) column.Value {
	if nulls > 0 && r.IntN(nulls) == 0 {
		return column.NullValue(t)
	}
	v := column.Value{Type: t}
	switch {
	case t.Kind == column.Bool:
		v.Int.Lo = r.Uint64() & 1
	case t.Kind.IsFloat():
		v.Float = []float64{0, math.Copysign(0, -1), 1.5, -1.5, math.NaN(), math.Inf(1), math.Inf(-1), r.NormFloat64() * 1e3}[r.IntN(8)]
		if t.Kind == column.Float32 {
			v.Float = float64(float32(v.Float))
		}
	case t.Kind == column.Interval:
		v.Interval = column.IntervalValue{Months: int32(r.IntN(5) - 2), Days: int32(r.IntN(90) - 45), Micros: r.Int64N(1<<40) - 1<<39}
	case t.Kind == column.Text || t.Kind == column.Binary:
		v.Str = Text(r)
	case t.Kind == column.Struct:
		for _, f := range t.Nested.Fields {
			v.List = append(v.List, Value(r, f.Type, nulls))
		}
	case t.Kind == column.List || t.Kind == column.Map:
		for range r.IntN(4) {
			for _, f := range t.Nested.Fields {
				n := nulls
				if f.NotNull {
					n = 0
				}
				v.List = append(v.List, Value(r, f.Type, n))
			}
		}
	case t.Kind == column.UUID:
		v.Int = column.Int128{Lo: r.Uint64(), Hi: int64(r.Uint64())}
	case t.Kind == column.Decimal:
		limit := column.Pow10(int(t.Precision))
		_, v.Int = column.Int128{Lo: r.Uint64(), Hi: int64(r.Uint64())}.QuoRem(limit)
		if r.IntN(2) == 0 {
			v.Int = column.Int128FromInt64(int64(r.IntN(200) - 100))
		}
	default:
		v.Int = integer(r, t)
	}
	return v
}

func integer(r *rand.Rand, t column.Type) column.Int128 {
	bits := uint(8 * t.Width())
	x := r.Uint64()
	switch r.IntN(4) {
	case 0:
		x = uint64(int64(r.IntN(20) - 10))
	case 1:
		x = 1 << (bits - 1)
	}
	if t.Kind >= column.Uint8 && t.Kind <= column.Uint64 {
		return column.Int128{Lo: x << (64 - bits) >> (64 - bits)}
	}
	return column.Int128FromInt64(int64(x) << (64 - bits) >> (64 - bits))
}

// Text makes a string that is short, long, or shares a prefix with others.
func Text(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return ""
	case 1:
		return fmt.Sprint(r.IntN(30))
	case 2:
		return "common prefix of all " + fmt.Sprint(r.IntN(30))
	}
	return strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(40))
}

// Values makes n random values; few are distinct, so that they group, join and tie.
func Values(r *rand.Rand, t column.Type, n, nulls int) []column.Value {
	pool := make([]column.Value, 1+r.IntN(20))
	for i := range pool {
		pool[i] = Value(r, t, 0)
	}
	out := make([]column.Value, n)
	for i := range out {
		if out[i] = pool[r.IntN(len(pool))]; nulls > 0 && r.IntN(nulls) == 0 {
			out[i] = column.NullValue(t)
		}
	}
	return out
}

// Vector makes a flat vector of vals in a.
func Vector(a *mem.Arena, t column.Type, vals []column.Value) *column.Vector {
	v, err := column.FromValues(a, t, len(vals), func(i int) *column.Value { return &vals[i] })
	must(err)
	return v
}

// Encoded makes a dictionary-encoded vector of vals in a.
func Encoded(a *mem.Arena, t column.Type, vals []column.Value) *column.Vector {
	var entries []column.Value
	codes, err := column.AllocSlice[uint32](a, len(vals))
	must(err)
	var valid column.Bitmap
	seen := map[string]uint32{}
	for i, val := range vals {
		if val.Null {
			if valid == nil {
				valid, err = column.AllocBitmap(a, len(vals))
				must(err)
			}
			valid.Clear(i)
			codes[i] = 0
			continue
		}
		key := fmt.Sprintf("%v|%v|%v|%v|%v", val.Int, math.Float64bits(val.Float), val.Str, val.Interval, val.List)
		code, ok := seen[key]
		if !ok {
			code = uint32(len(entries))
			seen[key] = code
			entries = append(entries, val)
		}
		codes[i] = code
	}
	return &column.Vector{Type: t, Form: column.Dict, Len: len(vals), Valid: valid, Codes: codes,
		Dictionary: Vector(a, t, entries), DictID: column.NewDictID()}
}

// Random makes a vector of n random values in a random form (flat, dictionary, constant).
func Random(r *rand.Rand, a *mem.Arena, t column.Type, n int) *column.Vector {
	if t.Kind == column.Null {
		return column.NewNull(t, n)
	}
	vals := Values(r, t, n, []int{0, 3}[r.IntN(2)])
	switch form := r.IntN(4); {
	case form == 0 && !t.Kind.IsNested():
		return Encoded(a, t, vals)
	case form == 1 && !t.Kind.IsNested():
		v, err := column.NewConstant(a, Value(r, t, 4), n)
		must(err)
		return v
	}
	return Vector(a, t, vals)
}

// Selection is nil or random ascending rows of n.
func Selection(r *rand.Rand, n int) []uint32 {
	if r.IntN(3) == 0 {
		return nil
	}
	sel := []uint32{}
	keep := r.IntN(5)
	for i := range n {
		if r.IntN(4) < keep {
			sel = append(sel, uint32(i))
		}
	}
	return sel
}

// RandomBatch makes a batch of n physical rows in random forms with a random selection.
func RandomBatch(r *rand.Rand, a *mem.Arena, types []column.Type, n int) *column.Batch {
	b := &column.Batch{Len: n, Sel: Selection(r, n)}
	for _, t := range types {
		b.Cols = append(b.Cols, Random(r, a, t, n))
	}
	return b
}

// Rows reads the selected rows of b.
func Rows(b *column.Batch) [][]column.Value {
	out := make([][]column.Value, b.Rows())
	for k := range out {
		out[k] = make([]column.Value, len(b.Cols))
		for c, v := range b.Cols {
			out[k][c] = v.ValueAt(b.Row(k))
		}
	}
	return out
}

// Equal reports whether two values are the same, NaN and the sign of zero included.
func Equal(a, b column.Value) bool {
	if a.Null || b.Null {
		return a.Null == b.Null && a.Type.Equal(b.Type)
	}
	if len(a.List) != len(b.List) || math.Float64bits(a.Float) != math.Float64bits(b.Float) {
		return false
	}
	for i := range a.List {
		if !Equal(a.List[i], b.List[i]) {
			return false
		}
	}
	a.List, b.List, a.Float, b.Float = nil, nil, 0, 0
	if !a.Type.Equal(b.Type) {
		return false
	}
	a.Type, b.Type = column.Type{}, column.Type{}
	return reflect.DeepEqual(a, b)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
