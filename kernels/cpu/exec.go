package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// exec computes one instruction at the rows of sel, of which there is at least one.
func (e *Evaluator) exec(n *node, sel []uint32) error {
	switch n.Op {
	case kernels.OpAnd:
		return e.junction(n, sel, false)
	case kernels.OpOr:
		return e.junction(n, sel, true)
	case kernels.OpCase:
		return e.caseWhen(n, sel)
	case kernels.OpCoalesce:
		return e.coalesce(n, sel)
	}
	constant := len(n.Args) > 0
	for i, r := range n.Args {
		v := e.regs[r].vec
		if v == nil {
			return fault.New(fault.Internal, "column %d of the batch is read but missing", r)
		}
		n.args[i] = v
		constant = constant && v.Form == column.Constant
	}
	switch n.Op {
	case kernels.OpIsNull, kernels.OpIsNotNull:
		return e.isNull(n, sel)
	case kernels.OpIsTrue, kernels.OpIsFalse:
		return e.isTruth(n)
	case kernels.OpIsDistinct, kernels.OpIsNotDistinct:
		return e.isDistinct(n, sel)
	}
	if n.Op != kernels.OpCall || n.Call.Strict {
		for _, v := range n.args {
			if v.IsConstantNull() {
				e.setNull(n.Dst)
				return nil
			}
		}
		if v := e.onlyDictionary(n); v != nil && !e.isNested(n) {
			if done, err := e.viaDictionary(n, v, sel); done || err != nil {
				return err
			}
		}
	}
	if constant {
		return e.once(n)
	}
	dst, err := e.flatResult(n.Dst)
	if err != nil {
		return err
	}
	if n.Op == kernels.OpCall {
		return e.call(n, dst, sel)
	}
	if dst.Valid, err = e.bothValid(n); err != nil {
		return err
	}
	for i, v := range n.args {
		if v.Form == column.Dict {
			if n.args[i], err = e.flatten(&n.flat[i], v, sel); err != nil {
				return err
			}
		}
	}
	return e.compute(n, dst, n.args, sel, e.rows)
}

// once computes an instruction over constants for one row and makes its result a constant.
func (e *Evaluator) once(n *node) error {
	if n.ones == nil {
		n.ones = make([]column.Vector, len(n.args))
	}
	for i, v := range n.args {
		n.ones[i] = *v
		n.ones[i].Form, n.ones[i].Len = column.Flat, 1
		n.args[i] = &n.ones[i]
	}
	rows := e.rows
	e.rows = 1
	dst, err := e.flatResult(n.Dst)
	if err == nil {
		if n.Op == kernels.OpCall {
			err = e.call(n, dst, nil)
		} else {
			err = e.compute(n, dst, n.args, nil, 1)
		}
	}
	e.rows = rows
	if err != nil {
		return err
	}
	dst.Form, dst.Len = column.Constant, rows
	return nil
}

// bothValid combines the operands' validity into the result's bitmap, or gives nil when no operand has NULLs.
func (e *Evaluator) bothValid(n *node) (column.Bitmap, error) {
	var out column.Bitmap
	for _, v := range n.args {
		if v.Valid == nil || v.Form == column.Constant {
			continue
		}
		if out == nil {
			var err error
			if out, err = e.validity(n.Dst); err != nil {
				return nil, err
			}
			copy(out, v.Valid)
			continue
		}
		simd.AndBits(out, out, v.Valid)
	}
	return out, nil
}

func (e *Evaluator) call(n *node, dst *column.Vector, sel []uint32) error {
	valid, err := e.validity(n.Dst)
	if err != nil {
		return err
	}
	valid.SetAll(e.rows)
	if n.Call.Strict {
		any := false
		for _, v := range n.args {
			if v.Valid != nil && v.Form != column.Constant {
				any = true
				simd.AndBits(valid, valid, v.Valid)
			}
		}
		if any {
			if dst.Type.Physical() == column.PhysView {
				clear(dst.Data)
			}
			sel = e.valid(valid, sel)
		}
	}
	dst.Valid = valid
	if count(sel, e.rows) > 0 {
		call := kernels.Call{Args: n.args, Out: dst, Sel: sel, Len: e.rows, Heap: &e.heap}
		if e.isNested(n) {
			call.Arena = e.nestedArena()
		}
		if err := n.Call.Eval(&call); err != nil {
			return err
		}
	} else if dst.Type.Kind.IsNested() {
		e.setNull(n.Dst)
		return nil
	}
	if full(valid, e.rows) {
		dst.Valid = nil
	}
	return nil
}

// full reports whether the first n bits are all set.
func full(b column.Bitmap, n int) bool { return simd.CountBits(b, n) == n }

// valid narrows sel to the rows whose bit is set.
func (e *Evaluator) valid(b column.Bitmap, sel []uint32) []uint32 {
	out := e.sels.get(count(sel, e.rows))
	return out[:selectBits(out[:cap(out)], b, sel, e.rows)]
}

// selectBits writes the rows of sel, or of all n, whose bit is set to out, which has room for them, and returns how many.
func selectBits(out []uint32, bits []uint64, sel []uint32, n int) int {
	if sel == nil {
		return simd.SelectBits(out, bits, n)
	}
	k := 0
	for _, i := range sel {
		out[k] = i
		k += int(bits[i>>6] >> (i & 63) & 1)
	}
	return k
}

// buffer makes f a flat vector of n rows of type t.
func (e *Evaluator) buffer(f *flatBuffer, t column.Type, n int) (*column.Vector, error) {
	if need := n * t.Width(); len(f.data) < need {
		p, err := e.arena.AllocZero(max(need, column.BatchRows*t.Width(), 2*len(f.data)))
		if err != nil {
			return nil, err
		}
		f.data = p
	}
	f.vec = column.Vector{Type: t, Form: column.Flat, Len: n, Data: f.data[:n*t.Width()]}
	return &f.vec, nil
}

// flatten expands a dictionary vector at the rows of sel.
func (e *Evaluator) flatten(f *flatBuffer, v *column.Vector, sel []uint32) (*column.Vector, error) {
	out, err := e.buffer(f, v.Type, v.Len)
	if err != nil {
		return nil, err
	}
	spread(out, v, sel, v.Len)
	out.Valid = v.Valid
	return out, nil
}

func (e *Evaluator) isNull(n *node, sel []uint32) error {
	v := n.args[0]
	isNull := uint8(1)
	if n.Op == kernels.OpIsNotNull {
		isNull = 0
	}
	if v.Form == column.Constant || v.Valid == nil {
		val := 1 - isNull
		if v.Form == column.Constant && v.IsNull(0) {
			val = isNull
		}
		e.setBool(n.Dst, val != 0)
		return nil
	}
	dst, err := e.flatResult(n.Dst)
	if err != nil {
		return err
	}
	bits := []uint64(v.Valid)
	if isNull == 1 {
		bits = e.scratch(e.rows)
		simd.NotBits(bits, v.Valid)
	}
	simd.ExpandBits(dst.Data, bits)
	return nil
}

var boolBytes = [2][]byte{{0}, {1}}

// setBool makes register r a constant boolean.
func (e *Evaluator) setBool(r kernels.Reg, b bool) {
	reg := &e.regs[r]
	k := 0
	if b {
		k = 1
	}
	reg.own = column.Vector{Type: reg.own.Type, Form: column.Constant, Len: e.rows, Data: boolBytes[k]}
	reg.vec = &reg.own
}

func (e *Evaluator) isTruth(n *node) error {
	v := n.args[0]
	want := n.Op == kernels.OpIsTrue
	if v.Form == column.Constant {
		val, null := boolAt(v, 0)
		e.setBool(n.Dst, !null && val == want)
		return nil
	}
	dst, err := e.flatResult(n.Dst)
	if err != nil {
		return err
	}
	for i := range dst.Data {
		dst.Data[i] = 0
		if val, null := boolAt(v, i); !null && val == want {
			dst.Data[i] = 1
		}
	}
	return nil
}

// isDistinct compares with NULL as a value of its own: values are compared as if none were NULL, then rows with NULLs are set right.
func (e *Evaluator) isDistinct(n *node, sel []uint32) error {
	dst, err := e.flatResult(n.Dst)
	if err != nil {
		return err
	}
	a, b := n.args[0], n.args[1]
	distinct := uint8(1)
	if n.Op == kernels.OpIsNotDistinct {
		distinct = 0
	}
	if a.IsConstantNull() || b.IsConstantNull() {
		if a.IsConstantNull() {
			a = b
		}
		each(sel, e.rows, func(i int) {
			dst.Data[i] = distinct
			if a.IsNull(i) {
				dst.Data[i] = 1 - distinct
			}
		})
		return nil
	}
	op := kernels.OpNe
	if distinct == 0 {
		op = kernels.OpEq
	}
	var flat [2]*column.Vector
	var some []uint32
	both := sel
	for k, v := range n.args {
		flat[k] = v
		if v.Form == column.Dict {
			if flat[k], err = e.flatten(&n.flat[k], v, sel); err != nil {
				return err
			}
		}
	}
	if a.Valid != nil || b.Valid != nil {
		// Views of NULL rows are not looked at.
		both = e.sels.get(count(sel, e.rows))
		some = e.sels.get(count(sel, e.rows))
		each(sel, e.rows, func(i int) {
			if a.IsNull(i) || b.IsNull(i) {
				some = append(some, uint32(i))
			} else {
				both = append(both, uint32(i))
			}
		})
	}
	if count(both, e.rows) > 0 {
		if err := e.compare(op, dst.Data, flat[0], flat[1], both, e.rows); err != nil {
			return err
		}
	}
	for _, i := range some {
		dst.Data[i] = 1 - distinct
		if a.IsNull(int(i)) != b.IsNull(int(i)) {
			dst.Data[i] = distinct
		}
	}
	return nil
}

// compute runs the loop of a strict instruction over flat and constant operands into the flat dst of rows rows, whose validity is set.
func (e *Evaluator) compute(n *node, dst *column.Vector, args []*column.Vector, sel []uint32, rows int) error {
	switch n.Op {
	case kernels.OpAdd, kernels.OpSub, kernels.OpMul, kernels.OpDiv, kernels.OpMod:
		return e.arithmetic(n, dst, args[0], args[1], sel, rows)
	case kernels.OpNeg, kernels.OpAbs:
		return unary(n.Op, dst, args[0], sel, rows)
	case kernels.OpEq, kernels.OpNe, kernels.OpLt, kernels.OpLe, kernels.OpGt, kernels.OpGe:
		a, b := args[0], args[1]
		if dst.Valid != nil && a.Type.Physical() == column.PhysView {
			sel = e.valid(dst.Valid, sel)
		}
		return e.compare(n.Op, dst.Data, a, b, sel, rows)
	case kernels.OpNot:
		d, s := dst.Data, args[0].Data
		if dense(sel, rows) {
			simd.NotFlags(d[:rows], s)
			return nil
		}
		for _, i := range sel {
			d[i] = s[i] ^ 1
		}
		return nil
	case kernels.OpCast:
		if dst.Type.Kind.IsNested() {
			return e.castNested(n, dst, args[0], sel, rows)
		}
		return e.cast(n, dst, args[0], sel, rows)
	case kernels.OpInSet:
		return e.inSet(n, dst, args[0], sel, rows)
	case kernels.OpLike, kernels.OpILike:
		if dst.Valid != nil {
			sel = e.valid(dst.Valid, sel)
		}
		n.like.matchAll(dst.Data, column.Values[column.View](args[0]), sel, rows)
		return nil
	case kernels.OpExtractYear, kernels.OpExtractMonth, kernels.OpExtractDay, kernels.OpExtractQuarter:
		if extract(n.Op, dst, args[0], sel, rows) {
			return finite(args[0], dst, sel, rows)
		}
		return nil
	}
	return fault.New(fault.Internal, "operation %d is unknown", n.Op)
}
