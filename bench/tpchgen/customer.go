package tpchgen

// fillCustomer draws customers: one key, one row.
func (g *generator) fillCustomer(c *chunk, first int64, n int) {
	c.reset(n, n*maxPartyText)
	c.fillParty(first, "Customer#", partySeeds{address: 881155353, nation: 1489529863, phone: 1521138112, account: 298370230})
	g.segment.draw(c.columns[6].idx, jump(1140279430, first))
	g.texts(c.columns[7].str, jump(1335826707, 2*first), 29, 116)
}
