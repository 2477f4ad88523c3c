package window

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// Block is consecutive partitions in order.
type Block struct {
	Rows   int
	Starts []uint32                            // first row of each partition, ascending, the first 0
	Column func(c int) (*column.Vector, error) // an input column of the rows, flat (constant where its type has no other form)
	Keys   []kernels.SortKey                   // the order within partitions
	Arena  *mem.Arena                          // for the results and for what is needed on the way
	Check  func() error                        // whether to go on
	Paged  bool                                // Arena and columns are larger than memory: Check, asked often, has the system take pages back
	cols   map[int]*column.Vector              // taken so far
	peers  map[int]*peers                      // by number of keys
	frames map[frameKey]*frame                 //
}

// frameKey says which functions have the same frames.
type frameKey struct {
	frame kernels.Frame
	peers int
}

// Compute gives each function's values for all rows.
func (b *Block) Compute(fns []kernels.WindowFunction) ([]*column.Vector, error) {
	b.cols, b.peers, b.frames = map[int]*column.Vector{}, map[int]*peers{}, map[frameKey]*frame{}
	out := make([]*column.Vector, len(fns))
	for i := range fns {
		v, err := b.compute(&fns[i])
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (b *Block) compute(f *kernels.WindowFunction) (*column.Vector, error) {
	switch f.Op {
	case kernels.WindowRowNumber, kernels.WindowRank, kernels.WindowDenseRank, kernels.WindowPercentRank, kernels.WindowCumeDist:
		return b.rank(f)
	case kernels.WindowNtile:
		return b.ntile(f)
	case kernels.WindowLag, kernels.WindowLead:
		return b.shift(f)
	case kernels.WindowFirstValue, kernels.WindowLastValue, kernels.WindowNthValue:
		return b.pick(f)
	case kernels.WindowAggregate:
		return b.aggregate(f)
	}
	return nil, fault.New(fault.Internal, "window function %d", f.Op)
}

// col is an input column.
func (b *Block) col(c int) (*column.Vector, error) {
	if v, ok := b.cols[c]; ok {
		return v, nil
	}
	v, err := b.Column(c)
	if err != nil {
		return nil, err
	}
	b.cols[c] = v
	return v, nil
}

// arg is a function's argument.
func (b *Block) arg(f *kernels.WindowFunction, i int) (*column.Vector, error) {
	return b.col(f.Call.Args[i])
}

// end is the row behind partition p.
func (b *Block) end(p int) int {
	if p+1 < len(b.Starts) {
		return int(b.Starts[p+1])
	}
	return b.Rows
}

// pagedRows is how many rows of a paged block are worked on between two checks: each may touch a page of every array.
const pagedRows = 128

// mask has the bits of a row's number that are all zero when it is time for a check.
func (b *Block) mask() int {
	if b.Paged {
		return pagedRows - 1
	}
	return column.BatchRows - 1
}

// each calls f for every row with the first row of its partition and the one behind it.
func (b *Block) each(f func(i, start, end int) error) error {
	mask := b.mask()
	for p, s := range b.Starts {
		end := b.end(p)
		for i := int(s); i < end; i++ {
			if i&mask == 0 {
				if err := b.Check(); err != nil {
					return err
				}
			}
			if err := f(i, int(s), end); err != nil {
				return err
			}
		}
	}
	return nil
}

// flat is a result without values yet.
func (b *Block) flat(t column.Type) (*column.Vector, error) {
	if !b.Paged || t.Kind == column.Null {
		return column.NewFlat(b.Arena, t, b.Rows)
	}
	p, err := b.Arena.Alloc(b.Rows * t.Width())
	if err != nil {
		return nil, err
	}
	const piece = 1 << 16
	for lo := 0; lo < len(p); lo += piece {
		clear(p[lo:min(lo+piece, len(p))])
		if err := b.Check(); err != nil {
			return nil, err
		}
	}
	return &column.Vector{Type: t, Form: column.Flat, Len: b.Rows, Data: p}, nil
}

// gather is v's rows at idx, as many as the block has.
func (b *Block) gather(v *column.Vector, idx []uint32) (*column.Vector, error) {
	if b.Paged {
		return column.GatherPieces(b.Arena, v, idx, b.Check)
	}
	return column.Gather(b.Arena, v, idx)
}

// setNull makes row i of v NULL.
func (b *Block) setNull(v *column.Vector, i int) error {
	if v.Valid == nil {
		var err error
		if v.Valid, err = column.AllocBitmap(b.Arena, v.Len); err != nil {
			return err
		}
	}
	v.Valid.Clear(i)
	return nil
}

// counted says which rows an aggregate takes: those that its filter passes and whose argument is not NULL.
func (b *Block) counted(f *kernels.WindowFunction) (func(i int) bool, error) {
	var arg *column.Vector
	var err error
	if len(f.Call.Args) > 0 {
		if arg, err = b.arg(f, 0); err != nil {
			return nil, err
		}
	}
	if f.Call.Filter < 0 {
		return func(i int) bool { return arg == nil || !arg.IsNull(i) }, nil
	}
	filter, err := b.col(f.Call.Filter)
	if err != nil {
		return nil, err
	}
	pass := column.Values[uint8](filter)
	return func(i int) bool {
		return !filter.IsNull(i) && pass[filter.Index(i)] != 0 && (arg == nil || !arg.IsNull(i))
	}, nil
}

// Starts appends to dst the rows from lo, at least 1, on at which a value of cols differs from that in the row before: where partitions begin.
func Starts(dst []uint32, cols []*column.Vector, lo, rows int) []uint32 {
	changed := make([]func(i, j int) int, len(cols))
	for k, v := range cols {
		changed[k] = comparer(v)
	}
	for i := lo; i < rows; i++ {
		for k := range cols {
			if differ(cols[k], changed[k], i-1, i) {
				dst = append(dst, uint32(i))
				break
			}
		}
	}
	return dst
}
