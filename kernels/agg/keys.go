package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Keys makes a dense batch of the keys of groups lo to hi-1. Fixed-width values live in a, long strings in the aggregator.
func (g *Aggregator) Keys(a *mem.Arena, lo, hi int) (*column.Batch, error) {
	return g.table.Keys(a, lo, hi)
}
