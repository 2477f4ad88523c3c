package column

import "github.com/polybolos-db/polybolos/column/mem"

// pieceRows is how many rows of a vector that is not all in memory are worked on between two checks.
const pieceRows = 1024

// Filler makes a flat vector of a known number of rows piece by piece: what it is made of, and the arena, may be larger than memory.
type Filler struct{ w *builder }

// NewFiller begins a vector of rows values of type t in a.
func NewFiller(a *mem.Arena, t Type, rows int) (Filler, error) {
	w := newBuilder(newStore(a), t)
	w.least = rows
	if t.Kind == Null {
		return Filler{w}, nil
	}
	return Filler{w}, w.reserve(rows)
}

// Add appends rows lo to hi-1 of v, or those at rows[lo:hi] when rows is not nil. Long strings are not copied: the result is valid as long as v is. Nested values are.
func (f Filler) Add(v *Vector, rows []uint32, lo, hi int) error {
	w := f.w
	if w.t.Kind == Null || w.t.Kind.IsNested() || v.IsConstantNull() || v.Form == Dict && v.Dictionary.Len == 0 {
		return w.appendRows(v, rows, lo, hi)
	}
	if err := w.appendValid(v, rows, lo, hi); err != nil {
		return err
	}
	w.appendFixed(v, rows, lo, hi)
	w.n += hi - lo
	return nil
}

// Vector is what was added.
func (f Filler) Vector() *Vector { return f.w.vector() }

// Column makes a flat vector in a of all rows of column col, which have no gaps in their numbers. check is asked now and then whether to go on.
func (ap *Appender) Column(a *mem.Arena, col int, check func() error) (*Vector, error) {
	out, err := NewFiller(a, ap.types[col], ap.rows)
	if err != nil {
		return nil, err
	}
	for _, c := range ap.chunks {
		v := c.cols[col].vector()
		for lo := 0; lo < c.n; lo += pieceRows {
			if err := out.Add(v, nil, lo, min(lo+pieceRows, c.n)); err != nil {
				return nil, err
			}
			if err := check(); err != nil {
				return nil, err
			}
		}
	}
	return out.Vector(), nil
}

// GatherPieces is Gather with check asked now and then whether to go on. Nested values are copied.
func GatherPieces(a *mem.Arena, v *Vector, idx []uint32, check func() error) (*Vector, error) {
	out, err := NewFiller(a, v.Type, len(idx))
	if err != nil {
		return nil, err
	}
	for lo := 0; lo < len(idx); lo += pieceRows {
		if err := out.Add(v, idx, lo, min(lo+pieceRows, len(idx))); err != nil {
			return nil, err
		}
		if err := check(); err != nil {
			return nil, err
		}
	}
	return out.Vector(), nil
}
