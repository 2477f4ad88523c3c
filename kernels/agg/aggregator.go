package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// Aggregator groups rows by keys and computes aggregates for each group. It belongs to one goroutine while it takes rows; afterwards any number
// may read it (Emit, Partition, and as the source of Merge).
type Aggregator struct {
	env      env
	table    *Table
	keyTypes []column.Type
	aggs     []kernels.Aggregate
	states   []state
	sized    int // groups that the states have room for
	gids     []uint32
	buf      buffers
	args     [][]*column.Vector
	places   []uint32 // by group: its place in its partition's list, for states that keep tuples
}

// New makes an aggregator of keys of the given types, charged to b. Without keys all rows are one group, which exists from the start.
func New(b *mem.Budget, keys []column.Type, aggs []kernels.Aggregate) (*Aggregator, error) {
	t, err := NewTable(b, keys)
	if err != nil {
		return nil, err
	}
	g := &Aggregator{env: env{budget: b}, table: t, keyTypes: keys, aggs: aggs}
	for _, a := range aggs {
		s, err := newState(&g.env, a)
		if err != nil {
			g.Free()
			return nil, err
		}
		g.states = append(g.states, s)
		g.args = append(g.args, make([]*column.Vector, max(len(a.Args), len(StateTypes(a)))))
	}
	if len(keys) == 0 {
		t.n = 1
		return g, g.resize()
	}
	return g, nil
}

// Reserve makes room for n groups in an aggregator that has none.
func (g *Aggregator) Reserve(n int) error { return g.table.Reserve(n) }

// Groups is the number of groups. Those that a refused Update has met are not among them before it is repeated.
func (g *Aggregator) Groups() int { return g.sized }

// Size is about the number of bytes that the groups' slots and hashes take, a lower bound of what the aggregator holds.
func (g *Aggregator) Size() int64 { return g.table.slots.Size() + g.table.hashes.Size() }

// Free gives all memory back.
func (g *Aggregator) Free() {
	g.table.Free()
	for _, s := range g.states {
		s.free()
	}
}

func (g *Aggregator) resize() error {
	if g.sized == g.table.n {
		return nil
	}
	for _, s := range g.states {
		if err := s.resize(g.table.n); err != nil {
			return err
		}
	}
	g.sized = g.table.n
	return nil
}

// reserver is a state that keeps something for each row that it takes.
type reserver interface {
	// reserve makes room for n rows, what their strings take apart, and returns the refusal of memory that strings did not heed.
	reserve(n int) error
}

// reserve makes sure that the states can take n rows.
func (g *Aggregator) reserve(n int) error {
	for _, s := range g.states {
		if r, ok := s.(reserver); ok {
			if err := r.reserve(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// find fills gids with the groups of b's rows.
func (g *Aggregator) find(b *column.Batch, keys []int) error {
	n := b.Rows()
	if len(keys) == 0 {
		if len(g.gids) < n {
			g.gids = make([]uint32, max(n, column.BatchRows))
		}
		return nil
	}
	g.gids = sized(g.gids, n)
	if err := g.table.Find(b, keys, g.gids); err != nil {
		return err
	}
	return g.resize()
}

// Update takes the selected rows of b, whose key i is in column keys[i] and whose arguments and filters are where the aggregates say. A refusal of memory
// (mem.Refused) leaves all values as they were: the call may be repeated.
func (g *Aggregator) Update(b *column.Batch, keys []int) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if err := g.find(b, keys); err != nil {
		return err
	}
	return g.take(b, n)
}

// take brings the n rows of b into the groups that gids has.
func (g *Aggregator) take(b *column.Batch, n int) error {
	if err := g.reserve(n); err != nil {
		return err
	}
	g.buf.known = false
	for i, a := range g.aggs {
		in := g.buf.input(0, input{gids: g.gids[:n], rows: b.Sel, cols: g.args[i], buf: &g.buf, all: true})
		for k, c := range a.Args {
			in.cols[k] = b.Cols[c]
		}
		if a.Filter >= 0 {
			in = in.filtered(b.Cols[a.Filter])
		}
		if err := g.states[i].update(in); err != nil {
			return mem.Final(err)
		}
	}
	return nil
}

// Absorb takes rows of partial states: key i is in column keys[i], and from column first on the columns of PartialTypes follow, aggregate after
// aggregate.
func (g *Aggregator) Absorb(b *column.Batch, keys []int, first int) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if err := g.find(b, keys); err != nil {
		return err
	}
	if err := g.reserve(n); err != nil {
		return err
	}
	for i, a := range g.aggs {
		s, ok := g.states[i].(partialState)
		width := len(PartialTypes(a))
		if !ok || !HasPartial(a) {
			return fault.New(fault.Internal, "aggregate %s has no partial state", a.Op)
		}
		if first+width > len(b.Cols) {
			return fault.New(fault.Internal, "state of aggregate %s is missing: %d columns", a.Op, len(b.Cols))
		}
		in := g.buf.input(0, input{gids: g.gids[:n], rows: b.Sel, cols: b.Cols[first : first+width], buf: &g.buf})
		if err := s.absorb(in); err != nil {
			return mem.Final(err)
		}
		first += width
	}
	return nil
}

// Merge takes the groups of o, an aggregator of the same keys and aggregates, that from lists (nil: all). o stays as it is. After an error g is of no use.
func (g *Aggregator) Merge(o *Aggregator, from []uint32) error { return g.merge(o, from, -1) }

// MergePartition takes the groups of partition p, which from lists, of those that o.Partition has made.
func (g *Aggregator) MergePartition(o *Aggregator, p int, from []uint32) error {
	return g.merge(o, from, p)
}

// hasDistinct reports whether a state keeps tuples.
func (g *Aggregator) hasDistinct() bool {
	for _, s := range g.states {
		if _, ok := s.(*distinct); ok {
			return true
		}
	}
	return false
}

func (g *Aggregator) merge(o *Aggregator, from []uint32, partition int) error {
	n := o.Groups()
	if from != nil {
		n = len(from)
	}
	scratch := mem.NewArena(g.env.budget)
	defer scratch.Free()
	var mine []uint32 // groups of g, by position
	if g.hasDistinct() {
		mine = make([]uint32, 0, n)
	}
	for lo := 0; lo < n; lo += column.BatchRows {
		scratch.Reset()
		hi := min(n, lo+column.BatchRows)
		of := groups{lo: lo, hi: hi}
		if from != nil {
			of.list = from[lo:hi]
		}
		b, err := o.table.keysOf(&output{arena: scratch}, of)
		if err != nil {
			return err
		}
		if err := g.findOf(b, o, of); err != nil {
			return err
		}
		if of.list == nil {
			of.list = sized(g.buf.rows[0], hi-lo)
			g.buf.rows[0] = of.list
			for k := range of.list {
				of.list[k] = uint32(lo + k)
			}
		}
		if mine != nil {
			mine = append(mine, g.gids[:hi-lo]...)
		}
		for i, s := range g.states {
			if _, ok := s.(*distinct); ok {
				continue
			}
			if err := s.merge(g.gids[:hi-lo], o.states[i], of.list); err != nil {
				return err
			}
		}
	}
	if mine == nil {
		return nil
	}
	// Tuples are gone through once, not once for every so many groups.
	to := o.target(from, mine, partition)
	for i, s := range g.states {
		if d, ok := s.(*distinct); ok {
			if err := d.mergeTuples(o.states[i].(*distinct), partition, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// target says to which group each of o's goes; ok is false for those that are not merged.
func (g *Aggregator) target(from, mine []uint32, partition int) func(group uint32) (to uint32, ok bool) {
	switch {
	case from == nil:
		return func(group uint32) (uint32, bool) { return mine[group], true }
	case partition >= 0:
		// Only tuples of the partition are asked for.
		return func(group uint32) (uint32, bool) { return mine[g.places[group]], true }
	}
	places := make(map[uint32]uint32, len(from))
	for k, f := range from {
		places[f] = mine[k]
	}
	return func(group uint32) (uint32, bool) {
		to, ok := places[group]
		return to, ok
	}
}

// Touch makes the group of the one tuple that b's first selected row holds exist.
func (g *Aggregator) Touch(b *column.Batch, keys []int) error {
	if b.Rows() == 0 {
		return nil
	}
	return g.find(b, keys)
}

// Partition lists the groups by which of n partitions their keys belong to; aggregators of the same keys agree.
func (g *Aggregator) Partition(n int) [][]uint32 {
	lists := g.table.Partition(n)
	if !g.hasDistinct() {
		return lists
	}
	g.places = make([]uint32, g.Groups())
	of := make([]uint16, g.Groups())
	for p, list := range lists {
		for k, group := range list {
			g.places[group], of[group] = uint32(k), uint16(p)
		}
	}
	for _, s := range g.states {
		if d, ok := s.(*distinct); ok {
			d.partition(n, of)
		}
	}
	return lists
}

// Emit makes a dense batch of groups lo to hi-1: the keys, then the results or, with partial, the states' columns. Fixed-width values live in a, long
// strings in a or in the aggregator.
func (g *Aggregator) Emit(a *mem.Arena, lo, hi int, partial bool) (*column.Batch, error) {
	out := &output{arena: a}
	b, err := g.table.keysOf(out, groups{lo: lo, hi: hi})
	if err != nil {
		return nil, err
	}
	for i, s := range g.states {
		if !partial {
			v, err := s.finish(out, lo, hi)
			if err != nil {
				return nil, err
			}
			b.Cols = append(b.Cols, v)
			continue
		}
		p, ok := s.(partialState)
		if !ok {
			return nil, fault.New(fault.Internal, "aggregate %s has no partial state", g.aggs[i].Op)
		}
		cols, err := p.export(out, lo, hi)
		if err != nil {
			return nil, err
		}
		b.Cols = append(b.Cols, cols...)
	}
	return b, nil
}
