package column

import "github.com/polybolos-db/polybolos/column/mem"

// Compact makes b dense: its selected rows, without a selection. Constants and dictionaries stay; long strings are not copied, so the result is
// valid as long as b's vectors are. A batch without a selection is returned as it is. Columns that are nil stay nil.
func Compact(a *mem.Arena, b *Batch) (*Batch, error) {
	if b.Sel == nil {
		return b, nil
	}
	out := &Batch{Cols: make([]*Vector, len(b.Cols)), Len: len(b.Sel)}
	for i, v := range b.Cols {
		if v == nil {
			continue
		}
		c, err := Gather(a, v, b.Sel)
		if err != nil {
			return nil, err
		}
		out.Cols[i] = c
	}
	return out, nil
}

// Flatten gives v one value a row: a flat vector as it is, other forms decoded into a. Long strings and the elements of lists are not copied.
func Flatten(a *mem.Arena, v *Vector) (*Vector, error) {
	if v.Form == Flat || v.Type.Kind == Null {
		return v, nil
	}
	out, err := NewFlat(a, v.Type, v.Len)
	if err != nil {
		return nil, err
	}
	if v.IsConstantNull() {
		if out.Valid, err = AllocBitmap(a, v.Len); err != nil {
			return nil, err
		}
		clear(out.Valid)
		return out, flattenChildren(a, out, v)
	}
	target := v.Target()
	switch v.Type.Width() {
	case 1:
		decode(out.Data, target.Data, v)
	case 2:
		decode(Values[uint16](out), Values[uint16](target), v)
	case 4:
		decode(Values[uint32](out), Values[uint32](target), v)
	case 8:
		decode(Values[uint64](out), Values[uint64](target), v)
	case 16:
		decode(Values[Int128](out), Values[Int128](target), v)
	}
	if v.Form == Dict {
		out.Valid = v.Valid
	}
	return out, flattenChildren(a, out, v)
}

func decode[T any](dst, values []T, v *Vector) {
	if v.Form == Constant {
		for i := range dst {
			dst[i] = values[0]
		}
		return
	}
	if len(values) == 0 {
		return
	}
	for i, c := range v.Codes[:v.Len] {
		dst[i] = values[c]
	}
}

// flattenChildren gives the flat out the children of the constant or encoded v. A list's spans point into the same elements; a struct's fields have as
// many rows as the struct.
func flattenChildren(a *mem.Arena, out, v *Vector) error {
	if !v.Type.Kind.IsNested() {
		return nil
	}
	target := v.Target()
	if v.Type.Kind != Struct && len(target.Children) > 0 {
		out.Children = target.Children
		return nil
	}
	at := make([]uint32, v.Len)
	for i := range at {
		at[i] = NoRow
		if !v.IsNull(i) {
			at[i] = uint32(v.Index(i))
		}
	}
	for k, f := range v.Type.Nested.Fields {
		switch {
		case v.Type.Kind != Struct:
			out.Children = append(out.Children, NewNull(f.Type, 0))
		case len(target.Children) == 0:
			out.Children = append(out.Children, NewNull(f.Type, v.Len))
		default:
			c, err := Gather(a, target.Children[k], at)
			if err != nil {
				return err
			}
			out.Children = append(out.Children, c)
		}
	}
	return nil
}

// Clone copies the selected rows of b into a, strings included, as a dense batch of flat vectors that depends on no other memory. Columns that are nil stay nil.
func Clone(a *mem.Arena, b *Batch) (*Batch, error) {
	out := &Batch{Cols: make([]*Vector, len(b.Cols)), Len: b.Rows()}
	for i, v := range b.Cols {
		if v == nil {
			continue
		}
		w := newBuilder(newStore(a), v.Type)
		if err := w.reserve(out.Len); err != nil {
			return nil, err
		}
		if err := w.appendRows(v, b.Sel, 0, out.Len); err != nil {
			return nil, err
		}
		out.Cols[i] = w.vector()
	}
	return out, nil
}
