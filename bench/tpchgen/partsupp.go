package tpchgen

const (
	minSupplyCost  = 100
	supplyCostSpan = 99_901
)

// fillPartSupp draws the offers of parts by suppliers: one key, four rows.
func (g *generator) fillPartSupp(c *chunk, first int64, n int) {
	c.reset(n*suppliersPerPart, 0)
	parts, suppliers := c.columns[0].i64, c.columns[1].i64
	for i := range parts {
		part := first + int64(i/suppliersPerPart) + 1
		parts[i] = part
		suppliers[i] = g.partSupplier(part, int64(i%suppliersPerPart))
	}
	draws := first * suppliersPerPart
	drawIndexes(c.columns[2].idx, jump(1671059989, draws), maxAvailQty)
	seed := jump(1051288424, draws)
	costs := c.columns[3].i64
	for i := range costs {
		seed = next(seed)
		costs[i] = minSupplyCost + int64(uniform(seed, supplyCostSpan))
	}
	g.texts(c.columns[4].str, jump(1961692154, 2*draws), 49, 198)
}
