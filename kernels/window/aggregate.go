package window

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// aggregate computes an aggregate over each row's frame.
func (b *Block) aggregate(f *kernels.WindowFunction) (*column.Vector, error) {
	if f.Call.Distinct && f.Call.Op != kernels.AggMin && f.Call.Op != kernels.AggMax {
		return b.anew(f)
	}
	switch f.Call.Op {
	case kernels.AggCount, kernels.AggCountStar:
		return b.count(f)
	case kernels.AggSum, kernels.AggAvg:
		if f.Call.ArgTypes[0].Kind.IsFloat() {
			return b.floatSum(f)
		}
		if f.Call.ArgTypes[0].Kind == column.Interval {
			return b.anew(f)
		}
		return b.exactSum(f)
	case kernels.AggMin, kernels.AggMax:
		return b.extreme(f)
	case kernels.AggBoolAnd, kernels.AggBoolOr:
		return b.boolean(f)
	case kernels.AggAny:
		return b.any(f)
	case kernels.AggStddevSamp, kernels.AggStddevPop, kernels.AggVarSamp, kernels.AggVarPop:
		return b.variance(f)
	}
	return b.anew(f)
}

// count is the difference of running counts.
func (b *Block) count(f *kernels.WindowFunction) (*column.Vector, error) {
	counts, err := b.counted(f)
	if err != nil {
		return nil, err
	}
	s := &sequence{}
	if len(f.Call.Args) > 0 || f.Call.Filter >= 0 {
		if s, err = b.where(counts); err != nil {
			return nil, err
		}
	}
	fr, err := b.frame(f)
	if err != nil {
		return nil, err
	}
	out, err := b.flat(f.Call.Result)
	if err != nil {
		return nil, err
	}
	nums := column.Values[int64](out)
	var buf [3]span
	return out, b.each(func(i, _, _ int) error {
		n := 0
		for _, p := range fr.parts(i, &buf) {
			n += s.rank(p.b) - s.rank(p.a)
		}
		nums[i] = int64(n)
		return nil
	})
}

// boolean is bool_and and bool_or: how many values there are, and how many decide.
func (b *Block) boolean(f *kernels.WindowFunction) (*column.Vector, error) {
	counts, err := b.counted(f)
	if err != nil {
		return nil, err
	}
	arg, err := b.arg(f, 0)
	if err != nil {
		return nil, err
	}
	all, err := b.where(counts)
	if err != nil {
		return nil, err
	}
	decides := uint8(0) // one false value makes AND false, one true value OR true
	if f.Call.Op == kernels.AggBoolOr {
		decides = 1
	}
	vals := column.Values[uint8](arg)
	some, err := b.where(func(i int) bool { return counts(i) && vals[arg.Index(i)] == decides })
	if err != nil {
		return nil, err
	}
	fr, err := b.frame(f)
	if err != nil {
		return nil, err
	}
	out, err := b.flat(f.Call.Result)
	if err != nil {
		return nil, err
	}
	result := column.Values[uint8](out)
	var buf [3]span
	return out, b.each(func(i, _, _ int) error {
		n, d := 0, 0
		for _, p := range fr.parts(i, &buf) {
			n += all.rank(p.b) - all.rank(p.a)
			d += some.rank(p.b) - some.rank(p.a)
		}
		if n == 0 {
			return b.setNull(out, i)
		}
		result[i] = decides
		if d == 0 {
			result[i] = 1 - decides
		}
		return nil
	})
}

// any is the first value of the frame.
func (b *Block) any(f *kernels.WindowFunction) (*column.Vector, error) {
	counts, err := b.counted(f)
	if err != nil {
		return nil, err
	}
	s, err := b.where(counts)
	if err != nil {
		return nil, err
	}
	arg, err := b.arg(f, 0)
	if err != nil {
		return nil, err
	}
	fr, err := b.frame(f)
	if err != nil {
		return nil, err
	}
	rows, err := column.AllocSlice[uint32](b.Arena, b.Rows)
	if err != nil {
		return nil, err
	}
	var buf [3]span
	err = b.each(func(i, _, _ int) error {
		rows[i] = s.nth(fr.parts(i, &buf), 1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b.gather(arg, rows)
}
