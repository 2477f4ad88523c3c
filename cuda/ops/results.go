package ops

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// results are groups on the host.
type results struct {
	arena  *mem.Arena
	blocks []block
	at     int // block
	next   int // row in it
}

// block is groups: their words, column by column, as pb_groups leaves them.
type block struct {
	layout
	rows  int
	words [][]uint64
}

// Next makes a batch of the next groups.
func (r *run) Next(a *mem.Arena) (*column.Batch, error) {
	o := &r.out
	for o.at < len(o.blocks) && o.next >= o.blocks[o.at].rows {
		o.at, o.next = o.at+1, 0
	}
	if o.at == len(o.blocks) {
		return nil, nil
	}
	b := &o.blocks[o.at]
	lo, hi := o.next, min(o.next+column.BatchRows, b.rows)
	o.next = hi
	out := &column.Batch{Len: hi - lo}
	keyWords := r.p.words
	if b.dense {
		keyWords = 1
	}
	at := 0
	for i, k := range r.p.keys {
		v, err := r.key(a, b, i, at, lo, hi)
		if err != nil {
			return nil, err
		}
		out.Cols = append(out.Cols, v)
		at += k.words
	}
	states := b.words[keyWords:]
	for _, x := range r.p.states.results {
		cols, err := x.columns(a, states, lo, hi)
		if err != nil {
			return nil, err
		}
		out.Cols = append(out.Cols, cols...)
	}
	return out, nil
}

// key makes key column i, whose first word is number at in a hash table's groups.
func (r *run) key(a *mem.Arena, b *block, i, at, lo, hi int) (*column.Vector, error) {
	k := r.p.keys[i]
	v, err := column.NewFlat(a, k.typ, hi-lo)
	if err != nil {
		return nil, err
	}
	for row := lo; row < hi; row++ {
		var w, high uint64
		var null bool
		if b.dense {
			codes := uint64(b.nulls[i]) + 1
			w = b.words[0][row] / uint64(b.strides[i]) % codes
			null = w == codes-1
		} else {
			w = b.words[at][row]
			if k.words == 2 {
				high = b.words[at+1][row]
			}
			null = b.words[r.p.words-1][row]>>uint(at)&1 != 0
		}
		if null {
			if v.Valid == nil {
				if v.Valid, err = column.AllocBitmap(a, hi-lo); err != nil {
					return nil, err
				}
			}
			v.Valid.Clear(row - lo)
			continue
		}
		if k.text >= 0 {
			column.Values[column.View](v)[row-lo] = r.texts[k.text].views[w]
			continue
		}
		if k.class == classFloat {
			w = unorder(w)
		}
		if b.dense {
			w += uint64(k.base)
		}
		putWord(v, row-lo, w, high)
	}
	return v, nil
}

// unorder is the bits of the float whose ordered word is w.
func unorder(w uint64) uint64 {
	if w>>63 != 0 {
		return w &^ (1 << 63)
	}
	return ^w
}

// putWord writes a value that the kernels hold as a word (and a high one).
func putWord(v *column.Vector, i int, w, high uint64) {
	switch v.Type.Physical() {
	case column.PhysFloat32:
		column.Values[float32](v)[i] = float32(math.Float64frombits(w))
	case column.PhysInt128:
		column.Values[column.Int128](v)[i] = column.Int128{Lo: w, Hi: int64(high)}
	default:
		switch v.Type.Width() {
		case 1:
			v.Data[i] = uint8(w)
		case 2:
			column.Values[uint16](v)[i] = uint16(w)
		case 4:
			column.Values[uint32](v)[i] = uint32(w)
		case 8:
			column.Values[uint64](v)[i] = w
		}
	}
}

// columns makes the partial state's columns (see package agg).
func (x *result) columns(a *mem.Arena, states [][]uint64, lo, hi int) ([]*column.Vector, error) {
	count := func(row int) uint64 {
		n := states[x.count][row]
		if x.dirty >= 0 {
			n += states[x.rows][row] - states[x.dirty][row]
		}
		return n
	}
	counts := func() (*column.Vector, error) {
		v, err := column.NewFlat(a, column.T(column.Int64), hi-lo)
		if err != nil {
			return nil, err
		}
		for row := lo; row < hi; row++ {
			column.Values[uint64](v)[row-lo] = count(row)
		}
		return v, nil
	}
	if x.value < 0 {
		v, err := counts()
		return []*column.Vector{v}, err
	}
	t := x.agg.Result
	sum := x.agg.Op == kernels.AggSum || x.agg.Op == kernels.AggAvg
	if sum {
		t = column.T(column.Float64)
		if x.words > 1 {
			scale := 0
			if x.agg.ArgTypes[0].Kind == column.Decimal {
				scale = int(x.agg.ArgTypes[0].Scale)
			}
			t = column.DecimalType(column.MaxPrecision, scale)
		}
	}
	v, err := column.NewFlat(a, t, hi-lo)
	if err != nil {
		return nil, err
	}
	for row := lo; row < hi; row++ {
		if count(row) == 0 {
			if v.Valid == nil {
				if v.Valid, err = column.AllocBitmap(a, hi-lo); err != nil {
					return nil, err
				}
			}
			v.Valid.Clear(row - lo)
			continue
		}
		w := states[x.value][row]
		high := uint64(0)
		if x.words > 1 {
			high = states[x.value+1][row]
		}
		if x.words == 3 && states[x.value+2][row] != uint64(int64(high)>>63) {
			return nil, fault.New(fault.NumericOutOfRange, "%s is out of range for type %s", x.agg.Op, t)
		}
		switch x.shape {
		case leastInt, leastFloat:
			w = ^w
		}
		switch x.shape {
		case leastInt, greatestInt:
			w ^= 1 << 63
		case leastFloat, greatestFloat:
			w = unorder(w)
		}
		putWord(v, row-lo, w, high)
	}
	if x.agg.Op != kernels.AggAvg {
		return []*column.Vector{v}, nil
	}
	n, err := counts()
	return []*column.Vector{v, n}, err
}
