package tpchgen

// fillRegion draws regions: one key, one row.
func (g *generator) fillRegion(c *chunk, first int64, n int) {
	c.reset(n, 0)
	for i := range n {
		key := int(first) + i
		c.columns[0].i32[i] = int32(key)
		c.columns[1].str[i] = []byte(regionNames[key])
	}
	g.texts(c.columns[2].str, jump(1500869201, 2*first), 28, 115)
}

// fillNation draws nations: one key, one row.
func (g *generator) fillNation(c *chunk, first int64, n int) {
	c.reset(n, 0)
	for i := range n {
		key := int(first) + i
		c.columns[0].i32[i] = int32(key)
		c.columns[1].str[i] = []byte(nationNames[key])
		c.columns[2].i32[i] = nationRegions[key]
	}
	g.texts(c.columns[3].str, jump(606179079, 2*first), 28, 115)
}
