package executor

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/kernels/agg"
)

// metKeys finds the first row of every key among rows that come one after another: in a table, and once that has no memory in files. Then the keys that were met and the
// rows that follow are spread over files by the hash of their keys; the rows wait there until settle goes through the files one by one. It is used by one goroutine
// at a time.
type metKeys struct {
	task  *Task
	types []column.Type // of the rows
	cols  []int         // the keys among them
	keys  []column.Type
	again bool // rows come after settle too: the keys that it meets are kept
	state *mem.Budget
	table *agg.Table // nil: in files
	root  *metPart
	in    *metWriter // of the root's waiting rows
	bytes int64      // written
	ids   []uint32
	seen  []bool
	sel   []uint32
}

// metPart is the keys of some hashes, and the rows that wait to be compared with them, or the parts that these were spread over.
type metPart struct {
	level   int
	known   *spill.File
	waiting *spill.File
	parts   []*metPart
}

// metWriter spreads rows over the files of parts.
type metWriter struct {
	out    *spill.Writer
	spread *spreader
}

func newMetKeys(t *Task, types []column.Type, cols []int, again bool) (*metKeys, error) {
	m := &metKeys{task: t, types: types, cols: cols, again: again, state: t.state()}
	for _, c := range cols {
		m.keys = append(m.keys, types[c])
	}
	var err error
	if m.table, err = agg.NewTable(m.state, m.keys); err != nil {
		return nil, err
	}
	t.Defer(m.close)
	return m, nil
}

// close frees everything.
func (m *metKeys) close() {
	if m.table != nil {
		m.table.Free()
	}
	if m.in != nil {
		m.in.out.Close()
	}
	if m.root != nil {
		m.root.remove()
	}
}

func (p *metPart) remove() {
	p.known.Remove()
	p.waiting.Remove()
	for _, c := range p.parts {
		c.remove()
	}
}

// spilled reports whether rows wait in files.
func (m *metKeys) spilled() bool { return m.table == nil }

// fresh lists the physical rows of b whose key was not met before, in t. A refusal leaves t with the keys that it had, and possibly others behind them.
func (m *metKeys) fresh(t *agg.Table, b *column.Batch, cols []int) ([]uint32, error) {
	m.ids = sizedRows(m.ids, b.Rows())
	before := t.Len()
	for {
		err := t.Find(b, cols, m.ids)
		if err == nil {
			break
		}
		if !mem.Refused(err) || !m.state.Relieve() {
			return nil, err
		}
	}
	m.seen = falses(m.seen, t.Len()-before)
	m.sel = m.sel[:0]
	for k, id := range m.ids {
		if at := int(id) - before; at >= 0 && !m.seen[at] {
			m.seen[at] = true
			m.sel = append(m.sel, uint32(b.Row(k)))
		}
	}
	return m.sel, nil
}

// take gives the rows of b whose key was not met before. waits says that it is not known: rows have to wait from now on.
func (m *metKeys) take(b *column.Batch) (sel []uint32, waits bool, err error) {
	if m.table != nil {
		before := m.table.Len()
		if sel, err = m.fresh(m.table, b, m.cols); !outOfMemory(err) || len(m.cols) == 0 {
			if err == nil && m.task.early {
				err = m.spill(m.table.Len())
			}
			return sel, false, err
		}
		if err := m.spill(before); err != nil {
			return nil, false, err
		}
	}
	return nil, true, nil
}

// wait keeps rows until settle.
func (m *metKeys) wait(b *column.Batch) error { return m.in.spread.write(m.in.out, b) }

// spill sends the first n keys of the table to files and frees it.
func (m *metKeys) spill(n int) error {
	table := m.table
	m.table, m.root = nil, &metPart{known: m.task.store().Create(m.keys), waiting: m.task.store().Create(m.types)}
	err := m.split(m.root, table, n, 0, 0)
	table.Free()
	if err == nil {
		m.in, err = m.writer(m.root, m.types, m.cols, func(p *metPart) *spill.File { return p.waiting })
	}
	return err
}

// writer makes one of the files that of gives of p's parts.
func (m *metKeys) writer(p *metPart, types []column.Type, cols []int, of func(p *metPart) *spill.File) (*metWriter, error) {
	var files []*spill.File
	for _, c := range p.parts {
		files = append(files, of(c))
	}
	spread, err := newSpreader(types, cols, files, p.level+1)
	if err != nil {
		return nil, err
	}
	return &metWriter{out: spill.NewWriter(m.task.urgent(), files...), spread: spread}, nil
}

// flush writes what is buffered.
func (w *metWriter) flush() error {
	defer w.out.Close()
	return w.out.Flush()
}

// split spreads p over parts: the first n keys of table and the blocks of known from the given one on, and of waiting those from the given one on.
func (m *metKeys) split(p *metPart, table *agg.Table, n, known, waiting int) error {
	for range m.task.fanOut() {
		p.parts = append(p.parts, &metPart{level: p.level + 1, known: m.task.store().Create(m.keys), waiting: m.task.store().Create(m.types)})
	}
	w, err := m.writer(p, m.keys, positions(len(m.keys)), func(p *metPart) *spill.File { return p.known })
	if err != nil {
		return err
	}
	defer w.out.Close()
	scratch := mem.NewArena(m.task.urgent())
	defer scratch.Free()
	for lo := 0; lo < n; lo += column.BatchRows {
		scratch.Reset()
		b, err := table.Keys(scratch, lo, min(lo+column.BatchRows, n))
		if err != nil {
			return err
		}
		if err := w.spread.write(w.out, b); err != nil {
			return err
		}
	}
	if err := spreadBlocks(p.known, known, scratch, w); err != nil {
		return err
	}
	if w, err = m.writer(p, m.types, m.cols, func(p *metPart) *spill.File { return p.waiting }); err != nil {
		return err
	}
	defer w.out.Close()
	if err := spreadBlocks(p.waiting, waiting, scratch, w); err != nil {
		return err
	}
	p.known.Remove()
	p.waiting.Remove()
	for _, c := range p.parts {
		m.bytes += c.known.Bytes() + c.waiting.Bytes()
	}
	return nil
}

// spreadBlocks spreads a file's blocks from the given one on, and flushes w.
func spreadBlocks(f *spill.File, from int, scratch *mem.Arena, w *metWriter) error {
	for i := from; i < f.Blocks(); i++ {
		scratch.Reset()
		b, err := f.Read(i, scratch)
		if err != nil {
			return err
		}
		if err := w.spread.write(w.out, b); err != nil {
			return err
		}
	}
	return w.flush()
}

// settle gives the waiting rows whose key was not met before to emit, in the order in which they came between two calls of begin.
func (m *metKeys) settle(ctx context.Context, begin func() error, emit func(b *column.Batch) error) error {
	if m.root == nil {
		return nil
	}
	if err := m.in.flush(); err != nil {
		return err
	}
	for _, p := range m.root.parts {
		m.bytes += p.waiting.Bytes()
		if err := m.settlePart(ctx, p, begin, emit); err != nil {
			return err
		}
	}
	if !m.again {
		m.root.remove()
		return nil
	}
	var err error
	m.in, err = m.writer(m.root, m.types, m.cols, func(p *metPart) *spill.File { return p.waiting })
	return err
}

func (m *metKeys) settlePart(ctx context.Context, p *metPart, begin func() error, emit func(b *column.Batch) error) error {
	if p.waiting.Rows() == 0 {
		return nil
	}
	if p.parts == nil {
		if err := begin(); err != nil {
			return err
		}
		if done, err := m.settleFiles(ctx, p, emit); done || err != nil {
			return err
		}
	} else {
		// The part was spread before.
		w, err := m.writer(p, m.types, m.cols, func(p *metPart) *spill.File { return p.waiting })
		if err != nil {
			return err
		}
		defer w.out.Close()
		scratch := mem.NewArena(m.task.urgent())
		defer scratch.Free()
		if err := spreadBlocks(p.waiting, 0, scratch, w); err != nil {
			return err
		}
		p.waiting.Remove()
	}
	for _, c := range p.parts {
		if err := m.settlePart(ctx, c, begin, emit); err != nil {
			return err
		}
	}
	return nil
}

// settleFiles compares the rows that wait with the keys that are known, or spreads what it has not come to over more files when they have no room in memory.
func (m *metKeys) settleFiles(ctx context.Context, p *metPart, emit func(b *column.Batch) error) (done bool, err error) {
	table, err := agg.NewTable(m.state, m.keys)
	if err != nil {
		return false, err
	}
	defer table.Free()
	in := mem.NewArena(m.task.urgent())
	defer in.Free()
	var more *spill.Writer // of known
	if m.again {
		more = spill.NewWriter(m.task.urgent(), p.known)
		defer more.Close()
	}
	known := p.known.Blocks()
	tight := m.task.early && m.task.earlyShare == 1
	for i := range known + p.waiting.Blocks() {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		in.Reset()
		file, at, cols := p.known, i, positions(len(m.keys))
		if i >= known {
			file, at, cols = p.waiting, i-known, m.cols
		}
		b, err := file.Read(at, in)
		if err != nil {
			return false, err
		}
		before := table.Len()
		sel, err := m.fresh(table, b, cols)
		if outOfMemory(err) && p.level < maxLevel || tight && p.level < 2 && i > 0 {
			from := i
			if i >= known {
				from = p.known.Blocks() // all of them are in the table, and what was written behind them too
			}
			return false, m.split(p, table, before, from, max(0, i-known))
		}
		if err != nil {
			return false, err
		}
		if i < known || len(sel) == 0 {
			continue
		}
		fresh := &column.Batch{Cols: b.Cols, Len: b.Len, Sel: sel}
		if more != nil {
			keys := &column.Batch{Len: b.Len, Sel: sel}
			for _, c := range m.cols {
				keys.Cols = append(keys.Cols, b.Cols[c])
			}
			if err := more.Write(0, keys); err != nil {
				return false, err
			}
		}
		if err := emit(fresh); err != nil {
			return false, err
		}
	}
	if more != nil {
		if err := more.Flush(); err != nil {
			return false, err
		}
	}
	p.waiting.Remove()
	return true, nil
}
