package parquet

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// columnWriter turns vectors into the values and definition levels that the library's column writers take. Its buffers are reused.
type columnWriter struct {
	field  column.Field
	levels []int16
	rows   []int32 // positions of the values to write in the target's data
	i32    []int32
	i64    []int64
	f32    []float32
	f64    []float64
	bools  []bool
	bytes  []parquet.ByteArray
	fixed  []parquet.FixedLenByteArray
	buf    []byte
}

// write appends n selected rows of column i, from the from-th on.
func (w *columnWriter) write(cw file.ColumnChunkWriter, b *column.Batch, i, from, n int) error {
	v := b.Cols[i]
	w.levels, w.rows = w.levels[:0], w.rows[:0]
	for k := from; k < from+n; k++ {
		row := b.Row(k)
		if v.IsNull(row) {
			if w.field.NotNull {
				return fault.New(fault.NotNullViolation, "null value in column %q, which holds none", w.field.Name)
			}
			w.levels = append(w.levels, 0)
			continue
		}
		w.levels = append(w.levels, 1)
		w.rows = append(w.rows, int32(v.Index(row)))
	}
	levels := w.levels
	if w.field.NotNull {
		levels = nil
	}
	return w.values(cw, v.Target(), levels)
}

// pick collects the values at rows, converted to D.
func pick[S, D any](dst []D, v *column.Vector, rows []int32, f func(S) D) []D {
	dst = dst[:0]
	s := column.Values[S](v)
	for _, r := range rows {
		dst = append(dst, f(s[r]))
	}
	return dst
}

// pickInts is pick for integers that need no more than a conversion.
func pickInts[S, D integer](dst []D, v *column.Vector, rows []int32) []D {
	dst = dst[:0]
	s := column.Values[S](v)
	for _, r := range rows {
		dst = append(dst, D(s[r]))
	}
	return dst
}

func same[T any](v T) T { return v }

func (w *columnWriter) values(cw file.ColumnChunkWriter, v *column.Vector, levels []int16) error {
	var err error
	switch cw := cw.(type) {
	case *file.BooleanColumnChunkWriter:
		w.bools = pick(w.bools, v, w.rows, func(b uint8) bool { return b != 0 })
		_, err = cw.WriteBatch(w.bools, levels, nil)
	case *file.Int32ColumnChunkWriter:
		switch v.Type.Physical() {
		case column.PhysInt8:
			w.i32 = pickInts[int8](w.i32, v, w.rows)
		case column.PhysInt16:
			w.i32 = pickInts[int16](w.i32, v, w.rows)
		case column.PhysUint8:
			w.i32 = pickInts[uint8](w.i32, v, w.rows)
		case column.PhysUint16:
			w.i32 = pickInts[uint16](w.i32, v, w.rows)
		default:
			w.i32 = pickInts[int32](w.i32, v, w.rows)
		}
		_, err = cw.WriteBatch(w.i32, levels, nil)
	case *file.Int64ColumnChunkWriter:
		w.i64 = pickInts[int64](w.i64, v, w.rows)
		_, err = cw.WriteBatch(w.i64, levels, nil)
	case *file.Float32ColumnChunkWriter:
		w.f32 = pick(w.f32, v, w.rows, same[float32])
		_, err = cw.WriteBatch(w.f32, levels, nil)
	case *file.Float64ColumnChunkWriter:
		w.f64 = pick(w.f64, v, w.rows, same[float64])
		_, err = cw.WriteBatch(w.f64, levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		w.bytes = w.bytes[:0]
		if len(w.rows) > 0 {
			views := column.Values[column.View](v)
			for _, r := range w.rows {
				w.bytes = append(w.bytes, views[r].Bytes())
			}
		}
		_, err = cw.WriteBatch(w.bytes, levels, nil)
		clear(w.bytes) // they point into the batch
	case *file.FixedLenByteArrayColumnChunkWriter:
		w.sixteen(v)
		_, err = cw.WriteBatch(w.fixed, levels, nil)
	default:
		err = fmt.Errorf("column %q of type %s has a writer %T", w.field.Name, w.field.Type, cw)
	}
	return err
}

// sixteen makes the 16 bytes of decimals and uuids, big-endian, and of intervals.
func (w *columnWriter) sixteen(v *column.Vector) {
	w.buf, w.fixed = w.buf[:0], w.fixed[:0]
	if v.Type.Kind == column.Interval {
		values := column.Values[column.IntervalValue](v)
		for _, r := range w.rows {
			x := &values[r]
			w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(x.Months))
			w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(x.Days))
			w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(x.Micros))
		}
	} else {
		values := column.Values[column.Int128](v)
		for _, r := range w.rows {
			w.buf = binary.BigEndian.AppendUint64(w.buf, uint64(values[r].Hi))
			w.buf = binary.BigEndian.AppendUint64(w.buf, values[r].Lo)
		}
	}
	for at := 0; at < len(w.buf); at += 16 {
		w.fixed = append(w.fixed, w.buf[at:at+16:at+16])
	}
}

// sampled is how many rows of the first batch decide on dictionaries.
const sampled = 4096

// repeats reports whether column i of the sample has values often enough more than once that a dictionary is worth its while: at most half of
// them are distinct.
func repeats(b *column.Batch, i int) bool {
	v := b.Cols[i]
	if v.Form != column.Flat {
		return true
	}
	n := min(b.Rows(), sampled)
	seen := make(map[string]struct{}, n)
	width, values := v.Type.Width(), 0
	var views []column.View
	if v.Type.Physical() == column.PhysView {
		views = column.Values[column.View](v)
	}
	for k := range n {
		row := b.Row(k)
		if v.IsNull(row) {
			continue
		}
		values++
		if views != nil {
			seen[views[row].String()] = struct{}{}
		} else {
			seen[string(v.Data[row*width:(row+1)*width])] = struct{}{}
		}
	}
	return len(seen) <= max(values/2, 1)
}
