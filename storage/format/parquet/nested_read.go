package parquet

import (
	"context"
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// nestedColumn reads a list, struct or map: its leaves' levels and values, row by row, from which the vectors of the nodes above them are made. All of it
// lies in the reader's pool and an arena.
type nestedColumn struct {
	pool   *pool
	arena  *mem.Arena // of the batch's validities and spans
	root   *nestedVector
	leaves []*leafReader
	last   *leafReader // which was read last, for errors
	skip   int         // rows to pass over first
}

// nestedVector is a node with the vector that is made of it, batch by batch.
type nestedVector struct {
	*nestedNode
	first    *leafReader // the first leaf below: its levels say where the node's values are
	fields   []*nestedVector
	out      column.Vector
	children []*column.Vector
}

func newNestedColumn(p *pool, root *nestedNode) (*nestedColumn, error) {
	c := &nestedColumn{pool: p, arena: mem.NewArena(p.arena.Budget())}
	var err error
	if c.root, err = c.vectorOf(root); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *nestedColumn) vectorOf(n *nestedNode) (*nestedVector, error) {
	v := &nestedVector{nestedNode: n}
	if n.leaf != nil {
		r, err := newLeafReader(c.pool, n)
		if err != nil {
			return nil, err
		}
		c.leaves = append(c.leaves, r)
		v.first = r
		return v, nil
	}
	for _, child := range n.children {
		f, err := c.vectorOf(child)
		if err != nil {
			return nil, err
		}
		v.fields = append(v.fields, f)
		v.children = append(v.children, &f.out)
	}
	v.first = v.fields[0].first
	return v, nil
}

// open begins a row group; index gives the page index of a leaf, where one is of use.
func (c *nestedColumn) open(ctx context.Context, r *reader, g *rowGroup, index func(leaf int) (*pageIndex, error)) error {
	c.finish()
	c.skip = 0
	for _, l := range c.leaves {
		c.last = l
		x, err := index(l.leaf.index)
		if err != nil {
			return err
		}
		if err := l.open(ctx, r.open, &g.chunks[l.leaf.index], x); err != nil {
			return err
		}
	}
	return nil
}

func (c *nestedColumn) finish() {
	for _, l := range c.leaves {
		l.finish()
	}
}

func (c *nestedColumn) close() {
	for _, l := range c.leaves {
		l.close()
	}
	c.leaves = nil
	c.arena.Free()
}

// read gives the next rows, valid until the next call.
func (c *nestedColumn) read(rows int) (*column.Vector, error) {
	c.arena.Reset()
	for _, l := range c.leaves {
		c.last = l
		if err := l.passRows(c.skip); err != nil {
			return nil, err
		}
		if err := l.readRows(rows); err != nil {
			return nil, err
		}
	}
	c.skip = 0
	if err := c.root.build(c.arena, 0, 0); err != nil {
		return nil, err
	}
	if c.root.out.Len != rows {
		return nil, errLeaves
	}
	return &c.root.out, nil
}

var errLeaves = errors.New("the parts of a nested column do not have the same rows")

// build makes the node's vector. A value of it begins at each entry of its leaves whose repetition level is at most rep, the level of the list around it,
// where the definition level is at least def: an element of that list is there.
func (v *nestedVector) build(a *mem.Arena, rep, def int) error {
	l := v.first
	reps, defs := l.outReps[:min(l.entries, len(l.outReps))], l.outDefs[:l.entries]
	if l.node.maxRep == 0 {
		reps = nil
	}
	n := 0
	for i, d := range defs {
		if (reps == nil || int(reps[i]) <= rep) && int(d) >= def {
			n++
		}
	}
	v.out = column.Vector{Type: v.typ, Form: column.Flat, Len: n, Children: v.children}
	if v.def > def {
		if err := v.validity(a, reps, defs, rep, def); err != nil {
			return err
		}
	}
	switch {
	case v.leaf != nil:
		return v.values(n)
	case v.typ.Kind == column.Struct:
		for _, f := range v.fields {
			if err := f.build(a, rep, def); err != nil {
				return err
			}
			if f.out.Len != n {
				return errLeaves
			}
		}
		return nil
	}
	return v.spans(a, reps, defs, rep, def)
}

// validity sets the vector's validity, unless nothing is NULL.
func (v *nestedVector) validity(a *mem.Arena, reps, defs []byte, rep, def int) error {
	words, err := column.AllocSlice[uint64](a, column.BitmapWords(v.out.Len))
	if err != nil {
		return err
	}
	clear(words)
	valid := column.Bitmap(words)
	k, set := 0, 0
	for i, d := range defs {
		if reps != nil && int(reps[i]) > rep || int(d) < def {
			continue
		}
		if int(d) >= v.def {
			valid.Set(k)
			set++
		}
		k++
	}
	if set < v.out.Len {
		v.out.Valid = valid
	}
	return nil
}

// values makes a leaf's vector of n rows of what its reader has read.
func (v *nestedVector) values(n int) error {
	l := v.first
	width := l.width
	if n < l.count || v.out.Valid == nil && n != l.count {
		return errLeaves
	}
	data, err := l.grow(l.data, l.count*width, n*width)
	if err != nil {
		return err
	}
	l.data = data
	if v.out.Valid != nil {
		spreadFlat(data, v.out.Valid, 0, n, l.count, width)
	}
	v.out.Data = data
	return nil
}

// spans makes a list's or map's spans and its children.
func (v *nestedVector) spans(a *mem.Arena, reps, defs []byte, rep, def int) error {
	spans, err := column.AllocSlice[column.Span](a, v.out.Len)
	if err != nil {
		return err
	}
	k, elements := -1, uint32(0)
	for i, d := range defs {
		if int(d) < def {
			continue
		}
		if reps == nil || int(reps[i]) <= rep {
			k++
			spans[k] = column.Span{Offset: elements}
		}
		if (reps == nil || int(reps[i]) <= v.rep) && int(d) >= v.element {
			if k < 0 {
				return errLeaves
			}
			spans[k].Length++
			elements++
		}
	}
	v.out.Data = column.BytesOf(spans)
	for _, f := range v.fields {
		if err := f.build(a, v.rep, v.element); err != nil {
			return err
		}
		if f.out.Len != int(elements) {
			return errLeaves
		}
	}
	return nil
}
