package window

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
)

// anew aggregates each different frame by itself, several short ones at once: each is a group of its own.
func (b *Block) anew(f *kernels.WindowFunction) (*column.Vector, error) {
	fr, err := b.frame(f)
	if err != nil {
		return nil, err
	}
	a := &again{Block: b, call: f.Call, scratch: mem.NewArena(b.Arena.Budget())}
	defer a.scratch.Free()
	a.call.Args = nil
	for k, c := range f.Call.Args {
		v, err := b.col(c)
		if err != nil {
			return nil, err
		}
		a.args = append(a.args, v)
		a.call.Args = append(a.call.Args, k+1)
	}
	if f.Call.Filter >= 0 {
		v, err := b.col(f.Call.Filter)
		if err != nil {
			return nil, err
		}
		a.call.Filter = len(a.args) + 1
		a.args = append(a.args, v)
	}
	defer a.drop()
	// A result lies in a temporary aggregator; its long strings have to be copied, whatever the form.
	a.results = column.NewAppender(b.Arena, []column.Type{f.Call.Result})
	of, err := column.AllocSlice[uint32](b.Arena, b.Rows) // the frame that each row has
	if err != nil {
		return nil, err
	}
	var buf, old [3]span
	err = b.each(func(i, start, _ int) error {
		parts := fr.parts(i, &buf)
		if i == start || !equalParts(parts, old[:len(parts)]) {
			old = buf
			if err := a.group(parts); err != nil {
				return err
			}
		}
		of[i] = uint32(a.frames - 1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := a.flush(); err != nil {
		return nil, err
	}
	if !b.Paged {
		return a.results.Gather(b.Arena, 0, of)
	}
	all, err := a.results.Column(b.Arena, 0, b.Check)
	if err != nil {
		return nil, err
	}
	return b.gather(all, of)
}

func equalParts(a, b []span) bool {
	for k := range a {
		if a[k] != b[k] {
			return false
		}
	}
	return true
}

// again collects the rows of frames and aggregates them.
type again struct {
	*Block
	call    kernels.Aggregate
	args    []*column.Vector
	results *column.Appender // by frame
	scratch *mem.Arena
	agg     *agg.Aggregator
	rows    []uint32 // collected, and the group of each
	groups  []int32
	taken   int // rows of the aggregator so far
	frames  int // so far
	first   int // the first frame of the aggregator
}

// group begins the next frame, whose rows are parts.
func (a *again) group(parts []span) error {
	if a.taken+len(a.rows) >= 4*column.BatchRows {
		if err := a.flush(); err != nil {
			return err
		}
	}
	id := int32(a.frames - a.first)
	a.frames++
	if err := a.touch(id); err != nil {
		return err
	}
	for _, p := range parts {
		for i := p.a; i < p.b; i++ {
			a.rows, a.groups = append(a.rows, uint32(i)), append(a.groups, id)
			if len(a.rows) == column.BatchRows {
				if err := a.push(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// touch makes the frame's group exist, so that frames without rows have a result, and groups are numbered as frames are.
func (a *again) touch(id int32) (err error) {
	if a.agg == nil {
		if a.agg, err = agg.New(a.Arena.Budget(), []column.Type{column.T(column.Int32)}, []kernels.Aggregate{a.call}); err != nil {
			return err
		}
	}
	v, err := column.NewConstant(a.scratch, column.IntValue(column.T(column.Int32), int64(id)), 1)
	if err != nil {
		return err
	}
	return a.agg.Touch(&column.Batch{Cols: []*column.Vector{v}, Len: 1}, []int{0})
}

// push aggregates the rows collected.
func (a *again) push() error {
	if err := a.Check(); err != nil {
		return err
	}
	batch := &column.Batch{Len: len(a.rows)}
	ids, err := column.AllocSlice[int32](a.scratch, len(a.rows))
	if err != nil {
		return err
	}
	copy(ids, a.groups)
	batch.Cols = append(batch.Cols, &column.Vector{Type: column.T(column.Int32), Len: len(ids), Data: column.BytesOf(ids)})
	for _, v := range a.args {
		g, err := column.Gather(a.scratch, v, a.rows)
		if err != nil {
			return err
		}
		batch.Cols = append(batch.Cols, g)
	}
	a.taken += len(a.rows)
	a.rows, a.groups = a.rows[:0], a.groups[:0]
	if err := a.agg.Update(batch, []int{0}); err != nil {
		return err
	}
	a.scratch.Reset()
	return nil
}

// flush appends the results of the frames so far.
func (a *again) flush() error {
	if a.agg == nil {
		return nil
	}
	if len(a.rows) > 0 {
		if err := a.push(); err != nil {
			return err
		}
	}
	for lo := 0; lo < a.agg.Groups(); lo += column.BatchRows {
		a.scratch.Reset()
		out, err := a.agg.Emit(a.scratch, lo, min(lo+column.BatchRows, a.agg.Groups()), false)
		if err != nil {
			return err
		}
		if err := a.results.Append(&column.Batch{Cols: out.Cols[1:], Len: out.Len}); err != nil {
			return err
		}
	}
	a.scratch.Reset()
	a.drop()
	a.taken, a.first = 0, a.frames
	return nil
}

func (a *again) drop() {
	if a.agg != nil {
		a.agg.Free()
		a.agg = nil
	}
}
