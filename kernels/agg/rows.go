package agg

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// rowStates is how many rows have states before these are made anew: growing them is then paid for, and they stay in a second-level cache.
const rowStates = 16 << 10

// RowsPay reports whether states of single rows are about as small as the values that they come from. A sketch is not.
func RowsPay(aggs []kernels.Aggregate) bool {
	return !slices.ContainsFunc(aggs, func(a kernels.Aggregate) bool { return !HasPartial(a) || a.Op == kernels.AggApproxCount })
}

// Rows makes the partial states of single rows. It is what an Aggregator whose every row has a group of its own would emit, without looking for groups: for rows
// of which few share their keys. It belongs to one goroutine.
type Rows struct {
	g    *Aggregator // without keys; row k since the last restart is its group k
	made int
}

// NewRows makes one for aggregates that have partial states (see HasPartial), charged to b.
func NewRows(b *mem.Budget, aggs []kernels.Aggregate) (*Rows, error) {
	g, err := New(b, nil, aggs)
	if err != nil {
		return nil, err
	}
	return &Rows{g: g}, nil
}

// Free gives all memory back.
func (r *Rows) Free() { r.g.Free() }

// Emit makes a dense batch of the selected rows of b: their keys, which are in the given columns, then the columns of PartialTypes, aggregate after aggregate. What is
// made lives in a; keys may be b's own vectors and are valid as long as these. A refusal of memory (mem.Refused) leaves the call to be repeated.
func (r *Rows) Emit(a *mem.Arena, b *column.Batch, keys []int) (*column.Batch, error) {
	n := b.Rows()
	if r.made > 0 && r.made+n > rowStates {
		if err := r.restart(); err != nil {
			return nil, err
		}
	}
	g := r.g
	for _, s := range g.states {
		if err := s.resize(max(r.made+n, g.sized)); err != nil {
			return nil, err
		}
	}
	g.sized = max(r.made+n, g.sized)
	g.gids = sized(g.gids, n)
	for k := range g.gids {
		g.gids[k] = uint32(r.made + k)
	}
	if err := g.take(b, n); err != nil {
		return nil, err
	}
	lo := r.made
	r.made += n
	picked := &column.Batch{Cols: make([]*column.Vector, len(keys)), Len: b.Len, Sel: b.Sel}
	for i, k := range keys {
		picked.Cols[i] = b.Cols[k]
	}
	dense, err := column.Compact(a, picked)
	if err != nil {
		return nil, mem.Final(err)
	}
	for i, s := range g.states {
		p, ok := s.(partialState)
		if !ok {
			return nil, fault.New(fault.Internal, "aggregate %s has no partial state", g.aggs[i].Op)
		}
		cols, err := p.export(&output{arena: a}, lo, r.made)
		if err != nil {
			return nil, mem.Final(err)
		}
		dense.Cols = append(dense.Cols, cols...)
	}
	return dense, nil
}

// restart empties the states.
func (r *Rows) restart() error {
	g := r.g
	for i, s := range g.states {
		s.free()
		next, err := newState(&g.env, g.aggs[i])
		if err != nil {
			return err
		}
		g.states[i] = next
	}
	g.sized, r.made = 0, 0
	return nil
}
