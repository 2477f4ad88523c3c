package cpu

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// fewValues is the number of integers up to which looking at all of them is faster than a hash table (two cache lines of eight).
const fewValues = 8

// valueSet is the right side of IN as hash tables, one of which is in use.
type valueSet struct {
	few    []int64
	ints   map[int64]struct{}
	wide   map[column.Int128]struct{}
	floats map[uint64]struct{}
	texts  map[string]struct{}
}

func newValueSet(s *kernels.ValueSet) *valueSet {
	v := &valueSet{}
	switch p := s.Type.Physical(); p {
	case column.PhysFloat32, column.PhysFloat64:
		v.floats = make(map[uint64]struct{}, len(s.Values))
		for _, x := range s.Values {
			v.floats[floatKey(x.Float)] = struct{}{}
		}
	case column.PhysInt128, column.PhysInterval:
		v.wide = make(map[column.Int128]struct{}, len(s.Values))
		for _, x := range s.Values {
			if p == column.PhysInterval {
				x.Int = x.Interval.Span()
			}
			v.wide[x.Int] = struct{}{}
		}
	case column.PhysView:
		v.texts = make(map[string]struct{}, len(s.Values))
		for _, x := range s.Values {
			v.texts[x.Str] = struct{}{}
		}
	default:
		v.ints = make(map[int64]struct{}, len(s.Values))
		for _, x := range s.Values {
			v.ints[x.Int64()] = struct{}{}
		}
		if len(v.ints) <= fewValues {
			for x := range v.ints {
				v.few = append(v.few, x)
			}
		}
	}
	return v
}

// floatKey is the same for floats that are equal in SQL: all NaNs, and both zeros.
func floatKey(f float64) uint64 {
	if f != f {
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(f + 0)
}

func (e *Evaluator) inSet(n *node, dst, v *column.Vector, sel []uint32, rows int) error {
	if n.Set.HasNull && dst.Valid == nil {
		valid, err := e.validity(n.Dst)
		if err != nil {
			return err
		}
		valid.SetAll(rows)
		dst.Valid = valid
	}
	d, s := dst.Data, n.set
	switch p := v.Type.Physical(); p {
	case column.PhysBool, column.PhysUint8:
		inInts(s, d, column.Values[uint8](v), sel, rows)
	case column.PhysInt8:
		inInts(s, d, column.Values[int8](v), sel, rows)
	case column.PhysInt16:
		inInts(s, d, column.Values[int16](v), sel, rows)
	case column.PhysUint16:
		inInts(s, d, column.Values[uint16](v), sel, rows)
	case column.PhysInt32:
		inInts(s, d, column.Values[int32](v), sel, rows)
	case column.PhysUint32:
		inInts(s, d, column.Values[uint32](v), sel, rows)
	case column.PhysInt64, column.PhysUint64:
		inInts(s, d, column.Values[int64](v), sel, rows)
	case column.PhysFloat32:
		x := column.Values[float32](v)
		inSet(d, sel, rows, func(i int) bool { _, ok := s.floats[floatKey(float64(x[i]))]; return ok })
	case column.PhysFloat64:
		x := column.Values[float64](v)
		inSet(d, sel, rows, func(i int) bool { _, ok := s.floats[floatKey(x[i])]; return ok })
	case column.PhysInt128:
		x := column.Values[column.Int128](v)
		inSet(d, sel, rows, func(i int) bool { _, ok := s.wide[x[i]]; return ok })
	case column.PhysInterval:
		x := column.Values[column.IntervalValue](v)
		inSet(d, sel, rows, func(i int) bool { _, ok := s.wide[x[i].Span()]; return ok })
	case column.PhysView:
		x := column.Values[column.View](v)
		// Views of NULL rows are not looked at.
		inSet(d, sel, rows, func(i int) bool {
			if !dst.Valid.Get(i) {
				return false
			}
			_, ok := s.texts[string(x[i].Bytes())]
			return ok
		})
	default:
		return fault.New(fault.FeatureNotSupported, "IN is not supported for type %s", v.Type)
	}
	if n.Set.HasNull {
		each(sel, rows, func(i int) {
			if d[i] == 0 {
				dst.Valid.Clear(i)
			}
		})
	}
	return nil
}

func inSet(d []uint8, sel []uint32, rows int, has func(i int) bool) {
	each(sel, rows, func(i int) { d[i] = bit(has(i)) })
}

func inInts[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](s *valueSet, d []uint8, x []T, sel []uint32, rows int) {
	if s.few == nil {
		inSet(d, sel, rows, func(i int) bool { _, ok := s.ints[int64(x[i])]; return ok })
		return
	}
	var few [fewValues]int64
	k := copy(few[:], s.few)
	for ; k < len(few); k++ {
		few[k] = few[0]
	}
	test := func(v int64) uint8 {
		return bit(v == few[0]) | bit(v == few[1]) | bit(v == few[2]) | bit(v == few[3]) |
			bit(v == few[4]) | bit(v == few[5]) | bit(v == few[6]) | bit(v == few[7])
	}
	if sel == nil {
		for i, v := range x[:rows] {
			d[i] = test(int64(v))
		}
		return
	}
	for _, i := range sel {
		d[i] = test(int64(x[i]))
	}
}
