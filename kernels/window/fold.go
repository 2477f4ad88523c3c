package window

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

const (
	// fanOut is how many entries of a level one entry of the next stands for.
	fanOut = 16
	// short frames are folded row by row.
	short = 2 * fanOut
)

// folding is how rows are put together to a state S, which holds no Go pointers: a zero S is that of no rows.
type folding[S any] struct {
	leaf  func(s *S, i int) // adds row i
	merge func(s, o *S)     // adds another state
}

// tree is the states of runs of fanOut, fanOut², … rows.
type tree[S any] struct {
	folding[S]
	levels [][]S
}

func newTree[S any](b *Block, f folding[S]) (*tree[S], error) {
	t := &tree[S]{folding: f}
	for n := b.Rows / fanOut; n > 0; n /= fanOut {
		level, err := column.AllocSlice[S](b.Arena, n)
		if err != nil {
			return nil, err
		}
		mask := b.mask() / fanOut
		var none S
		for k := range level {
			if k&mask == 0 {
				if err := b.Check(); err != nil {
					return nil, err
				}
			}
			level[k] = none
			for j := k * fanOut; j < (k+1)*fanOut; j++ {
				if len(t.levels) == 0 {
					f.leaf(&level[k], j)
				} else {
					f.merge(&level[k], &t.levels[len(t.levels)-1][j])
				}
			}
		}
		t.levels = append(t.levels, level)
	}
	return t, nil
}

// fold adds the rows from a to b-1 to s.
func (t *tree[S]) fold(s *S, a, b int) {
	add := func(level, k int) {
		if level < 0 {
			t.leaf(s, k)
		} else {
			t.merge(s, &t.levels[level][k])
		}
	}
	for level := -1; a < b; level++ {
		if level+1 == len(t.levels) {
			for ; a < b; a++ {
				add(level, a)
			}
			return
		}
		for a < b && a%fanOut != 0 {
			add(level, a)
			a++
		}
		for a < b && b%fanOut != 0 {
			b--
			add(level, b)
		}
		a, b = a/fanOut, b/fanOut
	}
}

// fold gives the state of every row's frame to emit.
func fold[S any](b *Block, fr *frame, f folding[S], emit func(i int, s *S) error) error {
	var t *tree[S]
	var state, zero S
	from, to := 0, 0 // the rows that state stands for
	var buf [3]span
	return b.each(func(i, _, _ int) error {
		parts := fr.parts(i, &buf)
		if len(parts) == 1 {
			lo, hi := parts[0].a, parts[0].b
			if lo == from && hi >= to && hi > lo && to > from {
				for ; to < hi; to++ {
					f.leaf(&state, to)
				}
				return emit(i, &state)
			}
			if hi-lo <= short || lo >= to {
				// Frames that follow one another without overlap take each row but once.
				state = zero
				for k := lo; k < hi; k++ {
					f.leaf(&state, k)
				}
				from, to = lo, hi
				return emit(i, &state)
			}
		}
		if t == nil {
			var err error
			if t, err = newTree(b, f); err != nil {
				return err
			}
		}
		state, from, to = zero, 0, 0
		for _, p := range parts {
			t.fold(&state, p.a, p.b)
		}
		if len(parts) == 1 {
			from, to = parts[0].a, parts[0].b
		}
		return emit(i, &state)
	})
}

// best is the row of an extreme value plus one; 0: none yet.
type best struct{ row uint32 }

// extreme is min and max.
func (b *Block) extreme(f *kernels.WindowFunction) (*column.Vector, error) {
	counts, err := b.counted(f)
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
	compare := comparer(arg)
	better := func(i, j int) bool { return compare(i, j) < 0 }
	if f.Call.Op == kernels.AggMax {
		better = func(i, j int) bool { return compare(i, j) > 0 }
	}
	take := func(s *best, i int) {
		if s.row == 0 || better(i, int(s.row-1)) {
			s.row = uint32(i) + 1
		}
	}
	err = fold(b, fr, folding[best]{
		leaf: func(s *best, i int) {
			if counts(i) {
				take(s, i)
			}
		},
		merge: func(s, o *best) {
			if o.row != 0 {
				take(s, int(o.row-1))
			}
		},
	}, func(i int, s *best) error {
		rows[i] = s.row - 1 // 0 becomes NoRow
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b.gather(arg, rows)
}

// floatTotal is a sum of floats.
type floatTotal struct {
	sum float64
	n   int64
}

// floatSum is sum and avg of floats.
func (b *Block) floatSum(f *kernels.WindowFunction) (*column.Vector, error) {
	counts, err := b.counted(f)
	if err != nil {
		return nil, err
	}
	value, err := b.float(f)
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
	sums := column.Values[float64](out)
	return out, fold(b, fr, folding[floatTotal]{
		leaf: func(s *floatTotal, i int) {
			if counts(i) {
				s.sum += value(i)
				s.n++
			}
		},
		merge: func(s, o *floatTotal) {
			s.sum += o.sum
			s.n += o.n
		},
	}, func(i int, s *floatTotal) error {
		if s.n == 0 {
			return b.setNull(out, i)
		}
		sums[i] = s.sum
		if f.Call.Op == kernels.AggAvg {
			sums[i] /= float64(s.n)
		}
		return nil
	})
}

// float reads a float argument.
func (b *Block) float(f *kernels.WindowFunction) (func(i int) float64, error) {
	arg, err := b.arg(f, 0)
	if err != nil {
		return nil, err
	}
	if arg.Type.Kind == column.Float32 {
		vals := kernels.Read[float32](arg)
		return func(i int) float64 { return float64(vals.At(i)) }, nil
	}
	vals := kernels.Read[float64](arg)
	return vals.At, nil
}

// moments are the number of values, their mean and the sum of their squared distances from it.
type moments struct{ n, mean, squares float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

func (m *moments) merge(o *moments) {
	if o.n == 0 {
		return
	}
	if m.n == 0 {
		*m = *o
		return
	}
	n, d := m.n+o.n, o.mean-m.mean
	m.squares += o.squares + d*d*m.n*o.n/n
	m.mean += d * o.n / n
	m.n = n
}

// variance is the variances and standard deviations.
func (b *Block) variance(f *kernels.WindowFunction) (*column.Vector, error) {
	counts, err := b.counted(f)
	if err != nil {
		return nil, err
	}
	value, err := b.float(f)
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
	op := f.Call.Op
	less := 0.0
	if op == kernels.AggStddevSamp || op == kernels.AggVarSamp {
		less = 1
	}
	root := op == kernels.AggStddevSamp || op == kernels.AggStddevPop
	results := column.Values[float64](out)
	return out, fold(b, fr, folding[moments]{
		leaf: func(s *moments, i int) {
			if counts(i) {
				s.add(value(i))
			}
		},
		merge: (*moments).merge,
	}, func(i int, s *moments) error {
		if s.n <= less {
			return b.setNull(out, i)
		}
		results[i] = s.squares / (s.n - less)
		if root {
			results[i] = math.Sqrt(results[i])
		}
		return nil
	})
}
