package tpchgen

// fillLineItem draws the lines of orders: one key, one to seven rows.
func (g *generator) fillLineItem(c *chunk, first int64, n int) {
	rows := c.drawOrders(first, n)
	c.reset(rows, 0)
	col := c.columns

	orders, parts, suppliers, numbers := col[0].i64, col[1].i64, col[2].i64, col[3].idx
	k := 0
	for i, count := range c.counts {
		key := orderKey(first + int64(i) + 1)
		for j := range count {
			orders[k], numbers[k] = key, uint16(j)
			k++
		}
	}
	g.drawPartKeys(parts, c.counts, first)
	c.draws[0] = resize(c.draws[0], rows)
	which := c.draws[0]
	c.drawLines(which, 2095021727, first, suppliersPerPart)
	for i, part := range parts {
		suppliers[i] = g.partSupplier(part, int64(which[i]))
	}

	quantity, prices := col[4].idx, col[5].i64
	c.drawLines(quantity, quantitySeed, first, maxQuantity)
	for i, part := range parts {
		prices[i] = retailPrice(part) * int64(quantity[i]+1)
	}
	c.drawLines(col[6].idx, discountSeed, first, maxDiscount+1)
	c.drawLines(col[7].idx, taxSeed, first, maxTax+1)

	g.lineDates(c, first)

	instruction, mode := col[13].idx, col[14].idx
	c.drawLines(instruction, 1371272478, first, uint64(len(g.instruction.at)))
	g.instruction.place(instruction)
	c.drawLines(mode, 675466456, first, uint64(len(g.shipMode.at)))
	g.shipMode.place(mode)
	g.textsPerLine(col[15].str, c.counts, jump(1095462486, 2*linesPerOrder*first), 10, 43)
}

// lineDates draws the three dates and sets the two flags that follow from them. All positions count from the first day
// of their own column's dictionary, so an order's date is added to what was drawn and nothing else.
func (g *generator) lineDates(c *chunk, first int64) {
	col := c.columns
	flag, status, ship, commit, receipt := col[8].idx, col[9].idx, col[10].idx, col[11].idx, col[12].idx
	c.drawLines(ship, shipDateSeed, first, maxShipDays)
	c.drawLines(commit, 904914315, first, commitSpan)
	c.drawLines(receipt, 373135028, first, maxReceiptDays)
	const today = currentDay - firstOrderDay
	notReturned := g.returnFlag.at[2]
	returned := jump(717419739, linesPerOrder*first)
	k := 0
	for i, count := range c.counts {
		date, draw := c.dates[i], 0
		for range count {
			ship[k] += date
			commit[k] += date
			receipt[k] += ship[k]
			if receipt[k]+2 <= today {
				draw++ // only lines received by today draw
				flag[k] = g.returnFlag.at[uniform(mulMod(returned, drawPowers[draw&15]), 2)]
			} else {
				flag[k] = notReturned
			}
			if ship[k]+1 <= today {
				status[k] = g.lineStatus.at[0]
			} else {
				status[k] = g.lineStatus.at[1]
			}
			k++
		}
		returned = mulMod(returned, drawPowers[linesPerOrder])
	}
}
