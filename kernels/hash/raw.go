package hash

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/simd"
)

// Supported fails with 0A000 for types that cannot be keys.
func Supported(t column.Type) error {
	if t.Kind.IsNested() {
		return fault.New(fault.FeatureNotSupported, "values of type %s cannot be compared for equality as keys", t)
	}
	return nil
}

// floatWord makes one word of all zeros and one of all NaNs.
func floatWord(f float64) uint64 {
	if f == 0 {
		return 0
	}
	if f != f {
		return 0x7FF8000000000000
	}
	return math.Float64bits(f)
}

// flatWords writes the words of vals' rows (those of v, a flat or constant vector, at positions idx; nil: 0 to len(dst)-1), NULL or not.
func flatWords(v *column.Vector, idx []uint32, dst []uint64) {
	switch v.Type.Physical() {
	case column.PhysNone, column.PhysNested:
		clear(dst)
	case column.PhysBool, column.PhysUint8:
		integers(column.Values[uint8](v), idx, dst)
	case column.PhysInt8:
		integers(column.Values[int8](v), idx, dst)
	case column.PhysInt16:
		integers(column.Values[int16](v), idx, dst)
	case column.PhysInt32:
		integers(column.Values[int32](v), idx, dst)
	case column.PhysInt64, column.PhysUint64:
		words(column.Values[uint64](v), idx, dst)
	case column.PhysUint16:
		integers(column.Values[uint16](v), idx, dst)
	case column.PhysUint32:
		integers(column.Values[uint32](v), idx, dst)
	case column.PhysFloat32:
		floats(column.Values[float32](v), idx, dst)
	case column.PhysFloat64:
		floats(column.Values[float64](v), idx, dst)
	case column.PhysInt128:
		vals := column.Values[column.Int128](v)
		for k := range dst {
			dst[k] = wide(vals[at(idx, k)])
		}
	case column.PhysInterval:
		vals := column.Values[column.IntervalValue](v)
		for k := range dst {
			dst[k] = wide(vals[at(idx, k)].Span())
		}
	case column.PhysView:
		strings(v, idx, dst)
	}
}

// strings writes the hashes of v's strings.
func strings(v *column.Vector, idx []uint32, dst []uint64) {
	views := column.Values[simd.View](v)
	switch {
	case v.Valid == nil && idx != nil:
		simd.HashViewsOf(dst, views, idx)
		return
	case v.Valid == nil:
		simd.HashViews(dst, views)
		return
	}
	// A NULL row's view may hold anything, its address too.
	for k := 0; k < len(dst); {
		if idx == nil && k%64 == 0 && k+64 <= len(dst) && v.Valid[k/64] == ^uint64(0) {
			simd.HashViews(dst[k:k+64], views[k:])
			k += 64
			continue
		}
		if i := at(idx, k); v.Valid.Get(i) {
			dst[k] = simd.HashView(&views[i])
		} else {
			dst[k] = nullRaw
		}
		k++
	}
}

func at(idx []uint32, k int) int {
	if idx != nil {
		return int(idx[k])
	}
	return k
}

func integers[T simd.Integer](vals []T, idx []uint32, dst []uint64) {
	if idx == nil {
		simd.Widen(column.SliceOf[int64](column.BytesOf(dst)), vals[:len(dst)])
		return
	}
	idx = idx[:len(dst)]
	for k, i := range idx {
		dst[k] = uint64(int64(vals[i]))
	}
}

// words are the integers that are words already.
func words(vals []uint64, idx []uint32, dst []uint64) {
	if idx == nil {
		copy(dst, vals)
		return
	}
	simd.Gather64(dst, vals, idx)
}

func floats[T float32 | float64](vals []T, idx []uint32, dst []uint64) {
	for k := range dst {
		dst[k] = floatWord(float64(vals[at(idx, k)]))
	}
}
