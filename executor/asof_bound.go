package executor

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// bounds are the values of a column of ordered rows, made to be searched: numbers as unsigned words of the same order, strings where they lie.
type bounds struct {
	phys   column.Physical
	typ    column.Type
	hi, lo []uint64        // hi is nil for values of up to 64 bits
	texts  [][]column.View // of strings, by chunk
}

// boundReader gives the value of a row of a vector.
type boundReader struct {
	v     *column.Vector
	words func(i int) (hi, lo uint64)
	texts []column.View
}

func newBounds(a *mem.Arena, t column.Type, rows int) (b bounds, err error) {
	b = bounds{phys: t.Physical(), typ: t}
	switch b.phys {
	case column.PhysView, column.PhysNone:
		return b, nil
	case column.PhysInt128, column.PhysInterval:
		if b.hi, err = column.AllocSlice[uint64](a, rows); err != nil {
			return b, err
		}
	}
	b.lo, err = column.AllocSlice[uint64](a, rows)
	return b, err
}

// copyTo is b with its numbers in a.
func (b *bounds) copyTo(a *mem.Arena) (bounds, error) {
	out, err := newBounds(a, b.typ, len(b.lo))
	if err == nil {
		copy(out.hi, b.hi)
		copy(out.lo, b.lo)
	}
	return out, err
}

// reader prepares to read v, which has the bounds' type.
func (b *bounds) reader(v *column.Vector) boundReader {
	r := boundReader{v: v}
	t := v.Target()
	const sign = 1 << 63
	switch b.phys {
	case column.PhysView:
		r.texts = column.Values[column.View](t)
	case column.PhysInterval:
		values := column.Values[column.IntervalValue](t)
		r.words = func(i int) (uint64, uint64) { s := values[i].Span(); return uint64(s.Hi) ^ sign, s.Lo }
	case column.PhysInt128:
		values := column.Values[column.Int128](t)
		flip := uint64(sign)
		if b.typ.Kind == column.UUID {
			flip = 0
		}
		r.words = func(i int) (uint64, uint64) { return uint64(values[i].Hi) ^ flip, values[i].Lo }
	case column.PhysFloat32:
		values := column.Values[float32](t)
		r.words = func(i int) (uint64, uint64) { return 0, orderedFloat(float64(values[i])) }
	case column.PhysFloat64:
		values := column.Values[float64](t)
		r.words = func(i int) (uint64, uint64) { return 0, orderedFloat(values[i]) }
	case column.PhysBool, column.PhysUint8:
		r.words = unsignedWords(column.Values[uint8](t))
	case column.PhysUint16:
		r.words = unsignedWords(column.Values[uint16](t))
	case column.PhysUint32:
		r.words = unsignedWords(column.Values[uint32](t))
	case column.PhysUint64:
		r.words = unsignedWords(column.Values[uint64](t))
	case column.PhysInt8:
		r.words = signedWords(column.Values[int8](t))
	case column.PhysInt16:
		r.words = signedWords(column.Values[int16](t))
	case column.PhysInt32:
		r.words = signedWords(column.Values[int32](t))
	case column.PhysInt64:
		r.words = signedWords(column.Values[int64](t))
	}
	return r
}

func unsignedWords[T uint8 | uint16 | uint32 | uint64](values []T) func(int) (uint64, uint64) {
	return func(i int) (uint64, uint64) { return 0, uint64(values[i]) }
}

func signedWords[T int8 | int16 | int32 | int64](values []T) func(int) (uint64, uint64) {
	return func(i int) (uint64, uint64) { return 0, uint64(int64(values[i])) ^ 1<<63 }
}

// orderedFloat is f as a number of the same order: NaN is the greatest, -0 equals 0.
func orderedFloat(f float64) uint64 {
	if f != f {
		return math.MaxUint64
	}
	bits := math.Float64bits(f + 0)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// set notes the value of row k of a vector as that of a row of the order; NULLs have any.
func (b *bounds) set(row int, from boundReader, k int) {
	if from.words == nil || from.v.IsNull(k) {
		return
	}
	hi, lo := from.words(from.v.Index(k))
	b.lo[row] = lo
	if b.hi != nil {
		b.hi[row] = hi
	}
}

// finish is called when rows are complete; col is the bounds' column in them.
func (b *bounds) finish(rows *column.Appender, col int) {
	if b.phys == column.PhysView {
		b.texts = column.Chunked[column.View](rows, col)
	}
}

// search is the first row from lo to hi whose value is greater than, or without after at least, that of row r of the reader's vector; hi when there is none.
func (b *bounds) search(lo, hi uint32, from boundReader, r int, after bool) uint32 {
	i := from.v.Index(r)
	var less func(row uint32) bool // the row comes before the wanted one
	switch {
	case b.phys == column.PhysNone:
		return hi
	case b.phys == column.PhysView:
		want := &from.texts[i]
		less = func(row uint32) bool {
			c := column.CompareViews(&b.texts[row/column.ChunkRows][row%column.ChunkRows], want)
			return c < 0 || after && c == 0
		}
	case b.hi != nil:
		wh, wl := from.words(i)
		less = func(row uint32) bool {
			h, l := b.hi[row], b.lo[row]
			return h < wh || h == wh && (l < wl || after && l == wl)
		}
	default:
		_, want := from.words(i)
		words := b.lo
		for lo < hi {
			mid := lo + (hi-lo)/2
			if w := words[mid]; w < want || after && w == want {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		return lo
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		if less(mid) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
