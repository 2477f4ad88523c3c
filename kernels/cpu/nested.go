package cpu

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// nestedArena is the memory for nested values, which are gone with the next batch.
func (e *Evaluator) nestedArena() *mem.Arena {
	if e.nested == nil {
		e.nested = e.arena.Child()
	}
	return e.nested
}

// isNested reports whether an operand or the result of n has children.
func (e *Evaluator) isNested(n *node) bool {
	if e.prog.Regs[n.Dst].Kind.IsNested() {
		return true
	}
	for _, r := range n.Args {
		if e.prog.Regs[r].Kind.IsNested() {
			return true
		}
	}
	return false
}

// castNested converts to a list, struct or map value by value.
func (e *Evaluator) castNested(n *node, dst, a *column.Vector, sel []uint32, rows int) error {
	vals := make([]column.Value, rows)
	for i := range vals {
		vals[i] = column.NullValue(dst.Type)
	}
	err := rowwise(sel, rows, func(i int) error {
		if !dst.Valid.Get(i) {
			return nil
		}
		v, err := convert.Value(a.ValueAt(i), dst.Type)
		if err != nil && n.Lossy && fault.CodeOf(err)[:2] == "22" {
			return nil
		}
		vals[i] = v
		return err
	})
	if err != nil {
		return err
	}
	v, err := column.FromValues(e.nestedArena(), dst.Type, rows, func(i int) *column.Value { return &vals[i] })
	if err != nil {
		return err
	}
	dst.Data, dst.Valid, dst.Children = v.Data, v.Valid, v.Children
	return nil
}

// pickedRow is a row of a nested vector.
type pickedRow struct {
	vec *column.Vector
	row int
}

// pick notes v's values at the rows of sel for finish. v's register may be that of the next arm too, so its bits and bytes are copied.
func (m *merger) pick(v *column.Vector, sel []uint32) error {
	if m.picks == nil {
		m.picks = make([]pickedRow, m.e.rows)
	}
	kept := *v
	kept.Children = slices.Clone(v.Children)
	a := m.e.nestedArena()
	data, err := a.Alloc(len(v.Data))
	if err != nil {
		return err
	}
	copy(data, v.Data)
	kept.Data = data
	if v.Valid != nil {
		bits, err := column.AllocSlice[uint64](a, len(v.Valid))
		if err != nil {
			return err
		}
		copy(bits, v.Valid)
		kept.Valid = bits
	}
	each(sel, m.e.rows, func(i int) { m.picks[i] = pickedRow{vec: &kept, row: i} })
	return nil
}

// finish makes the vector of the nested values that were picked.
func (m *merger) finish() error {
	if m.picks == nil {
		return nil
	}
	t := m.e.prog.Regs[m.dst]
	c := column.NewCollector(m.e.nestedArena(), t)
	for _, p := range m.picks {
		var err error
		if p.vec == nil {
			err = c.AddNulls(1)
		} else {
			err = c.Add(p.vec, p.row)
		}
		if err != nil {
			return err
		}
	}
	reg := &m.e.regs[m.dst]
	reg.own = *c.Vector()
	reg.vec = &reg.own
	return nil
}
