package tpchgen

// The seeds of the streams that orders and lineitem both draw from: an order's total and status follow from its lines.
const (
	orderDateSeed = 1066728069
	lineCountSeed = 1434868289
	quantitySeed  = 209208115
	discountSeed  = 554590007
	taxSeed       = 721958466
	partKeySeed   = 1808217256
	shipDateSeed  = 1769349045
)

const (
	maxDictionaryClerks = 16_384 // more clerks than this make a dictionary that costs more than it saves
	maxClerkName        = 25
	customerMortality   = 3 // every third customer has no orders
)

// orderKey spreads order numbers (from 1) over keys: eight in a row, then 24 left out.
func orderKey(number int64) int64 { return number>>3<<5 | number&7 }

// clerkDictionary is nil when there are too many clerks.
func (g *generator) clerkDictionary() *dictionary {
	if g.clerks > maxDictionaryClerks {
		return nil
	}
	d, _ := stringDictionary(numbered("Clerk#%09d", 1, int(g.clerks)))
	return d
}

// drawOrders fills the chunk's counts and dates for n orders and returns the number of lines.
func (c *chunk) drawOrders(first int64, n int) int {
	c.counts = resize(c.counts, n)
	c.dates = resize(c.dates, n)
	drawIndexes(c.dates, jump(orderDateSeed, first), orderDays)
	seed := jump(lineCountSeed, first)
	lines := 0
	for i := range c.counts {
		seed = next(seed)
		c.counts[i] = uint8(1 + uniform(seed, linesPerOrder))
		lines += int(c.counts[i])
	}
	return lines
}

// drawLines draws one of the columns with linesPerOrder draws an order, for all lines of the chunk's orders.
func (c *chunk) drawLines(dst []uint16, seed uint64, first int64, span uint64) {
	drawPerLine(dst, c.counts, jump(seed, linesPerOrder*first), span)
}

// drawPartKeys draws the parts of all lines of the chunk's orders.
func (g *generator) drawPartKeys(dst []int64, counts []uint8, first int64) {
	w := newWideStream(partKeySeed, first, linesPerOrder, g.parts, g.large)
	k := 0
	for _, n := range counts {
		for range n {
			dst[k] = w.draw()
			k++
		}
		w.endRow()
	}
}

// fillOrders draws orders: one key, one row.
func (g *generator) fillOrders(c *chunk, first int64, n int) {
	c.reset(n, n*maxClerkName)
	lines := c.drawOrders(first, n)
	keys, customers := c.columns[0].i64, c.columns[1].i64
	w := newWideStream(851767375, first, 1, g.customers, g.large)
	for i := range keys {
		keys[i] = orderKey(first + int64(i) + 1)
		customers[i] = g.livingCustomer(w.draw())
		w.endRow()
	}
	g.totals(c, first, lines)
	copy(c.columns[4].idx, c.dates)
	g.priority.draw(c.columns[5].idx, jump(591449447, first))
	g.clerkNames(c, jump(1171034773, first))
	clear(c.columns[7].idx)
	g.texts(c.columns[8].str, jump(276090261, 2*first), 19, 78)
}

// livingCustomer moves to a neighbor when a customer without orders was drawn.
func (g *generator) livingCustomer(key int64) int64 {
	for step := int64(1); key%customerMortality == 0; step = -step {
		key = min(key+step, g.customers)
	}
	return key
}

// totals computes o_totalprice and o_orderstatus from the orders' lines. Each line's price is cut to cents twice, as the
// definition does.
func (g *generator) totals(c *chunk, first int64, lines int) {
	for i := range 4 {
		c.draws[i] = resize(c.draws[i], lines)
	}
	c.keys = resize(c.keys, lines)
	quantity, discount, tax, ship, parts := c.draws[0], c.draws[1], c.draws[2], c.draws[3], c.keys
	c.drawLines(quantity, quantitySeed, first, maxQuantity)
	c.drawLines(discount, discountSeed, first, maxDiscount+1)
	c.drawLines(tax, taxSeed, first, maxTax+1)
	c.drawLines(ship, shipDateSeed, first, maxShipDays)
	g.drawPartKeys(parts, c.counts, first)

	statuses, totals := c.columns[2].idx, c.columns[3].i64
	k := 0
	for i, count := range c.counts {
		total, shipped := int64(0), uint8(0)
		for range count {
			price := retailPrice(parts[k]) * int64(quantity[k]+1)
			total += price * int64(100-discount[k]) / 100 * int64(100+tax[k]) / 100
			if firstOrderDay+int(c.dates[i])+int(ship[k])+1 <= currentDay {
				shipped++
			}
			k++
		}
		totals[i] = total
		switch shipped {
		case count:
			statuses[i] = g.status.at[0]
		case 0:
			statuses[i] = g.status.at[1]
		default:
			statuses[i] = g.status.at[2]
		}
	}
}

// clerkNames draws o_clerk.
func (g *generator) clerkNames(c *chunk, seed uint64) {
	col := &c.columns[6]
	if col.dict != nil {
		drawIndexes(col.idx, seed, uint64(g.clerks)) // positions are numbers less one: nine digits sort as they count
		return
	}
	c.keys = resize(c.keys, c.rows)
	for i := range c.keys {
		seed = next(seed)
		c.keys[i] = 1 + int64(uniformWide(seed, uint64(g.clerks)))
	}
	c.numberedNames(col.str, "Clerk#", c.keys)
}
