package column

// BatchRows is the number of rows that CPU pipelines aim at: four columns of 8 bytes and their results stay in a 1 MB second-level cache.
const BatchRows = 4096

// Batch is vectors of equal length and a selection of their rows.
type Batch struct {
	Cols []*Vector
	Len  int      // physical rows, the Len of every column
	Sel  []uint32 // ascending indexes of the rows that count; nil: all Len rows
}

// Rows is the number of rows that count.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.Len
}

// Row is the physical index of the k-th row that counts.
func (b *Batch) Row(k int) int {
	if b.Sel != nil {
		return int(b.Sel[k])
	}
	return k
}
