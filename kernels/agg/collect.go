package agg

import (
	"math"
	"slices"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// piece is a string of a group and the number of the group's next piece plus one.
type piece struct {
	text column.View
	next uint32
}

// stringAgg keeps the strings of each group as a chain, in the order in which they came.
type stringAgg struct {
	pieces    hash.Slice[piece]
	head      hash.Slice[uint32] // by group: piece number plus one
	tail      hash.Slice[uint32]
	heap      *hash.Strings
	separator []byte
	known     bool // the separator has been seen
}

func newStringAgg(e *env) *stringAgg {
	return &stringAgg{pieces: hash.Slice[piece]{Budget: e.budget}, head: hash.Slice[uint32]{Budget: e.budget},
		tail: hash.Slice[uint32]{Budget: e.budget}, heap: hash.NewStrings(e.budget)}
}

func (s *stringAgg) resize(groups int) error {
	if err := s.head.Resize(groups); err != nil {
		return err
	}
	return s.tail.Resize(groups)
}

func (s *stringAgg) free() {
	s.pieces.Free()
	s.head.Free()
	s.tail.Free()
	s.heap.Free()
}

func (s *stringAgg) reserve(n int) error {
	if err := s.heap.Pressed(); err != nil {
		return err
	}
	return s.pieces.Reserve(n)
}

func (s *stringAgg) add(g uint32, text *column.View) error {
	kept, err := s.heap.Copy(text)
	if err != nil {
		return err
	}
	if err := s.pieces.Append(piece{text: kept}); err != nil {
		return err
	}
	number := uint32(len(s.pieces.S))
	if s.head.S[g] == 0 {
		s.head.S[g] = number
	} else {
		s.pieces.S[s.tail.S[g]-1].next = number
	}
	s.tail.S[g] = number
	return nil
}

func (s *stringAgg) update(in *input) error {
	in = in.valid(0)
	if len(in.gids) == 0 {
		return nil
	}
	if sep := in.cols[1]; !s.known {
		s.known = true
		if r := in.row(0); !sep.IsNull(r) {
			s.separator = slices.Clone(column.Values[column.View](sep.Target())[sep.Index(r)].Bytes())
		}
	}
	v := in.cols[0]
	vals := column.Values[column.View](v.Target())
	for k, g := range in.gids {
		if err := s.add(g, &vals[v.Index(in.row(k))]); err != nil {
			return err
		}
	}
	return nil
}

func (s *stringAgg) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*stringAgg)
	if !s.known {
		s.known, s.separator = o.known, o.separator
	}
	for k, g := range gids {
		for at := o.head.S[source(from, k)]; at != 0; at = o.pieces.S[at-1].next {
			if err := s.add(g, &o.pieces.S[at-1].text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stringAgg) finish(out *output, lo, hi int) (*column.Vector, error) {
	v, err := column.NewFlat(out.arena, column.T(column.Text), hi-lo)
	if err != nil {
		return nil, err
	}
	views := column.Values[column.View](v)
	var short []byte
	for k := range views {
		size := 0
		for at := s.head.S[lo+k]; at != 0; at = s.pieces.S[at-1].next {
			if at != s.head.S[lo+k] {
				size += len(s.separator)
			}
			if size += int(s.pieces.S[at-1].text.Len); size > math.MaxInt32 {
				return nil, fault.New(fault.StringTooLong, "the result of string_agg is longer than %d bytes", math.MaxInt32)
			}
		}
		buf := short[:0]
		if size > longResult {
			// A long result grows in the arena, where it counts.
			p, err := out.arena.Alloc(size)
			if err != nil {
				return nil, err
			}
			buf = p[:0]
		}
		for at := s.head.S[lo+k]; at != 0; at = s.pieces.S[at-1].next {
			if at != s.head.S[lo+k] {
				buf = append(buf, s.separator...)
			}
			buf = append(buf, s.pieces.S[at-1].text.Bytes()...)
		}
		if size > longResult {
			views[k] = column.MakeView(buf)
			continue
		}
		short = buf
		if views[k], err = column.CopyView(out.arena, buf); err != nil {
			return nil, err
		}
	}
	return v, out.null(v, func(k int) bool { return s.head.S[lo+k] == 0 })
}

// longResult bytes are what a string is put together from on the way to the arena at most.
const longResult = 4 << 10

// continuous interpolates between the two values in order that are nearest to the fraction's place.
func continuous(vals []float64, fraction float64) float64 {
	if fraction < 0 {
		fraction = 2 + fraction // 1 - (-1 - fraction)
	}
	at := fraction * float64(len(vals)-1)
	lo := int(math.Floor(at))
	a, b := vals[lo], vals[min(int(math.Ceil(at)), len(vals)-1)]
	if a != b {
		a += (b - a) * (at - float64(lo))
	}
	return a
}

// median keeps all values; the first finish sorts them by group.
type median struct {
	gids   hash.Slice[uint32]
	vals   hash.Slice[float64]
	starts hash.Slice[uint32] // by group, once sorted: where its values start
	groups int
	buf    []float64
	sort   sync.Once
	err    error
	// The fraction of values below the result, which is constant; -1 less it counts from the greatest. 0.5 is the median.
	fraction     float64
	known        bool
	withFraction bool // it is the second argument
}

func newMedian(e *env, a kernels.Aggregate) (state, error) {
	if !a.ArgTypes[0].Kind.IsNumeric() {
		return nil, fault.New(fault.UndefinedFunction, "function %s(%s) does not exist", a.Op, a.ArgTypes[0])
	}
	return &median{gids: hash.Slice[uint32]{Budget: e.budget}, vals: hash.Slice[float64]{Budget: e.budget},
		starts: hash.Slice[uint32]{Budget: e.budget}, fraction: 0.5, known: a.Op == kernels.AggMedian,
		withFraction: a.Op == kernels.AggQuantileCont}, nil
}

func (s *median) resize(groups int) error {
	s.groups = groups
	return nil
}

func (s *median) free() {
	s.gids.Free()
	s.vals.Free()
	s.starts.Free()
}

func (s *median) reserve(n int) error {
	if err := s.gids.Reserve(n); err != nil {
		return err
	}
	return s.vals.Reserve(n)
}

func (s *median) add(g uint32, x float64) error {
	if err := s.gids.Append(g); err != nil {
		return err
	}
	return s.vals.Append(x)
}

func (s *median) update(in *input) error {
	in = in.valid(0)
	if !s.known && len(in.gids) > 0 {
		s.known, s.fraction = true, in.cols[1].ValueAt(in.row(0)).Float
	}
	s.buf = in.numbers(0, s.buf)
	for k, g := range in.gids {
		if err := s.add(g, s.buf[k]); err != nil {
			return err
		}
	}
	return nil
}

func (s *median) merge(gids []uint32, other state, from []uint32) error {
	o := other.(*median)
	o.arrange()
	if o.err != nil {
		return o.err
	}
	if !s.known {
		s.known, s.fraction = o.known, o.fraction
	}
	for k, g := range gids {
		i := source(from, k)
		for _, x := range o.vals.S[o.starts.S[i]:o.starts.S[i+1]] {
			if err := s.add(g, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrange brings the values of each group together, by counting; no more values come after it.
func (s *median) arrange() {
	s.sort.Do(func() {
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
		sorted := hash.Slice[float64]{Budget: s.vals.Budget}
		if s.err = sorted.Reset(len(s.vals.S)); s.err != nil {
			return
		}
		for k, g := range s.gids.S {
			sorted.S[starts[g+1]] = s.vals.S[k]
			starts[g+1]++
		}
		s.vals.Free()
		s.gids.Free()
		s.vals = sorted
		for g := range s.groups {
			slices.SortFunc(s.vals.S[starts[g]:starts[g+1]], func(a, b float64) int {
				switch {
				case lessFloat(&a, &b):
					return -1
				case lessFloat(&b, &a):
					return 1
				}
				return 0
			})
		}
	})
}

func (s *median) finish(out *output, lo, hi int) (*column.Vector, error) {
	s.arrange()
	if s.err != nil {
		return nil, s.err
	}
	v, err := column.NewFlat(out.arena, column.T(column.Float64), hi-lo)
	if err != nil {
		return nil, err
	}
	for k := range hi - lo {
		vals := s.vals.S[s.starts.S[lo+k]:s.starts.S[lo+k+1]]
		if n := len(vals); n > 0 {
			column.Values[float64](v)[k] = continuous(vals, s.fraction)
		}
	}
	return v, out.null(v, func(k int) bool { return s.starts.S[lo+k] == s.starts.S[lo+k+1] })
}
