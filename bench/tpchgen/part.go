package tpchgen

const (
	nameWords   = 5
	nameDraws   = 92 // a name owns a draw for each color, but takes five
	maxPartName = nameWords * 12
)

// retailPrice is the price of a part in cents, from its key alone.
func retailPrice(key int64) int64 { return 90_000 + key/10%20_001 + key%1000*100 }

// partSupplier returns the i-th supplier (from 0 to 3) of a part: the bridge that lineitem and partsupp share.
func (g *generator) partSupplier(part, i int64) int64 {
	s := g.suppliers
	return (part+i*(s/suppliersPerPart+(part-1)/s))%s + 1
}

// fillPart draws parts: one key, one row.
func (g *generator) fillPart(c *chunk, first int64, n int) {
	c.reset(n, n*maxPartName)
	keys, prices := c.columns[0].i64, c.columns[7].i64
	for i := range keys {
		keys[i] = first + int64(i) + 1
		prices[i] = retailPrice(keys[i])
	}
	c.partNames(jump(709314158, nameDraws*first))

	mfgr, brand := c.columns[2].idx, c.columns[3].idx
	drawIndexes(mfgr, jump(1, first), 5)
	drawIndexes(brand, jump(46831694, first), 5)
	for i, m := range mfgr {
		brand[i] += m * 5
	}
	g.partType.draw(c.columns[4].idx, jump(1841581359, first))
	drawIndexes(c.columns[5].idx, jump(1193163244, first), maxPartSize)
	g.container.draw(c.columns[6].idx, jump(727633698, first))
	g.texts(c.columns[8].str, jump(804159733, 2*first), 5, 22)
}

// partNames draws five different colors a name: the first five places of the color list, each exchanged with one at or
// after it.
func (c *chunk) partNames(seed uint64) {
	var inOrder [nameDraws]uint8
	for i := range inOrder {
		inOrder[i] = uint8(i)
	}
	skip := powMod(lehmerMultiplier, nameDraws)
	names := c.columns[1].str
	for i := range names {
		list, s, start := inOrder, seed, len(c.letters)
		for k := range nameWords {
			s = next(s)
			j := k + int(uniform(s, uint64(nameDraws-k)))
			list[k], list[j] = list[j], list[k]
			if k > 0 {
				c.letters = append(c.letters, ' ')
			}
			c.letters = append(c.letters, colors[list[k]]...)
		}
		names[i] = c.since(start)
		seed = mulMod(seed, skip)
	}
}
