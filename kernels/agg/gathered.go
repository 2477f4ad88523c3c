package agg

import (
	"math"
	"slices"
	"sync"
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// gathered keeps the values of all rows in the order in which they came, for aggregates that need a group's values together: array_agg,
// mode, histogram, quantile_disc.
type gathered struct {
	agg    kernels.Aggregate
	nulls  bool // NULLs are values too
	arena  *mem.Arena
	rows   *column.Appender
	gids   hash.Slice[uint32]
	groups int
	starts hash.Slice[uint32] // by group, once arranged: where its rows start in order
	order  hash.Slice[uint32] // row numbers, group after group
	once   sync.Once
	err    error
	batch  column.Batch
	// The second argument's value, which is the same in all rows.
	parameter float64
	known     bool
}

func newGathered(e *env, a kernels.Aggregate) *gathered {
	arena := mem.NewArena(e.budget)
	arena.Urgent(true)
	return &gathered{
		agg: a, nulls: a.Op == kernels.AggList, arena: arena, rows: column.NewAppender(arena, a.ArgTypes[:1]),
		gids: hash.Slice[uint32]{Budget: e.budget}, starts: hash.Slice[uint32]{Budget: e.budget}, order: hash.Slice[uint32]{Budget: e.budget},
	}
}

func (s *gathered) resize(groups int) error {
	s.groups = groups
	return nil
}

func (s *gathered) free() {
	s.gids.Free()
	s.starts.Free()
	s.order.Free()
	s.arena.Free()
}

func (s *gathered) reserve(n int) error {
	if err := s.arena.Pressed(); err != nil {
		return err
	}
	return s.gids.Reserve(n)
}

func (s *gathered) update(in *input) error {
	if !s.nulls {
		in = in.valid(0)
	}
	if len(in.gids) == 0 {
		return nil
	}
	if len(s.agg.Args) > 1 && !s.known {
		s.known = true
		s.parameter = in.cols[1].ValueAt(in.row(0)).Float
	}
	return s.append(in.cols[0], in.rows, in.gids)
}

// append takes rows of v (nil: all of them) into groups.
func (s *gathered) append(v *column.Vector, rows, gids []uint32) error {
	if len(s.gids.S)+len(gids) > math.MaxUint32 {
		return fault.New(fault.StatementTooComplex, "%s of more than 2^32 rows", s.agg.Op)
	}
	s.batch = column.Batch{Cols: []*column.Vector{v}, Len: v.Len}
	if rows == nil {
		s.batch.Len = len(gids)
	} else {
		s.batch.Sel = rows[:len(gids)]
	}
	if err := s.rows.Append(&s.batch); err != nil {
		return err
	}
	for _, g := range gids {
		if err := s.gids.Append(g); err != nil {
			return err
		}
	}
	return nil
}

func (s *gathered) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*gathered)
	o.arrange()
	if o.err != nil {
		return o.err
	}
	if !s.known {
		s.known, s.parameter = o.known, o.parameter
	}
	scratch := mem.NewArena(s.gids.Budget)
	defer scratch.Free()
	var rows, to []uint32
	flush := func() error {
		scratch.Reset()
		v, err := o.rows.Gather(scratch, 0, rows)
		if err == nil {
			err = s.append(v, nil, to)
		}
		rows, to = rows[:0], to[:0]
		return err
	}
	for k, g := range gids {
		i := source(from, k)
		for _, r := range o.order.S[o.starts.S[i]:o.starts.S[i+1]] {
			rows, to = append(rows, r), append(to, g)
			if len(rows) == column.BatchRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return flush()
}

// arrange brings the row numbers of each group together, by counting; no more rows come after it.
func (s *gathered) arrange() {
	s.once.Do(func() {
		if s.err = s.starts.Reset(s.groups + 2); s.err != nil {
			return
		}
		starts := s.starts.S
		for _, g := range s.gids.S {
			starts[g+2]++
		}
		for i := 2; i < len(starts); i++ {
			starts[i] += starts[i-1]
		}
		if s.err = s.order.Reset(len(s.gids.S)); s.err != nil {
			return
		}
		for r, g := range s.gids.S {
			s.order.S[starts[g+1]] = uint32(r)
			starts[g+1]++
		}
	})
}

// of is the rows of a group.
func (s *gathered) of(g int) []uint32 { return s.order.S[s.starts.S[g]:s.starts.S[g+1]] }

func (s *gathered) finish(out *output, lo, hi int) (*column.Vector, error) {
	s.arrange()
	if s.err != nil {
		return nil, s.err
	}
	if s.agg.Op == kernels.AggList {
		return s.lists(out, lo, hi)
	}
	vals := make([]column.Value, hi-lo)
	for k := range vals {
		rows := s.of(lo + k)
		vals[k] = column.NullValue(s.agg.Result)
		if len(rows) == 0 {
			continue
		}
		v, err := s.rows.Gather(out.arena, 0, rows)
		if err != nil {
			return nil, err
		}
		// The group's values, each of them large, lie on the Go heap for a moment.
		size := int64(len(rows)) * valueBytes
		if err := out.arena.Budget().Reserve(size); err != nil {
			return nil, fault.Wrap(fault.OutOfMemory, err, "compute %s of %d values of one group", s.agg.Op, len(rows))
		}
		of := make([]column.Value, len(rows))
		for i := range of {
			of[i] = v.ValueAt(i)
		}
		switch s.agg.Op {
		case kernels.AggMode:
			vals[k] = mode(of)
		case kernels.AggHistogram:
			vals[k] = histogram(s.agg.Result, of)
		default:
			vals[k] = discrete(of, s.parameter)
		}
		out.arena.Budget().Release(size)
	}
	return column.FromValues(out.arena, s.agg.Result, hi-lo, func(i int) *column.Value { return &vals[i] })
}

// valueBytes is about what a value and its key take.
const valueBytes = int64(unsafe.Sizeof(column.Value{})) + 32

// lists makes a list of each group's values.
func (s *gathered) lists(out *output, lo, hi int) (*column.Vector, error) {
	v, err := column.NewFlat(out.arena, s.agg.Result, hi-lo)
	if err != nil {
		return nil, err
	}
	first := s.starts.S[lo]
	elems, err := s.rows.Gather(out.arena, 0, s.order.S[first:s.starts.S[hi]])
	if err != nil {
		return nil, err
	}
	v.Children = []*column.Vector{elems}
	spans := column.Values[column.Span](v)
	for k := range spans {
		spans[k] = column.Span{Offset: s.starts.S[lo+k] - first, Length: s.starts.S[lo+k+1] - s.starts.S[lo+k]}
	}
	return v, out.null(v, func(k int) bool { return spans[k].Length == 0 })
}

// mode is the most frequent value, of several the one that came first.
func mode(vals []column.Value) column.Value {
	counts := map[string]int{}
	most := 0
	var keys []string
	for _, v := range vals {
		key := string(column.AppendSortKey(nil, v))
		keys = append(keys, key)
		counts[key]++
		most = max(most, counts[key])
	}
	return vals[slices.IndexFunc(keys, func(k string) bool { return counts[k] == most })]
}

// histogram is a map from each value to how often it occurs, in the values' order.
func histogram(t column.Type, vals []column.Value) column.Value {
	slices.SortStableFunc(vals, column.CompareValues)
	out := column.Value{Type: t}
	for i := 0; i < len(vals); {
		j := i
		for j < len(vals) && column.CompareValues(vals[i], vals[j]) == 0 {
			j++
		}
		out.List = append(out.List, vals[i], column.IntValue(t.Nested.Fields[1].Type, int64(j-i)))
		i = j
	}
	return out
}

// discrete is the first value in order whose share of values up to it is at least the fraction; a negative fraction, less one, counts from the greatest.
func discrete(vals []column.Value, fraction float64) column.Value {
	slices.SortStableFunc(vals, column.CompareValues)
	if fraction < 0 {
		fraction = -1 - fraction
		slices.Reverse(vals)
	}
	at := int(math.Ceil(fraction*float64(len(vals)))) - 1
	return vals[min(max(at, 0), len(vals)-1)]
}
