package column

import (
	"slices"

	"github.com/polybolos-db/polybolos/column/mem"
)

// NoRow in a list of row indexes stands for a row of NULL: the missing side of an outer join.
const NoRow = ^uint32(0)

// Gather makes a vector whose row k is row idx[k] of v, or NULL where idx[k] is NoRow. Values are allocated in a. Long strings, dictionaries and the
// elements of lists are not copied: the result is valid as long as v is. A constant stays one unless NULLs are mixed in; codes stay codes.
func Gather(a *mem.Arena, v *Vector, idx []uint32) (*Vector, error) {
	out := &Vector{}
	if err := GatherInto(out, a, v, idx); err != nil {
		return nil, err
	}
	return out, nil
}

// GatherInto is Gather into a vector that the caller has, whatever it was before: nothing but values in a is allocated for columns that are not nested.
func GatherInto(out *Vector, a *mem.Arena, v *Vector, idx []uint32) (err error) {
	n := len(idx)
	holes := slices.Contains(idx, NoRow)
	if v.Form == Constant {
		if !holes || v.IsConstantNull() {
			*out = *v
			out.Len = n
			return nil
		}
		return gatherConstant(out, a, v, idx)
	}
	*out = Vector{Type: v.Type, Form: v.Form, Len: n}
	if out.Valid, err = gatherValid(a, v.Valid, idx, holes); err != nil {
		return err
	}
	if v.Form == Dict {
		if v.Dictionary.Len == 0 {
			// No entry means no row with a value; a code of 0 would point nowhere.
			*out = *NewNull(v.Type, n)
			return nil
		}
		out.Dictionary, out.DictID = v.Dictionary, v.DictID
		if out.Codes, err = AllocSlice[uint32](a, n); err != nil {
			return err
		}
		gatherFixed(out.Codes, v.Codes, idx, holes)
		return nil
	}
	if out.Data, err = a.Alloc(n * v.Type.Width()); err != nil {
		return err
	}
	gatherData(out.Data, v.Data, v.Type.Width(), idx, holes)
	out.Children = v.Children
	if v.Type.Kind == Struct {
		out.Children = make([]*Vector, len(v.Children))
		for i, c := range v.Children {
			if out.Children[i], err = Gather(a, c, idx); err != nil {
				return err
			}
		}
	}
	return nil
}

func gatherConstant(out *Vector, a *mem.Arena, v *Vector, idx []uint32) error {
	at := make([]uint32, len(idx))
	for k, i := range idx {
		if i == NoRow {
			at[k] = NoRow
		}
	}
	one := *v
	one.Form, one.Len = Flat, 1
	return GatherInto(out, a, &one, at)
}

func gatherValid(a *mem.Arena, valid Bitmap, idx []uint32, holes bool) (Bitmap, error) {
	if valid == nil && !holes {
		return nil, nil
	}
	out, err := AllocBitmap(a, len(idx))
	if err != nil {
		return nil, err
	}
	for k, i := range idx {
		if i == NoRow || !valid.Get(int(i)) {
			out.Clear(k)
		}
	}
	return out, nil
}

// gatherData moves values of width bytes; a hole's value is zero.
func gatherData(dst, src []byte, width int, idx []uint32, holes bool) {
	switch width {
	case 1:
		gatherFixed(dst, src, idx, holes)
	case 2:
		gatherFixed(SliceOf[uint16](dst), SliceOf[uint16](src), idx, holes)
	case 4:
		gatherFixed(SliceOf[uint32](dst), SliceOf[uint32](src), idx, holes)
	case 8:
		gatherFixed(SliceOf[uint64](dst), SliceOf[uint64](src), idx, holes)
	case 16:
		gatherFixed(SliceOf[Int128](dst), SliceOf[Int128](src), idx, holes)
	}
}

func gatherFixed[T any](dst, src []T, idx []uint32, holes bool) {
	dst = dst[:len(idx)]
	if !holes {
		for k, i := range idx {
			dst[k] = src[i]
		}
		return
	}
	var zero T
	for k, i := range idx {
		if i == NoRow {
			dst[k] = zero
		} else {
			dst[k] = src[i]
		}
	}
}

// Slice is rows from to from+n-1 of v. Data is shared with v; only a validity that does not start at a word's boundary is copied into a.
func Slice(a *mem.Arena, v *Vector, from, n int) (*Vector, error) {
	out := *v
	out.Len = n
	if v.Form == Constant || from == 0 {
		return &out, nil
	}
	w := v.Type.Width()
	switch v.Form {
	case Dict:
		out.Codes = v.Codes[from : from+n]
	case Flat:
		out.Data = v.Data[from*w : (from+n)*w]
	}
	if v.Valid != nil {
		if from%64 == 0 {
			out.Valid = v.Valid[from/64:]
		} else {
			valid, err := AllocBitmap(a, n)
			if err != nil {
				return nil, err
			}
			for i := range n {
				if !v.Valid.Get(from + i) {
					valid.Clear(i)
				}
			}
			out.Valid = valid
		}
	}
	if v.Type.Kind == Struct {
		out.Children = make([]*Vector, len(v.Children))
		for i, c := range v.Children {
			s, err := Slice(a, c, from, n)
			if err != nil {
				return nil, err
			}
			out.Children[i] = s
		}
	}
	return &out, nil
}

// Scatter writes row k of src to row at[k] of dst, which is flat, of the same type and not nested, and has a validity bitmap when src has NULLs.
// Long strings are not copied.
func Scatter(dst, src *Vector, at []uint32) {
	target := src.Target()
	switch dst.Type.Width() {
	case 1:
		scatterFixed(dst.Data, target.Data, src, at)
	case 2:
		scatterFixed(Values[uint16](dst), Values[uint16](target), src, at)
	case 4:
		scatterFixed(Values[uint32](dst), Values[uint32](target), src, at)
	case 8:
		scatterFixed(Values[uint64](dst), Values[uint64](target), src, at)
	case 16:
		scatterFixed(Values[Int128](dst), Values[Int128](target), src, at)
	}
	if dst.Valid == nil {
		return
	}
	for k, i := range at {
		if src.IsNull(k) {
			dst.Valid.Clear(int(i))
		} else {
			dst.Valid.Set(int(i))
		}
	}
}

func scatterFixed[T any](dst, values []T, src *Vector, at []uint32) {
	switch src.Form {
	case Flat:
		for k, i := range at {
			dst[i] = values[k]
		}
	case Constant:
		for _, i := range at {
			dst[i] = values[0]
		}
	case Dict:
		for k, i := range at {
			if !src.IsNull(k) {
				dst[i] = values[src.Codes[k]]
			}
		}
	}
}
