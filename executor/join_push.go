package executor

import (
	"github.com/polybolos-db/polybolos/column"
)

// gatherBelow is the share of a probe batch's rows under which matching rows are copied together instead of being selected: a vector of the whole
// batch's length would be mostly unused.
const gatherBelow = 0.25

// pushPairs pushes the output of pairs; NoRow as a build row gives NULLs.
func (m *matcher) pushPairs(b *column.Batch, probe, build []uint32) error {
	if len(build) == 0 {
		return nil
	}
	m.out.Reset()
	out := m.batch(len(build), nil)
	repeated := m.j.repeats != nil && m.runs.find(build)
	for i, o := range m.j.outs {
		v := &m.vectors[i]
		var err error
		done := false
		if repeated && m.j.repeats[i] {
			done, err = m.runs.gather(v, m.out, m.j.rows, o.col, i)
		}
		switch {
		case done || err != nil:
		case o.side == fromProbe:
			err = column.GatherInto(v, m.out, b.Cols[o.col], probe)
		default:
			err = m.j.rows.GatherInto(v, m.out, o.col, build)
		}
		if err != nil {
			return err
		}
		out.Cols = append(out.Cols, v)
	}
	return m.next.Push(out)
}

// pushAligned pushes b's rows that have a partner, or with outer all, when none has two: probe columns stay where they are. heads[k] is the partner of
// the k-th row plus one, or 0.
func (m *matcher) pushAligned(b *column.Batch, heads []uint32, outer bool) error {
	matched := 0
	for _, h := range heads {
		if h != 0 {
			matched++
		}
	}
	if matched == 0 && !outer {
		return nil
	}
	few := float64(matched) < gatherBelow*float64(b.Len) || m.j.repeats != nil
	if outer {
		few = float64(len(heads)) < gatherBelow*float64(b.Len)
	}
	if few {
		m.sel, m.idx = m.sel[:0], m.idx[:0]
		for k, h := range heads {
			// Without a partner, 0-1 is NoRow.
			if h != 0 || outer {
				m.sel, m.idx = append(m.sel, uint32(b.Row(k))), append(m.idx, h-1)
			}
		}
		return m.pushPairs(b, m.sel, m.idx)
	}
	sel := b.Sel
	if !outer && matched < len(heads) {
		m.sel = m.sel[:0]
		for k, h := range heads {
			if h != 0 {
				m.sel = append(m.sel, uint32(b.Row(k)))
			}
		}
		sel = m.sel
	}
	at := m.alignment(b, heads, outer)
	m.out.Reset()
	out := m.batch(b.Len, sel)
	for i, o := range m.j.outs {
		v := &m.vectors[i]
		if o.side == fromProbe {
			v = b.Cols[o.col]
		} else if err := m.j.rows.GatherInto(v, m.out, o.col, at); err != nil {
			return err
		}
		out.Cols = append(out.Cols, v)
	}
	return m.next.Push(out)
}

// alignment is the build row for every physical row of b. Rows that do not count get some row that exists, or none when there are none.
func (m *matcher) alignment(b *column.Batch, heads []uint32, outer bool) []uint32 {
	if b.Sel == nil && outer {
		m.idx = sizedRows(m.idx, b.Len)
		for k, h := range heads {
			m.idx[k] = h - 1
		}
		return m.idx
	}
	filler := uint32(0)
	if m.j.rows.Rows() == 0 {
		filler = column.NoRow
	}
	m.idx = sizedRows(m.idx, b.Len)
	for i := range m.idx {
		m.idx[i] = filler
	}
	for k, h := range heads {
		if h != 0 || outer {
			m.idx[b.Row(k)] = h - 1
		}
	}
	return m.idx
}

func sizedRows(s []uint32, n int) []uint32 {
	if cap(s) < n {
		return make([]uint32, n, max(n, column.BatchRows))
	}
	return s[:n]
}

// pushWhere pushes b's rows whose found flag is want.
func (m *matcher) pushWhere(b *column.Batch, want bool) error {
	n := b.Rows()
	m.sel = m.sel[:0]
	for k := range n {
		if m.found[k] == want {
			m.sel = append(m.sel, uint32(b.Row(k)))
		}
	}
	if len(m.sel) == 0 {
		return nil
	}
	out := m.batch(b.Len, m.sel)
	if len(m.sel) == b.Len {
		out.Sel = nil
	}
	for _, o := range m.j.outs {
		out.Cols = append(out.Cols, b.Cols[o.col])
	}
	return m.next.Push(out)
}

// pushOuter pushes b's rows without a partner, with NULL for build columns.
func (m *matcher) pushOuter(b *column.Batch) error {
	n := b.Rows()
	sel := m.sel[:0]
	for k := range n {
		if !m.found[k] {
			sel = append(sel, uint32(b.Row(k)))
		}
	}
	m.sel = sel
	if len(sel) == 0 {
		return nil
	}
	out := m.batch(b.Len, sel)
	for _, o := range m.j.outs {
		if o.side == fromProbe {
			out.Cols = append(out.Cols, b.Cols[o.col])
		} else {
			out.Cols = append(out.Cols, column.NewNull(m.j.build[m.j.kept[o.col]].Type, b.Len))
		}
	}
	return m.next.Push(out)
}

// pushMark pushes all of b's rows and whether they have a partner: NULL where none is found and the condition is open.
func (m *matcher) pushMark(b *column.Batch) error {
	m.out.Reset()
	data, err := m.out.AllocZero(b.Len)
	if err != nil {
		return err
	}
	mark := &m.mark
	*mark = column.Vector{Type: column.T(column.Bool), Len: b.Len, Data: data}
	for k := range b.Rows() {
		r := b.Row(k)
		switch {
		case m.found[k]:
			mark.Data[r] = 1
		case m.open[k]:
			if mark.Valid == nil {
				if mark.Valid, err = column.AllocBitmap(m.out, b.Len); err != nil {
					return err
				}
			}
			mark.Valid.Clear(r)
		}
	}
	out := m.batch(b.Len, b.Sel)
	for _, o := range m.j.outs {
		if o.side == fromMark {
			out.Cols = append(out.Cols, mark)
		} else {
			out.Cols = append(out.Cols, b.Cols[o.col])
		}
	}
	return m.next.Push(out)
}
