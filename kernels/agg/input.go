package agg

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

// env is what the states of one aggregator share.
type env struct {
	budget *mem.Budget
}

// input is rows for a state: columns and, densely, the group of each row.
type input struct {
	gids []uint32
	rows []uint32 // physical rows of cols, nil: 0 to len(gids)-1
	cols []*column.Vector
	buf  *buffers
	all  bool // all rows of a batch: states share what is known of them
}

// buffers is scratch memory of one aggregator, overwritten by every use.
type buffers struct {
	words  []uint64
	i128   []column.Int128
	gids   [2][]uint32
	rows   [2][]uint32
	counts [fewGroups]int64 // rows of the batch at hand by group, when counted
	known  bool             // counts are those of the batch at hand
	hasher *hash.Hasher     // without dictionaries' caches: only to widen
	acc    []int64          // zero between uses
	inputs [3]input         // the rows of a batch, those that a filter keeps, those whose argument is not NULL
}

// input keeps in as the one of a stage, so that none is allocated for each batch.
func (b *buffers) input(stage int, in input) *input {
	b.inputs[stage] = in
	return &b.inputs[stage]
}

// accumulators are those of so many groups, all zero, to be left so.
func (b *buffers) accumulators(groups int) []int64 {
	n := groups * simd.GroupWords
	if len(b.acc) < n {
		b.acc = make([]int64, max(n, 64*simd.GroupWords))
	}
	return b.acc[:n]
}

// row is the physical index of the k-th row.
func (in *input) row(k int) int {
	if in.rows != nil {
		return int(in.rows[k])
	}
	return k
}

// where keeps the rows that keep says, using the buffer of that level.
func (in *input) where(level int, keep func(row int) bool) *input {
	n := len(in.gids)
	gids, rows := sized(in.buf.gids[level], n), sized(in.buf.rows[level], n)
	in.buf.gids[level], in.buf.rows[level] = gids, rows
	m := 0
	for k, g := range in.gids {
		r := in.row(k)
		if keep(r) {
			gids[m], rows[m] = g, uint32(r)
			m++
		}
	}
	return in.buf.input(1+level, input{gids: gids[:m], rows: rows[:m], cols: in.cols, buf: in.buf})
}

// filtered keeps the rows where the boolean v is true.
func (in *input) filtered(v *column.Vector) *input {
	t := column.Values[uint8](v.Target())
	if v.Form == column.Flat && v.Valid == nil && in.rows == nil {
		n := len(in.gids)
		gids, rows := sized(in.buf.gids[0], n), sized(in.buf.rows[0], n)
		in.buf.gids[0], in.buf.rows[0] = gids, rows
		m := simd.SelectFlags(rows, t[:n])
		simd.Gather32(gids[:m], in.gids, rows[:m])
		return in.buf.input(1, input{gids: gids[:m], rows: rows[:m], cols: in.cols, buf: in.buf})
	}
	return in.where(0, func(r int) bool { return !v.IsNull(r) && t[v.Index(r)] != 0 })
}

// valid keeps the rows where column c is not NULL.
func (in *input) valid(c int) *input {
	v := in.cols[c]
	if v.Valid == nil {
		return in
	}
	if v.Form == column.Constant {
		if v.Valid.Get(0) {
			return in
		}
		return in.buf.input(2, input{cols: in.cols, buf: in.buf, rows: in.rows})
	}
	n := len(in.gids)
	gids, rows := sized(in.buf.gids[1], n), sized(in.buf.rows[1], n)
	in.buf.gids[1], in.buf.rows[1] = gids, rows
	m := 0
	if in.rows == nil {
		simd.Compact(gids, in.gids, v.Valid, n)
		m = simd.SelectBits(rows, v.Valid, n)
	} else {
		for k, g := range in.gids {
			r := in.rows[k]
			gids[m], rows[m] = g, r
			m += int(v.Valid[r>>6] >> (r & 63) & 1)
		}
	}
	return in.buf.input(2, input{gids: gids[:m], rows: rows[:m], cols: in.cols, buf: in.buf})
}

// dense is column c's values at the rows, in order: the column's own memory where it is dense already, otherwise in buf.
func dense[T any](in *input, c int, buf []T) []T {
	v, n := in.cols[c], len(in.gids)
	if v.Form == column.Flat && in.rows == nil {
		return column.Values[T](v)[:n]
	}
	buf = sized(buf, n)
	vals := column.Values[T](v.Target())
	switch {
	case v.Form == column.Constant:
		for k := range buf {
			buf[k] = vals[0]
		}
	case v.Form == column.Flat:
		simd.Gather(buf, vals, in.rows)
	case in.rows == nil:
		simd.Gather(buf, vals, v.Codes)
	default:
		for k, r := range in.rows[:n] {
			buf[k] = vals[v.Codes[r]]
		}
	}
	return buf
}

// int64s is integer column c (also decimals of 64 bits, dates, times) at the rows, sign-extended.
func (in *input) int64s(c int) []int64 {
	v, n := in.cols[c], len(in.gids)
	if v.Type.Physical() == column.PhysInt64 {
		in.buf.words = sized(in.buf.words, n)
		return dense(in, c, column.SliceOf[int64](column.BytesOf(in.buf.words)))
	}
	if in.buf.hasher == nil {
		in.buf.hasher = hash.NewWidener()
	}
	words := in.buf.hasher.Words(0, v, in.rows, n)
	return column.SliceOf[int64](column.BytesOf(words))
}

// int128s is decimal column c of 128 bits, or uint64 column c, at the rows.
func (in *input) int128s(c int) []column.Int128 {
	v, n := in.cols[c], len(in.gids)
	if v.Type.Physical() == column.PhysInt128 {
		in.buf.i128 = sized(in.buf.i128, n)
		return dense(in, c, in.buf.i128)
	}
	in.buf.i128 = sized(in.buf.i128, n)
	unsigned := v.Type.Physical() == column.PhysUint64
	for k, x := range in.int64s(c) {
		in.buf.i128[k] = column.Int128FromInt64(x)
		if unsigned {
			in.buf.i128[k].Hi = 0
		}
	}
	return in.buf.i128
}

// floats is float column c at the rows, as doubles.
func (in *input) floats(c int) []float64 {
	n := len(in.gids)
	in.buf.words = sized(in.buf.words, n)
	buf := column.SliceOf[float64](column.BytesOf(in.buf.words))
	v := in.cols[c]
	if v.Type.Kind == column.Float64 {
		return dense(in, c, buf)
	}
	vals := column.Values[float32](v.Target())
	for k := range buf {
		buf[k] = float64(vals[v.Index(in.row(k))])
	}
	return buf
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, column.BatchRows))
	}
	return s[:n]
}

// output makes result vectors in an arena.
type output struct{ arena *mem.Arena }

// flat makes a vector of n rows of type t from vals of its physical type, which are copied.
func flat[T any](out *output, t column.Type, vals []T) (*column.Vector, error) {
	p, err := out.arena.Copy(column.BytesOf(vals))
	if err != nil {
		return nil, err
	}
	return &column.Vector{Type: t, Form: column.Flat, Len: len(vals), Data: p}, nil
}

// null clears v's validity where missing says so.
func (out *output) null(v *column.Vector, missing func(k int) bool) error {
	for k := range v.Len {
		if !missing(k) {
			continue
		}
		if v.Valid == nil {
			var err error
			if v.Valid, err = column.AllocBitmap(out.arena, v.Len); err != nil {
				return err
			}
		}
		v.Valid.Clear(k)
	}
	return nil
}

// fewGroups is up to how many groups sums are collected batch by batch in arrays of their own: two of them, so that rows of one group one after the other
// do not wait for each other's addition to reach memory.
const fewGroups = 64

// ones are as many as a batch has rows: their sums by group are counts.
var ones = slices.Repeat([]int64{1}, column.BatchRows)

// perGroup is how many of the rows are in each of the groups, at most fewGroups.
func (in *input) perGroup(groups int) *[fewGroups]int64 {
	b := in.buf
	if in.all && b.known {
		return &b.counts
	}
	b.known = in.all
	b.counts = [fewGroups]int64{}
	gids := in.gids
	if groups <= simd.MaxSumGroups && simd.Current() >= fastGroups && len(gids) <= len(ones) {
		simd.SumGroups((*[simd.MaxSumGroups]int64)(b.counts[:]), groups, gids, ones[:len(gids)])
		return &b.counts
	}
	var odd [fewGroups]int64
	for len(gids) >= 2 {
		b.counts[gids[0]%fewGroups]++
		odd[gids[1]%fewGroups]++
		gids = gids[2:]
	}
	if len(gids) == 1 {
		odd[gids[0]%fewGroups]++
	}
	for g, n := range odd {
		b.counts[g] += n
	}
	return &b.counts
}
