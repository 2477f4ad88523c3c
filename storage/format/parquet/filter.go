package parquet

import (
	"sort"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/storage"
)

// filters applies the scan's conjuncts to batches, one after the other under the selection that the ones before left.
type filters struct {
	exact     bool
	arena     *mem.Arena // of the evaluators and selections
	conjuncts []*conjunct
	probes    []probe
	sel       [2][]uint32
	batch     column.Batch
	vectors   []*column.Vector
}

// conjunct is one condition.
type conjunct struct {
	columns []int // of the scan that it reads
	eval    *cpu.Evaluator
	compare *comparison // when it is no more than that

	// Conditions on one column are decided once for each entry of a dictionary.
	dict   uint64 // the dictionary that pass is for
	usable bool
	pass   []uint8 // 1 for an entry that satisfies the condition
	count  int     // of 1 in pass
	null   bool    // whether NULL satisfies it
}

func newFilters(scan *storage.Scan, budget *mem.Budget) (*filters, error) {
	f := &filters{exact: true, arena: mem.NewArena(budget)}
	if len(scan.Filters) == 0 {
		return f, nil
	}
	inputs := make([]column.Type, len(scan.Columns))
	for i, c := range scan.Columns {
		inputs[i] = scan.Schema[c].Type
	}
	f.vectors = make([]*column.Vector, len(inputs))
	var list []expr.Expr
	for _, e := range scan.Filters {
		list = append(list, expr.Conjuncts(e)...)
	}
	// Conditions that cannot fail come first: they only spare the others rows.
	sort.SliceStable(list, func(i, j int) bool { return infallible(list[i]) && !infallible(list[j]) })
	for _, e := range list {
		c := newConjunct(e, inputs, f.arena)
		if c == nil {
			f.exact = false
			continue
		}
		f.conjuncts = append(f.conjuncts, c)
	}
	for i := range f.sel {
		var err error
		if f.sel[i], err = column.AllocSlice[uint32](f.arena, column.BatchRows); err != nil {
			f.arena.Free()
			return nil, err
		}
	}
	return f, nil
}

// newConjunct prepares a condition; nil when it cannot be evaluated here.
func newConjunct(e expr.Expr, inputs []column.Type, a *mem.Arena) *conjunct {
	c := &conjunct{}
	seen, sound := map[int]bool{}, true
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Ref:
			if e.Index < 0 || e.Index >= len(inputs) {
				sound = false
			} else if !seen[e.Index] {
				seen[e.Index] = true
				c.columns = append(c.columns, e.Index)
			}
		case *expr.Column:
			sound = false
		case *expr.Call:
			sound = sound && e.Fn.Volatility != expr.Volatile
		}
		return true
	})
	if !sound || len(c.columns) == 0 {
		return nil
	}
	program, err := expr.Compile([]expr.Expr{e}, inputs)
	if err != nil {
		return nil
	}
	if c.eval, err = cpu.NewEvaluator(program, a); err != nil {
		return nil
	}
	c.compare = comparisonOf(e)
	return c
}

// infallible reports whether evaluating e can raise no error: conditions on columns and literals alone.
func infallible(e expr.Expr) bool {
	ok := true
	expr.Walk(e, func(e expr.Expr) bool {
		switch e.(type) {
		case *expr.Call, *expr.Cast:
			ok = false
		}
		return ok
	})
	return ok
}

// selection is the rows of the reader's current batch of n rows that satisfy the conjuncts: nil for all. Only the conjuncts' columns are read.
func (f *filters) selection(r *reader, n int) (sel []uint32, err error) {
	turn := 0
	for _, c := range f.conjuncts {
		for _, i := range c.columns {
			if f.vectors[i], err = r.column(i, n); err != nil {
				return nil, err
			}
		}
		if sel, err = f.apply(c, n, sel, f.sel[turn]); err != nil {
			return nil, err
		}
		if sel != nil && len(sel) == 0 {
			break
		}
		turn ^= 1
	}
	for i := range f.probes {
		if sel != nil && len(sel) == 0 {
			break
		}
		p := &f.probes[i]
		if p.resting(n) {
			continue
		}
		v, err := r.column(p.Column, n)
		if err != nil {
			return nil, err
		}
		f.batch = column.Batch{Cols: r.vectors, Len: n, Sel: sel}
		before := f.batch.Rows()
		if sel, err = p.Filter.Apply(v, &f.batch, f.sel[turn][:0]); err != nil {
			return nil, err
		}
		p.account(before, len(sel))
		turn ^= 1
	}
	clear(f.vectors)
	return sel, nil
}

// apply narrows sel by c into out.
func (f *filters) apply(c *conjunct, n int, sel, out []uint32) ([]uint32, error) {
	if len(c.columns) == 1 {
		v := f.vectors[c.columns[0]]
		if v.Form == column.Dict {
			if c.dict != v.DictID {
				f.decide(c, v)
			}
			if c.usable {
				return c.byCode(v, sel, out), nil
			}
		}
		if c.compare != nil && v.Form == column.Flat && v.Valid == nil {
			if got, ok := c.compare.flat(v, sel, out); ok {
				return got, nil
			}
		}
	}
	f.batch = column.Batch{Cols: f.vectors, Len: n, Sel: sel}
	got, err := c.eval.Select(&f.batch)
	if err != nil {
		return nil, err
	}
	if got == nil {
		return sel, nil // all of those that were left
	}
	return out[:copy(out[:len(got)], got)], nil
}

// decide evaluates c on every entry of v's dictionary and on NULL. Where that fails, rows are evaluated as they come: the entry may be in none.
func (f *filters) decide(c *conjunct, v *column.Vector) {
	c.dict, c.usable = v.DictID, false
	at := c.columns[0]
	entries := v.Dictionary.Len
	defer func() { f.vectors[at] = v }()

	f.vectors[at] = column.NewNull(v.Type, 1)
	f.batch = column.Batch{Cols: f.vectors, Len: 1}
	got, err := c.eval.Select(&f.batch)
	if err != nil {
		return
	}
	c.null = got == nil || len(got) == 1

	if cap(c.pass) < entries {
		c.pass = make([]uint8, entries)
	}
	c.pass, c.count = c.pass[:entries], 0
	clear(c.pass)
	// In pieces of a batch's size, which is what the evaluator's buffers are made for.
	width := v.Type.Width()
	piece := *v.Dictionary
	piece.DictID = 0
	for from := 0; from < entries; from += column.BatchRows {
		piece.Len = min(column.BatchRows, entries-from)
		piece.Data = v.Dictionary.Data[from*width : (from+piece.Len)*width]
		f.vectors[at] = &piece
		f.batch = column.Batch{Cols: f.vectors, Len: piece.Len}
		if got, err = c.eval.Select(&f.batch); err != nil {
			return
		}
		if got == nil {
			for i := range piece.Len {
				c.pass[from+i] = 1
			}
			c.count += piece.Len
		}
		for _, i := range got {
			c.pass[from+int(i)] = 1
		}
		c.count += len(got)
	}
	c.usable = true
}

// byCode narrows sel by a look-up of each row's code.
func (c *conjunct) byCode(v *column.Vector, sel, out []uint32) []uint32 {
	if v.Valid == nil {
		if c.count == len(c.pass) {
			return sel
		}
		if c.count == 0 {
			return out[:0]
		}
		return selectCodes(v.Codes[:v.Len], c.pass, sel, out)
	}
	k := 0
	rows := len(sel)
	if sel == nil {
		rows = v.Len
	}
	for j := range rows {
		i := uint32(j)
		if sel != nil {
			i = sel[j]
		}
		if v.Valid.Get(int(i)) && c.pass[v.Codes[i]] != 0 || c.null && !v.Valid.Get(int(i)) {
			out[k] = i
			k++
		}
	}
	return out[:k]
}

// selectCodes writes the rows of sel whose code passes. Every row is written and kept or overwritten by the next, which spares a branch.
func selectCodes(codes []uint32, pass []uint8, sel, out []uint32) []uint32 {
	k := 0
	if sel == nil {
		out = out[:len(codes)]
		for i, c := range codes {
			out[k] = uint32(i)
			k += int(pass[c])
		}
		return out[:k]
	}
	out = out[:len(sel)]
	for _, i := range sel {
		out[k] = i
		k += int(pass[codes[i]])
	}
	return out[:k]
}

func (f *filters) close() { f.arena.Free() }
