package sort

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Stream merges sorted batches from several places, a bounded number of them in memory at a time: runs that lie elsewhere. It belongs to one goroutine.
type Stream struct {
	s      *Sorter
	heap   []*head
	inputs []*input
	of     map[*Run]*input
}

// input is one of the places.
type input struct {
	next    func() (*column.Batch, error)
	run     *Run // the batch at hand in the form of a run
	batch   *column.Batch
	encoder encoder
	head    head
	empty   bool // the batch is used up
	picked  []uint32
	to      []uint32
}

// NewStream makes one of inputs, each of which gives the next of its dense batches of flat vectors, of at most ChunkRows rows and valid until its next call, and nil
// at the end.
func (s *Sorter) NewStream(inputs []func() (*column.Batch, error)) *Stream {
	m := &Stream{s: s, of: map[*Run]*input{}}
	for _, next := range inputs {
		in := &input{next: next, run: &Run{s: s}, encoder: encoder{Layout: s.layout}, empty: true}
		m.inputs = append(m.inputs, in)
		m.of[in.run] = in
	}
	return m
}

// load takes an input's next batch, if any.
func (m *Stream) load(in *input) error {
	b, err := in.next()
	if err != nil || b == nil {
		return err
	}
	in.batch, in.empty = b, false
	width := m.s.layout.width
	keys := make([]byte, 0)
	if in.run.keys != nil {
		keys = in.run.keys[0]
	}
	if cap(keys) < b.Len*width {
		keys = make([]byte, b.Len*width)
	}
	keys = keys[:b.Len*width]
	in.encoder.encode(keys, b)
	in.run.keys = [][]byte{keys}
	in.run.views = make([][][]column.View, len(m.s.layout.parts))
	for i, p := range m.s.layout.parts {
		if p.phys == column.PhysView {
			in.run.views[i] = [][]column.View{column.Values[column.View](b.Cols[p.column])}
		}
	}
	in.head = head{ref: ref{run: in.run}, end: b.Len}
	in.head.loadRow()
	m.heap = append(m.heap, &in.head)
	for i := len(m.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !m.s.less(m.heap[i], m.heap[up]) {
			break
		}
		m.heap[i], m.heap[up] = m.heap[up], m.heap[i]
		i = up
	}
	return nil
}

// loadRow is load for a batch, whose rows are in order.
func (h *head) loadRow() {
	h.row = uint32(h.at)
	if key := h.key(); len(key) > 0 {
		h.word = word(key, 0)
	}
}

// Next makes a batch in a of the next rows, up to limit of them, or nil at the end. It is valid as long as a is not reset, and until the next call.
func (m *Stream) Next(a *mem.Arena, limit int) (*column.Batch, error) {
	for _, in := range m.inputs {
		if in.empty {
			if err := m.load(in); err != nil {
				return nil, err
			}
		}
		in.picked, in.to = in.picked[:0], in.to[:0]
	}
	n := 0
	for n < limit && len(m.heap) > 0 {
		h := m.heap[0]
		in := m.of[h.run]
		in.picked, in.to = append(in.picked, h.row), append(in.to, uint32(n))
		n++
		if h.at++; h.at < h.end {
			h.loadRow()
			m.s.sift(m.heap, 0)
			continue
		}
		in.empty = true
		m.heap[0] = m.heap[len(m.heap)-1]
		m.heap = m.heap[:len(m.heap)-1]
		m.s.sift(m.heap, 0)
		// What follows may come from the input that has to be read on.
		break
	}
	if n == 0 {
		return nil, nil
	}
	out := &column.Batch{Len: n, Cols: make([]*column.Vector, len(m.s.types))}
	for c, t := range m.s.types {
		v, err := m.column(a, c, t, n)
		if err != nil {
			return nil, err
		}
		out.Cols[c] = v
	}
	return out, nil
}

// column puts the picked values of a column where they belong.
func (m *Stream) column(a *mem.Arena, c int, t column.Type, n int) (*column.Vector, error) {
	if t.Kind == column.Null {
		return column.NewNull(t, n), nil
	}
	if t.Kind.IsNested() {
		return m.nested(a, c, t, n)
	}
	v, err := column.NewFlat(a, t, n)
	if err != nil {
		return nil, err
	}
	for _, in := range m.inputs {
		if len(in.picked) > 0 && in.batch.Cols[c].Valid != nil && v.Valid == nil {
			if v.Valid, err = column.AllocBitmap(a, n); err != nil {
				return nil, err
			}
		}
	}
	for _, in := range m.inputs {
		if len(in.picked) == 0 {
			continue
		}
		part, err := column.Gather(a, in.batch.Cols[c], in.picked)
		if err != nil {
			return nil, err
		}
		column.Scatter(v, part, in.to)
	}
	return v, nil
}

func (m *Stream) nested(a *mem.Arena, c int, t column.Type, n int) (*column.Vector, error) {
	from := make([]*input, n)
	row := make([]uint32, n)
	for _, in := range m.inputs {
		for k, to := range in.to {
			from[to], row[to] = in, in.picked[k]
		}
	}
	out := column.NewCollector(a, t)
	for k := range n {
		if err := out.Add(from[k].batch.Cols[c], int(row[k])); err != nil {
			return nil, err
		}
	}
	return out.Vector(), nil
}
