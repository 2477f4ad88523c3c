package window

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// rank is the functions of a row's place in its partition.
func (b *Block) rank(f *kernels.WindowFunction) (*column.Vector, error) {
	out, err := b.flat(f.Call.Result)
	if err != nil {
		return nil, err
	}
	if f.Op == kernels.WindowRowNumber {
		nums := column.Values[int64](out)
		return out, b.each(func(i, start, _ int) error {
			nums[i] = int64(i - start + 1)
			return nil
		})
	}
	p, err := b.peersBy(f.Peers)
	if err != nil {
		return nil, err
	}
	var one func(i, start, end int)
	switch f.Op {
	case kernels.WindowRank:
		nums := column.Values[int64](out)
		one = func(i, start, _ int) { nums[i] = int64(p.lo(i) - start + 1) }
	case kernels.WindowDenseRank:
		nums := column.Values[int64](out)
		one = func(i, start, _ int) { nums[i] = int64(p.of[i]-p.of[start]) + 1 }
	case kernels.WindowPercentRank:
		shares := column.Values[float64](out)
		one = func(i, start, end int) {
			shares[i] = 0
			if end-start > 1 {
				shares[i] = float64(p.lo(i)-start) / float64(end-start-1)
			}
		}
	default:
		shares := column.Values[float64](out)
		one = func(i, start, end int) { shares[i] = float64(p.hi(i)-start) / float64(end-start) }
	}
	return out, b.each(func(i, start, end int) error {
		one(i, start, end)
		return nil
	})
}

const (
	invalidNtile    = fault.Code("22014")
	invalidNthValue = fault.Code("22016")
)

// ntile cuts each partition into buckets whose sizes differ by at most one, larger ones first.
func (b *Block) ntile(f *kernels.WindowFunction) (*column.Vector, error) {
	arg, err := b.arg(f, 0)
	if err != nil {
		return nil, err
	}
	buckets := kernels.Read[int32](arg)
	out, err := b.flat(f.Call.Result)
	if err != nil {
		return nil, err
	}
	nums := column.Values[int32](out)
	return out, b.each(func(i, start, end int) error {
		if arg.IsNull(start) {
			return b.setNull(out, i)
		}
		n := int(buckets.At(start))
		if n <= 0 {
			return fault.New(invalidNtile, "argument of ntile must be greater than zero")
		}
		size, more := (end-start)/n, (end-start)%n
		at := i - start
		if large := more * (size + 1); at < large {
			nums[i] = int32(at/(size+1) + 1)
		} else {
			nums[i] = int32(more + (at-large)/size + 1)
		}
		return nil
	})
}
