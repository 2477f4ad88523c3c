package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// Evaluator holds one worker's registers of a program. It is not safe for concurrent use.
type Evaluator struct {
	prog  *kernels.Program
	arena *mem.Arena
	body  []*node
	regs  []register
	slots []slot
	heap  heap
	sels  selections
	bits  [2][]uint64 // scratch for bitmaps of rows
	rows  int         // physical rows of the batch at hand

	nested *mem.Arena // for nested values of the batch at hand; nil before there were any
}

// register is where a value of the program is at the moment.
type register struct {
	vec   *column.Vector // input, constant or &own
	own   column.Vector
	slot  int // the buffer of own; -1 for inputs and constants
	fixed bool
}

// slot is a buffer that registers of one physical type take turns in.
type slot struct {
	data  []byte
	valid column.Bitmap
}

// node is an instruction with what the evaluator keeps for it.
type node struct {
	*kernels.Instr
	arms [][]*node
	args []*column.Vector // scratch for the operands
	flat []flatBuffer     // operands expanded from dictionaries
	wide [2]flatBuffer    // operands widened
	dict *dictResult      // results for a dictionary's entries
	like *LikePattern
	set  *valueSet
	ones []column.Vector // scratch for constant operands as flat vectors of one row
}

type flatBuffer struct {
	vec  column.Vector
	data []byte
}

// NewEvaluator makes an evaluator whose registers live in a, until a is reset or freed.
func NewEvaluator(p *kernels.Program, a *mem.Arena) (*Evaluator, error) {
	e := &Evaluator{prog: p, arena: a, regs: make([]register, len(p.Regs)), heap: heap{arena: a}}
	for i := range e.regs {
		e.regs[i].slot = -1
		e.regs[i].own.Type = p.Regs[i]
	}
	for _, c := range p.Consts {
		v, err := column.NewConstant(a, c.Value, 0)
		if err != nil {
			return nil, err
		}
		v.Type = p.Regs[c.Reg]
		e.regs[c.Reg].vec, e.regs[c.Reg].fixed = v, true
	}
	var err error
	if e.body, err = e.nodes(p.Body.Instrs); err != nil {
		return nil, err
	}
	s := slotter{e: e, free: map[column.Physical][]int{}}
	s.block(p.Body.Instrs, p.Outputs)
	return e, nil
}

func (e *Evaluator) nodes(instrs []kernels.Instr) ([]*node, error) {
	out := make([]*node, len(instrs))
	for i := range instrs {
		in := &instrs[i]
		n := &node{Instr: in, args: make([]*column.Vector, len(in.Args)), flat: make([]flatBuffer, len(in.Args))}
		for _, a := range in.Arms {
			arm, err := e.nodes(a.Body.Instrs)
			if err != nil {
				return nil, err
			}
			n.arms = append(n.arms, arm)
		}
		switch in.Op {
		case kernels.OpLike, kernels.OpILike:
			if e.regs[in.Args[1]].vec == nil {
				return nil, fault.New(fault.Internal, "the pattern of LIKE is no constant")
			}
			if p := e.regs[in.Args[1]].vec; !p.IsNull(0) {
				like, err := CompileLike([]byte(p.ValueAt(0).Str), in.Op == kernels.OpILike)
				if err != nil {
					return nil, err
				}
				n.like = like
			}
		case kernels.OpInSet:
			n.set = newValueSet(in.Set)
		case kernels.OpCall:
			if in.Call == nil || in.Call.Eval == nil {
				return nil, fault.New(fault.Internal, "a call without a function")
			}
		case kernels.OpNone:
			return nil, fault.New(fault.Internal, "an instruction without an operation")
		}
		out[i] = n
	}
	return out, nil
}

// Eval computes the program's outputs over b into out: vectors of b.Len rows, defined at the selected ones and valid until the next call.
// They may alias b's columns. Errors are *fault.Error: 22003, 22012 and what functions raise, at selected rows only.
func (e *Evaluator) Eval(b *column.Batch, out []*column.Vector) error {
	if err := e.start(b); err != nil {
		return err
	}
	if err := e.block(e.body, b.Sel); err != nil {
		return err
	}
	for i, r := range e.prog.Outputs {
		out[i] = e.regs[r].vec
	}
	return nil
}

// Select computes a program with one boolean output and gives the selected rows where it is true, in ascending order and valid until the
// next call. nil means all b.Len rows, an empty slice none.
func (e *Evaluator) Select(b *column.Batch) ([]uint32, error) {
	if err := e.start(b); err != nil {
		return nil, err
	}
	if len(e.prog.Outputs) != 1 || e.prog.Regs[e.prog.Outputs[0]].Kind != column.Bool {
		return nil, fault.New(fault.Internal, "a predicate must have one boolean output")
	}
	result := e.prog.Outputs[0]
	body, sel := e.body, b.Sel
	k := len(body) - 1
	if k >= 0 && body[k].Op == kernels.OpAnd && body[k].Dst == result {
		if err := e.block(body[:k], sel); err != nil {
			return nil, err
		}
		return e.conjunction(body[k], sel)
	}
	if k == 0 && body[0].Dst == result {
		if found, done := e.test(body[0]); done {
			return e.chosen(found, sel), nil
		}
	}
	if err := e.block(body, sel); err != nil {
		return nil, err
	}
	return e.whereTrue(e.regs[result].vec, sel), nil
}

func (e *Evaluator) start(b *column.Batch) error {
	if len(b.Cols) < len(e.prog.Inputs) {
		return fault.New(fault.Internal, "batch has %d columns, the program reads %d", len(b.Cols), len(e.prog.Inputs))
	}
	e.rows = b.Len
	e.heap.reset()
	e.sels.reset()
	if e.nested != nil {
		e.nested.Reset()
	}
	for i := range e.prog.Inputs {
		e.regs[i].vec = b.Cols[i]
	}
	for _, c := range e.prog.Consts {
		e.regs[c.Reg].vec.Len = b.Len
	}
	return nil
}

func count(sel []uint32, n int) int {
	if sel != nil {
		return len(sel)
	}
	return n
}

func (e *Evaluator) block(ns []*node, sel []uint32) error {
	if count(sel, e.rows) == 0 {
		e.blank(ns)
		return nil
	}
	for _, n := range ns {
		if err := e.exec(n, sel); err != nil {
			return fault.At(err, int(n.Pos))
		}
	}
	return nil
}

// blank defines the registers of a block that no row is computed for.
func (e *Evaluator) blank(ns []*node) {
	for _, n := range ns {
		e.setNull(n.Dst)
	}
}

var nullBits = column.Bitmap{0}

// zeroValue is the value of NULLs in constant vectors; it is never written.
var zeroValue [16]byte

func (e *Evaluator) setNull(r kernels.Reg) {
	reg := &e.regs[r]
	t := reg.own.Type
	reg.own = column.Vector{Type: t, Form: column.Constant, Len: e.rows, Valid: nullBits, Data: zeroValue[:t.Width()]}
	reg.vec = &reg.own
}

// flatResult makes register r a flat vector of the batch's rows with undefined values and no NULL.
func (e *Evaluator) flatResult(r kernels.Reg) (*column.Vector, error) {
	reg := &e.regs[r]
	t := reg.own.Type
	if t.Physical() == column.PhysNone {
		return nil, fault.New(fault.FeatureNotSupported, "expressions cannot compute values of type %s", t)
	}
	s := &e.slots[reg.slot]
	if need := e.rows * t.Width(); len(s.data) < need {
		// At least a whole batch, so that a small first one does not make many sizes.
		p, err := e.arena.AllocZero(max(need, column.BatchRows*t.Width(), 2*len(s.data)))
		if err != nil {
			return nil, err
		}
		s.data = p
	}
	reg.own = column.Vector{Type: t, Form: column.Flat, Len: e.rows, Data: s.data[:e.rows*t.Width()]}
	reg.vec = &reg.own
	return reg.vec, nil
}

// validity gives the register its slot's bitmap, with undefined content.
func (e *Evaluator) validity(r kernels.Reg) (column.Bitmap, error) {
	s := &e.slots[e.regs[r].slot]
	words := column.BitmapWords(e.rows)
	if len(s.valid) < words {
		v, err := column.AllocSlice[uint64](e.arena, max(words, column.BitmapWords(column.BatchRows)))
		if err != nil {
			return nil, err
		}
		s.valid = v
	}
	return s.valid[:words], nil
}

// scratch is a bitmap of n rows with undefined content, until the next call.
func (e *Evaluator) scratch(n int) []uint64 { return e.scratchOf(0, n) }

func (e *Evaluator) scratchOf(which, n int) []uint64 {
	words := column.BitmapWords(n)
	if cap(e.bits[which]) < words {
		e.bits[which] = make([]uint64, max(words, column.BitmapWords(column.BatchRows)))
	}
	return e.bits[which][:words]
}
