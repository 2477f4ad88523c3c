package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/join"
)

// chainPairs walks the chains of a batch in bounded pieces.
type chainPairs struct {
	table *join.Table
	b     *column.Batch
	heads []uint32
	k     int    // position at hand
	row   uint32 // its next partner plus one, 0: done with it
	at    []uint32
	probe []uint32
	build []uint32
}

func (c *chainPairs) start(t *join.Table, b *column.Batch, heads []uint32) {
	c.table, c.b, c.heads, c.k, c.row = t, b, heads, -1, 0
}

// next fills at (positions), probe and build with up to BatchRows pairs and reports whether there are any. With outer a row without a partner is a pair with
// NoRow. Positions whose enough is true are passed over.
func (c *chainPairs) next(outer bool, enough []bool) bool {
	c.at, c.probe, c.build = c.at[:0], c.probe[:0], c.build[:0]
	for len(c.build) < column.BatchRows {
		if c.row == 0 || enough != nil && enough[c.k] {
			if c.k+1 >= len(c.heads) {
				c.row = 0
				break
			}
			c.k++
			if c.row = c.heads[c.k]; c.row == 0 && outer {
				c.add(column.NoRow)
			}
			continue
		}
		c.add(c.row - 1)
		c.row = c.table.Next(c.row)
	}
	return len(c.build) > 0
}

func (c *chainPairs) add(row uint32) {
	c.at = append(c.at, uint32(c.k))
	c.probe = append(c.probe, uint32(c.b.Row(c.k)))
	c.build = append(c.build, row)
}

// narrow keeps the pairs at the given positions, nil: all.
func (c *chainPairs) narrow(sel []uint32) {
	if sel == nil {
		return
	}
	for i, p := range sel {
		c.at[i], c.probe[i], c.build[i] = c.at[p], c.probe[p], c.build[p]
	}
	c.at, c.probe, c.build = c.at[:len(sel)], c.probe[:len(sel)], c.build[:len(sel)]
}
