package tpchgen

import "github.com/apache/arrow-go/v18/parquet"

// column is one column of a chunk. When dict is set the rows are in idx, else in the slice of the column's type. Strings
// point into the text pool or into the chunk's letters.
type column struct {
	dict *dictionary
	idx  []uint16
	i32  []int32
	i64  []int64
	str  []parquet.ByteArray
}

// chunk holds the rows of one row group while they are drawn and encoded. A worker owns one chunk and fills it again
// and again: all slices keep their capacity.
type chunk struct {
	table   *table
	rows    int
	columns []column
	letters []byte // the text that is not in the pool: names, addresses, phone numbers

	// Scratch of the fillers.
	counts []uint8     // lines of each order
	dates  []uint16    // order date of each order, in days since firstOrderDay
	draws  [4][]uint16 // of each line
	keys   []int64     // of each line, or of each order's clerk
}

// reset makes room for so many rows of the chunk's table and at most so many letters.
func (c *chunk) reset(rows, letters int) {
	t := c.table
	c.rows = rows
	c.columns = resize(c.columns, len(t.schema.Columns))
	c.letters = resize(c.letters, letters)[:0]
	for i := range c.columns {
		col := &c.columns[i]
		col.dict = t.dictionaries[i]
		if col.dict != nil {
			col.idx = resize(col.idx, rows)
			continue
		}
		switch t.schema.Columns[i].Type {
		case Int32, Date:
			col.i32 = resize(col.i32, rows)
		case Int64, Decimal:
			col.i64 = resize(col.i64, rows)
		case String:
			col.str = resize(col.str, rows)
		}
	}
}

// since returns the letters appended after start, with no room behind them.
func (c *chunk) since(start int) parquet.ByteArray {
	return c.letters[start:len(c.letters):len(c.letters)]
}

// resize returns a slice of length n, in the old memory when it suffices. The contents are undefined.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/8)
	}
	return s[:n]
}

// texts fills dst with stretches of the pool between least and most bytes long, two draws each, from seed on.
func (g *generator) texts(dst []parquet.ByteArray, seed uint64, least, most uint64) {
	places := uint64(poolSize) - most + 1
	lengths := most - least + 1
	for i := range dst {
		at := next(seed)
		seed = mulMod(seed, drawPowers[2])
		dst[i] = g.stretch(at, seed, places, least, lengths)
	}
}

// textsPerLine is texts for the lines of orders.
func (g *generator) textsPerLine(dst []parquet.ByteArray, counts []uint8, seed uint64, least, most uint64) {
	places := uint64(poolSize) - most + 1
	lengths := most - least + 1
	k := 0
	for _, n := range counts {
		for j := range int(n) {
			at, length := mulMod(seed, drawPowers[(2*j+1)&15]), mulMod(seed, drawPowers[(2*j+2)&15])
			dst[k] = g.stretch(at, length, places, least, lengths)
			k++
		}
		seed = mulMod(seed, drawPowers[2*linesPerOrder])
	}
}

func (g *generator) stretch(atSeed, lengthSeed, places, least, lengths uint64) parquet.ByteArray {
	at := uint64(float64(atSeed) / lehmerModulus * float64(places))
	end := at + least + uniform(lengthSeed, lengths)
	return g.pool[at:end:end]
}
