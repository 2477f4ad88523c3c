package agg

import "github.com/polybolos-db/polybolos/column"

// BorrowStrings has the strings of keys stay where they are: aggregators that are merged into g from now on must live longer than it, and g takes no rows otherwise.
func (g *Aggregator) BorrowStrings() {
	if w, ok := g.table.keys.(*wide); ok {
		for _, c := range w.cols {
			if text, ok := c.(*textColumn); ok {
				text.lent = true
			}
		}
	}
}

// findOf is find for b, the keys of groups of o, whose hashes o knows.
func (g *Aggregator) findOf(b *column.Batch, o *Aggregator, of groups) error {
	w, ok := g.table.keys.(*wide)
	if ok && len(w.cols) > 0 {
		w.known = pickGroups(o.table.hashes.S, of)
		defer func() { w.known = nil }()
	}
	return g.find(b, g.table.ident)
}
