package agg

import (
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
)

// jointKeys finds the groups of batches whose keys are dictionaries under the very same codes, as joins make them of build rows that are met again and again: entry i of
// all of them together is one tuple, which is looked up once instead of once a row.
type jointKeys struct {
	used    []bool // by entry: a row has it
	entries []uint32
	groups  []uint32 // of entries, as they are listed
	of      []uint32 // by entry
	batch   column.Batch
}

// jointCodes are the codes that all keys have, nil unless they have the same ones, without NULLs, and fewer entries than three quarters of the rows.
func jointCodes(b *column.Batch, cols []int) (codes []uint32, entries int) {
	if len(cols) < 2 {
		return nil, 0
	}
	first := b.Cols[cols[0]]
	if first.Form != column.Dict || first.Dictionary.Len*4 > b.Rows()*3 {
		return nil, 0
	}
	for _, c := range cols {
		v := b.Cols[c]
		if v.Form != column.Dict || v.Valid != nil || unsafe.SliceData(v.Codes) != unsafe.SliceData(first.Codes) || v.Dictionary.Len != first.Dictionary.Len {
			return nil, 0
		}
	}
	return first.Codes, first.Dictionary.Len
}

// findJoint does Find where the keys are joint.
func (t *Table) findJoint(b *column.Batch, cols []int, out []uint32) (done bool, err error) {
	codes, entries := jointCodes(b, cols)
	if codes == nil {
		return false, nil
	}
	j := &t.joint
	n := b.Rows()
	j.used = sized(j.used, entries)
	clear(j.used)
	// In the order of the rows that have them first, as groups are numbered.
	j.entries = j.entries[:0]
	ordered := true
	for k := range n {
		e := codes[b.Row(k)]
		if !j.used[e] {
			j.used[e] = true
			ordered = ordered && int(e) == len(j.entries)
			j.entries = append(j.entries, e)
		}
	}
	j.batch = column.Batch{Cols: j.batch.Cols[:0], Len: entries}
	if !ordered || len(j.entries) < entries {
		j.batch.Sel = j.entries
	}
	for _, c := range cols {
		j.batch.Cols = append(j.batch.Cols, b.Cols[c].Dictionary)
	}
	j.groups, j.of = sized(j.groups, len(j.entries)), sized(j.of, entries)
	if err := t.keys.find(t, &j.batch, t.ident, j.groups); err != nil {
		return true, err
	}
	for i, e := range j.entries {
		j.of[e] = j.groups[i]
	}
	for k := range n {
		out[k] = j.of[codes[b.Row(k)]]
	}
	return true, nil
}
