package tpchgen

import (
	"math"
)

// Rows at scale factor 1, and what the specification fixes.
const (
	partsAtOne     = 200_000
	suppliersAtOne = 10_000
	customersAtOne = 150_000
	ordersAtOne    = 1_500_000
	clerksAtOne    = 1_000

	suppliersPerPart = 4
	linesPerOrder    = 7 // at most; each order owns the draws of seven
	linesOnAverage   = 4

	maxPartSize = 50
	maxAvailQty = 9999
	maxQuantity = 50
	maxDiscount = 10
	maxTax      = 8

	firstOrderDay  = 8035 // 1992-01-01
	orderDays      = 2406 // to 1998-08-02, so that the last receipt is in 1998
	currentDay     = 9298 // 1995-06-17
	maxShipDays    = 121
	minCommitDays  = 30
	commitSpan     = 61
	maxReceiptDays = 30

	largeScale = 30_000 // from this scale factor on, keys are drawn by 64-bit streams
)

// generator holds what all chunks of a run share and none changes.
type generator struct {
	*dictionaries
	pool      []byte
	parts     int64
	suppliers int64
	customers int64
	orders    int64
	clerks    int64
	large     bool
}

// rowsAt scales a row count. The small addend keeps 0.29 * 10,000, one part in 2^53 below 2900, from losing a row.
func rowsAt(base int64, scale float64) int64 {
	return max(1, int64(math.Floor(float64(base)*scale+1e-6)))
}

func newGenerator(scale float64, pool []byte) *generator {
	return &generator{
		dictionaries: fixedDictionaries(),
		pool:         pool,
		parts:        rowsAt(partsAtOne, scale),
		suppliers:    rowsAt(suppliersAtOne, scale),
		customers:    rowsAt(customersAtOne, scale),
		orders:       rowsAt(ordersAtOne, scale),
		clerks:       max(clerksAtOne, rowsAt(clerksAtOne, scale)),
		large:        scale >= largeScale,
	}
}

// table is a table as a run generates it. Its rows are drawn key by key (order, part, customer, ...); a key has fanout
// rows, on average.
type table struct {
	schema       TableSchema
	dictionaries []*dictionary // by column, nil where rows hold plain values
	widths       []int         // by column, the usual bytes of a plain value; they set the rows of a page
	keys         int64
	fanout       int64
	// fill draws the rows of keys first to first+n-1 (from 0) into a chunk of this table.
	fill func(c *chunk, first int64, n int)
}

// tables returns the tables of the run in the order of Tables.
func (g *generator) tables() []*table {
	dicts := map[string]*dictionary{
		"s_nationkey": g.nationKey,
		"c_nationkey": g.nationKey, "c_mktsegment": g.segment.dictionary,
		"p_mfgr": g.mfgr.dictionary, "p_brand": g.brand.dictionary, "p_type": g.partType.dictionary,
		"p_size": g.partSize, "p_container": g.container.dictionary,
		"ps_availqty":   g.availQty,
		"o_orderstatus": g.status.dictionary, "o_orderdate": g.orderDate, "o_orderpriority": g.priority.dictionary,
		"o_clerk": g.clerkDictionary(), "o_shippriority": g.shipPriority,
		"l_linenumber": g.lineNumber, "l_quantity": g.quantity, "l_discount": g.discount,
		"l_tax": g.tax, "l_returnflag": g.returnFlag.dictionary, "l_linestatus": g.lineStatus.dictionary,
		"l_shipdate": g.shipDate, "l_commitdate": g.commitDate,
		"l_receiptdate": g.receiptDate, "l_shipinstruct": g.instruction.dictionary,
		"l_shipmode": g.shipMode.dictionary,
	}
	widths := map[string]int{ // of strings
		"p_name": 33, "p_comment": 14, "s_comment": 63, "c_comment": 73, "ps_comment": 124, "o_comment": 49,
		"l_comment": 27, "r_comment": 72, "n_comment": 72, "s_address": 25, "c_address": 25,
	}
	byName := map[string]*table{
		"region":   {keys: int64(len(regionNames)), fanout: 1, fill: g.fillRegion},
		"nation":   {keys: int64(len(nationNames)), fanout: 1, fill: g.fillNation},
		"supplier": {keys: g.suppliers, fanout: 1, fill: g.fillSupplier},
		"customer": {keys: g.customers, fanout: 1, fill: g.fillCustomer},
		"part":     {keys: g.parts, fanout: 1, fill: g.fillPart},
		"partsupp": {keys: g.parts, fanout: suppliersPerPart, fill: g.fillPartSupp},
		"orders":   {keys: g.orders, fanout: 1, fill: g.fillOrders},
		"lineitem": {keys: g.orders, fanout: linesOnAverage, fill: g.fillLineItem},
	}
	var out []*table
	for _, s := range schemas {
		t := byName[s.Name]
		t.schema = s
		for _, c := range s.Columns {
			t.dictionaries = append(t.dictionaries, dicts[c.Name])
			width := 8
			switch c.Type {
			case Int32, Date:
				width = 4
			case String:
				width = 4 + max(widths[c.Name], 18)
			}
			t.widths = append(t.widths, width)
		}
		out = append(out, t)
	}
	return out
}
