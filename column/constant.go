package column

import "github.com/polybolos-db/polybolos/column/mem"

// NewConstant makes a constant vector of n rows holding val; its bytes, a long string's included, are copied into a.
func NewConstant(a *mem.Arena, val Value, n int) (*Vector, error) {
	if val.Null || val.Type.Kind == Null {
		return NewNull(val.Type, n), nil
	}
	if val.Type.Kind.IsNested() {
		v, err := FromValues(a, val.Type, 1, func(int) *Value { return &val })
		if err != nil {
			return nil, err
		}
		v.Form, v.Len = Constant, n
		return v, nil
	}
	v, err := NewFlat(a, val.Type, 1)
	if err != nil {
		return nil, err
	}
	v.Form, v.Len = Constant, n
	return v, SetValue(a, v, 0, val)
}

// SetValue writes val, which has v's type and is not NULL, into position i of v's data. Long strings are copied into a.
func SetValue(a *mem.Arena, v *Vector, i int, val Value) error {
	switch v.Type.Physical() {
	case PhysBool, PhysInt8, PhysUint8:
		Values[uint8](v)[i] = uint8(val.Int.Lo)
	case PhysInt16, PhysUint16:
		Values[uint16](v)[i] = uint16(val.Int.Lo)
	case PhysInt32, PhysUint32:
		Values[uint32](v)[i] = uint32(val.Int.Lo)
	case PhysInt64, PhysUint64:
		Values[uint64](v)[i] = val.Int.Lo
	case PhysFloat32:
		Values[float32](v)[i] = float32(val.Float)
	case PhysFloat64:
		Values[float64](v)[i] = val.Float
	case PhysInt128:
		Values[Int128](v)[i] = val.Int
	case PhysInterval:
		Values[IntervalValue](v)[i] = val.Interval
	case PhysView:
		view, err := CopyView(a, []byte(val.Str))
		if err != nil {
			return err
		}
		Values[View](v)[i] = view
	}
	return nil
}

// CopyView makes a view of p whose bytes, when they do not fit the view, are copied into a.
func CopyView(a *mem.Arena, p []byte) (View, error) {
	if len(p) > InlineLen {
		q, err := a.Copy(p)
		if err != nil {
			return View{}, err
		}
		p = q
	}
	return MakeView(p), nil
}
