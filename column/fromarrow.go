package column

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// FromArrow copies a record into a as a dense batch of flat vectors of the given types. The record's types must be those of ArrowType, except that strings
// may have large offsets; otherwise it fails with 42804. Offsets and lengths are checked, so that a damaged record gives an error (XX001).
func FromArrow(a *mem.Arena, rec arrow.RecordBatch, fields []Field) (*Batch, error) {
	if int(rec.NumCols()) != len(fields) {
		return nil, fault.New(fault.DataCorrupted, "record of %d columns where %d are expected", rec.NumCols(), len(fields))
	}
	b := &Batch{Cols: make([]*Vector, len(fields)), Len: int(rec.NumRows())}
	for i, f := range fields {
		v, err := fromArrow(a, rec.Column(i), f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		b.Cols[i] = v
	}
	return b, nil
}

func fromArrow(a *mem.Arena, arr arrow.Array, t Type) (*Vector, error) {
	n := arr.Len()
	if t.Kind == Null {
		return NewNull(t, n), nil
	}
	if t.Kind != Struct && !plausible(arr) {
		return nil, damaged(t)
	}
	v, err := NewFlat(a, t, n)
	if err != nil {
		return nil, err
	}
	if err := validFrom(a, v, arr); err != nil {
		return nil, err
	}
	if s, ok := arr.(array.ExtensionArray); ok {
		arr = s.Storage()
	}
	switch t.Kind {
	case Text, Binary:
		return v, stringsFrom(a, v, arr)
	case List, Map:
		return v, listFrom(a, v, arr)
	case Struct:
		s, ok := arr.(*array.Struct)
		if !ok || s.NumField() != len(t.Nested.Fields) {
			return nil, mismatch(arr, t)
		}
		for i, f := range t.Nested.Fields {
			c, err := fromArrow(a, s.Field(i), f.Type)
			if err != nil {
				return nil, err
			}
			v.Children = append(v.Children, c)
		}
		return v, nil
	}
	return v, fixedFrom(v, arr)
}

// plausible reports whether an array has at least a bit for each of its values: damaged metadata may say any length, and memory is taken by it.
func plausible(arr arrow.Array) bool {
	bits := int64(0)
	for _, b := range arr.Data().Buffers() {
		if b != nil {
			bits += 8 * int64(b.Len())
		}
	}
	_, fixed := arr.(*array.FixedSizeList)
	return fixed || int64(arr.Len()) <= bits
}

func mismatch(arr arrow.Array, t Type) error {
	return fault.New(fault.DatatypeMismatch, "Arrow data of type %s where %s is expected", arr.DataType(), t)
}

func damaged(t Type) error {
	return fault.New(fault.DataCorrupted, "damaged Arrow data of type %s", t)
}

func validFrom(a *mem.Arena, v *Vector, arr arrow.Array) error {
	if arr.NullN() == 0 {
		return nil
	}
	bits := arr.NullBitmapBytes()
	off := arr.Data().Offset()
	if len(bits)*8 < off+v.Len {
		return damaged(v.Type)
	}
	valid, err := AllocBitmap(a, v.Len)
	if err != nil {
		return err
	}
	for i := range v.Len {
		if !bitutil.BitIsSet(bits, off+i) {
			valid.Clear(i)
		}
	}
	v.Valid = valid
	return nil
}

// fixedFrom copies values of one width.
func fixedFrom(v *Vector, arr arrow.Array) error {
	if !arrow.TypeEqual(arr.DataType(), ArrowType(v.Type)) {
		return mismatch(arr, v.Type)
	}
	data := arr.Data()
	n, off := v.Len, data.Offset()
	var p []byte
	if buffers := data.Buffers(); len(buffers) > 1 && buffers[1] != nil {
		p = buffers[1].Bytes()
	}
	if v.Type.Kind == Bool {
		if len(p)*8 < off+n {
			return damaged(v.Type)
		}
		dst := Values[uint8](v)
		for i := range n {
			if bitutil.BitIsSet(p, off+i) {
				dst[i] = 1
			}
		}
		return nil
	}
	width := v.Type.Width()
	if v.Type.Kind == Decimal {
		width = 16
	}
	if len(p) < (off+n)*width {
		return damaged(v.Type)
	}
	p = p[off*width : (off+n)*width]
	switch {
	case v.Type.Kind == Decimal && v.Type.Physical() == PhysInt64:
		dst := Values[int64](v)
		for i := range n {
			// The low word of 16 bytes.
			x := SliceOf[int64](p[16*i : 16*i+16])
			if x[1] != x[0]>>63 && !v.IsNull(i) {
				return damaged(v.Type)
			}
			dst[i] = x[0]
		}
		return nil
	}
	copy(v.Data, p)
	switch v.Type.Kind {
	case UUID:
		dst := Values[Int128](v)
		for i := range dst {
			dst[i] = swapUUID(dst[i])
		}
	case Interval:
		dst := Values[IntervalValue](v)
		for i := range dst {
			dst[i].Micros /= nanosPerMicro
		}
	}
	return nil
}

// stringsFrom copies all bytes of the strings at once and points into them.
func stringsFrom(a *mem.Arena, v *Vector, arr arrow.Array) error {
	var large bool
	switch arr.DataType().ID() {
	case arrow.STRING, arrow.BINARY:
	case arrow.LARGE_STRING, arrow.LARGE_BINARY:
		large = true
	default:
		return mismatch(arr, v.Type)
	}
	if v.Len == 0 {
		return nil
	}
	buffers := arr.Data().Buffers()
	if len(buffers) < 3 || buffers[1] == nil {
		return damaged(v.Type)
	}
	ends, err := offsetsFrom(buffers[1].Bytes(), arr.Data().Offset(), v.Len, large)
	if err != nil {
		return damaged(v.Type)
	}
	at := func(i int) (from, to int64) { return ends(i), ends(i + 1) }
	var src []byte
	if buffers[2] != nil {
		src = buffers[2].Bytes()
	}
	first, _ := at(0)
	_, last := at(v.Len - 1)
	if first < 0 || last < first || last > int64(len(src)) {
		return damaged(v.Type)
	}
	own, err := a.Copy(src[first:last])
	if err != nil {
		return err
	}
	dst := Values[View](v)
	for i := range dst {
		from, to := at(i)
		if from < first || to < from || to > last {
			return damaged(v.Type)
		}
		if v.Valid.Get(i) {
			dst[i] = MakeView(own[from-first : to-first])
		}
	}
	return nil
}

// offsetsFrom reads the n+1 offsets of n strings from the off-th on.
func offsetsFrom(p []byte, off, n int, large bool) (func(i int) int64, error) {
	if large {
		ends := SliceOf[int64](p)
		if len(ends) <= off+n {
			return nil, errOffsets
		}
		return func(i int) int64 { return ends[off+i] }, nil
	}
	ends := SliceOf[int32](p)
	if len(ends) <= off+n {
		return nil, errOffsets
	}
	return func(i int) int64 { return int64(ends[off+i]) }, nil
}

var errOffsets = errors.New("too few offsets")

// listFrom copies the spans and the elements of a list or map.
func listFrom(a *mem.Arena, v *Vector, arr arrow.Array) error {
	list, ok := arr.(array.ListLike)
	if !ok {
		return mismatch(arr, v.Type)
	}
	elements := list.ListValues()
	dst := Values[Span](v)
	for i := range dst {
		if v.IsNull(i) {
			continue
		}
		from, to := list.ValueOffsets(i)
		if from < 0 || to < from || to > int64(elements.Len()) {
			return damaged(v.Type)
		}
		dst[i] = Span{Offset: uint32(from), Length: uint32(to - from)}
	}
	parts := []arrow.Array{elements}
	if v.Type.Kind == Map {
		m, ok := arr.(*array.Map)
		if !ok {
			return mismatch(arr, v.Type)
		}
		parts = []arrow.Array{m.Keys(), m.Items()}
	}
	for k, p := range parts {
		c, err := fromArrow(a, p, v.Type.Nested.Fields[k].Type)
		if err != nil {
			return err
		}
		v.Children = append(v.Children, c)
	}
	return nil
}
