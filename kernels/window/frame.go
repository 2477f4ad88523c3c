package window

import (
	"sort"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// peers is the groups of rows of a partition that are equal in some sort keys, numbered over the whole block.
type peers struct {
	of     []uint32 // by row
	starts []uint32 // by group, and the number of rows behind the last one
}

func (p *peers) lo(i int) int { return int(p.starts[p.of[i]]) }
func (p *peers) hi(i int) int { return int(p.starts[p.of[i]+1]) }

// peersBy groups rows by the first keys sort keys.
func (b *Block) peersBy(keys int) (*peers, error) {
	if p, ok := b.peers[keys]; ok {
		return p, nil
	}
	of, err := column.AllocSlice[uint32](b.Arena, b.Rows)
	if err != nil {
		return nil, err
	}
	cols := make([]*column.Vector, keys)
	compare := make([]func(i, j int) int, keys)
	for k := range keys {
		if cols[k], err = b.col(b.Keys[k].Column); err != nil {
			return nil, err
		}
		compare[k] = comparer(cols[k])
	}
	group := -1
	err = b.each(func(i, start, _ int) error {
		begins := i == start
		for k := 0; !begins && k < keys; k++ {
			begins = differ(cols[k], compare[k], i-1, i)
		}
		if begins {
			group++
		}
		of[i] = uint32(group)
		return nil
	})
	if err != nil {
		return nil, err
	}
	starts, err := column.AllocSlice[uint32](b.Arena, group+2)
	if err != nil {
		return nil, err
	}
	mask := b.mask()
	for i := b.Rows - 1; i >= 0; i-- {
		if i&mask == 0 {
			if err := b.Check(); err != nil {
				return nil, err
			}
		}
		starts[of[i]] = uint32(i)
	}
	starts[group+1] = uint32(b.Rows)
	p := &peers{of: of, starts: starts}
	b.peers[keys] = p
	return p, nil
}

// frame is every row's frame: the rows lo to hi-1, less what is excluded.
type frame struct {
	lo, hi  []uint32
	exclude kernels.Exclusion
	peers   *peers
}

// span is the rows from a to b-1.
type span struct{ a, b int }

// parts are the pieces of row i's frame, ascending; empty ones may be among them.
func (f *frame) parts(i int, buf *[3]span) []span {
	lo, hi := int(f.lo[i]), int(f.hi[i])
	if f.exclude == kernels.ExcludeNoOthers {
		buf[0] = span{lo, hi}
		return buf[:1]
	}
	from, to := i, i+1
	if f.exclude != kernels.ExcludeCurrentRow {
		from, to = f.peers.lo(i), f.peers.hi(i)
	}
	buf[0] = span{lo, max(lo, min(hi, from))}
	if f.exclude == kernels.ExcludeTies {
		buf[1] = span{max(lo, i), max(lo, i, min(hi, i+1))}
		if buf[1].b > hi {
			buf[1] = span{hi, hi}
		}
		buf[2] = span{min(hi, max(lo, to)), hi}
		return buf[:3]
	}
	buf[1] = span{min(hi, max(lo, to)), hi}
	return buf[:2]
}

// frame makes the frames of a function.
func (b *Block) frame(f *kernels.WindowFunction) (*frame, error) {
	key := frameKey{f.Frame, f.Peers}
	if known, ok := b.frames[key]; ok {
		return known, nil
	}
	p, err := b.peersBy(f.Peers)
	if err != nil {
		return nil, err
	}
	out := &frame{exclude: f.Frame.Exclude, peers: p}
	if out.lo, err = column.AllocSlice[uint32](b.Arena, b.Rows); err != nil {
		return nil, err
	}
	if out.hi, err = column.AllocSlice[uint32](b.Arena, b.Rows); err != nil {
		return nil, err
	}
	start, err := b.bound(f, f.Frame.Start, p, false)
	if err != nil {
		return nil, err
	}
	end, err := b.bound(f, f.Frame.End, p, true)
	if err != nil {
		return nil, err
	}
	err = b.each(func(i, s, e int) error {
		lo := min(max(start(i, s, e), s), e)
		hi := min(max(end(i, s, e), lo), e)
		out.lo[i], out.hi[i] = uint32(lo), uint32(hi)
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.frames[key] = out
	return out, nil
}

// bound finds, for row i of the partition from s to e-1, the first row of its frame, or with end the row behind the last one.
func (b *Block) bound(f *kernels.WindowFunction, bound kernels.Bound, p *peers, end bool) (func(i, s, e int) int, error) {
	switch bound.Kind {
	case kernels.UnboundedPreceding:
		return func(_, s, _ int) int { return s }, nil
	case kernels.UnboundedFollowing:
		return func(_, _, e int) int { return e }, nil
	}
	switch {
	case f.Frame.Mode == kernels.FrameRange && bound.Kind != kernels.CurrentRow:
		return b.valueBound(bound, p, end)
	case f.Frame.Mode == kernels.FrameRows:
		last := 0
		if end {
			last = 1
		}
		return func(i, s, e int) int { return i + last + distance(bound, e-s+1) }, nil
	case f.Frame.Mode == kernels.FrameGroups:
		return func(i, s, e int) int {
			g := int(p.of[i]) + distance(bound, e-s+1)
			if end {
				g++
			}
			// Groups of the partition are numbered from that of its first row to that of its last.
			if g < int(p.of[s]) {
				return s
			}
			if g > int(p.of[e-1]) {
				return e
			}
			return int(p.starts[g])
		}, nil
	}
	return func(i, _, _ int) int {
		if end {
			return p.hi(i)
		}
		return p.lo(i)
	}, nil
}

// distance is a bound's offset with its sign, at most most either way.
func distance(b kernels.Bound, most int) int {
	d := int(min(b.Offset, int64(most)))
	switch b.Kind {
	case kernels.Preceding:
		return -d
	case kernels.Following:
		return d
	}
	return 0
}

// valueBound looks for the value that the bound's column holds among the values of the first sort key. Rows whose key is NULL have their peers for a
// frame, and are in no other row's.
func (b *Block) valueBound(bound kernels.Bound, p *peers, end bool) (func(i, s, e int) int, error) {
	key, err := b.col(b.Keys[0].Column)
	if err != nil {
		return nil, err
	}
	limit, err := b.col(bound.Column)
	if err != nil {
		return nil, err
	}
	compare := pairComparer(key, limit)
	desc := b.Keys[0].Descending
	last := 0
	return func(i, s, e int) int {
		if key.IsNull(i) || limit.IsNull(i) {
			if end {
				return p.hi(i)
			}
			return p.lo(i)
		}
		if key.Valid != nil {
			// NULLs are one group of peers at either end.
			if key.IsNull(s) {
				s = p.hi(s)
			}
			if key.IsNull(e - 1) {
				e = p.lo(e - 1)
			}
		}
		last = search(last, s, e, func(k int) bool {
			c := compare(k, i)
			if desc {
				c = -c
			}
			if end {
				return c > 0
			}
			return c >= 0
		})
		return last
	}, nil
}

// search is the first of the rows from s to e-1 for which is holds, e when there is none, given that it holds for all rows behind one. It looks near
// the row near first: bounds seldom move far from one row to the next.
func search(near, s, e int, is func(k int) bool) int {
	lo, hi := s, e
	if near > s && near <= e && is(near-1) {
		hi = near - 1
	} else {
		if near > s && near <= e {
			lo = near
		}
		for step := 1; lo+step <= e; step *= 2 {
			if k := lo + step - 1; is(k) {
				hi = k
				break
			}
			lo += step
		}
	}
	return lo + sort.Search(hi-lo, func(k int) bool { return is(lo + k) })
}
