package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// whereTrue gives the rows of sel where the boolean v is true; nil when these are all rows of the batch.
func (e *Evaluator) whereTrue(v *column.Vector, sel []uint32) []uint32 {
	if v.Form == column.Constant {
		if v.Valid == nil || v.Valid.Get(0) {
			if v.Data[0] != 0 {
				return sel
			}
		}
		return []uint32{}
	}
	vals, codes := v.Target().Data, v.Codes
	if v.Form != column.Dict {
		codes = nil
	}
	n := count(sel, e.rows)
	out := e.sels.get(n)[:n]
	k := 0
	switch {
	case codes == nil && sel == nil && v.Valid == nil:
		k = simd.SelectFlags(out, vals[:e.rows])
	case codes == nil && sel == nil:
		bits := e.scratch(e.rows)
		simd.PackFlags(bits, vals[:e.rows])
		simd.AndBits(bits, bits, v.Valid)
		k = simd.SelectBits(out, bits, e.rows)
	case codes == nil && v.Valid == nil:
		for _, i := range sel {
			out[k] = i
			k += int(vals[i])
		}
	default:
		for j := range n {
			i := uint32(j)
			if sel != nil {
				i = sel[j]
			}
			at := i
			if codes != nil {
				at = codes[i]
			}
			if vals[at] != 0 && v.Valid.Get(int(i)) {
				out[k] = i
				k++
			}
		}
	}
	if k == e.rows {
		return nil
	}
	if sel != nil && k == len(sel) {
		return sel
	}
	return out[:k]
}

// boolAt is row i of a boolean vector.
func boolAt(v *column.Vector, i int) (val, null bool) {
	if v.IsNull(i) {
		return false, true
	}
	return v.Target().Data[v.Index(i)] != 0, false
}

// junction computes AND (decides false) or OR (decides true): each arm only where the ones before left the answer open.
func (e *Evaluator) junction(n *node, sel []uint32, decides bool) error {
	dst, err := e.flatResult(n.Dst)
	if err != nil {
		return err
	}
	undecided := uint8(1)
	if decides {
		undecided = 0
	}
	data := dst.Data
	each(sel, e.rows, func(i int) { data[i] = undecided })
	mark := e.sels.mark()
	open := sel
	// Two buffers take turns: arms may lend more above them.
	var bufs [2][]uint32
	for k := range bufs {
		bufs[k] = e.sels.get(e.rows)
	}
	var valid column.Bitmap
	for k, arm := range n.Arms {
		if count(open, e.rows) == 0 {
			break
		}
		inner := e.sels.mark()
		if err := e.block(n.arms[k], open); err != nil {
			return err
		}
		v := e.regs[arm.Result].vec
		if v.Form == column.Constant && !v.IsNull(0) {
			if (v.Data[0] != 0) == decides {
				each(open, e.rows, func(i int) {
					data[i] = 1 - undecided
					if valid != nil {
						valid.Set(i)
					}
				})
				break
			}
			continue
		}
		if valid == nil && v.Valid != nil {
			if valid, err = e.validity(n.Dst); err != nil {
				return err
			}
			valid.SetAll(e.rows)
		}
		next := bufs[k&1][:0]
		vals, codes := v.Target().Data, v.Codes
		flat := v.Form == column.Flat
		if flat && v.Valid == nil && valid == nil {
			open = plainTerm(data, vals, open, next, e.rows, decides)
			e.sels.release(inner)
			continue
		}
		each(open, e.rows, func(i int) {
			if v.Valid != nil && v.IsNull(i) {
				valid.Clear(i)
				next = append(next, uint32(i))
				return
			}
			at := i
			if !flat {
				at = 0
				if v.Form == column.Dict {
					at = int(codes[i])
				}
			}
			if (vals[at] != 0) == decides {
				data[i] = 1 - undecided
				if valid != nil {
					valid.Set(i)
				}
				return
			}
			next = append(next, uint32(i))
		})
		open = next
		e.sels.release(inner)
	}
	e.sels.release(mark)
	dst.Valid = valid
	return nil
}

// plainTerm takes a flat term without NULLs into a junction without NULLs so far: each open row's answer is the term's, and it stays open unless that decides.
func plainTerm(data, vals []byte, open, next []uint32, rows int, decides bool) []uint32 {
	flip := bit(decides)
	k := 0
	if open == nil {
		next = next[:rows]
		for i, b := range vals[:rows] {
			data[i] = b
			next[k] = uint32(i)
			k += int(b ^ flip)
		}
		return next[:k]
	}
	next = next[:len(open)]
	for _, i := range open {
		b := vals[i]
		data[i] = b
		next[k] = i
		k += int(b ^ flip)
	}
	return next[:k]
}

// each calls f for the selected rows.
func each(sel []uint32, n int, f func(i int)) {
	if sel == nil {
		for i := range n {
			f(i)
		}
		return
	}
	for _, i := range sel {
		f(int(i))
	}
}

// without gives the rows of sel (nil: all) that are not in drop, which is a part of it.
func (e *Evaluator) without(sel, drop []uint32) []uint32 {
	out := e.sels.get(count(sel, e.rows))
	k := 0
	each(sel, e.rows, func(i int) {
		if k < len(drop) && drop[k] == uint32(i) {
			k++
			return
		}
		out = append(out, uint32(i))
	})
	return out
}

func (e *Evaluator) caseWhen(n *node, sel []uint32) error {
	m := &merger{e: e, dst: n.Dst}
	mark := e.sels.mark()
	rest := sel
	for k := 0; k < len(n.Arms) && count(rest, e.rows) > 0; k += 2 {
		if k == len(n.Arms)-1 {
			if err := e.block(n.arms[k], rest); err != nil {
				return err
			}
			if err := m.merge(e.regs[n.Arms[k].Result].vec, rest); err != nil {
				return err
			}
			break
		}
		if err := e.block(n.arms[k], rest); err != nil {
			return err
		}
		hit := e.whereTrue(e.regs[n.Arms[k].Result].vec, rest)
		all := count(hit, e.rows) == count(rest, e.rows)
		if count(hit, e.rows) > 0 {
			if err := e.block(n.arms[k+1], hit); err != nil {
				return err
			}
			if err := m.merge(e.regs[n.Arms[k+1].Result].vec, hit); err != nil {
				return err
			}
		}
		if all {
			break
		}
		if len(hit) > 0 {
			rest = e.without(rest, hit)
		}
	}
	e.sels.release(mark)
	return m.finish()
}

func (e *Evaluator) coalesce(n *node, sel []uint32) error {
	m := &merger{e: e, dst: n.Dst}
	mark := e.sels.mark()
	rest := sel
	for k, arm := range n.Arms {
		if count(rest, e.rows) == 0 {
			break
		}
		if err := e.block(n.arms[k], rest); err != nil {
			return err
		}
		v := e.regs[arm.Result].vec
		if err := m.merge(v, rest); err != nil {
			return err
		}
		if v.Valid == nil {
			break
		}
		next := e.sels.get(count(rest, e.rows))
		each(rest, e.rows, func(i int) {
			if v.IsNull(i) {
				next = append(next, uint32(i))
			}
		})
		rest = next
	}
	e.sels.release(mark)
	return m.finish()
}

// merger puts a flat result together from the arms' values.
type merger struct {
	e     *Evaluator
	dst   kernels.Reg
	vec   *column.Vector
	valid column.Bitmap
	picks []pickedRow // of nested values
}

// merge copies v's values at the rows of sel.
func (m *merger) merge(v *column.Vector, sel []uint32) error {
	var err error
	if m.e.prog.Regs[m.dst].Kind.IsNested() {
		return m.pick(v, sel)
	}
	if m.vec == nil {
		if m.vec, err = m.e.flatResult(m.dst); err != nil {
			return err
		}
	}
	if v.Valid != nil && m.valid == nil {
		if m.valid, err = m.e.validity(m.dst); err != nil {
			return err
		}
		m.valid.SetAll(m.e.rows)
		m.vec.Valid = m.valid
	}
	if m.valid != nil {
		each(sel, m.e.rows, func(i int) {
			if v.IsNull(i) {
				m.valid.Clear(i)
			} else {
				m.valid.Set(i)
			}
		})
	}
	spread(m.vec, v, sel, m.e.rows)
	return nil
}

// spread copies v's values of any form to the rows of sel in the flat vector dst.
func spread(dst, v *column.Vector, sel []uint32, n int) {
	switch dst.Type.Width() {
	case 1:
		spreadAs[uint8](dst, v, sel, n)
	case 2:
		spreadAs[uint16](dst, v, sel, n)
	case 4:
		spreadAs[uint32](dst, v, sel, n)
	case 8:
		spreadAs[uint64](dst, v, sel, n)
	case 16:
		spreadAs[[2]uint64](dst, v, sel, n)
	}
}

func spreadAs[T any](dst, v *column.Vector, sel []uint32, n int) {
	d, s := column.Values[T](dst), column.Values[T](v.Target())
	switch {
	case v.Form == column.Constant:
		c := s[0]
		if sel == nil {
			d = d[:n]
			for i := range d {
				d[i] = c
			}
			return
		}
		for _, i := range sel {
			d[i] = c
		}
	case v.Form == column.Dict:
		codes := v.Codes
		if sel == nil {
			simd.Gather(d[:n], s, codes)
			return
		}
		for _, i := range sel {
			d[i] = s[codes[i]]
		}
	case sel == nil:
		copy(d[:n], s[:n])
	default:
		for _, i := range sel {
			d[i] = s[i]
		}
	}
}
