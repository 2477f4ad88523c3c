package executor

import (
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/window"
)

// layFromMemory lays rows that were sorted in memory. It does not take the last of the limit: there is a file.
func (j *asOfJoin) layFromMemory(check func() error) error {
	for {
		at := 0
		err := j.lay(j.order.sorter.Rows(), check, func(a *mem.Arena) (*column.Batch, error) {
			n := min(column.BatchRows, j.order.sorter.Rows()-at)
			if n == 0 {
				return nil, nil
			}
			b, err := j.order.sorter.Read(a, at, n)
			at += n
			return b, err
		})
		if !mem.Refused(err) || !j.state.Relieve() {
			return err
		}
	}
}

// layFromFiles lays rows that were sorted in files, in a mapped file.
func (j *asOfJoin) layFromFiles(check func() error) error {
	if j.order.rows() > mostPartition {
		return fault.New(fault.StatementTooComplex, "more than %d rows on the right side of an as-of join", mostPartition)
	}
	j.laid.Free()
	j.pages = j.task.store().NewPages(j.task.Budget)
	j.laid = mem.NewArenaOn(j.task.Budget, j.pages)
	before := j.state.SetClass(mem.Urgent)
	defer j.state.SetClass(before)
	in := j.order.files.stream(j.order.files.runs, j.task.Budget)
	defer in.close()
	err := j.lay(int(j.order.rows()), check, func(a *mem.Arena) (*column.Batch, error) {
		j.pages.Trim()
		return in.Next(a, column.BatchRows)
	})
	j.spilled = j.order.files.written.Load() + j.pages.Bytes()
	if outOfMemory(err) {
		err = fault.Wrap(fault.OutOfMemory, err, "keep the keys of an as-of join's right side").In("node %d", j.n.ID)
	}
	return err
}

// lay copies total rows, which next gives in order, and notes where groups begin.
func (j *asOfJoin) lay(total int, check func() error, next func(a *mem.Arena) (*column.Batch, error)) (err error) {
	j.laid.Free()
	j.known.Free()
	j.starts.Free()
	j.ends.Free()
	j.rows = column.NewAppender(j.laid, j.keptTypes())
	types := make([]column.Type, len(j.keys))
	for i, k := range j.keys {
		types[i] = j.keptTypes()[k]
	}
	j.groups = column.NewAppender(j.known, types)
	if j.bounds, err = newBounds(j.laid, j.keptTypes()[j.bound], total); err != nil {
		return err
	}
	scratch := mem.NewArena(j.task.Budget)
	defer scratch.Free()
	for at := 0; at < total; {
		if err := check(); err != nil {
			return err
		}
		scratch.Reset()
		b, err := next(scratch)
		if err != nil {
			return err
		}
		if b == nil {
			return fault.New(fault.Internal, "as-of join: %d sorted rows of %d", at, total)
		}
		if err := j.layBatch(scratch, b, at); err != nil {
			return err
		}
		at += b.Len
	}
	j.bounds.finish(j.rows, j.bound)
	return nil
}

// begins reports whether the first row of b begins a group.
func (j *asOfJoin) begins(scratch *mem.Arena, b *column.Batch) (bool, error) {
	last := j.rows.Rows() - 1
	if last < 0 {
		return true, nil
	}
	pair := make([]*column.Vector, len(j.keys))
	for i, k := range j.keys {
		two := column.NewCollector(scratch, j.keptTypes()[k])
		before, err := j.rows.Gather(scratch, k, []uint32{uint32(last)})
		if err != nil {
			return false, err
		}
		if err := errors.Join(two.Add(before, 0), two.Add(b.Cols[k], 0)); err != nil {
			return false, err
		}
		pair[i] = two.Vector()
	}
	return len(pair) > 0 && len(window.Starts(nil, pair, 1, 2)) > 0, nil
}

// layBatch takes the rows of b, the first of which is row at of the order.
func (j *asOfJoin) layBatch(scratch *mem.Arena, b *column.Batch, at int) error {
	cols := make([]*column.Vector, len(j.keys))
	for i, k := range j.keys {
		cols[i] = b.Cols[k]
	}
	starts := []uint32{}
	begin, err := j.begins(scratch, b)
	if err != nil {
		return err
	}
	if begin {
		starts = append(starts, 0)
	}
	if len(cols) > 0 {
		starts = window.Starts(starts, cols, 1, b.Len)
	}
	if err := j.groups.AppendRows(&column.Batch{Cols: cols, Len: b.Len}, starts); err != nil {
		return err
	}
	known := len(j.starts.S)
	if err := errors.Join(j.starts.Resize(known+len(starts)), j.ends.Resize(known+len(starts))); err != nil {
		return err
	}
	for i, s := range starts {
		first := uint32(int(s) + at)
		j.starts.S[known+i], j.ends.S[known+i] = first, first
	}
	bound := b.Cols[j.bound]
	value := j.bounds.reader(bound)
	g := known - 1 // the group that the row before the first start belongs to
	next := 0
	for k := range b.Len {
		for next < len(starts) && int(starts[next]) <= k {
			next++
		}
		row := at + k
		j.bounds.set(row, value, k)
		if !bound.IsNull(k) {
			j.ends.S[g+next] = uint32(row) + 1
		}
	}
	return j.rows.Append(b)
}
