package window

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// sequence is the rows that count, in order: all of them, or some.
type sequence struct {
	before []uint32 // by row: how many that count are before it, with one entry more; nil: all rows count
	rows   []uint32 // those that count
}

// rank is how many rows that count are before row i.
func (s *sequence) rank(i int) int {
	if s.before == nil {
		return i
	}
	return int(s.before[i])
}

// at is the k-th row that counts.
func (s *sequence) at(k int) uint32 {
	if s.before == nil {
		return uint32(k)
	}
	return s.rows[k]
}

// where is the rows that counts says.
func (b *Block) where(counts func(i int) bool) (*sequence, error) {
	s := &sequence{}
	var err error
	if s.before, err = column.AllocSlice[uint32](b.Arena, b.Rows+1); err != nil {
		return nil, err
	}
	if s.rows, err = column.AllocSlice[uint32](b.Arena, b.Rows); err != nil {
		return nil, err
	}
	n, mask := 0, b.mask()
	for i := range b.Rows {
		if i&mask == 0 {
			if err := b.Check(); err != nil {
				return nil, err
			}
		}
		s.before[i] = uint32(n)
		if counts(i) {
			s.rows[n] = uint32(i)
			n++
		}
	}
	s.before[b.Rows] = uint32(n)
	return s, nil
}

// valued is the rows whose value a function looks at.
func (b *Block) valued(f *kernels.WindowFunction, v *column.Vector) (*sequence, error) {
	if !f.IgnoreNulls || v.Valid == nil {
		return &sequence{}, nil
	}
	return b.where(func(i int) bool { return !v.IsNull(i) })
}

// nth is the n-th row that counts of a frame, from 1 on, or from the end for negative n; NoRow when there are fewer.
func (s *sequence) nth(parts []span, n int64) uint32 {
	if n < 0 {
		n = -n
		for k := len(parts) - 1; k >= 0; k-- {
			from, to := s.rank(parts[k].a), s.rank(parts[k].b)
			if n <= int64(to-from) {
				return s.at(to - int(n))
			}
			n -= int64(to - from)
		}
		return column.NoRow
	}
	for _, p := range parts {
		from, to := s.rank(p.a), s.rank(p.b)
		if n <= int64(to-from) {
			return s.at(from + int(n) - 1)
		}
		n -= int64(to - from)
	}
	return column.NoRow
}

// pick is first_value, last_value and nth_value.
func (b *Block) pick(f *kernels.WindowFunction) (*column.Vector, error) {
	v, err := b.arg(f, 0)
	if err != nil {
		return nil, err
	}
	fr, err := b.frame(f)
	if err != nil {
		return nil, err
	}
	s, err := b.valued(f, v)
	if err != nil {
		return nil, err
	}
	n := func(int) (int64, bool) { return 1, true }
	switch f.Op {
	case kernels.WindowLastValue:
		n = func(int) (int64, bool) { return -1, true }
	case kernels.WindowNthValue:
		arg, err := b.arg(f, 1)
		if err != nil {
			return nil, err
		}
		nums := kernels.Read[int64](arg)
		n = func(i int) (int64, bool) { return nums.At(i), !arg.IsNull(i) }
	}
	rows, err := column.AllocSlice[uint32](b.Arena, b.Rows)
	if err != nil {
		return nil, err
	}
	var buf [3]span
	err = b.each(func(i, _, _ int) error {
		rows[i] = column.NoRow
		k, ok := n(i)
		if !ok {
			return nil
		}
		if f.Op == kernels.WindowNthValue && k <= 0 {
			return fault.New(invalidNthValue, "argument of nth_value must be greater than zero")
		}
		rows[i] = s.nth(fr.parts(i, &buf), k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b.gather(v, rows)
}

// shift is lag and lead.
func (b *Block) shift(f *kernels.WindowFunction) (*column.Vector, error) {
	v, err := b.arg(f, 0)
	if err != nil {
		return nil, err
	}
	s, err := b.valued(f, v)
	if err != nil {
		return nil, err
	}
	offset := func(int) (int64, bool) { return 1, true }
	if len(f.Call.Args) > 1 {
		arg, err := b.arg(f, 1)
		if err != nil {
			return nil, err
		}
		nums := kernels.Read[int64](arg)
		offset = func(i int) (int64, bool) { return nums.At(i), !arg.IsNull(i) }
	}
	rows, err := column.AllocSlice[uint32](b.Arena, b.Rows)
	if err != nil {
		return nil, err
	}
	var outside []uint32 // rows that get the default
	if len(f.Call.Args) > 2 {
		if outside, err = column.AllocSlice[uint32](b.Arena, b.Rows); err != nil {
			return nil, err
		}
		outside = outside[:0]
	}
	err = b.each(func(i, start, end int) error {
		rows[i] = column.NoRow
		k, ok := offset(i)
		if !ok {
			return nil // an unknown offset gives NULL, not the default
		}
		rows[i] = s.shifted(i, start, end, k, f.Op == kernels.WindowLag)
		if rows[i] == column.NoRow && len(f.Call.Args) > 2 {
			outside = append(outside, uint32(i))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(outside) == 0 {
		return b.gather(v, rows)
	}
	return b.withDefaults(f, v, rows, outside)
}

// shifted is the row k rows before row i, or behind it, that counts; NoRow outside of the partition.
func (s *sequence) shifted(i, start, end int, k int64, back bool) uint32 {
	if k == 0 {
		return uint32(i)
	}
	if k < 0 {
		k, back = -k, !back
	}
	if k < 0 || k > int64(end-start) {
		return column.NoRow
	}
	if back {
		if at := s.rank(i) - int(k); at >= s.rank(start) {
			return s.at(at)
		}
		return column.NoRow
	}
	if at := s.rank(i+1) + int(k) - 1; at < s.rank(end) {
		return s.at(at)
	}
	return column.NoRow
}

// withDefaults is v at rows, and the default at the rows outside.
func (b *Block) withDefaults(f *kernels.WindowFunction, v *column.Vector, rows, outside []uint32) (*column.Vector, error) {
	if v.Type.Kind.IsNested() {
		return nil, fault.New(fault.FeatureNotSupported, "%s of type %s with a default is not supported", f.Op, v.Type)
	}
	defaults, err := b.arg(f, 2)
	if err != nil {
		return nil, err
	}
	out, err := b.gather(v, rows)
	if err != nil || v.Type.Kind == column.Null {
		return out, err
	}
	if out, err = column.Flatten(b.Arena, out); err != nil {
		return nil, err
	}
	if out.Valid == nil {
		if out.Valid, err = column.AllocBitmap(b.Arena, out.Len); err != nil {
			return nil, err
		}
	}
	scratch := mem.NewArena(b.Arena.Budget())
	defer scratch.Free()
	for len(outside) > 0 {
		part := outside[:min(len(outside), b.mask()+1)]
		outside = outside[len(part):]
		scratch.Reset()
		more, err := column.Gather(scratch, defaults, part)
		if err != nil {
			return nil, err
		}
		column.Scatter(out, more, part)
		if err := b.Check(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
