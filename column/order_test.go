package column

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"testing"
)

// randomValue is a value of type t, often one of few, so that equal ones meet.
func randomValue(r *rand.Rand, t Type) Value {
	v := Value{Type: t}
	if r.IntN(6) == 0 {
		return NullValue(t)
	}
	switch {
	case t.Kind.IsNested():
		n := r.IntN(3)
		if t.Kind == Struct {
			n = 1
		}
		for range n {
			for _, f := range t.Nested.Fields {
				v.List = append(v.List, randomValue(r, f.Type))
			}
		}
	case t.Kind.IsFloat():
		v.Float = []float64{0, math.Copysign(0, -1), 1.5, -2, math.NaN(), math.Inf(1), math.Inf(-1)}[r.IntN(7)]
	case t.Kind == Interval:
		v.Interval = IntervalValue{Months: int32(r.IntN(3) - 1), Days: int32(r.IntN(61) - 30), Micros: int64(r.IntN(3)) * MicrosPerDay / 2}
	case t.Physical() == PhysView:
		v.Str = []string{"", "\x00", "a", "a\x00b", "ab", "\xff", "a\x01"}[r.IntN(7)]
	default:
		v.Int = Int128{Hi: int64(r.IntN(3) - 1), Lo: uint64(r.IntN(3))}
	}
	return v
}

func TestSortKeysOrderAsValuesDo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pair := StructType([]Field{{Name: "a", Type: T(Text)}, {Name: "b", Type: T(Int64)}})
	for _, typ := range []Type{
		T(Float64), T(Text), T(Interval), T(UUID), DecimalType(38, 2), ListType(T(Text)), ListType(ListType(T(Float64))), pair, ListType(pair),
	} {
		for range 3000 {
			a, b := randomValue(r, typ), randomValue(r, typ)
			want := CompareValues(a, b)
			got := bytes.Compare(AppendSortKey(nil, a), AppendSortKey(nil, b))
			if cmp.Compare(want, 0) != got {
				t.Fatalf("%s: %s and %s compare as %d, their keys as %d", typ, a, b, want, got)
			}
		}
	}
}
