package column

import "github.com/polybolos-db/polybolos/column/mem"

// Collector makes a flat vector of single rows taken from other vectors of its type, strings and nested values copied into its arena.
type Collector struct{ w *builder }

// NewCollector makes an empty collector of values of type t in a.
func NewCollector(a *mem.Arena, t Type) *Collector { return &Collector{w: newBuilder(newStore(a), t)} }

// Len is the number of rows collected.
func (c *Collector) Len() int { return c.w.n }

// Add appends row i of v.
func (c *Collector) Add(v *Vector, i int) error {
	if v.IsNull(i) {
		return c.w.appendNulls(1)
	}
	if v.Form == Flat {
		return c.w.appendRows(v, nil, i, i+1)
	}
	row := [1]uint32{uint32(i)}
	return c.w.appendRows(v, row[:], 0, 1)
}

// AddNulls appends n NULLs.
func (c *Collector) AddNulls(n int) error { return c.w.appendNulls(n) }

// Vector is what was collected, valid as long as the arena; the collector may go on.
func (c *Collector) Vector() *Vector { return c.w.vector() }
