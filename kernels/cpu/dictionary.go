package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// dictResult is what an instruction gives for each entry of the dictionary it saw last.
type dictResult struct {
	id     uint64
	seen   int // rows that came with this dictionary before the entries were computed
	ready  bool
	failed bool // an entry raises an error: rows are computed one by one, since it may not occur in them
	out    column.Vector
	valid  column.Bitmap // over entries, nil when every entry gives a value
	outID  uint64
	data   flatBuffer
	bits   column.Bitmap
	heap   heap
}

// onlyDictionary is the one dictionary-encoded operand of an instruction whose other operands are constants of the program; nil when it is otherwise.
func (e *Evaluator) onlyDictionary(n *node) *column.Vector {
	var dict *column.Vector
	for k, v := range n.args {
		switch {
		case e.regs[n.Args[k]].fixed:
		case v.Form == column.Dict && (dict == nil || dict == v):
			dict = v
		default:
			return nil
		}
	}
	return dict
}

// viaDictionary computes an instruction once per entry of v's dictionary and maps the codes. done is false where that would not pay or failed.
func (e *Evaluator) viaDictionary(n *node, v *column.Vector, sel []uint32) (done bool, err error) {
	if n.dict == nil {
		n.dict = &dictResult{heap: heap{arena: e.arena}}
	}
	d := n.dict
	if d.id != v.DictID {
		d.id, d.seen, d.ready, d.failed = v.DictID, 0, false, false
	}
	if d.failed {
		return false, nil
	}
	if !d.ready {
		// Entries that may never be needed wait until as many rows have come, which at most doubles the work.
		d.seen += count(sel, e.rows)
		if d.seen < v.Dictionary.Len {
			return false, nil
		}
		if err := e.entries(n, d, v); err != nil {
			d.failed = true
			return false, nil //nolint:nilerr // the row that has the entry raises the error, if one has
		}
		d.ready = true
	}
	reg := &e.regs[n.Dst]
	if reg.own.Type.Physical() == column.PhysView && d.valid == nil {
		reg.own = column.Vector{Type: reg.own.Type, Form: column.Dict, Len: e.rows, Valid: v.Valid, Codes: v.Codes, Dictionary: &d.out, DictID: d.outID}
		reg.vec = &reg.own
		return true, nil
	}
	dst, err := e.flatResult(n.Dst)
	if err != nil {
		return true, err
	}
	if dst.Valid, err = e.bothValid(n); err != nil {
		return true, err
	}
	table := column.Vector{Type: dst.Type, Form: column.Dict, Len: e.rows, Codes: v.Codes, Dictionary: &d.out}
	spread(dst, &table, sel, e.rows)
	if d.valid != nil {
		if dst.Valid == nil {
			if dst.Valid, err = e.validity(n.Dst); err != nil {
				return true, err
			}
			dst.Valid.SetAll(e.rows)
		}
		each(sel, e.rows, func(i int) {
			if !d.valid.Get(int(v.Codes[i])) {
				dst.Valid.Clear(i)
			}
		})
	}
	return true, nil
}

// entries computes the instruction over all entries of v's dictionary.
func (e *Evaluator) entries(n *node, d *dictResult, v *column.Vector) error {
	d.heap.reset()
	rows := v.Dictionary.Len
	out, err := e.buffer(&d.data, e.regs[n.Dst].own.Type, rows)
	if err != nil {
		return err
	}
	d.out, d.valid, d.outID = *out, nil, column.NewDictID()
	args := make([]*column.Vector, len(n.args))
	for i, a := range n.args {
		args[i] = a
		if a.Form == column.Dict {
			args[i] = v.Dictionary
		}
	}
	if words := column.BitmapWords(rows); len(d.bits) < words {
		if d.bits, err = column.AllocSlice[uint64](e.arena, words); err != nil {
			return err
		}
	}
	if n.Op == kernels.OpCall {
		d.out.Valid = d.bits[:column.BitmapWords(rows)]
		d.out.Valid.SetAll(rows)
		err = n.Call.Eval(&kernels.Call{Args: args, Out: &d.out, Len: rows, Heap: &d.heap})
	} else {
		// Casts give strings and lost values: they need the dictionary's own heap and validity.
		batch, h := e.rows, e.heap
		e.rows, e.heap = rows, d.heap
		if n.Lossy || n.Set != nil && n.Set.HasNull {
			d.out.Valid = d.bits[:column.BitmapWords(rows)]
			d.out.Valid.SetAll(rows)
		}
		err = e.compute(n, &d.out, args, nil, rows)
		d.heap = e.heap
		e.rows, e.heap = batch, h
	}
	if err != nil {
		return err
	}
	if d.out.Valid != nil && !full(d.out.Valid, rows) {
		d.valid = d.out.Valid
	}
	d.out.Valid = nil
	return nil
}
