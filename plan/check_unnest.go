package plan

import "github.com/polybolos-db/polybolos/column"

func (c *checker) unnest(n *Unnest) {
	in := n.Input.Fields()
	c.columns(n, "list", n.Lists, in)
	c.columns(n, "column", n.Keep, in)
	if c.err != nil {
		return
	}
	var want []column.Field
	for _, k := range n.Keep {
		want = append(want, in[k])
	}
	for _, l := range n.Lists {
		t := in[l].Type
		if t.Kind != column.List || t.Nested == nil {
			c.fail(n, "column %d is no list but %s", l, t)
			return
		}
		want = append(want, column.Field{Type: t.Elem()})
	}
	if n.Ordinality {
		want = append(want, column.Field{Type: column.T(column.Int64)})
	}
	if len(n.Lists) == 0 {
		c.fail(n, "no list")
		return
	}
	c.same(n, want, n.Out)
}
